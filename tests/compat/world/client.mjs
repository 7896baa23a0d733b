// The published providers, every version behind one face, so that a case is written once and holds for all.
import * as Y from 'yjs'
import { Awareness } from 'y-protocols/awareness'
import { beat, until } from './pulse.mjs'
import { socketClass } from './socket.mjs'

// y-websocket listens for the end of the process once per provider; here there are many in one.
process.setMaxListeners(0)

const load = async (name, dialect, alias) => ({ name, dialect, module: await import(alias) })

export const yWebsocketVersions = await Promise.all([
  load('y-websocket 1.5', 'y-websocket', 'y-websocket-1'),
  load('y-websocket 2.1', 'y-websocket', 'y-websocket-2'),
  load('y-websocket 3.0', 'y-websocket', 'y-websocket-3'),
  load('y-websocket 3.1', 'y-websocket', 'y-websocket-3-1')
])

export const hocuspocusVersions = (await Promise.all([
  load('Hocuspocus provider 2.15', 'hocuspocus', 'hocuspocus-provider-2'),
  load('Hocuspocus provider 3.4', 'hocuspocus', 'hocuspocus-provider-3'),
  load('Hocuspocus provider 4.5', 'hocuspocus', 'hocuspocus-provider-4'),
  load('Hocuspocus provider 4.8', 'hocuspocus', 'hocuspocus-provider-4-8')
])).map((version, at) => ({ ...version, major: [2, 3, 4, 4][at] }))

export const versions = [...yWebsocketVersions, ...hocuspocusVersions]

/** The root that `/api/docs/{name}/text` shows. */
export const ROOT = 'content'

let nextRoom = 0

/** A document name that no other case uses. */
export function freshRoom (hint = 'room') {
  nextRoom += 1
  return `${hint}-${process.pid}-${nextRoom}`
}

/**
 * Opens a client of `version` on the document `room` and destroys it when the test `t` ends.
 *
 * Options: `presence` (true: a local awareness state exists), `readOnly`, `token` (null: none is sent), `doc` (an existing Y.Doc),
 * `port` (of a `Line` instead of the server's), `socket` (a Hocuspocus socket to share), `session` (v4 session
 * awareness), `autoConnect`.
 */
export function openClient (t, version, server, room, options = {}) {
  const client = version.dialect === 'hocuspocus'
    ? new HocuspocusClient(version, server, room, options)
    : new YWebsocketClient(version, server, room, options)
  t?.after(() => client.destroy())
  return client
}

/** Opens a client and waits until it has what the server has. */
export async function joinClient (t, version, server, room, options = {}) {
  const client = openClient(t, version, server, room, options)
  await client.whenSynced()
  return client
}

class Client {
  constructor (version, room, { doc = new Y.Doc(), presence = true }) {
    this.version = version
    this.room = room
    this.doc = doc
    this.text = doc.getText(ROOT)
    this.awareness = new Awareness(doc)
    if (!presence) this.awareness.setLocalState(null)
    doc.on('update', beat)
    this.awareness.on('change', beat)
  }

  /** The text as this client sees it. */
  get read () {
    return this.text.toString()
  }

  type (text, at = this.text.length) {
    this.text.insert(at, text)
  }

  whenSynced () {
    return until(() => `${this.version.name} is in sync on ${JSON.stringify(this.room)}`, () => this.synced, 20_000)
  }

  whenReads (text, timeout) {
    return until(() => `${this.version.name} reads ${JSON.stringify(text)}, it reads ${JSON.stringify(this.read)}`,
      () => this.read === text, timeout)
  }

  /** The awareness state that this client holds of another, or undefined. */
  seen (other) {
    return this.awareness.getStates().get(other.doc.clientID)
  }
}

