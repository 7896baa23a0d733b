import { HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { afterEach, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { Link } from './link';
import { Session } from './session';

/** A server that speaks just enough of the dialect, and acknowledges only when the test says so. */
class FakeServer {
  readonly doc = new Y.Doc();
  sockets = new Set<FakeSocket>();
  open = true;
  readOnly = false;
  /** Acknowledgements that are owed and held back. */
  owed = 0;
  private held: (() => void)[] = [];
  hold = false;

  private frame(name: string, write: (encoder: encoding.Encoder) => void): ArrayBuffer {
    const encoder = encoding.createEncoder();
    encoding.writeVarString(encoder, name);
    write(encoder);
    return encoding.toUint8Array(encoder).slice().buffer;
  }

  receive(socket: FakeSocket, data: Uint8Array): void {
    const decoder = decoding.createDecoder(data);
    const name = decoding.readVarString(decoder);
    const type = decoding.readVarUint(decoder);
    const say = (write: (encoder: encoding.Encoder) => void): void => socket.deliver(this.frame(name, write));
    if (type === 2) {
      say((encoder) => {
        encoding.writeVarUint(encoder, 2);
        encoding.writeVarUint(encoder, 2);
        encoding.writeVarString(encoder, this.readOnly ? 'readonly' : 'read-write');
      });
      say((encoder) => {
        encoding.writeVarUint(encoder, 0);
        encoding.writeVarUint(encoder, 0);
        encoding.writeVarUint8Array(encoder, Y.encodeStateVector(this.doc));
      });
      return;
    }
    if (type === 0) this.sync(decoder, say);
  }

  private sync(decoder: decoding.Decoder, say: (write: (encoder: encoding.Encoder) => void) => void): void {
    const step = decoding.readVarUint(decoder);
    const bytes = decoding.readVarUint8Array(decoder);
    if (step === 0) {
      say((encoder) => {
        encoding.writeVarUint(encoder, 0);
        encoding.writeVarUint(encoder, 1);
        encoding.writeVarUint8Array(encoder, Y.encodeStateAsUpdate(this.doc, bytes));
      });
      return;
    }
    const empty = Y.decodeUpdate(bytes).structs.length === 0;
    const taken = !this.readOnly || empty;
    if (taken) Y.applyUpdate(this.doc, bytes);
    const acknowledge = (): void => {
      this.owed -= 1;
      say((encoder) => {
        encoding.writeVarUint(encoder, 8);
        encoding.writeVarUint(encoder, taken ? 1 : 0);
      });
    };
    this.owed += 1;
    if (this.hold) this.held.push(acknowledge);
    else acknowledge();
  }

  release(count = this.held.length): void {
    for (const acknowledge of this.held.splice(0, count)) acknowledge();
  }

  text(): string {
    return this.doc.getText('plain').toString();
  }
}

let server: FakeServer;

class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  readyState = 0;
  binaryType = 'arraybuffer';

  constructor() {
    super();
    queueMicrotask(() => {
      if (!server.open) return this.close();
      this.readyState = 1;
      server.sockets.add(this);
      this.dispatchEvent(new Event('open'));
    });
  }

  send(data: Uint8Array): void {
    queueMicrotask(() => this.readyState === 1 && server.receive(this, new Uint8Array(data)));
  }

  deliver(data: ArrayBuffer): void {
    queueMicrotask(() => this.readyState === 1 && this.dispatchEvent(new MessageEvent('message', { data })));
  }

  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    server.sockets.delete(this);
    queueMicrotask(() => this.dispatchEvent(new CloseEvent('close', { code: 1006 })));
  }
}

const opened: { session: Session; link: Link }[] = [];
let names = 0;

function visit(
  name = `page/test-${++names}`,
  made?: Promise<boolean>,
): { session: Session; link: Link; name: string } {
  const socket = new HocuspocusProviderWebsocket({
    url: 'ws://test/ws',
    WebSocketPolyfill: FakeSocket,
    delay: 10,
    minDelay: 5,
    maxDelay: 10,
    jitter: false,
  });
  const link = new Link(socket, 150);
  const session = new Session(name, link, made !== undefined, made);
  opened.push({ session, link });
  return { session, link, name };
}

function leave(visited: { session: Session; link: Link }): void {
  visited.session.destroy();
  visited.link.destroy();
}

afterEach(() => {
  for (const visited of opened.splice(0)) leave(visited);
  localStorage.clear();
});

const type = (session: Session, content: string): void => {
  const text = session.doc.getText('plain');
  text.insert(text.length, content);
};
const said = (session: Session): string => session.getView().save.kind;
const edits = (session: Session): number | undefined => (session.getView().save as { edits?: number }).edits;
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 3_000, interval: 5 });

test('saved is said when the server has acknowledged every edit, and not one acknowledgement earlier', async () => {
  server = new FakeServer();
  const { session } = visit();
  await until(() => expect(said(session)).toBe('saved'));
  server.hold = true;
  type(session, 'a');
  type(session, 'b');
  await until(() => expect(server.text()).toBe('ab'));
  while (server.owed > 0) {
    expect(said(session)).toBe('saving');
    const before = server.owed;
    server.release(1);
    await until(() => expect(server.owed).toBe(before - 1));
  }
  await until(() => expect(said(session)).toBe('saved'));
});

