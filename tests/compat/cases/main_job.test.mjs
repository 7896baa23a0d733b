// The main job on real input: recorded sessions typed through the published clients, over the real wire.
import assert from 'node:assert/strict'
import * as Y from 'yjs'
import { after, before, test } from '../world/case.mjs'
import { freshRoom, hocuspocusVersions, joinClient, versions, yWebsocketVersions } from '../world/client.mjs'
import { bringsContent, readFrame } from '../world/frame.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'
import { applyPatches, concurrentSession, sequentialSession } from '../world/trace.mjs'

const BATCH = 50
/** Below the 30 s after which a client that hears nothing (its frames are held here) takes its socket for dead. */
const LONG_MS = 25_000

let server
before(async () => { server = await Server.start() })
after(() => server.end())

const turn = () => new Promise(resolve => setImmediate(resolve))

/**
 * One of the two people. `typed` is what they did so far; `arrived` is how many of the other's transactions have reached
 * this machine, `allowed` how many of them its client may hear. What comes beyond is held in front of the client, so
 * that at each keystroke the client knows exactly what its person knew.
 */
class Person {
  constructor (client) {
    this.client = client
    this.id = client.doc.clientID
    this.allowed = 0
    this.arrived = 0
    this.arrivedClock = 0
    this.arrivedDeletes = new Set()
    /** Per transaction: the clock after it, and the ids that it deleted. Index 0 is before the first. */
    this.typed = [{ clock: 0, deletes: [] }]
    this.deletedIn = new Map()
    client.doc.on('update', (_update, _origin, _doc, transaction) => {
      if (!transaction.local) return
      const deletes = idsOf(transaction.deleteSet.clients, ({ clock, len }) => [clock, len])
      this.typing.clock = transaction.afterState.get(this.id) ?? this.typing.clock
      this.typing.deletes = deletes
      for (const id of deletes) this.deletedIn.set(id, this.typed.length)
    })
  }

  type (patches) {
    this.typing = { clock: this.typed.at(-1).clock, deletes: [] }
    applyPatches(this.client.text, patches)
    this.typed.push(this.typing)
  }

  /** Watches what comes from `other`, and holds back what is too early. */
  listenTo (other) {
    const { link, version } = this.client
    link.onArrival = frame => {
      if (!bringsContent(version.dialect, frame)) return
      const { clock, deletes } = this.contentOf(other, frame)
      this.arrivedClock = Math.max(this.arrivedClock, clock)
      for (const id of deletes) this.arrivedDeletes.add(id)
    }
    link.hold = frame => {
      if (!bringsContent(version.dialect, frame)) return false
      const { clock, deletes } = this.contentOf(other, frame)
      return clock > other.typed[this.allowed].clock || deletes.some(id => other.deletedIn.get(id) > this.allowed)
    }
  }

  /** For a failure: what the next transaction lacks. */
  waitsFor (other) {
    const { clock, deletes } = other.typed[this.arrived + 1]
    const lacking = deletes.filter(id => !this.arrivedDeletes.has(id) && !this.deletedIn.has(id))
    return `${this.arrived} have; the next needs clock ${clock} (is ${this.arrivedClock}) and the deletions ${lacking.join(' ')}; ` +
      `${this.client.link.held.length} frames are held, ${this.client.link.sockets.length} sockets were opened, ${other.client.link.sockets.length} by the other`
  }

  /** Whether the first `count` transactions of the other are on this machine. */
  has (count, other) {
    while (this.arrived < count && this.hasArrived(other.typed[this.arrived + 1])) this.arrived += 1
    return this.arrived >= count
  }

  /** What both deleted is not news, so the server need not pass it on. */
  hasArrived ({ clock, deletes }) {
    return clock <= this.arrivedClock && deletes.every(id => this.arrivedDeletes.has(id) || this.deletedIn.has(id))
  }

  /** The clock that a frame brings `other` to, and which of other's deletions it holds that this person did not do too. */
  contentOf (other, frame) {
    const { structs, ds } = Y.decodeUpdate(readFrame(this.client.version.dialect, frame).body)
    const last = structs.findLast(({ id }) => id.client === other.id)
    const deletes = idsOf(ds.clients, ({ clock, len }) => [clock, len]).filter(id => other.deletedIn.has(id))
    return { clock: last ? last.id.clock + last.length : 0, deletes }
  }

  /** Lets the client hear the first `count` transactions of the other, and nothing more. */
  async hear (count, other) {
    await until(() => `${count} transactions arrive: ${this.waitsFor(other)}`, () => this.has(count, other), LONG_MS)
    this.allowed = count
    this.client.link.release()
    assert.equal(Y.getState(this.client.doc.store, other.id), other.typed[count].clock, 'the client knows what its person knew, no more and no less')
  }
}

