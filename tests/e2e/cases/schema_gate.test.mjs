// A page that holds what this client does not know is shown, and not one byte of it changes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as Y from 'yjs'
import { eventually, launch, person } from '../world/browser.mjs'
import { Server } from '../world/server.mjs'

let browser
let server
before(async () => {
  server = await Server.start()
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.end()
})

const put = (name, doc, since) =>
  server.as(`/api/docs/${encodeURIComponent(name)}/update`, { method: 'POST', body: Y.encodeStateAsUpdate(doc, since) })

async function state (name) {
  const answer = await server.as(`/api/docs/${encodeURIComponent(name)}/state`)
  return { seq: answer.headers.get('weft-seq'), bytes: new Uint8Array(await answer.arrayBuffer()) }
}

/** The document's content and clocks, so that an edit or a deletion of anything shows. */
function essence (bytes) {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, bytes)
  const { structs, ds } = Y.decodeUpdate(bytes)
  const deleted = [...ds.clients.values()].flat().reduce((sum, { len }) => sum + len, 0)
  return { vector: Buffer.from(Y.encodeStateVector(doc)).toString('hex'), structs: structs.length, deleted, xml: doc.getXmlFragment('default').toString() }
}

function paragraph (text, marks) {
  const element = new Y.XmlElement('paragraph')
  const words = new Y.XmlText()
  words.insert(0, text, marks)
  element.insert(0, [words])
  return element
}

const NEWER = {
  'a schema number above ours': doc => doc.getMap('weft').set('schema', 99),
  'a block nobody here knows': doc => {
    const element = new Y.XmlElement('hologram')
    element.setAttribute('depth', 3)
    element.insert(0, [paragraph('inside the hologram')])
    doc.getXmlFragment('default').insert(1, [element])
  },
  'a mark nobody here knows': doc => doc.getXmlFragment('default').insert(1, [paragraph('sparkling words', { sparkle: { colour: 'gold' } })]),
  'an attribute nobody here knows': doc => doc.getXmlFragment('default').get(0).setAttribute('gravity', 'low')
}

let page = 0
for (const [what, add] of Object.entries(NEWER)) {
  test(`a page with ${what} is shown, not edited, and stays as it is to the byte`, async t => {
    page += 1
    const id = `newerpage${page}`.padEnd(24, 'a')
    await server.api('/api/pages', { method: 'POST', body: { id, space: (await server.home()).id } })
    const name = `page/${id}`
    const doc = new Y.Doc()
    doc.getXmlFragment('default').insert(0, [paragraph('plain words')])
    add(doc)
    await put(name, doc)
    const before = await state(name)

    const anna = await person(t, browser, server)
    const tab = await anna.open(`/${name}`)
    await tab.page.getByText('This page was made with a newer version.').waitFor()
    await tab.page.getByText('plain words').waitFor()
    assert.equal(await tab.body.count(), 0, 'there is nothing to type into')
    await tab.page.keyboard.type('typing all the same')
    await tab.shot(`newer-page-${page}`)
    await tab.page.reload()
    await tab.page.getByText('This page was made with a newer version.').waitFor()
    await tab.close()

    const after = await state(name)
    assert.deepEqual(essence(after.bytes), essence(before.bytes))
    assert.equal(after.seq, before.seq)
  })
}

test('a block nobody here knows that arrives while a page is open is not destroyed by the open editor', async t => {
  const anna = await person(t, browser, server)
  const tab = await anna.openNewPage()
  await tab.type('an ordinary page')
  await tab.says('Saved')
  const doc = new Y.Doc()
  Y.applyUpdate(doc, (await state(tab.document)).bytes)
  const since = Y.encodeStateVector(doc)
  const element = new Y.XmlElement('hologram')
  element.insert(0, [paragraph('inside the hologram')])
  doc.getXmlFragment('default').insert(doc.getXmlFragment('default').length, [element])
  await put(tab.document, doc, since)
  await tab.page.getByText('This page was made with a newer version.').waitFor()
  await tab.page.keyboard.type('typing on')
  await tab.page.reload()
  await tab.page.getByText('This page was made with a newer version.').waitFor()
  await eventually('the hologram is still there', async () => essence((await state(tab.document)).bytes).xml.includes('inside the hologram'))
  assert.equal(essence((await state(tab.document)).bytes).deleted, essence(Y.encodeStateAsUpdate(doc)).deleted)
})

test('opening a page changes nothing in it', async t => {
  const anna = await person(t, browser, server)
  const written = await anna.openNewPage()
  await written.type('just looking')
  await written.says('Saved')
  await written.close()
  const name = written.document
  const before = await state(name)

  const ben = await person(t, browser, server)
  const tab = await ben.open(`/${name}`)
  await tab.ready()
  await tab.reads('just looking')
  await tab.says('Saved')
  await tab.body.focus()
  await tab.page.keyboard.press('Control+End')
  await tab.page.reload()
  await tab.ready()
  await tab.says('Saved')
  const after = await state(name)
  assert.deepEqual(essence(after.bytes), essence(before.bytes))
  assert.equal(after.seq, before.seq)
})