test('nothing is saved while the handshake that carries offline edits is unacknowledged', async () => {
  server = new FakeServer();
  server.open = false;
  const { session } = visit();
  type(session, 'offline');
  type(session, ' text');
  server.open = true;
  server.hold = true;
  await until(() => expect(server.text()).toBe('offline text'));
  expect(said(session)).toBe('saving');
  expect(edits(session)).toBe(2);
  server.release();
  await until(() => expect(said(session)).toBe('saved'));
});

test('edits made offline survive closing the tab, are counted truly on return, and reach the server', async () => {
  server = new FakeServer();
  const first = visit();
  await until(() => expect(said(first.session)).toBe('saved'));
  type(first.session, 'acknowledged ');
  await until(() => expect(said(first.session)).toBe('saved'));
  server.open = false;
  for (const socket of server.sockets) socket.close();
  await until(() => expect(said(first.session)).toBe('reconnecting'));
  for (const letter of 'kept') type(first.session, letter);
  await until(() => expect(first.session.getView().atRisk).toBe(false));
  leave(first);

  const second = visit(first.name);
  await until(() => expect(second.session.doc.getText('plain').toString()).toBe('acknowledged kept'));
  await until(() => expect(second.session.getView().save).toEqual({ kind: 'offline', edits: 4, kept: true }));
  type(second.session, '!');
  await until(() => expect(edits(second.session)).toBe(5));
  server.open = true;
  await until(() => expect(said(second.session)).toBe('saved'));
  expect(server.text()).toBe('acknowledged kept!');
  leave(second);

  server.open = false;
  const third = visit(first.name);
  await until(() => expect(third.session.getView().save).toEqual({ kind: 'offline', edits: 0, kept: true }));
});

test('an edit is at risk until this browser has stored it or the server has acknowledged it', async () => {
  server = new FakeServer();
  server.open = false;
  const { session } = visit();
  type(session, 'x');
  expect(session.getView().atRisk).toBe(true);
  await until(() => expect(session.getView().atRisk).toBe(false));
  expect(session.unsent).toBe(1);
});

test('a server that takes no edits is read only in words, and their text is never called saved', async () => {
  server = new FakeServer();
  server.readOnly = true;
  const { session } = visit();
  await until(() => expect(said(session)).toBe('readOnly'));
  type(session, 'refused');
  await until(() => expect(edits(session)).toBe(1));
  expect(session.getView().readOnly).toBe(true);
  expect(server.text()).toBe('');
});

test('an edit that is turned down on a writable page is called not accepted', async () => {
  server = new FakeServer();
  const { session } = visit();
  await until(() => expect(said(session)).toBe('saved'));
  server.readOnly = true;
  type(session, 'refused');
  await until(() => expect(said(session)).toBe('rejected'));
  expect(edits(session)).toBe(1);
});

test('a socket lost in the middle of saving keeps the edits, and the next one saves them', async () => {
  server = new FakeServer();
  const { session } = visit();
  await until(() => expect(said(session)).toBe('saved'));
  server.hold = true;
  type(session, 'in flight');
  await until(() => expect(server.text()).toBe('in flight'));
  server.open = false;
  for (const socket of server.sockets) socket.close();
  await until(() => expect(said(session)).toBe('reconnecting'));
  server.open = true;
  server.hold = false;
  await until(() => expect(said(session)).toBe('saved'));
  expect(server.text()).toBe('in flight');
  // The answer to the lost socket comes from nobody; it must not count for the new one.
  type(session, ' again');
  await until(() => expect(said(session)).toBe('saved'));
  expect(server.text()).toBe('in flight again');
});

test('opening a page sends the server nothing to store', async () => {
  server = new FakeServer();
  const { session } = visit();
  await until(() => expect(said(session)).toBe('saved'));
  expect(Y.encodeStateVector(server.doc)).toEqual(Uint8Array.of(0));
  expect(session.doc.getMap('weft').size).toBe(0);
});

test('a page made a moment ago is written at once, and joined when the server has made it', async () => {
  server = new FakeServer();
  let make: (made: boolean) => void = () => undefined;
  const { session } = visit(
    undefined,
    new Promise((resolve) => {
      make = resolve;
    }),
  );
  expect(session.getView()).toMatchObject({ ready: true, readOnly: false });
  type(session, 'first words');
  await until(() => expect(session.getView().atRisk).toBe(false));
  expect(server.text()).toBe('');
  make(true);
  await until(() => expect(said(session)).toBe('saved'));
  expect(server.text()).toBe('first words');
});

test('a page that the server would not make says so, and its words stay here', async () => {
  server = new FakeServer();
  const { session } = visit(undefined, Promise.resolve(false));
  type(session, 'kept');
  await until(() => expect(said(session)).toBe('rejected'));
  expect(server.text()).toBe('');
  expect(session.doc.getText('plain').toString()).toBe('kept');
});