function idsOf (clients, span) {
  const ids = []
  for (const [client, spans] of clients) {
    for (const [clock, length] of spans.map(span)) {
      for (let at = clock; at < clock + length; at += 1) ids.push(`${client}:${at}`)
    }
  }
  return ids
}

/** Types a session of two through two live clients, each keystroke on exactly the text its person saw. */
async function typeTogether (txns, clients) {
  const people = clients.map(client => new Person(client))
  people.forEach((person, at) => person.listenTo(people[1 - at]))
  // Where one person stopped listening, the other's frames must not run together: the next keystroke waits until all
  // before it is on the other's machine.
  const stops = [0, 1].map(agent => new Set(txns.filter(txn => txn.agent === agent).map(({ needs }) => needs)))
  for (const [at, { agent, own, needs, patches }] of txns.entries()) {
    const [self, other] = [people[agent], people[1 - agent]]
    if (needs > self.allowed) await self.hear(needs, other)
    if (stops[1 - agent].has(own - 1)) {
      await until(() => `transaction ${own - 1} of ${agent} reaches the other: ${other.waitsFor(self)}`, () => other.has(own - 1, self), LONG_MS)
    }
    self.type(patches)
    if (at % BATCH === 0) await turn()
  }
  for (const { client } of people) {
    client.link.onArrival = null
    client.link.hold = null
    client.link.release()
  }
}

/** Both clients, the server and newcomers hold `text`; again after kill -9 and a restart on the same directory. */
async function allHold (t, text, room, clients) {
  const everybody = async what => {
    await Promise.all(clients.map(client => until(`${client.version.name} ends at the recorded text ${what}`, () => client.text.length === text.length && client.read === text, LONG_MS)))
    await until(`the server tells the recorded text ${what}`, async () => await server.text(room) === text, LONG_MS)
    for (const version of [versions[0], versions.at(-1)]) {
      const newcomer = await joinClient(t, version, server, room)
      assert.ok(newcomer.read === text, `a newcomer with ${version.name} reads the recorded text ${what}`)
      newcomer.destroy()
    }
  }
  await everybody('at the end')
  for (const client of clients) if (client.whenSaved) await client.whenSaved(LONG_MS)
  await server.stop('SIGKILL')
  await until('all noticed', () => clients.every(({ online }) => !online))
  await server.run()
  if (clients.every(client => client.whenSaved)) {
    assert.ok(await server.text(room) === text, 'what was saved is there before any client came back')
  }
  await until('all are back', () => clients.every(({ online, synced }) => online && synced), LONG_MS)
  await everybody('after kill -9 and restart')
}

function sayWhere (t, { real, txns }) {
  t.diagnostic(real
    ? `the recorded session: ${txns.length} transactions`
    : `no recorded sessions beside the project: ${txns.length} transactions of our own instead`)
}

const seconds = since => `${((Date.now() - since) / 1000).toFixed(1)} s`

for (const [left, right] of [[hocuspocusVersions[3], hocuspocusVersions[3]], [hocuspocusVersions[0], hocuspocusVersions[2]]]) {
  test(`the main job: two people's session (friendsforever) through ${left.name} and ${right.name} ends at its text, kill -9 included`, async t => {
    const session = concurrentSession('friendsforever')
    sayWhere(t, session)
    const room = freshRoom('friendsforever')
    // Where two type in one place at one moment, Yjs lets the lower client id go first; in the recording that is the
    // first person (it decides one place of this session).
    const docs = [left, right].map(() => new Y.Doc()).sort((one, other) => one.clientID - other.clientID)
    const clients = [
      await joinClient(t, left, server, room, { doc: docs[0] }),
      await joinClient(t, right, server, room, { doc: docs[1] })
    ]
    const since = Date.now()
    await typeTogether(session.txns, clients)
    t.diagnostic(`typed in ${seconds(since)}`)
    await allHold(t, session.endContent, room, clients)
    t.diagnostic(`all told in ${seconds(since)}`)
  })
}

for (const version of [yWebsocketVersions[3], yWebsocketVersions[0]]) {
  test(`the main job: one person's session (sveltecomponent) through ${version.name} ends at its text, kill -9 included`, async t => {
    const session = sequentialSession('sveltecomponent')
    sayWhere(t, session)
    const room = freshRoom('sveltecomponent')
    const writer = await joinClient(t, version, server, room)
    const reader = await joinClient(t, version, server, room)
    const since = Date.now()
    if (session.startContent) writer.type(session.startContent)
    for (const [at, { patches }] of session.txns.entries()) {
      applyPatches(writer.text, patches)
      if (at % BATCH === 0) await turn()
    }
    assert.ok(writer.read === session.endContent, 'the writer typed what was recorded')
    await allHold(t, session.endContent, room, [writer, reader])
    t.diagnostic(`all told in ${seconds(since)}`)
  })
}
