// Moments that cannot be shown say so and lead on, and a server that goes away is waited for.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { eventually, launch, person } from '../world/browser.mjs'
import { head, writePlan } from '../world/history.mjs'
import { Server } from '../world/server.mjs'

let browser
let server
before(async () => { browser = await launch() })
after(() => browser?.close())
// Some of these stop the server, and the next must not suffer when one of them fails.
beforeEach(async () => { server = await Server.start() })
afterEach(() => server.end())

async function planned (t, options = {}) {
  const anna = await person(t, browser, server, { name: 'Anna', ...options })
  const tab = await anna.openNewPage()
  await writePlan(tab)
  return { anna, tab, newest: await head(server, tab) }
}

test('an address of a moment that is not there yet, as one of a longer page, shows now and says so', async t => {
  const { anna, tab } = await planned(t)
  await tab.page.goto(`${tab.address}?history=999999`)
  const past = await tab.history()
  await eventually('it is now', async () => /^Now/.test(await past.words.textContent()))
  assert.equal(past.address, '?history=now', 'the address says what is shown')
  assert.ok((await past.text()).includes('Tickets are at the door.'))
  await tab.page.goto(`${tab.address}?history=999999&compare=888888`)
  await tab.history()
  await eventually('it is now, compared with nothing later', () => Promise.resolve(past.address.startsWith('?history=now')))
  await past.drawn()
  assert.equal(await tab.page.getByRole('alert').count(), 0)
  assert.deepEqual(anna.errors, [])
})

test('an address of the time before the first change shows the beginning', async t => {
  const { anna, tab } = await planned(t)
  await tab.page.goto(`${tab.address}?history=0`)
  const past = await tab.history()
  await eventually('the handle stands at the beginning', async () => await past.at() === 1)
  await past.drawn()
  assert.equal(past.address, '?history=1')
  assert.deepEqual(anna.errors, [])
})

test('an address that makes no sense shows the page itself', async t => {
  const { anna, tab } = await planned(t)
  for (const search of ['?history=yesterday', '?history=-4', '?history=1.5', '?compare=3']) {
    await tab.page.goto(`${tab.address}${search}`)
    await tab.ready()
    await tab.reads('Tickets are at the door.')
  }
  assert.deepEqual(anna.errors, [])
})

test('a page that nobody wrote has no history, and the way back leads to it', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const tab = await anna.openNewPage()
  await tab.page.getByRole('button', { name: 'History', exact: true }).click()
  await tab.page.getByRole('heading', { name: 'This page has no history yet' }).waitFor()
  assert.deepEqual(await tab.seriousFindings(), [])
  await tab.shot('history-none')
  await tab.page.getByRole('main').getByRole('button', { name: 'Back to the page' }).click()
  await tab.ready()
  // A link to a moment of another page, put behind this one's address.
  await tab.page.goto(`${tab.address}?history=7`)
  await tab.page.getByRole('heading', { name: 'This page has no history yet' }).waitFor()
  await tab.page.keyboard.press('Escape')
  await tab.ready()
  assert.deepEqual(anna.errors, [])
})

for (const [locale, text, back] of [
  ['en-US', 'This moment is older than what the server keeps.', 'Return to now'],
  ['zh-CN', '这一时刻早于服务器保留的历史。', '回到现在']
]) {
  test(`a moment that the server no longer keeps says so, and another one can be gone to (${locale})`, async t => {
    const anna = await person(t, browser, server, { name: 'Anna', locale })
    const tab = await anna.openNewPage()
    await writePlan(tab, undefined, undefined, locale === 'zh-CN' ? '已保存' : 'Saved')
    const past = await tab.openHistory()
    const gone = { status: 404, contentType: 'application/json', body: JSON.stringify({ error: { code: 'gone', message: 'trimmed' } }) }
    await tab.page.route(/\/at\/1$/, route => route.fulfill(gone))
    await past.handle.press('Home')
    const alert = tab.page.getByRole('alert')
    await alert.getByText(text).waitFor()
    await eventually('nothing else is shown as if it were that moment', async () => !(await past.body.isVisible()))
    assert.deepEqual(await tab.seriousFindings(), [])
    await tab.shot(`history-gone-${locale}`)
    await past.handle.press('End')
    await past.drawn()
    await alert.waitFor({ state: 'hidden' })
    assert.ok((await past.text()).includes('Tickets are at the door.'))
    await past.handle.press('Home')
    await alert.getByText(text).waitFor()
    await alert.getByRole('button', { name: back }).click()
    await alert.waitFor({ state: 'hidden' })
    await past.drawn()
    assert.equal(past.address, '?history=now')
    assert.deepEqual(anna.errors, [])
  })
}

test('when the server goes away under a dragged handle the page says so, and goes on by itself once it is back', async t => {
  const { anna, tab } = await planned(t)
  const past = await tab.openHistory()
  const track = await tab.page.locator('.rail-graph').boundingBox()
  const y = track.y + track.height / 2
  await tab.page.mouse.move(track.x + track.width - 1, y)
  await tab.page.mouse.down()
  await tab.page.mouse.move(track.x + track.width * 0.8, y, { steps: 5 })
  await server.stop('SIGKILL')
  await tab.page.mouse.move(track.x + track.width * 0.4, y, { steps: 10 })
  await tab.page.mouse.up()
  const alert = tab.page.getByRole('alert')
  await alert.getByText('The server cannot be reached. Check that you are connected.').waitFor()
  await tab.shot('history-away')
  assert.deepEqual(await tab.seriousFindings(), [])
  const at = await past.at()
  await server.run()
  await alert.waitFor({ state: 'hidden', timeout: 30_000 })
  await past.drawn()
  assert.equal(await past.at(), at, 'the handle stands where it was let go of')
  assert.equal(past.address, `?history=${at}`)
  assert.deepEqual(anna.errors, [])
})

test('a history that cannot be loaded at all can be asked for again', async t => {
  const { anna, tab } = await planned(t)
  await tab.page.route(/\/history(\?|\/)/, route => route.abort())
  await tab.page.getByRole('button', { name: 'History', exact: true }).click()
  const alert = tab.page.getByRole('alert')
  await alert.getByText('The history cannot be shown').waitFor({ timeout: 30_000 })
  assert.deepEqual(await tab.seriousFindings(), [])
  await tab.shot('history-unreachable')
  await tab.page.unroute(/\/history(\?|\/)/)
  await alert.getByRole('button', { name: 'Try again' }).click()
  const past = await tab.history()
  assert.ok((await past.text()).includes('Tickets are at the door.'))
  assert.deepEqual(anna.errors, [])
})
