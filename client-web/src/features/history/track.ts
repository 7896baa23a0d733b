import type { Bucket, Density, EditSession, Stamp, Version } from '../../api/history';

/** So many stretches does the track have at most; on a wide screen each is about four pixels. */
export const BUCKETS_MAX = 300;

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** The bucket in which `seq` lies; the last one before it where there is a gap. */
export function bucketAt(buckets: readonly Bucket[], seq: number): Bucket | undefined {
  let low = 0;
  let high = buckets.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((buckets[middle]?.from.seq ?? 0) <= seq) low = middle;
    else high = middle - 1;
  }
  return buckets[low];
}

/** Who changed most in a bucket, or null when nobody did. */
export function leadOf(bucket: Bucket | undefined): string | null {
  let lead: string | null = null;
  let most = 0;
  for (const [key, { records }] of Object.entries(bucket?.changes ?? {})) {
    if (records > most) [lead, most] = [key, records];
  }
  return lead;
}

/** About when `seq` was written, and by whom, without asking the server: good enough while a handle moves. */
export function guess(density: Density | undefined, seq: number): { time: number; by: string | null } | null {
  const bucket = bucketAt(density?.buckets ?? [], seq);
  if (bucket === undefined) return null;
  const { from, to } = bucket;
  const part = to.seq > from.seq ? clamp((seq - from.seq) / (to.seq - from.seq), 0, 1) : 1;
  return { time: Math.round(from.time + (to.time - from.time) * part), by: leadOf(bucket) };
}

export interface Bar {
  /** From the left and from the bottom, and how large; all parts of one. */
  x: number;
  width: number;
  y: number;
  height: number;
  by: string;
}

/** The least height at which something can be seen and told from nothing. */
const BAR_HEIGHT_MIN = 0.09;

/**
 * The stacked bars of the density graph, in parts of the track's width and height. Heights are logarithms, so that a
 * pasted chapter does not make a day of typing invisible.
 */
export function bars(density: Density, first: number, head: number): Bar[] {
  const span = Math.max(head - first, 1);
  const size = ({ added, removed, records }: Bucket['changes'][string]): number =>
    added + removed + Math.min(records, 1);
  const total = (bucket: Bucket): number =>
    Object.values(bucket.changes).reduce((sum, one) => sum + size(one), 0);
  const highest = Math.max(1, ...density.buckets.map(total));
  const drawn: Bar[] = [];
  for (const bucket of density.buckets) {
    const all = total(bucket);
    if (all === 0) continue;
    // A bucket of one change stands over that change, so half a step to either side.
    const x = clamp((bucket.from.seq - 0.5 - first) / span, 0, 1);
    const end = clamp((bucket.to.seq + 0.5 - first) / span, 0, 1);
    const height = Math.max(Math.log1p(all) / Math.log1p(highest), BAR_HEIGHT_MIN);
    let y = 0;
    for (const [by, one] of Object.entries(bucket.changes).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const part = (size(one) / all) * height;
      drawn.push({ x, width: end - x, y, height: part, by });
      y += part;
    }
  }
  return drawn;
}

/** Where `seq` lies on the track, 0 to 1. */
export const placeOf = (seq: number, first: number, head: number): number =>
  head > first ? clamp((seq - first) / (head - first), 0, 1) : 1;

/** As wide is a handle for a finger and a pointer, as WCAG 2.2 asks for. */
export const HANDLE_PX = 24;
/** How far a handle's middle may stand beyond the track: no narrow screen is as narrow as to cut it off then. */
const BEYOND_PX = 4;

/**
 * How far two handles, at places `from` and `to` of a track `width` pixels wide, are moved so that neither covers the
 * other: in pixels. What they point at stays where it is.
 */
export function apart(from: number, to: number, width: number): [number, number] {
  const [left, right] = [from * width, to * width];
  const missing = Math.max(0, HANDLE_PX - (right - left));
  if (missing === 0 || width === 0) return [0, 0];
  const low = clamp(left - missing / 2, -BEYOND_PX, width + BEYOND_PX - HANDLE_PX);
  return [low - left, low + HANDLE_PX - right];
}

/** The moments at which a session ends and those with a name, oldest first: what a jump goes to. */
export function stops(
  sessions: readonly EditSession[],
  versions: readonly Version[],
  bounds: { first: number; head: number },
): number[] {
  const all = new Set([bounds.first, bounds.head]);
  for (const session of sessions) all.add(session.to.seq);
  for (const version of versions) if (version.kind === 'named') all.add(version.seq);
  return [...all].filter((seq) => seq >= bounds.first && seq <= bounds.head).sort((a, b) => a - b);
}

/** The next stop from `seq` in a direction; the end of the track where there is none. */
export function jump(all: readonly number[], seq: number, direction: 1 | -1): number {
  const next = direction === 1 ? all.find((stop) => stop > seq) : all.findLast((stop) => stop < seq);
  return next ?? (direction === 1 ? all.at(-1) : all[0]) ?? seq;
}

/**
 * What `at` is compared with when that is to be `wish`: a moment before it, but none before the first that is kept. The
 * first of all is compared with the empty page, the first that is kept with itself.
 */
export function comparable(wish: number, at: number, first: number): number {
  const low = first > 1 ? first : 0;
  return at > low ? clamp(wish, low, at - 1) : at;
}

/** Whether anybody still knows who wrote what came with `seq`: not of what is older than the server keeps. */
export const isAuthorKept = (seq: number, first: number): boolean => first <= 1 || seq > first;

/** The session in which `seq` was written, among those that are known. */
export function sessionAt(sessions: readonly EditSession[], seq: number): EditSession | undefined {
  return sessions.find(({ from, to }) => from.seq <= seq && seq <= to.seq);
}

/** How many changes per second are played at single speed: the whole of it in a minute, but no slower than four. */
export function playRate(first: Stamp, head: Stamp): number {
  return Math.max(4, (head.seq - first.seq) / 60);
}
