/** Who is writing here, as they call themselves. Until there are accounts it is kept in this browser. */
export interface Person {
  name: string;
  color: string;
}

const KEY = 'weft.person';

/** In Unicode characters; longer names are cut, ours and other people's alike. */
export const NAME_CHARACTERS_MAX = 40;

/**
 * Dark enough for white text (4.5:1) and light enough to stand out as a caret on the dark page (3:1); a test holds
 * every entry to both.
 */
export const PALETTE = [
  '#bb3f4e',
  '#b0521b',
  '#8a6a14',
  '#4f7a28',
  '#1f7d5c',
  '#187a86',
  '#2f6fb3',
  '#5d62c4',
  '#8a52b5',
  '#b03f86',
] as const;

const COLOR = /^#[0-9a-f]{6}$/i;

/** Control, format and direction characters: invisible, and good only for passing as someone else. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A name fit to be shown, or null when nothing is left of it. */
export function cleanName(name: unknown): string | null {
  if (typeof name !== 'string') return null;
  const plain = name.slice(0, 400).replace(INVISIBLE, '').replace(/\s+/g, ' ').trim();
  const cut = Array.from(plain).slice(0, NAME_CHARACTERS_MAX).join('').trim();
  return cut === '' ? null : cut;
}

/** A colour from our palette or any plain `#rrggbb`; anything else becomes a palette colour chosen by `seed`. */
export function cleanColor(color: unknown, seed: number): string {
  if (typeof color === 'string' && COLOR.test(color)) return color.toLowerCase();
  return PALETTE[Math.abs(Math.trunc(seed)) % PALETTE.length] ?? PALETTE[0];
}

function relativeLuminance(color: string): number {
  const channel = (at: number): number => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

/** Contrast ratio of two `#rrggbb` colours after WCAG, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [light, dark] = [relativeLuminance(a), relativeLuminance(b)].sort((x, y) => y - x) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

/** Black or white, whichever reads better on `color`. Strangers choose their colour freely. */
export function inkOn(color: string): '#ffffff' | '#111111' {
  return contrast(color, '#ffffff') >= 4.5 ? '#ffffff' : '#111111';
}

type Listener = () => void;
const listeners = new Set<Listener>();
let current: Person | null = null;

function stored(): Person | null {
  try {
    const raw: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null');
    if (raw === null || typeof raw !== 'object') return null;
    const { name, color } = raw as Record<string, unknown>;
    const clean = cleanName(name);
    return clean === null ? null : { name: clean, color: cleanColor(color, 0) };
  } catch {
    return null;
  }
}

function store(person: Person): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(person));
  } catch {
    // Blocked storage: the name then lasts as long as the tab.
  }
}

/** The person at this browser; `suggest` names them on their first visit. */
export function ensurePerson(suggest: () => string): Person {
  current ??= stored();
  if (current === null) {
    const color = PALETTE[Math.floor(Math.random() * PALETTE.length)] ?? PALETTE[0];
    current = { name: cleanName(suggest()) ?? 'Guest', color };
    store(current);
  }
  return current;
}

export function getPerson(): Person {
  return ensurePerson(() => 'Guest');
}

export function setPerson(change: Partial<Person>): void {
  const before = getPerson();
  current = {
    name: cleanName(change.name) ?? before.name,
    color: cleanColor(change.color ?? before.color, 0),
  };
  store(current);
  for (const listener of listeners) listener();
}

export function onPerson(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
