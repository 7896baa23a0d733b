import type { Row } from '../../api/pages';
import { holds } from './commands';

export const FOUND_MAX = 12;

const rank = (row: Row, question: string): number => {
  const title = row.title.toLocaleLowerCase();
  const wanted = question.toLocaleLowerCase();
  if (title === wanted) return 0;
  if (title.startsWith(wanted)) return 1;
  return title.includes(wanted) ? 2 : 3;
};

/**
 * What this browser knows at once, and what the server adds a moment later, each page once. What was there first keeps
 * its place, so that nothing moves under the finger.
 */
export function foundPages(known: readonly Row[], told: readonly Row[], question: string): Row[] {
  const here = known
    .filter((row) => row.title !== '' && holds(row.title, question))
    .sort((a, b) => rank(a, question) - rank(b, question) || b.updated - a.updated)
    .slice(0, FOUND_MAX);
  const seen = new Set(here.map(({ id }) => id));
  return [...here, ...told.filter(({ id }) => !seen.has(id))].slice(0, FOUND_MAX);
}
