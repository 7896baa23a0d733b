import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RELEASE_AFTER_MS, Registry } from './registry';
import type { Session } from './session';

class FakeSession {
  unsent = 0;
  destroyed = false;
  private listeners = new Set<() => void>();
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  atRisk = false;
  getView = () => ({ atRisk: this.atRisk });
  destroy = (): void => {
    this.destroyed = true;
  };
  store(): void {
    this.unsent = 0;
    for (const listener of [...this.listeners]) listener();
  }
}

let opened: FakeSession[] = [];
const make = (): Registry =>
  new Registry(() => {
    const session = new FakeSession();
    opened.push(session);
    return session as unknown as Session;
  });

beforeEach(() => {
  opened = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('mounting, unmounting and mounting again, as strict mode does, opens one session', () => {
  const registry = make();
  const first = registry.acquire('page/a');
  registry.release('page/a');
  const second = registry.acquire('page/a');
  expect(second).toBe(first);
  vi.advanceTimersByTime(RELEASE_AFTER_MS * 3);
  expect(opened).toHaveLength(1);
  expect(opened[0]?.destroyed).toBe(false);
});

test('a session closes a moment after its last holder left, and a later visit opens a new one', () => {
  const registry = make();
  registry.acquire('page/a');
  registry.acquire('page/a');
  registry.release('page/a');
  vi.advanceTimersByTime(RELEASE_AFTER_MS * 2);
  expect(opened[0]?.destroyed).toBe(false);
  registry.release('page/a');
  vi.advanceTimersByTime(RELEASE_AFTER_MS + 1);
  expect(opened[0]?.destroyed).toBe(true);
  expect(registry.size).toBe(0);
  registry.acquire('page/a');
  expect(opened).toHaveLength(2);
});

test('a page left with unsent edits stays connected until they are stored', () => {
  const registry = make();
  registry.acquire('page/a');
  const session = opened[0] as FakeSession;
  session.unsent = 3;
  registry.release('page/a');
  vi.advanceTimersByTime(60_000);
  expect(session.destroyed).toBe(false);
  session.store();
  expect(session.destroyed).toBe(true);
});

test('coming back to a page that is still sending takes the same session over', () => {
  const registry = make();
  registry.acquire('page/a');
  const session = opened[0] as FakeSession;
  session.unsent = 1;
  registry.release('page/a');
  vi.advanceTimersByTime(5_000);
  registry.acquire('page/a');
  session.store();
  expect(session.destroyed).toBe(false);
  expect(opened).toHaveLength(1);
});

test('releasing more often than acquiring does no harm', () => {
  const registry = make();
  registry.release('page/never');
  registry.acquire('page/a');
  registry.release('page/a');
  registry.release('page/a');
  vi.advanceTimersByTime(RELEASE_AFTER_MS + 1);
  expect(registry.size).toBe(0);
});

test('it is safe to leave once no session holds what is stored nowhere', async () => {
  const registry = make();
  registry.acquire('page/a');
  const [session] = opened as [FakeSession];
  session.atRisk = true;
  let isSafe = false;
  const safe = registry.whenSafe().then(() => {
    isSafe = true;
  });
  await Promise.resolve();
  expect(isSafe).toBe(false);
  session.atRisk = false;
  session.store();
  await safe;
  await registry.whenSafe();
});

test('when somebody leaves, every session ends, held or not', () => {
  const registry = make();
  registry.acquire('page/a');
  registry.acquire('page/b');
  registry.release('page/b');
  registry.endAll();
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  expect(registry.size).toBe(0);
  registry.release('page/a');
});
