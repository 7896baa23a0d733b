import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { WebSocket } from 'ws';
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as sync from 'y-protocols/sync';
import * as Y from 'yjs';

const SYNC = 0;
const AWARENESS = 1;
const AUTH = 2;
const CLOSE = 7;
const SYNC_STATUS = 8;
const DENIED = 1;
const LET_IN = 2;

export type Access = 'read-write' | 'readonly' | null;

interface Room {
  doc: Y.Doc;
  awareness: Awareness;
  members: Set<WebSocket>;
}

/** Documents in memory, spoken to as the client's socket does. Nothing is ever stored. */
export class Rooms {
  private readonly rooms = new Map<string, Room>();

  constructor(private readonly onTitle: (document: string, title: string) => void) {}

  room(name: string): Room {
    let room = this.rooms.get(name);
    if (room === undefined) {
      const doc = new Y.Doc();
      const awareness = new Awareness(doc);
      awareness.setLocalState(null);
      room = { doc, awareness, members: new Set() };
      this.rooms.set(name, room);
      const made = room;
      doc.getXmlFragment('title').observeDeep(() => this.onTitle(name, titleOf(doc)));
      doc.on('update', (update: Uint8Array, origin: unknown) => {
        for (const member of made.members) {
          if (member !== origin) send(member, name, SYNC, (encoder) => sync.writeUpdate(encoder, update));
        }
      });
      awareness.on('update', ({ added, updated, removed }: Record<string, number[]>) => {
        const changed = [...(added ?? []), ...(updated ?? []), ...(removed ?? [])];
        const update = encodeAwarenessUpdate(awareness, changed);
        for (const member of made.members) {
          send(member, name, AWARENESS, (encoder) => encoding.writeVarUint8Array(encoder, update));
        }
      });
    }
    return room;
  }

  write(name: string, title: string, paragraphs: readonly string[]): void {
    const { doc } = this.room(name);
    doc.transact(() => {
      const line = (text: string): Y.XmlElement => {
        const element = new Y.XmlElement('paragraph');
        if (text !== '') element.insert(0, [new Y.XmlText(text)]);
        return element;
      };
      if (title !== '') doc.getXmlFragment('title').insert(0, [line(title)]);
      doc.getXmlFragment('default').insert(0, paragraphs.map(line));
    });
  }

  forget(): void {
    this.rooms.clear();
  }

  /** One socket; `may` says what it may do with a document. */
  join(socket: WebSocket, may: (document: string) => Access): void {
    const joined = new Map<string, Access>();
    const clients = new Map<string, Set<number>>();
    socket.on('message', (data: Buffer) => {
      const decoder = decoding.createDecoder(new Uint8Array(data));
      const name = decoding.readVarString(decoder);
      const type = decoding.readVarUint(decoder);
      if (type === AUTH) {
        const access = may(name);
        send(socket, name, AUTH, (encoder) => {
          encoding.writeVarUint(encoder, access === null ? DENIED : LET_IN);
          encoding.writeVarString(encoder, access ?? 'permission-denied');
        });
        if (access === null) return;
        joined.set(name, access);
        const room = this.room(name);
        room.members.add(socket);
        return;
      }
      const access = joined.get(name) ?? null;
      if (access === null) return;
      const room = this.room(name);
      if (type === SYNC) this.sync(socket, name, room, access, decoder);
      else if (type === AWARENESS) {
        const update = decoding.readVarUint8Array(decoder);
        applyAwarenessUpdate(room.awareness, update, socket);
        const own = clients.get(name) ?? new Set();
        for (const id of clientsIn(update)) own.add(id);
        clients.set(name, own);
      } else if (type === CLOSE) this.leave(socket, name, clients.get(name));
    });
    socket.on('close', () => {
      for (const name of joined.keys()) this.leave(socket, name, clients.get(name));
    });
  }

  private sync(socket: WebSocket, name: string, room: Room, access: Access, decoder: decoding.Decoder): void {
    const kind = decoding.readVarUint(decoder);
    if (kind === sync.messageYjsSyncStep1) {
      send(socket, name, SYNC, (encoder) => sync.readSyncStep1(decoder, encoder, room.doc));
      send(socket, name, SYNC, (encoder) => sync.writeSyncStep1(encoder, room.doc));
      const present = [...room.awareness.getStates().keys()];
      if (present.length > 0) {
        const update = encodeAwarenessUpdate(room.awareness, present);
        send(socket, name, AWARENESS, (encoder) => encoding.writeVarUint8Array(encoder, update));
      }
      return;
    }
    if (access === 'read-write') Y.applyUpdate(room.doc, decoding.readVarUint8Array(decoder), socket);
    send(socket, name, SYNC_STATUS, (encoder) =>
      encoding.writeVarInt(encoder, access === 'read-write' ? 1 : 0),
    );
  }

  private leave(socket: WebSocket, name: string, clients: Set<number> | undefined): void {
    const room = this.room(name);
    room.members.delete(socket);
    for (const id of clients ?? []) room.awareness.states.delete(id);
    if (clients !== undefined)
      room.awareness.emit('update', [{ added: [], updated: [], removed: [...clients] }, null]);
  }
}

export function titleOf(doc: Y.Doc): string {
  const lines = doc.getXmlFragment('title').toArray();
  return lines
    .flatMap((line) => (line instanceof Y.XmlElement ? line.toArray() : []))
    .map((text) => (text instanceof Y.XmlText ? text.toString() : ''))
    .join(' ')
    .trim();
}

function clientsIn(update: Uint8Array): number[] {
  const decoder = decoding.createDecoder(update);
  const ids: number[] = [];
  for (let left = decoding.readVarUint(decoder); left > 0; left -= 1) {
    ids.push(decoding.readVarUint(decoder));
    decoding.readVarUint(decoder);
    decoding.readVarString(decoder);
  }
  return ids;
}

function send(
  socket: WebSocket,
  name: string,
  type: number,
  write: (encoder: encoding.Encoder) => void,
): void {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, name);
  encoding.writeVarUint(encoder, type);
  write(encoder);
  socket.send(encoding.toUint8Array(encoder));
}
