// Trap 9, presence truth: who is here is shown at once, who left is gone, whatever way they left.
import assert from 'node:assert/strict'
import * as Y from 'yjs'
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import { after, before, describe, test } from '../world/case.mjs'
import { freshRoom, joinClient, versions } from '../world/client.mjs'
import { Line } from '../world/line.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'

/** "At once", with room for a busy machine: far below the 15 s after which clients repeat themselves anyway. */
const AT_ONCE_MS = 2_000
/** 30 s of silence end a presence; 5 s more to notice. */
const SILENT_GONE_WITHIN_MS = 35_000

let server
before(async () => { server = await Server.start() })
after(() => server.end())

const ids = client => [...client.awareness.getStates().keys()].sort()

/** Two clients that see one another by name. */
async function twoWhoSeeEachOther (t, version, options = {}) {
  const room = freshRoom('presence')
  const stays = await joinClient(t, version, server, room)
  const goes = await joinClient(t, version, server, room, options)
  stays.awareness.setLocalStateField('user', { name: 'stays' })
  goes.awareness.setLocalStateField('user', { name: 'goes' })
  await until('both see each other', () => stays.seen(goes)?.user?.name === 'goes' && goes.seen(stays)?.user?.name === 'stays')
  return { room, stays, goes }
}

for (const version of versions) {
  test(`trap 9: ${version.name}: a cursor that moves is seen by the other at once`, async t => {
    const { stays, goes } = await twoWhoSeeEachOther(t, version)
    for (let at = 0; at < 10; at += 1) {
      goes.awareness.setLocalStateField('cursor', { at })
      await until(`cursor ${at} is seen`, () => stays.seen(goes)?.cursor?.at === at, AT_ONCE_MS)
    }
  })

  test(`trap 9: ${version.name}: the server never counts as a peer`, async t => {
    const { stays, goes } = await twoWhoSeeEachOther(t, version)
    const both = [stays.doc.clientID, goes.doc.clientID].sort()
    assert.deepEqual(ids(stays), both)
    assert.deepEqual(ids(goes), both)
  })

  test(`trap 9: ${version.name}: someone who hides (an explicit null) is gone at once`, async t => {
    const { stays, goes } = await twoWhoSeeEachOther(t, version)
    goes.awareness.setLocalState(null)
    await until('they are gone', () => stays.seen(goes) === undefined, AT_ONCE_MS)
    goes.awareness.setLocalState({ user: { name: 'back' } })
    await until('they are back', () => stays.seen(goes)?.user?.name === 'back', AT_ONCE_MS)
  })

  test(`trap 9: ${version.name}: someone who closes the page is gone at once`, async t => {
    const { stays, goes } = await twoWhoSeeEachOther(t, version)
    goes.destroy()
    await until('they are gone', () => stays.seen(goes) === undefined, AT_ONCE_MS)
  })

  test(`trap 9: ${version.name}: a connection that is closed without a goodbye takes all its presences along at once`, async t => {
    const line = await Line.to(server.port)
    t.after(() => line.end())
    const { stays, goes } = await twoWhoSeeEachOther(t, version, { port: line.port })
    // A second presence on the same socket, as a client has that speaks for a phone beside it.
    const doc = new Y.Doc()
    const second = new Awareness(doc)
    t.after(() => { second.destroy(); doc.destroy() })
    second.setLocalStateField('user', { name: 'second' })
    applyAwarenessUpdate(goes.awareness, encodeAwarenessUpdate(second, [doc.clientID]), 'from elsewhere')
    await until('the second is seen', () => stays.awareness.getStates().get(doc.clientID)?.user?.name === 'second', AT_ONCE_MS)
    line.tellServer()
    await until('both are gone', () => stays.seen(goes) === undefined && !stays.awareness.getStates().has(doc.clientID), AT_ONCE_MS)
  })

  test(`trap 9: ${version.name}: someone who comes back with the clock they had is seen at once`, async t => {
    const line = await Line.to(server.port)
    t.after(() => line.end())
    const { stays, goes } = await twoWhoSeeEachOther(t, version, { port: line.port })
    // They come back only when everyone was told that they left: where both come at once, nobody is told of the first.
    line.tellServer()
    await until('they are gone', () => stays.seen(goes) === undefined, AT_ONCE_MS)
    line.tellClients()
    await until('they are connected again', () => goes.link.sockets.length === 2 && goes.online && goes.synced)
    await until('they are seen again', () => stays.seen(goes)?.user?.name === 'goes', AT_ONCE_MS)
  })
}

describe('trap 9: a connection that goes dead without a word', { concurrency: true }, () => {
  for (const version of versions) {
    test(`trap 9: ${version.name}: is noticed by the others within 35 s`, async t => {
      const line = await Line.to(server.port)
      t.after(() => line.end())
      const { room, stays, goes } = await twoWhoSeeEachOther(t, version, { port: line.port })
      line.goDead()
      const since = Date.now()
      await until('they are gone', () => stays.seen(goes) === undefined, SILENT_GONE_WITHIN_MS)
      t.diagnostic(`gone after ${Math.round((Date.now() - since) / 1000)} s`)
      assert.notEqual(stays.seen(stays), undefined, 'who is here stays')
      // The others' own clocks end a silent presence too; a newcomer sees what the server itself still believes.
      const newcomer = await joinClient(t, version, server, room)
      await until('the newcomer sees who is here', () => newcomer.seen(stays)?.user?.name === 'stays')
      assert.equal(newcomer.seen(goes), undefined)
    })
  }
})
