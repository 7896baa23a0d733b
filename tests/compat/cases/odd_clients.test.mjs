// Trap 14, odd but legal clients: what real clients have been seen to send closes nothing and corrupts nothing; what
// only servers may say is refused and goes no further.
import assert from 'node:assert/strict'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { after, before, test } from '../world/case.mjs'
import { ROOT, freshRoom, hocuspocusVersions, joinClient, versions } from '../world/client.mjs'
import { frameFor } from '../world/frame.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'

/** Message type and all that follows. */
const ODD = {
  'a step 1 with nothing after it': [0, 0],
  'an empty step 2': [0, 1, 2, 0, 0],
  'an empty update': [0, 2, 2, 0, 0],
  'a second step 1': [0, 0, 1, 0],
  'no awareness entries': [1, 1, 0],
  'bytes after an awareness message': [1, 1, 0, 7, 7, 7],
  'a query for awareness': [3],
  'a query for awareness with a body': [3, 2, 1, 2],
  'a type nobody knows': [99, 1, 2, 3],
  'a type nobody knows, of two bytes': [0xc8, 0x01]
}
const ODD_YWEBSOCKET = { 'an auth message from a client': [2, 0, 0] }
const ODD_HOCUSPOCUS = {
  'a second token': [2, 0, 3, 0x74, 0x6f, 0x6b],
  'a second token with a version and more': [2, 0, 3, 0x74, 0x6f, 0x6b, 1, 0x34, 9, 9],
  'a stateless message': [5, 2, 0x68, 0x69],
  'a pong with an address': [10]
}

let server
before(async () => { server = await Server.start() })
after(() => server.end())

for (const version of versions) {
  test(`trap 14: ${version.name}: odd frames close nothing and corrupt nothing`, async t => {
    const room = freshRoom('odd')
    const odd = await joinClient(t, version, server, room)
    const peer = await joinClient(t, version, server, room)
    odd.awareness.setLocalStateField('user', { name: 'odd' })
    odd.type('0')
    await peer.whenReads('0')
    let text = '0'
    const frames = { ...ODD, ...(version.dialect === 'hocuspocus' ? ODD_HOCUSPOCUS : ODD_YWEBSOCKET) }
    for (const [what, tail] of Object.entries(frames)) {
      odd.link.live.send(frameFor(odd, tail))
      text += 'x'
      odd.type('x')
      await until(`the edit after ${what} arrives`, () => peer.read === text, 5_000)
      assert.equal(odd.link.sockets.length, 1, what)
    }
    odd.link.live.send(Uint8Array.of(10))
    odd.link.live.send('a text frame')
    odd.type('!')
    await peer.whenReads(`${text}!`)
    peer.type('?')
    await odd.whenReads(`${text}!?`)
    assert.equal(odd.link.sockets.length, 1)
    assert.equal(peer.link.sockets.length, 1)
    assert.equal(peer.seen(odd)?.user?.name, 'odd')
    assert.equal(await server.text(room), `${text}!?`)
  })
}

for (const version of hocuspocusVersions) {
  for (const [what, type] of [['a sync reply (4)', 4], ['a stateless broadcast (6)', 6]]) {
    test(`trap 14: ${version.name}: ${what}, which only servers may say, is not relayed`, async t => {
      const room = freshRoom('odd')
      const odd = await joinClient(t, version, server, room)
      const peer = await joinClient(t, version, server, room)
      odd.type('fine. ')
      await peer.whenReads('fine. ')
      await odd.whenSaved()
      const forged = new Y.Doc()
      forged.getText(ROOT).insert(0, 'FORGED')
      const heard = []
      peer.provider.on('stateless', ({ payload }) => heard.push(payload))
      const body = encoding.createEncoder()
      if (type === 4) {
        encoding.writeVarUint(body, 2)
        encoding.writeVarUint8Array(body, Y.encodeStateAsUpdate(forged))
      } else {
        encoding.writeVarString(body, 'FORGED')
      }
      odd.link.live.send(frameFor(odd, [type, ...encoding.toUint8Array(body)]))
      // Whatever became of the connection, the client is there again and its next edit comes behind the forgery.
      odd.type('still fine. ')
      await peer.whenReads('fine. still fine. ', 20_000)
      assert.deepEqual(heard, [])
      assert.equal(peer.link.sockets.length, 1)
      await until('the server has no forgery', async () => await server.text(room) === 'fine. still fine. ')
    })
  }
}
