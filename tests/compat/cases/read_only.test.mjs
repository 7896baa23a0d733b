// Trap 10, read-only is real: what a viewer writes never lands, whatever frame it comes in, and they are told.
import assert from 'node:assert/strict'
import * as Y from 'yjs'
import { after, before, test } from '../world/case.mjs'
import { ROOT, freshRoom, hocuspocusVersions, joinClient, openClient, versions } from '../world/client.mjs'
import { SYNC_STATUS, readFrame } from '../world/frame.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'

let server
before(async () => { server = await Server.start() })
after(() => server.end())

/** A frame of the viewer that was sent after all before it is known to have been dealt with. */
async function allBeforeIsDone (viewer, writer) {
  viewer.awareness.setLocalStateField('mark', viewer.text.length)
  await until('the viewer is heard', () => writer.seen(viewer)?.mark === viewer.text.length)
}

for (const version of versions) {
  test(`trap 10: ${version.name}: a viewer reads along and is seen, and what they type never lands`, async t => {
    const room = freshRoom('viewed')
    const writer = await joinClient(t, version, server, room)
    const viewer = await joinClient(t, version, server, room, { readOnly: true })
    writer.type('for all to read. ')
    await viewer.whenReads('for all to read. ')
    viewer.type('GRAFFITI')
    viewer.text.delete(0, 3)
    await allBeforeIsDone(viewer, writer)
    writer.type('And more. ')
    await until('the viewer goes on reading', () => viewer.read.includes('And more. '))
    const truth = 'for all to read. And more. '
    assert.equal(writer.read, truth)
    assert.equal(await server.text(room), truth)
    const fresh = await joinClient(t, version, server, room)
    assert.equal(fresh.read, truth)
  })

  test(`trap 10: ${version.name}: what a viewer brings along in their step 2 never lands`, async t => {
    const room = freshRoom('viewed')
    const writer = await joinClient(t, version, server, room)
    writer.type('ours. ')
    const doc = new Y.Doc()
    doc.getText(ROOT).insert(0, 'SMUGGLED. ')
    const viewer = await joinClient(t, version, server, room, { readOnly: true, doc })
    await allBeforeIsDone(viewer, writer)
    await until('the viewer reads ours', () => viewer.read.includes('ours. '))
    writer.type('still ours. ')
    assert.equal(writer.read, 'ours. still ours. ')
    await until('the server has only ours', async () => await server.text(room) === 'ours. still ours. ')
  })

  test(`trap 10: ${version.name}: a viewer alone can open a document that is not in memory`, async t => {
    const room = freshRoom('viewed')
    const writer = await joinClient(t, version, server, room)
    writer.type('kept')
    await until('the server has it', async () => await server.text(room) === 'kept')
    if (version.dialect === 'hocuspocus') await writer.whenSaved()
    writer.destroy()
    await server.restart('SIGTERM')
    const viewer = await joinClient(t, version, server, room, { readOnly: true })
    assert.equal(viewer.read, 'kept')
  })
}

for (const version of hocuspocusVersions) {
  test(`trap 10: ${version.name}: a viewer is told so at the door, and each edit is answered with a no`, async t => {
    const viewer = openClient(t, version, server, freshRoom('viewed'), { readOnly: true, autoConnect: false })
    viewer.link.record = true
    viewer.connect()
    await viewer.whenSynced()
    assert.equal(viewer.scope, 'readonly')
    await viewer.whenSaved()
    const answers = () => viewer.link.received.map(frame => readFrame('hocuspocus', frame)).filter(({ type }) => type === SYNC_STATUS)
    assert.deepEqual(answers().map(({ applied }) => applied), [true], 'the empty step 2 is fine')
    viewer.type('no')
    await until('the edit is answered', () => answers().length === 2)
    assert.equal(answers()[1].applied, false)
    assert.equal(viewer.unsaved, 1, 'and goes on counting as unsaved')
  })
}
