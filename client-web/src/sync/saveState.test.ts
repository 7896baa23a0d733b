import { expect, test } from 'vitest';
import { type SaveFacts, saveState, wouldLose } from './saveState';

const quiet: SaveFacts = {
  connected: true,
  wasConnected: true,
  away: false,
  settled: true,
  edits: 0,
  kept: true,
  refusal: null,
};
const kind = (facts: Partial<SaveFacts>): string => saveState({ ...quiet, ...facts }).kind;

test('saved is said only when connected, with the handshake and every edit acknowledged', () => {
  expect(kind({})).toBe('saved');
  for (const connected of [true, false]) {
    for (const settled of [true, false]) {
      for (const edits of [0, 1, 7]) {
        for (const refusal of [null, 'denied', 'readOnly', 'rejected'] as const) {
          for (const away of [true, false]) {
            const said = kind({ connected, settled, edits, refusal, away });
            const stored = connected && settled && edits === 0 && refusal === null;
            expect(said === 'saved', JSON.stringify({ connected, settled, edits, refusal, away })).toBe(
              stored,
            );
          }
        }
      }
    }
  }
});

test('an edit on its way is being saved, also while the handshake is still open', () => {
  expect(kind({ edits: 3 })).toBe('saving');
  expect(kind({ edits: 3, settled: false })).toBe('saving');
});

test('a short drop is reconnecting, a longer one is offline with the number of edits kept', () => {
  expect(kind({ connected: false, edits: 2 })).toBe('reconnecting');
  expect(saveState({ ...quiet, connected: false, away: true, edits: 2 })).toEqual({
    kind: 'offline',
    edits: 2,
    kept: true,
  });
});

test('after opening without a server the word is offline, and edits of earlier visits are counted', () => {
  const facts = { ...quiet, connected: false, wasConnected: false, settled: false, away: true, edits: 5 };
  expect(saveState(facts)).toEqual({ kind: 'offline', edits: 5, kept: true });
});

test('the first connection is connecting, not reconnecting', () => {
  expect(kind({ connected: false, wasConnected: false, settled: false })).toBe('connecting');
  expect(kind({ connected: true, wasConnected: false, settled: false })).toBe('connecting');
});

test('a refusal is said plainly and outranks everything', () => {
  expect(kind({ refusal: 'readOnly', edits: 4 })).toBe('readOnly');
  expect(kind({ refusal: 'denied', connected: false })).toBe('denied');
  expect(kind({ refusal: 'rejected', edits: 1 })).toBe('rejected');
});

test('leaving loses something only when edits are on neither disk', () => {
  expect(wouldLose({ ...quiet, edits: 1, kept: false })).toBe(true);
  expect(wouldLose({ ...quiet, edits: 1, kept: true })).toBe(false);
  expect(wouldLose({ ...quiet, edits: 0, kept: false })).toBe(false);
});
