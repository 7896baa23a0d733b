// Everyone can use it: by keyboard alone, on a phone, in light and dark, with a screen reader.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SIZES, eventually, launch, person } from '../world/browser.mjs'
import { Server } from '../world/server.mjs'

/** The list is asked for again every 15 s; a title that is a second old may have to wait for that. */
const LISTED_WITHIN_MS = 25_000

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

/** A page with something of most kinds in it, typed with Markdown shortcuts. */
async function writeRichPage (tab, title) {
  await tab.title.click()
  await tab.page.keyboard.type(title)
  await tab.page.keyboard.press('Enter')
  for (const line of ['# Plan', 'A paragraph with **bold** and `code` in it.', '- one', 'two']) {
    await tab.page.keyboard.type(line)
    await tab.page.keyboard.press('Enter')
  }
  await tab.page.keyboard.press('Enter')
  for (const line of ['> Somebody said this.', '']) {
    await tab.page.keyboard.type(line)
    await tab.page.keyboard.press('Enter')
  }
  await tab.page.keyboard.type('averylongwordwithoutanybreakinit'.repeat(4))
  await tab.says('Saved')
}

test('the start page lists what was written, newest first, and leads there', async t => {
  const anna = await person(t, browser, server)
  for (const title of ['Older page', 'Newer page']) {
    const tab = await anna.openNewPage()
    await tab.title.click()
    await tab.page.keyboard.type(title)
    await tab.says('Saved')
    await tab.close()
  }
  const ben = await person(t, browser, server)
  const start = await ben.open('/')
  const rows = start.page.locator('main').getByRole('link')
  await eventually('both pages are listed', async () => (await rows.allTextContents()).filter(text => /(Older|Newer) page/.test(text)).length === 2,
    LISTED_WITHIN_MS)
  const titles = (await rows.allTextContents()).map(text => /(Older|Newer) page/.exec(text)?.[0]).filter(Boolean)
  assert.deepEqual(titles, ['Newer page', 'Older page'])
  await start.shot('start')
  await rows.filter({ hasText: 'Older page' }).click()
  await start.ready()
  assert.equal((await start.title.textContent()).trim(), 'Older page')
})

test('a page is made, named and written with the keyboard alone', async t => {
  const anna = await person(t, browser, server)
  const tab = await anna.open('/')
  await tab.page.getByRole('heading', { name: 'Home', level: 1 }).waitFor()
  const focused = () => tab.page.evaluate(() => document.activeElement?.textContent?.trim() ?? '')
  let steps = 0
  while (!(await focused()).startsWith('New page') && steps < 20) {
    await tab.page.keyboard.press('Tab')
    steps += 1
  }
  assert.ok((await focused()).startsWith('New page'), `not reached in ${steps} steps`)
  await tab.page.keyboard.press('Enter')
  await tab.ready()
  await eventually('the caret is in the title', () => tab.title.evaluate(title => title === document.activeElement || title.contains(document.activeElement)))
  await tab.page.keyboard.type('By hand')
  await tab.page.keyboard.press('Enter')
  await eventually('the caret is in the body', () => tab.body.evaluate(body => body === document.activeElement))
  await tab.page.keyboard.type('/head')
  const blocks = tab.page.getByRole('listbox', { name: 'Blocks' })
  await blocks.waitFor()
  while (await blocks.getByRole('option', { name: 'Heading 2', selected: true }).count() === 0) await tab.page.keyboard.press('ArrowDown')
  await tab.page.keyboard.press('Enter')
  await tab.page.keyboard.type('Chosen from the menu')
  await eventually('it is a heading', async () => await tab.body.getByRole('heading', { level: 2, name: 'Chosen from the menu' }).count() === 1)
  await tab.says('Saved')
})

for (const scheme of ['light', 'dark']) {
  test(`axe finds nothing serious, in ${scheme}`, async t => {
    const anna = await person(t, browser, server, { scheme })
    const page = await anna.openNewPage()
    await writeRichPage(page, `Rich in ${scheme}`)
    await page.shot(`page-${scheme}`)
    assert.deepEqual(await page.seriousFindings(), [])
    const start = await anna.open('/')
    await start.page.locator('main').getByRole('link').first().waitFor()
    await start.shot(`start-${scheme}`)
    assert.deepEqual(await start.seriousFindings(), [])
    assert.deepEqual(anna.errors, [])
  })
}

for (const [name, size] of [['390', SIZES.phone], ['320', SIZES.smallPhone]]) {
  test(`at ${name} pixels nothing is cut off and nothing scrolls sideways`, async t => {
    const anna = await person(t, browser, server, { size })
    const start = await anna.open('/')
    await start.page.getByRole('heading', { name: 'Home', level: 1 }).waitFor()
    assert.equal(await start.overflow(), 0)
    await start.shot(`start-${name}`)
    await start.page.locator('main').getByRole('button', { name: 'New page' }).click()
    await start.ready()
    await writeRichPage(start, 'A title that is long enough to need more than one line on a phone')
    assert.equal(await start.overflow(), 0)
    await start.shot(`page-${name}`)
    const word = await start.word.boundingBox()
    assert.ok(word && word.x >= 0 && word.x + word.width <= size.width, 'the state word is on the screen')
  })
}
