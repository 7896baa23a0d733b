// People edit without a connection, on both sides of the gap, and meet again.
import assert from 'node:assert/strict'
import * as Y from 'yjs'
import { after, before, test } from '../world/case.mjs'
import { freshRoom, joinClient, openClient, versions } from '../world/client.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'

let server
before(async () => { server = await Server.start() })
after(() => server.end())

for (const version of versions) {
  test(`${version.name}: edits on both sides of a lost connection meet when it is back`, async t => {
    const room = freshRoom('offline')
    const away = await joinClient(t, version, server, room)
    const here = await joinClient(t, version, server, room)
    away.type('The middle. ')
    await here.whenReads('The middle. ')

    await away.disconnect()
    away.type('Written away. ')
    away.text.delete(0, 4)
    here.type('Written here. ', 0)
    await until('the server has it', async () => await server.text(room) === here.read)
    assert.equal(here.read, 'Written here. The middle. ')

    away.connect()
    const all = 'Written here. middle. Written away. '
    await away.whenReads(all, 20_000)
    await here.whenReads(all, 20_000)
    if (version.dialect === 'hocuspocus') await away.whenSaved()
    await until('the server tells the same', async () => await server.text(room) === all)
  })

  test(`${version.name}: a document begun offline is there once when it comes online`, async t => {
    const room = freshRoom('offline')
    const doc = new Y.Doc()
    doc.getText('content').insert(0, 'begun on a train')
    const writer = await joinClient(t, version, server, room, { doc })
    const reader = await joinClient(t, version, server, room)
    await reader.whenReads('begun on a train')
    assert.equal(writer.read, 'begun on a train')
    if (version.dialect === 'hocuspocus') await writer.whenSaved()
  })

  test(`${version.name}: who comes and goes ten times while the other types misses nothing`, async t => {
    const room = freshRoom('flapping')
    const steady = await joinClient(t, version, server, room)
    const flapping = openClient(t, version, server, room)
    for (let round = 0; round < 10; round += 1) {
      flapping.connect()
      await flapping.whenSynced()
      steady.type(`s${round} `)
      flapping.type(`f${round} `, 0)
      await flapping.disconnect()
      steady.type(`t${round} `)
      flapping.type(`g${round} `, 0)
    }
    flapping.connect()
    await until(() => `both read the same: ${steady.read} | ${flapping.read}`,
      () => steady.read === flapping.read && steady.text.length === 120, 20_000)
    if (version.dialect === 'hocuspocus') await flapping.whenSaved()
  })
}
