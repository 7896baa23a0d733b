import type { Awareness } from 'y-protocols/awareness';
import { cleanColor, cleanName } from './person';

/** Somebody else who has this page open. */
export interface Guest {
  clientId: number;
  name: string | null;
  color: string;
}

/** How many others are listed; a stranger can announce as many clients as they like. */
export const GUESTS_MAX = 200;

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** What a stranger says about themselves, made fit to be shown. */
export function readGuest(clientId: number, state: unknown): Guest {
  const user = isObject(state) && isObject(state.user) ? state.user : {};
  return { clientId, name: cleanName(user.name), color: cleanColor(user.color, clientId) };
}

export function readGuests(awareness: Awareness): Guest[] {
  const guests: Guest[] = [];
  for (const [clientId, state] of awareness.getStates()) {
    if (clientId === awareness.clientID) continue;
    guests.push(readGuest(clientId, state));
    if (guests.length >= GUESTS_MAX) break;
  }
  return guests.sort((a, b) => a.clientId - b.clientId);
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function isId(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (isObject(value) && isCount(value.client) && isCount(value.clock))
  );
}

function isPosition(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { type, item, tname, assoc } = value;
  const named = tname === undefined || tname === null || typeof tname === 'string';
  const sided = assoc === undefined || Number.isSafeInteger(assoc);
  return isId(type) && isId(item) && named && sided;
}

/** Whether a caret can be drawn from `state`. The caret plugin trusts its input; a bad one would stop the editor. */
export function hasDrawableCaret(state: unknown): boolean {
  if (!isObject(state) || !isObject(state.cursor)) return false;
  if (state.user !== undefined && !isObject(state.user)) return false;
  return isPosition(state.cursor.anchor) && isPosition(state.cursor.head);
}
