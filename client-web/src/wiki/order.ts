/** The lowest character is only ever a filler between two that touch. */
const LOWEST = 0x20;
const HIGHEST = 0x7e;

/**
 * A key between two neighbours, for showing a move before the server has answered with its own. Keys are compared
 * character by character; null is an open end. Where no key fits between, the left neighbour's own is as good as any.
 */
export function between(left: string | null, right: string | null): string {
  const low = left ?? '';
  if (right !== null && low >= right) return low;
  let key = '';
  let high = right;
  for (let at = 0; ; at += 1) {
    const floor = at < low.length ? low.charCodeAt(at) : LOWEST;
    const isPastHigh = high !== null && at >= high.length;
    const ceiling = high === null ? HIGHEST + 1 : isPastHigh ? LOWEST : high.charCodeAt(at);
    const middle = Math.floor((floor + ceiling) / 2);
    if (middle > floor && middle < ceiling) return key + String.fromCharCode(middle);
    if (isPastHigh) return low;
    key += String.fromCharCode(floor);
    // Below the right neighbour already: what follows is free.
    if (floor < ceiling) high = null;
  }
}
