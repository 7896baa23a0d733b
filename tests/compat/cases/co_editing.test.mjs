// Connect, sync, write together: each version with itself, and each y-websocket with each Hocuspocus.
import assert from 'node:assert/strict'
import { after, before, test } from '../world/case.mjs'
import { freshRoom, hocuspocusVersions, joinClient, openClient, versions, yWebsocketVersions } from '../world/client.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'

let server
before(async () => { server = await Server.start() })
after(() => server.end())

/** Both type at once, in the middle of one another's words, until both and the server hold the same text. */
async function writeTogether (one, other) {
  one.type('The quick fox. ')
  await other.whenReads('The quick fox. ')
  for (let round = 0; round < 20; round += 1) {
    one.type(`a${round} `, Math.min(4, one.text.length))
    other.type(`b${round} `)
    if (round % 5 === 4) {
      one.text.delete(0, 2)
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const whole = text => Array.from({ length: 20 }, (_, round) => round).every(round => text.includes(`b${round} `))
  await until(() => `both read the same: ${one.read} | ${other.read}`, () => one.read === other.read && whole(one.read))
  await until('the server tells the same text', async () => await server.text(one.room) === one.read)
}

for (const version of versions) {
  test(`${version.name}: a fresh document opens empty and in sync`, async t => {
    const client = await joinClient(t, version, server, freshRoom())
    assert.equal(client.read, '')
    assert.equal(client.link.sockets.length, 1)
  })

  test(`${version.name}: two who type at once end with one text`, async t => {
    const room = freshRoom()
    const one = await joinClient(t, version, server, room)
    const other = await joinClient(t, version, server, room)
    await writeTogether(one, other)
  })

  test(`${version.name}: a late joiner receives everything`, async t => {
    const room = freshRoom()
    const early = await joinClient(t, version, server, room)
    early.type('ünïcödé 🦊 and 中文')
    await until('the server has it', async () => await server.text(room) === early.read)
    const late = await joinClient(t, version, server, room)
    assert.equal(late.read, 'ünïcödé 🦊 and 中文')
  })

  test(`${version.name}: edits made before the handshake is done arrive once`, async t => {
    const room = freshRoom()
    const hasty = openClient(t, version, server, room)
    hasty.type('before anything was said')
    await hasty.whenSynced()
    const reader = await joinClient(t, version, server, room)
    await reader.whenReads('before anything was said')
    assert.equal(hasty.read, 'before anything was said')
  })

  test(`${version.name}: one big paste (1 MB) crosses in one piece`, async t => {
    const room = freshRoom()
    const writer = await joinClient(t, version, server, room)
    const reader = await joinClient(t, version, server, room)
    const paste = 'All happy pastes are alike. '.repeat(37_450)
    writer.type(paste)
    await until('the reader has it', () => reader.text.length === paste.length, 30_000)
    assert.equal(reader.read, paste)
  })
}

for (const version of hocuspocusVersions) {
  test(`${version.name}: without a token it is served as well`, async t => {
    // 2.x then says nothing of authentication and begins with its step 1; later ones send an empty token.
    const room = freshRoom()
    const one = await joinClient(t, version, server, room, { token: null })
    const other = await joinClient(t, version, server, room)
    await writeTogether(one, other)
    await one.whenSaved()
  })
}

for (const left of yWebsocketVersions) {
  for (const right of hocuspocusVersions) {
    test(`${left.name} and ${right.name} write in one document`, async t => {
      const room = freshRoom('pair')
      const one = await joinClient(t, left, server, room)
      const other = await joinClient(t, right, server, room)
      await writeTogether(one, other)
      one.awareness.setLocalStateField('user', { name: 'left' })
      other.awareness.setLocalStateField('user', { name: 'right' })
      await until('each sees the other', () => other.seen(one)?.user?.name === 'left' && one.seen(other)?.user?.name === 'right')
    })
  }
}
