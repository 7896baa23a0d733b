// The list beside a page's past: moments with names, and as many sessions as there ever were.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SIZES, eventually, launch, person } from '../world/browser.mjs'
import { head, json, restore, writePlan } from '../world/history.mjs'
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

const named = async tab => (await json(server, tab, 'versions')).versions
  .filter(({ kind }) => kind === 'named').map(({ name, seq }) => ({ name, seq }))

for (const [locale, word] of [
  ['en-US', { name: 'Name this moment', label: 'Name of this moment', save: 'Save name', menu: 'Menu of ', rename: 'Rename', unname: 'Take the name away', named: 'Named', all: 'Everything', none: /^No moment has a name yet/, saved: 'Saved' }],
  ['zh-CN', { name: '为这一时刻命名', label: '这一时刻的名称', save: '保存名称', menu: ' 的菜单', rename: '重命名', unname: '去掉名称', named: '已命名', all: '全部', none: /^还没有命名的时刻/, saved: '已保存' }]
]) {
  test(`a moment gets a name, another one, and none again, in ${locale}`, async t => {
    const anna = await person(t, browser, server, { locale, name: 'Anna' })
    const tab = await anna.openNewPage()
    await writePlan(tab, undefined, undefined, word.saved)
    const past = await tab.openHistory()
    const button = (name, options) => tab.page.getByRole('button', { name, ...options })
    for (let step = 0; step < 3; step += 1) await past.handle.press('ArrowLeft')
    await eventually('the address names the moment', () => Promise.resolve(/^\?history=\d+$/.test(past.address)))
    const seq = await past.at()

    // By keyboard: Enter in the field is enough, and the focus goes back to where one was.
    await button(word.name).focus()
    await tab.page.keyboard.press('Enter')
    const field = tab.page.getByLabel(word.label)
    await field.fill('   ')
    assert.ok(await button(word.save).isDisabled(), 'a name of spaces is none')
    await field.fill('First draft')
    await tab.page.keyboard.press('Enter')
    await field.waitFor({ state: 'hidden' })
    const row = tab.page.locator('.past-version')
    await row.getByText('First draft').waitFor()
    assert.equal(await row.getAttribute('aria-current'), 'true', 'it is the one looked at')
    assert.deepEqual(await named(tab), [{ name: 'First draft', seq }])
    await eventually('the focus is back', () => button(word.name).evaluate(one => one === document.activeElement))

    // It leads there, from the list and from the flag over the track.
    await past.handle.press('End')
    await eventually('now', () => Promise.resolve(past.address === '?history=now'))
    await row.click()
    await eventually('there', () => Promise.resolve(past.address === `?history=${seq}`))
    await past.handle.press('End')
    await eventually('now again', () => Promise.resolve(past.address === '?history=now'))
    await tab.page.locator('.rail-flag[title="First draft"]').click()
    await eventually('there again', () => Promise.resolve(past.address === `?history=${seq}`))

    // Escape while renaming keeps the name and stays in the past.
    const menu = name => button(locale === 'zh-CN' ? `${name}${word.menu}` : `${word.menu}${name}`, { exact: true })
    const choose = async (name, item) => {
      await menu(name).click()
      await tab.page.getByRole('menuitem', { name: item }).click()
    }
    await choose('First draft', word.rename)
    const again = tab.page.locator('.past-row-form').getByLabel(word.label)
    await eventually('the name can be typed over at once', () => again.evaluate(one => one === document.activeElement))
    await again.fill('Nothing')
    await tab.page.keyboard.press('Escape')
    await row.getByText('First draft').waitFor()
    assert.ok(past.address.startsWith('?history='))
    await choose('First draft', word.rename)
    await again.fill('  Second draft  ')
    await tab.page.keyboard.press('Enter')
    await row.getByText('Second draft').waitFor()
    assert.deepEqual(await named(tab), [{ name: 'Second draft', seq }])

    // One click shows only what has a name.
    const sessions = tab.page.getByTestId('past-session')
    assert.ok(await sessions.count() > 0)
    await tab.page.getByText(word.named, { exact: true }).click()
    await eventually('no sessions', async () => await sessions.count() === 0)
    await row.getByText('Second draft').waitFor()
    await tab.shot(`history-named-${locale}`)
    await choose('Second draft', word.unname)
    await tab.page.getByText(word.none).waitFor()
    assert.deepEqual(await named(tab), [])
    assert.equal(await tab.page.locator('.rail-flag').count(), 0)
    await tab.page.getByText(word.all, { exact: true }).click()
    await eventually('sessions again', async () => await sessions.count() > 0)
    assert.deepEqual(anna.errors, [])
  })
}

