import { expect, test } from 'vitest';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { PALETTE } from './person';
import { GUESTS_MAX, hasDrawableCaret, readGuest, readGuests } from './presence';

test('whatever a stranger announces becomes a guest fit to be shown', () => {
  for (const state of [
    null,
    7,
    'x',
    [],
    {},
    { user: 'Ann' },
    { user: null },
    { user: { name: 5, color: 'red' } },
  ]) {
    const guest = readGuest(4, state);
    expect(guest.name).toBeNull();
    expect(PALETTE).toContain(guest.color);
  }
  expect(readGuest(1, { user: { name: 'Ann', color: '#112233' } })).toEqual({
    clientId: 1,
    name: 'Ann',
    color: '#112233',
  });
});

test('a caret that would stop the editor is not drawn', () => {
  const good = { type: null, item: { client: 1, clock: 2 }, tname: 'default', assoc: 0 };
  expect(hasDrawableCaret({ user: {}, cursor: { anchor: good, head: good } })).toBe(true);
  const bad = [
    null,
    5,
    'x',
    [],
    { item: 'x' },
    { item: { client: 'x', clock: {} } },
    { item: { client: -1, clock: 0 } },
  ];
  for (const position of [...bad, { type: { client: 1.5, clock: 0 } }, { tname: 5 }, { assoc: 'x' }]) {
    expect(hasDrawableCaret({ cursor: { anchor: position, head: good } }), JSON.stringify(position)).toBe(
      false,
    );
    expect(hasDrawableCaret({ cursor: { anchor: good, head: position } }), JSON.stringify(position)).toBe(
      false,
    );
  }
  expect(hasDrawableCaret({ user: 'Ann', cursor: { anchor: good, head: good } })).toBe(false);
  expect(hasDrawableCaret({ user: {}, cursor: null })).toBe(false);
});

test('one stranger with thousands of clients is listed up to the limit, and we are not among the guests', () => {
  const awareness = new Awareness(new Y.Doc());
  for (let client = 1; client <= GUESTS_MAX + 1; client += 1) awareness.states.set(client, { user: {} });
  expect(readGuests(awareness)).toHaveLength(GUESTS_MAX);
  expect(readGuests(awareness).some((guest) => guest.clientId === awareness.clientID)).toBe(false);
  awareness.destroy();
});