class YWebsocketClient extends Client {
  constructor (version, server, room, options) {
    super(version, room, options)
    const { CompatSocket, link } = socketClass()
    this.link = link
    const url = options.port ? `ws://127.0.0.1:${options.port}/ws` : server.ws
    this.provider = new version.module.WebsocketProvider(url, options.path ?? encodeURIComponent(room), this.doc, {
      WebSocketPolyfill: CompatSocket,
      awareness: this.awareness,
      connect: options.autoConnect ?? true,
      disableBc: true,
      params: { ...(options.readOnly ? { access: 'read' } : {}), ...(options.token ? { token: options.token } : {}) }
    })
    this.provider.on('status', beat)
    this.provider.on('sync', beat)
  }

  get synced () {
    return this.provider.synced
  }

  get online () {
    return this.provider.wsconnected
  }

  connect () {
    this.provider.connect()
  }

  async disconnect () {
    this.provider.disconnect()
    await until('the socket is closed', () => this.link.live.readyState === 3)
  }

  destroy () {
    this.provider.destroy()
    this.awareness.destroy()
    this.doc.destroy()
  }
}

/** One Hocuspocus WebSocket, on which several documents can be open. */
export class HocuspocusSocket {
  constructor (version, server, { port, readOnly = false, autoConnect = true } = {}) {
    const { CompatSocket, link } = socketClass()
    this.link = link
    let url = port ? `ws://127.0.0.1:${port}/ws` : server.ws
    if (readOnly) url += '?access=read'
    this.provider = new version.module.HocuspocusProviderWebsocket({
      url,
      WebSocketPolyfill: CompatSocket,
      ...(autoConnect ? {} : { connect: false, autoConnect: false })
    })
    this.provider.on('status', beat)
  }

  get online () {
    return this.provider.status === 'connected'
  }

  connect () {
    this.provider.connect()
  }

  async disconnect () {
    this.provider.disconnect()
    await until('the socket is closed', () => this.provider.status === 'disconnected')
  }

  destroy () {
    this.provider.destroy()
    // Up to 4.5 a retry that was already scheduled would connect again after the end.
    this.provider.connect = async () => {}
  }
}

class HocuspocusClient extends Client {
  constructor (version, server, room, options) {
    super(version, room, options)
    this.ownsSocket = !options.socket
    this.socket = options.socket ?? new HocuspocusSocket(version, server, options)
    this.link = this.socket.link
    this.scope = null
    this.denied = null
    this.provider = new version.module.HocuspocusProvider({
      name: room,
      document: this.doc,
      awareness: options.presence === false ? null : this.awareness,
      websocketProvider: this.socket.provider,
      token: 'token' in options ? options.token : 'any token',
      broadcast: false,
      ...(options.session ? { sessionAwareness: true } : {}),
      onAuthenticated: () => {
        this.scope = this.provider.authorizedScope
        beat()
      },
      onAuthenticationFailed: ({ reason }) => {
        this.denied = reason
        beat()
      }
    })
    this.provider.on('synced', beat)
    this.provider.on('unsyncedChanges', beat)
    if (version.major > 2) this.provider.attach()
  }

  /** What stands at the head of this client's frames. */
  get address () {
    return this.provider.effectiveName ?? this.room
  }

  get synced () {
    return this.provider.synced
  }

  get online () {
    return this.socket.online
  }

  /** Edits that the server has not acknowledged. 2.15 goes below zero after edits made offline; that is zero too. */
  get unsaved () {
    return Math.max(0, this.provider.unsyncedChanges)
  }

  whenSaved (timeout) {
    return until(() => `${this.version.name} is told that all is saved; ${this.unsaved} are not`,
      () => this.synced && this.unsaved === 0, timeout)
  }

  connect () {
    this.socket.connect()
  }

  disconnect () {
    return this.socket.disconnect()
  }

  /** Leaves the document, not the socket. */
  leave () {
    if (this.version.major > 2) this.provider.detach()
    else this.provider.destroy()
  }

  destroy () {
    this.provider.destroy()
    if (this.ownsSocket) this.socket.destroy()
    this.awareness.destroy()
    this.doc.destroy()
  }
}