test('a name that cannot be stored is said to be so, and what was typed is kept', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const tab = await anna.openNewPage()
  await writePlan(tab)
  await tab.openHistory()
  await tab.page.route('**/versions', route => route.abort())
  await tab.page.getByRole('button', { name: 'Name this moment' }).click()
  const field = tab.page.getByLabel('Name of this moment')
  await field.fill('Kept')
  await tab.page.keyboard.press('Enter')
  await tab.page.getByText('The server cannot be reached. Check that you are connected.').waitFor()
  assert.equal(await field.inputValue(), 'Kept')
  await tab.page.unroute('**/versions')
  await field.press('Enter')
  await tab.page.locator('.past-version').getByText('Kept').waitFor()
  assert.deepEqual(anna.errors, [])
})

test('what others name is seen, and who may only read names nothing', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const tab = await anna.openNewPage()
  await writePlan(tab)
  const ben = await person(t, browser, server, { name: 'Ben' })
  const other = await ben.open(`${tab.address}?history=now`)
  const theirs = await other.history()
  await tab.openHistory()
  await tab.page.getByRole('button', { name: 'Name this moment' }).click()
  await tab.page.getByLabel('Name of this moment').fill('Agreed')
  await tab.page.keyboard.press('Enter')
  await tab.page.locator('.past-version').getByText('Agreed').waitFor()
  // Naming changes no page, so it is found when the history is looked at the next time.
  await theirs.go('?history=now')
  await other.page.locator('.past-version').getByText('Agreed').waitFor()
  assert.deepEqual([...anna.errors, ...ben.errors], [])
})

for (const size of ['desk', 'phone']) {
  test(`seventy sessions are all reached by going down the list (${size})`, async t => {
    const anna = await person(t, browser, server, { size: SIZES[size], name: 'Anna' })
    const tab = await anna.openNewPage()
    await writePlan(tab)
    const [empty, full] = [1, await head(server, tab)]
    // Each restore is a session of its own.
    for (let number = 0; number < 70; number += 1) await restore(server, tab, number % 2 === 0 ? empty : full)
    const all = (await json(server, tab, 'history?limit=200')).sessions.length
    assert.ok(all > 70)
    const past = await tab.openHistory()
    if (size === 'phone') await tab.page.getByRole('button', { name: 'Sessions' }).click()
    const sessions = tab.page.getByTestId('past-session')
    await eventually('the newest are there', async () => await sessions.count() >= 50)
    await sessions.nth(49).scrollIntoViewIfNeeded()
    await eventually('all are there', async () => {
      await sessions.last().scrollIntoViewIfNeeded()
      return await sessions.count() === all
    })
    assert.match(await sessions.first().textContent(), /Restored the page as of/)
    await sessions.last().click()
    await eventually('the first session’s end is shown', () => Promise.resolve(past.address === `?history=${full}`))
    await past.drawn()
    assert.ok((await past.text()).includes('Tickets are at the door.'))
    assert.ok(await tab.overflow() <= 0)
    assert.deepEqual(anna.errors, [])
  })
}

test('a page of the list that does not come can be asked for again', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const tab = await anna.openNewPage()
  await writePlan(tab)
  const [empty, full] = [1, await head(server, tab)]
  for (let number = 0; number < 60; number += 1) await restore(server, tab, number % 2 === 0 ? empty : full)
  await tab.page.route(/history\?.*before=/, route => route.abort())
  await tab.openHistory()
  const sessions = tab.page.getByTestId('past-session')
  await eventually('the newest are there', async () => await sessions.count() === 50)
  await sessions.last().scrollIntoViewIfNeeded()
  const again = tab.page.locator('.past-list').getByRole('button', { name: 'Try again' })
  await again.waitFor({ timeout: 20_000 })
  await tab.shot('history-list-failed')
  await tab.page.unroute(/history\?.*before=/)
  await again.click()
  await eventually('all are there', async () => await sessions.count() > 60)
})

test('a page that a restore empties is written to by nobody who only looks on', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const ben = await person(t, browser, server, { name: 'Ben' })
  const tab = await anna.openNewPage()
  await writePlan(tab)
  const other = await ben.open(tab.address)
  await other.ready()
  await other.reads('Tickets are at the door.')
  const restored = await restore(server, tab, 1)
  for (const there of [tab, other]) {
    await eventually('it is empty', async () => (await there.text()).trim() === '')
    // Whatever an editor does by itself, it has done when the caret has moved.
    await there.body.focus()
    await there.page.keyboard.press('ArrowLeft')
  }
  await other.type('again')
  await other.says('Saved')
  await tab.reads('again')
  const { sessions } = await json(server, tab, `history?limit=5`)
  assert.deepEqual(sessions[0].authors, [`user:${(await server.account('Ben')).me.id}`])
  assert.equal(sessions[0].from.seq, restored + 1)
  assert.equal(sessions[1].kind, 'restore')
  assert.deepEqual([...anna.errors, ...ben.errors], [])
})
