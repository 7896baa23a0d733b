/** What is known about one page's connection and edits. All of it is observed; nothing is assumed. */
export interface SaveFacts {
  /** The socket is open and the server has let this page in on it. */
  connected: boolean;
  /** It was, at least once since the page was opened. */
  wasConnected: boolean;
  /** The socket has been away for longer than a blink, or the system says that there is no network. */
  away: boolean;
  /** The server has acknowledged, on this connection, everything the handshake brought it. */
  settled: boolean;
  /** Edits made in this browser that the server has not acknowledged as stored. */
  edits: number;
  /** Those edits are stored in this browser and survive closing the tab. */
  kept: boolean;
  refusal: Refusal | null;
}

/** `denied`: may not see it. `readOnly`: may not change it. `rejected`: an edit was sent and turned down. */
export type Refusal = 'denied' | 'readOnly' | 'rejected';

export type SaveState =
  | { kind: 'connecting' }
  | { kind: 'saved' }
  | { kind: 'saving'; edits: number }
  | { kind: 'offline'; edits: number; kept: boolean }
  | { kind: 'reconnecting'; edits: number }
  | { kind: 'readOnly'; edits: number }
  | { kind: 'rejected'; edits: number }
  | { kind: 'denied' };

/** The state word. `saved` is the one word that must never be said too early. */
export function saveState(facts: SaveFacts): SaveState {
  const { edits } = facts;
  if (facts.refusal === 'denied') return { kind: 'denied' };
  if (facts.refusal === 'rejected') return { kind: 'rejected', edits };
  if (facts.refusal === 'readOnly') return { kind: 'readOnly', edits };
  if (!facts.connected) {
    if (facts.away) return { kind: 'offline', edits, kept: facts.kept };
    return facts.wasConnected ? { kind: 'reconnecting', edits } : { kind: 'connecting' };
  }
  if (edits > 0) return { kind: 'saving', edits };
  if (facts.settled) return { kind: 'saved' };
  return facts.wasConnected ? { kind: 'reconnecting', edits } : { kind: 'connecting' };
}

/** Whether leaving now would lose something: on neither the server's disk nor this browser's. */
export function wouldLose(facts: SaveFacts): boolean {
  return facts.edits > 0 && !facts.kept;
}
