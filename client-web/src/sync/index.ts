export type { Miss } from './gate';
export { documentOf, isPageId, newPageId, pageOf } from './pageId';
export type { Person } from './person';
export {
  cleanName,
  ensurePerson,
  getPerson,
  inkOn,
  NAME_CHARACTERS_MAX,
  onPerson,
  PALETTE,
  setPerson,
} from './person';
export type { Guest } from './presence';
export { hasDrawableCaret, readGuest, readGuests } from './presence';
export { openAs, registry } from './registry';
export { titleText } from './retitle';
export type { SaveState } from './saveState';
export { BODY_FIELD, SCHEMA, SCHEMA_VERSION, TITLE_FIELD } from './schema';
export type { Session, SessionView } from './session';
