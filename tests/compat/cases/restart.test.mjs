// The server is killed or stopped under live clients; they come back by themselves and nothing is lost or doubled.
import assert from 'node:assert/strict'
import { after, before, describe, test } from '../world/case.mjs'
import { freshRoom, hocuspocusVersions, joinClient, versions, yWebsocketVersions } from '../world/client.mjs'
import { SYNC, UPDATE, readFrame } from '../world/frame.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'

/** Providers 3 and 4 double their delay with each failed attempt, with jitter. */
const BACK_WITHIN_MS = 40_000
const STOP_WITHIN_MS = 10_000

for (const signal of ['SIGKILL', 'SIGTERM']) {
  describe(`the server gets ${signal} and starts again`, () => {
    let server
    const pairs = new Map()
    let ended

    before(async () => {
      server = await Server.start()
      for (const version of versions) {
        const room = freshRoom('restart')
        const one = await joinClient(null, version, server, room)
        const other = await joinClient(null, version, server, room)
        one.type('written before. ')
        await other.whenReads('written before. ')
        other.type('answered before. ')
        await one.whenReads('written before. answered before. ')
        await until('the server has it', async () => await server.text(room) === one.read)
        pairs.set(version, { room, one, other })
      }
      const since = Date.now()
      ended = await server.stop(signal)
      ended.took = Date.now() - since
      await until('all clients noticed', () => [...pairs.values()].every(({ one, other }) => !one.online && !other.online))
      for (const { one, other } of pairs.values()) {
        one.type('ONE WHILE DOWN. ', 0)
        other.type('OTHER WHILE DOWN. ')
      }
      await server.run()
    })

    after(async () => {
      for (const { one, other } of pairs.values()) {
        one.destroy()
        other.destroy()
      }
      await server.end()
    })

    if (signal === 'SIGTERM') {
      test('trap 21: it ends by itself, with code 0, within 10 s', () => {
        assert.equal(ended.code, 0)
        assert.ok(ended.took < STOP_WITHIN_MS, `it took ${ended.took} ms`)
      })

      test('trap 21: every client was told that the service restarts (1012)', () => {
        for (const [version, { one, other }] of pairs) {
          assert.equal(one.link.closes[0], 1012, version.name)
          assert.equal(other.link.closes[0], 1012, version.name)
        }
      })
    }

    for (const version of versions) {
      test(`trap 15: ${version.name}: all come back by themselves after ${signal}, and every word is there once`, async t => {
        const { room, one, other } = pairs.get(version)
        const all = 'ONE WHILE DOWN. written before. answered before. OTHER WHILE DOWN. '
        await one.whenReads(all, BACK_WITHIN_MS)
        await other.whenReads(all, BACK_WITHIN_MS)
        if (version.dialect === 'hocuspocus') await one.whenSaved(BACK_WITHIN_MS)
        await until('the server tells the same', async () => await server.text(room) === all)
        const fresh = await joinClient(t, version, server, room)
        assert.equal(fresh.read, all)
        one.type('And on we go.')
        await other.whenReads(`${all}And on we go.`)
        await fresh.whenReads(`${all}And on we go.`)
      })
    }
  })
}

describe('what a client saw as saved', () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.end())

  for (const version of hocuspocusVersions) {
    test(`trap 1: ${version.name}: is there after kill -9 in the moment of the acknowledgement`, async t => {
      const room = freshRoom('acked')
      const writer = await joinClient(t, version, server, room)
      await writer.whenSaved()
      for (let word = 0; word < 50; word += 1) writer.type(`word${word} `)
      const text = writer.read
      await writer.whenSaved()
      const killed = server.stop('SIGKILL')
      writer.destroy()
      await killed
      await server.run()
      assert.equal(await server.text(room), text)
    })
  }

  for (const version of yWebsocketVersions) {
    test(`trap 1: ${version.name}: is there after kill -9 in the moment its own update comes back`, async t => {
      const room = freshRoom('echoed')
      const writer = await joinClient(t, version, server, room)
      const reader = await joinClient(t, version, server, room)
      let echoed = 0
      writer.link.onArrival = frame => {
        const said = readFrame('y-websocket', frame)
        if (said.type === SYNC && said.step === UPDATE) echoed += said.body.length
      }
      let sent = 0
      writer.doc.on('update', update => { sent += update.length })
      writer.type('one step, ')
      await reader.whenReads('one step, ')
      await until('the update came back', () => echoed >= sent)
      const killed = server.stop('SIGKILL')
      writer.destroy()
      reader.destroy()
      await killed
      await server.run()
      assert.equal(await server.text(room), 'one step, ')
    })
  }
})
