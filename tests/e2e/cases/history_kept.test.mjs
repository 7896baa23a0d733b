// A page whose older changes are not kept, and one of which something was erased.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { promisify } from 'node:util'
import { eventually, launch, person } from '../world/browser.mjs'
import { ask, head, textAt, writePlan } from '../world/history.mjs'
import { Server } from '../world/server.mjs'

let browser
let server
before(async () => { browser = await launch() })
after(() => browser?.close())
beforeEach(async () => { server = await Server.start() })
afterEach(() => server.end())

async function planned (t) {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const tab = await anna.openNewPage()
  await writePlan(tab)
  // Enough changes for some of them not to be kept.
  await tab.page.keyboard.type(' Doors open at eight.')
  await eventually('they are in the history', async () => await head(server, tab) > 15)
  return { anna, tab }
}

/** What a server answers that keeps nothing before `edge` but the moment `kept`. Its own tests say that it does. */
async function keepFrom (tab, edge, kept) {
  await tab.page.route(/\/history(\?|$)/, async route => {
    const answer = await route.fetch()
    const timeline = await answer.json()
    const session = timeline.sessions.at(-1)
    const first = { ...session.from, seq: edge }
    const earlier = { ...session, from: first, to: first, authors: [], kind: 'earlier', added: 0, removed: 0, records: 0 }
    const sessions = [{ ...session, from: { ...session.from, seq: edge + 1 } }, earlier]
    await route.fulfill({ response: answer, json: { ...timeline, first, trimmed: true, sessions, next: null } })
  })
  const gone = { status: 404, json: { error: { code: 'gone', message: `changes before ${edge + 1} are not kept any more`, help: '' } } }
  await tab.page.route(/\/at\/\d+$/, route => {
    const seq = Number(route.request().url().split('/').at(-1))
    return seq < edge && seq !== kept ? route.fulfill(gone) : route.continue()
  })
}

test('what is not kept is said to be so, and a version of it opens', async t => {
  const { anna, tab } = await planned(t)
  const newest = await head(server, tab)
  const [kept, edge] = [4, newest - 6]
  await ask(server, tab, 'versions', { method: 'POST', body: { name: 'Draft', seq: kept } })
  await keepFrom(tab, edge, kept)

  const past = await tab.openHistory()
  await tab.page.getByText('Changes before this are no longer kept, only moments that were given a name.').waitFor()
  assert.equal(await past.handle.getAttribute('aria-valuemin'), String(edge), 'time begins there')
  assert.deepEqual(await tab.seriousFindings(), [])
  await tab.shot('history-kept')
  await tab.page.locator('.past-version').getByText('Draft').click()
  await eventually('the address names it', () => Promise.resolve(past.address === `?history=${kept}`))
  await past.drawn()
  assert.equal(await past.text(), (await textAt(server, tab, kept)).replace(/\n?Plan?\n?/, '').trim())
  assert.match(await past.words.textContent(), /^Viewing \d\d:\d\d$/, 'nobody is said to have written it')

  await tab.page.goto(`${tab.address}?history=${kept + 1}`)
  const alert = tab.page.getByRole('alert')
  await alert.getByText('This moment is older than what the server keeps.').waitFor()
  assert.equal(await past.words.textContent(), 'This moment is no longer kept', 'no time is made up for it')
  assert.equal(await tab.page.getByRole('button', { name: 'Restore page' }).count(), 0)
  assert.deepEqual(await tab.seriousFindings(), [])
  await alert.getByRole('button', { name: 'Return to now' }).click()
  await alert.waitFor({ state: 'hidden' })
  await past.drawn()
  assert.ok((await past.text()).includes('Tickets are at the door.'))

  // The first moment that is kept has nothing before it to be compared with.
  await past.go(`?history=${edge}&compare=session`)
  assert.equal(await tab.page.getByRole('alert').count(), 0)
  assert.deepEqual(anna.errors, [])
})

test('what the operator erased is nowhere in the past, and the list says that it was done and why', async t => {
  const { anna, tab } = await planned(t)
  const secret = 'hunter2-and-more'
  await tab.page.keyboard.type(` ${secret}`)
  await tab.says('Saved')
  const written = await head(server, tab)
  for (const _ of secret) await tab.page.keyboard.press('Backspace')
  await eventually('it is deleted', async () => !(await (await ask(server, tab, 'text')).text()).includes('hunter'))
  await tab.says('Saved')
  assert.ok((await textAt(server, tab, written)).includes(secret), 'it is in the past')

  await server.stop()
  const asked = ['erase', tab.document, '--text', secret, '--reason', 'a password', '--yes', '--data', server.data]
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WEFT_')))
  const { stdout } = await promisify(execFile)(process.env.WEFT_BIN, asked, { env })
  assert.match(stdout, /16 characters/)
  await server.run()
  await tab.says('Saved')

  const past = await tab.openHistory()
  assert.match(await past.words.textContent(), /^Now · last change at \d\d:\d\d by The operator$/)
  await tab.page.getByText('Erased 16 characters for good: a password').waitFor()
  assert.deepEqual(await tab.seriousFindings(), [])
  await tab.shot('history-erased')
  await past.go(`?history=${written}`)
  const text = await past.text()
  assert.ok(text.includes('Tickets are at the door.') && !text.includes('hunter'), text)
  assert.deepEqual(anna.errors, [])
})
