// Trap 16, holes: an update goes missing between two others. The server asks for it, nobody is shown the text with the
// hole, and after a restart the same holds.
import assert from 'node:assert/strict'
import { after, before, test } from '../world/case.mjs'
import { freshRoom, joinClient, versions } from '../world/client.mjs'
import { STEP_2, SYNC, UPDATE, readFrame } from '../world/frame.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'

let server
before(async () => { server = await Server.start() })
after(() => server.end())

/** Types three words of which the second is lost on the way. Until `forgiven`, the client's answers to a step 1 are lost too. */
function typeWithAHole (client, { answersAreLost }) {
  const { dialect } = client.version
  let updates = 0
  client.link.lose = frame => {
    const { type, step } = readFrame(dialect, frame)
    if (type !== SYNC) return false
    if (step === UPDATE) updates += 1
    return (step === UPDATE && updates === 2) || (step === STEP_2 && answersAreLost)
  }
  client.type('one ')
  client.type('two ')
  client.type('three ')
}

for (const version of versions) {
  test(`trap 16: ${version.name}: an update that goes missing is asked for, and nobody has to reconnect`, async t => {
    const room = freshRoom('hole')
    const writer = await joinClient(t, version, server, room)
    const reader = await joinClient(t, version, server, room)
    const seen = new Set()
    reader.doc.on('update', () => seen.add(reader.read))
    typeWithAHole(writer, { answersAreLost: false })
    await reader.whenReads('one two three ', 10_000)
    assert.ok([...seen].every(text => 'one two three '.startsWith(text)), `seen: ${[...seen].join(' | ')}`)
    assert.equal(writer.link.sockets.length, 1)
    if (version.dialect === 'hocuspocus') await writer.whenSaved()
    await until('the server tells the same', async () => await server.text(room) === 'one two three ')
  })

  test(`trap 16: ${version.name}: a hole at the moment of a crash is closed when the client comes back`, async t => {
    const room = freshRoom('hole')
    const writer = await joinClient(t, version, server, room)
    const reader = await joinClient(t, version, server, room)
    typeWithAHole(writer, { answersAreLost: true })
    await reader.whenReads('one ')
    writer.awareness.setLocalStateField('mark', 'behind the hole')
    await until('all frames were dealt with', () => reader.seen(writer)?.mark === 'behind the hole')
    assert.equal(await server.text(room), 'one ', 'the server does not show what browsers hide')
    await server.stop('SIGKILL')
    writer.link.lose = null
    await server.run()
    await reader.whenReads('one two three ', 40_000)
    await writer.whenReads('one two three ')
    await until('the server tells the same', async () => await server.text(room) === 'one two three ')
    const fresh = await joinClient(t, version, server, room)
    assert.equal(fresh.read, 'one two three ')
  })
}
