// Trap 8, quiet room: nobody types, nobody has a presence, and nobody's client gives the connection up for dead.
// Every client family closes a socket on which it heard nothing for 30 s (45 s for later ones).
import assert from 'node:assert/strict'
import { after, before, describe, test } from '../world/case.mjs'
import { freshRoom, joinClient, versions } from '../world/client.mjs'
import { Server } from '../world/server.mjs'

const QUIET_MS = Number(process.env.WEFT_QUIET_SECONDS ?? 40) * 1_000

let server
before(async () => { server = await Server.start() })
after(() => server.end())

/** The one place where time itself is the input. */
const quietly = () => new Promise(resolve => setTimeout(resolve, QUIET_MS))

describe('trap 8: a quiet room', { concurrency: true }, () => {
  for (const version of versions) {
    test(`trap 8: ${version.name}: stays connected through ${QUIET_MS / 1_000} s in which nothing happens`, async t => {
      const room = freshRoom('quiet')
      const one = await joinClient(t, version, server, room, { presence: false })
      const other = await joinClient(t, version, server, room, { presence: false })
      await quietly()
      assert.equal(one.link.sockets.length, 1)
      assert.equal(other.link.sockets.length, 1)
      assert.ok(one.online && other.online)
      one.type('still here')
      await other.whenReads('still here', 2_000)
    })

    test(`trap 8: ${version.name}: alone and with a presence, stays connected as long`, async t => {
      const client = await joinClient(t, version, server, freshRoom('quiet'))
      await quietly()
      assert.equal(client.link.sockets.length, 1)
      assert.ok(client.online)
    })

    test(`traps 8 and 10: ${version.name}: alone and only reading, stays connected as long`, async t => {
      const client = await joinClient(t, version, server, freshRoom('quiet'), { presence: false, readOnly: true })
      await quietly()
      assert.equal(client.link.sockets.length, 1)
      assert.ok(client.online)
    })
  }
})
