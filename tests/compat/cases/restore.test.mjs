// A restore reaches everyone who has the document open, whatever they speak it with: published clients and the server show
// the same afterwards, and nothing that others type meanwhile is lost.
import assert from 'node:assert/strict'
import { after, before, test } from '../world/case.mjs'
import { ROOT, freshRoom, joinClient, versions } from '../world/client.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'

let server
before(async () => { server = await Server.start() })
after(() => server.end())

const ask = (room, what, options) => server.ask(`/api/docs/${encodeURIComponent(room)}/${what}`, options)
const head = async room => Number((await ask(room, 'text')).headers.get('weft-seq'))
const readsAt = async (room, seq) => (await ask(room, `at/${seq}`, { headers: { accept: 'text/plain' } })).text()
const colourAt = async (room, seq) => (await (await ask(room, `at/${seq}`)).json()).tree.roots.settings?.entries.colour?.value

/** The newest change, once it is on disk with this text and colour. */
async function settled (room, text, colour) {
  let seq
  await until('all is on disk', async () => {
    seq = await head(room)
    return await readsAt(room, seq) === text && await colourAt(room, seq) === colour
  })
  return seq
}

async function restore (room, body) {
  const response = await ask(room, 'restore', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body)
  })
  assert.equal(response.status, 200, await response.clone().text())
  return response.json()
}

const type = (client, at, word) => client.doc.getText(ROOT).insert(at, word)
const reads = client => client.doc.getText(ROOT).toString()

for (const version of versions) {
  test(`${version.name}: what was deleted comes back to everyone while they type, and the restore can be undone`, async t => {
    const room = freshRoom('restore')
    const [ann, bob] = [await joinClient(t, version, server, room), await joinClient(t, version, server, room)]
    type(ann, 0, 'the good old text ')
    ann.doc.getMap('settings').set('colour', 'blue')
    await bob.whenReads('the good old text ')
    const good = await settled(room, 'the good old text ', 'blue')

    bob.doc.getText(ROOT).delete(0, 'the good old text '.length)
    bob.doc.getMap('settings').set('colour', 'red')
    await ann.whenReads('')
    type(ann, 0, 'new')
    await bob.whenReads('new')
    const bad = await settled(room, 'new', 'red')

    const done = await restore(room, { to: good })
    assert.equal(done.changed, true)
    for (const client of [ann, bob]) {
      await client.whenReads('the good old text ')
      assert.equal(client.doc.getMap('settings').get('colour'), 'blue')
    }
    // What is typed now stays when the restore is taken back.
    type(ann, 0, 'typed after: ')
    await bob.whenReads('typed after: the good old text ')
    await until('the server has it', async () => await server.text(room) === reads(bob))
    await restore(room, { from: done.seq - 1, to: done.seq })
    for (const client of [ann, bob]) await until('both words are there', () => reads(client).includes('typed after: ') && reads(client).includes('new'))
    await until('all agree', async () => await server.text(room) === reads(ann) && reads(ann) === reads(bob))
    assert.equal(bob.doc.getMap('settings').get('colour'), 'red')
    assert.ok(!reads(bob).includes('good old'))
    assert.equal(await readsAt(room, bad), 'new', 'the past stays what it was')
  })
}
