// Hocuspocus counts what is not yet acknowledged; every update and every step 2 is owed exactly one answer.
import assert from 'node:assert/strict'
import { after, before, test } from '../world/case.mjs'
import { freshRoom, hocuspocusVersions, joinClient, openClient } from '../world/client.mjs'
import { STEP_2, SYNC, SYNC_STATUS, UPDATE, readFrame } from '../world/frame.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'

let server
before(async () => { server = await Server.start() })
after(() => server.end())

const said = frames => frames.map(frame => readFrame('hocuspocus', frame))

for (const version of hocuspocusVersions) {
  test(`${version.name}: nothing counts as saved until the server says so`, async t => {
    const client = await joinClient(t, version, server, freshRoom('acks'))
    await client.whenSaved()
    client.link.hold = () => true
    for (let word = 0; word < 5; word += 1) client.type(`word${word} `)
    await until('the server has the words', async () => await server.text(client.room) === client.read)
    await until('its acknowledgements are held', () => said(client.link.held.map(held => held.frame)).filter(({ type }) => type === SYNC_STATUS).length === 5)
    assert.equal(client.unsaved, 5)
    client.link.hold = null
    client.link.release()
    assert.equal(client.unsaved, 0)
  })

  test(`${version.name}: each update and each step 2 gets exactly one acknowledgement`, async t => {
    const client = openClient(t, version, server, freshRoom('acks'), { autoConnect: false })
    client.link.record = true
    client.connect()
    await client.whenSynced()
    for (let letter = 0; letter < 100; letter += 1) {
      client.type('x')
      if (letter % 10 === 0) await client.whenSaved()
    }
    await client.whenSaved()
    // One more exchange, so that an acknowledgement too many would have arrived too.
    client.type('.')
    await client.whenSaved()
    const owed = said(client.link.sent).filter(({ type, step }) => type === SYNC && (step === STEP_2 || step === UPDATE)).length
    const answers = said(client.link.received).filter(({ type }) => type === SYNC_STATUS)
    assert.equal(owed, 102)
    assert.equal(answers.length, owed)
    assert.ok(answers.every(({ applied }) => applied))
  })
}
