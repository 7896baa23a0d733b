import { type Author, EARLIER, OPERATOR } from '../../api/history';
import { PALETTE } from '../../sync';

function hash(text: string): number {
  let value = 0;
  for (let at = 0; at < text.length; at += 1) value = (value * 31 + text.charCodeAt(at)) >>> 0;
  return value;
}

/** What someone is called who is not known by a name. */
export function nameless(
  key: string | null,
): 'history.someone' | 'history.someoneEarlier' | 'history.operator' {
  if (key === EARLIER) return 'history.someoneEarlier';
  return key === OPERATOR ? 'history.operator' : 'history.someone';
}

/**
 * The people of one history, each with a colour that stays theirs while it is open. Someone who is here now keeps the
 * colour of their caret; others get one by their key, and the next free one where two would share it.
 */
export class Who {
  private readonly authors = new Map<string, Author>();
  private readonly colors = new Map<string, string>();
  private readonly present = new Map<string, string>();

  /** Learns of people; true when some are new, so that what is drawn in their colours is to be drawn again. */
  learn(authors: readonly Author[]): boolean {
    let isNews = false;
    for (const author of [...authors].sort((a, b) => (a.key < b.key ? -1 : 1))) {
      const known = this.authors.get(author.key);
      if (known === undefined || (known.name === null && author.name !== null)) {
        this.authors.set(author.key, author);
        this.colorOf(author.key);
        isNews = true;
      }
    }
    return isNews;
  }

  /** Tells the colour that someone called `name` wears now. */
  wears(name: string, color: string): void {
    this.present.set(name, color);
  }

  /** What they call themselves, or null for someone who never said. */
  nameOf(key: string | null): string | null {
    if (key === null) return null;
    const known = this.authors.get(key)?.name;
    if (known !== null && known !== undefined) return known;
    return key.startsWith('name:') ? key.slice('name:'.length) : null;
  }

  colorOf(key: string): string {
    const known = this.colors.get(key);
    if (known !== undefined) return known;
    const color = this.present.get(this.nameOf(key) ?? '') ?? this.freeColor(key);
    this.colors.set(key, color);
    return color;
  }

  private freeColor(key: string): string {
    // Beyond the palette colours are shared anyway, and counting them over would take long where thousands wrote.
    const taken = this.colors.size < PALETTE.length * 2 ? new Set(this.colors.values()) : new Set<string>();
    const start = hash(key) % PALETTE.length;
    for (let step = 0; step < PALETTE.length; step += 1) {
      // By threes: neighbours on the palette look alike.
      const color = PALETTE[(start + step * 3) % PALETTE.length] ?? PALETTE[0];
      if (!taken.has(color)) return color;
    }
    return PALETTE[start] ?? PALETTE[0];
  }
}
