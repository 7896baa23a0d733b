// A client that itself lacks something: what came to it too early waits in its document, and it tells the server of that
// too, with a skip where the hole is. That costs nobody anything, and when what is missing comes, everyone has everything.
import assert from 'node:assert/strict'
import * as Y from 'yjs'
import { after, before, test } from '../world/case.mjs'
import { ROOT, freshRoom, joinClient, versions } from '../world/client.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'

let server
before(async () => { server = await Server.start() })
after(() => server.end())

/** The updates of somebody who typed these words, one after the other, and deleted the first letter of the last. */
function wordsOfSomebody (...words) {
  const doc = new Y.Doc()
  const updates = []
  doc.on('update', update => updates.push(update))
  const text = doc.getText(ROOT)
  for (const word of words) text.insert(text.length, word)
  text.delete(text.length - words.at(-1).length, 1)
  return updates
}

/** A document that got these updates, and holds something of its own beside. */
function docWith (updates, own) {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  if (own) doc.getMap('own').set('note', own)
  return doc
}

const hasSkip = doc => Y.decodeUpdate(Y.encodeStateAsUpdate(doc)).structs.some(struct => struct instanceof Y.Skip)
const own = client => client.doc.getMap('own').get('note')

for (const version of versions) {
  for (const how of ['another client', 'a request']) {
    test(`${version.name}: a client that lacks something stays connected, and all is well when it comes by ${how}`, async t => {
      const room = freshRoom('own-hole')
      const [one, two, three, four, cut] = wordsOfSomebody('one ', 'two ', 'three ', 'four ')
      const doc = docWith([one, three, four, cut], 'mine')
      assert.ok(hasSkip(doc), 'the document has a hole')
      const carrier = await joinClient(t, version, server, room, { doc })
      const reader = await joinClient(t, version, server, room)
      await reader.whenReads('one ')
      assert.equal(await server.text(room), 'one ', 'nothing behind the hole is shown')
      await until('what does not wait is there', () => own(reader) === 'mine')
      carrier.doc.getMap('own').set('note', 'mine too')
      await until('edits go on', () => own(reader) === 'mine too')
      if (version.dialect === 'hocuspocus') await carrier.whenSaved()
      assert.equal(carrier.link.sockets.length, 1, 'nobody hung up')

      if (how === 'a request') await server.post(room, Y.mergeUpdates([one, two]))
      else await joinClient(t, version, server, room, { doc: docWith([one, two]) })
      for (const client of [carrier, reader]) await client.whenReads('one two three our ', 10_000)
      await until('the server tells the same', async () => await server.text(room) === 'one two three our ')
      if (version.dialect === 'hocuspocus') await carrier.whenSaved()
      assert.equal(carrier.link.sockets.length, 1, 'nobody hung up')
    })
  }
}
