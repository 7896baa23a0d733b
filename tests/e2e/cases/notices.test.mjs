// What concerns somebody reaches them: pages they watch, spaces they are let into; and what they keep at hand is at hand.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SIZES, eventually, launch, person } from '../world/browser.mjs'
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

test('who watches a page is told of the first edit since they looked, and reading takes the count away', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const ben = await person(t, browser, server, { name: 'Ben' })
  const id = await server.page('Shopping list')
  const his = await ben.open(`/page/${id}`)
  await his.ready()
  await his.openMenu()
  await his.entry('do.watch').click()
  await his.page.getByText(ben.say('do.watched', { title: 'Shopping list' })).waitFor()

  const tab = await anna.open(`/page/${id}`)
  await tab.ready()
  await tab.type('Ten lemons.')
  await tab.says('Saved')
  const bell = his.page.getByRole('button', { name: ben.say('app.noticesUnread', { number: 1 }) })
  await bell.click()
  const panel = his.page.getByRole('dialog', { name: ben.say('app.notices') })
  await panel.getByText(ben.say('notices.pageEdited', { who: 'Anna', what: 'Shopping list' })).waitFor()
  assert.deepEqual(await his.seriousFindings(), [])
  await his.shot('notices')
  await bell.waitFor({ state: 'detached' })
  await his.page.keyboard.press('Escape')
  await panel.waitFor({ state: 'detached' })
  await his.page.reload()
  await his.openSidebar()
  await his.page.getByRole('button', { name: ben.say('app.notices'), exact: true }).waitFor()
  assert.deepEqual([...anna.errors, ...ben.errors], [])
})

test('on a phone a dot says that there is something, and a guest let into a space sees it at once', async t => {
  const gita = await person(t, browser, server, { name: 'Gita', role: 'guest', locale: 'zh-CN', scheme: 'dark', size: SIZES.phone })
  const tab = await gita.open('/')
  await tab.page.locator('.topbar-side[data-news=false]').waitFor()
  const home = await server.home()
  const { id } = (await server.account('Gita')).me
  await server.api(`/api/spaces/${home.id}/grants`, { method: 'PUT', body: { who: { person: id }, level: 'comment' } })
  await tab.page.locator('.topbar-side[data-news=true]').waitFor()
  await tab.openSidebar()
  await tab.row(home.name).waitFor()
  await tab.page.getByRole('button', { name: gita.say('app.noticesUnread', { number: 1 }) }).click()
  await tab.page.getByText(gita.say('notices.spaceGranted', { who: 'Olga', what: home.name })).waitFor()
  assert.equal(await tab.overflow(), 0)
  assert.deepEqual(await tab.seriousFindings(), [])
  await tab.shot('notices-phone')
  assert.deepEqual(gita.errors, [])
})

test('a page with a star is in the sidebar, on every machine of whoever gave it', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const again = await person(t, browser, server, { name: 'Anna' })
  const id = await server.page('North star')
  const tab = await anna.open(`/page/${id}`)
  await tab.ready()
  await tab.button('do.favour').click()
  const favourites = one => one.page.getByRole('region', { name: anna.say('app.favourites') }).getByText('North star')
  await favourites(tab).waitFor()
  const other = await again.open('/')
  await favourites(other).waitFor()
  await tab.button('do.unfavour').click()
  await eventually('it is gone', async () => await favourites(tab).count() === 0)
})

test('where the server sends mail, people say how often the digest comes, and its link opens the notices', async t => {
  // Nobody needs to take the mail: what is asked here is only whether there is a mail server.
  const mailing = await Server.start({
    flags: port => ['--public-url', `http://127.0.0.1:${port}`, '--smtp-url', 'smtp+plain://127.0.0.1:9', '--smtp-from', 'weft@example.org']
  })
  t.after(() => mailing.end())
  const anna = await person(t, browser, mailing, { name: 'Anna' })
  const tab = await anna.open('/settings/preferences')
  const digest = tab.page.getByLabel(anna.say('own.digest'))
  await digest.waitFor()
  assert.equal(await digest.inputValue(), 'daily')
  const kept = tab.page.waitForResponse(answer => answer.request().method() === 'PATCH' && answer.url().endsWith('/api/me'))
  await digest.selectOption('off')
  assert.equal((await kept).status(), 200)
  await tab.page.reload()
  await eventually('it is kept', async () => await digest.inputValue() === 'off')
  assert.deepEqual(await tab.seriousFindings(), [])
  await tab.shot('digest')

  const phone = await person(t, browser, mailing, { name: 'Anna', size: SIZES.phone })
  for (const one of [anna, phone]) {
    const linked = await one.open('/#notices')
    await linked.page.getByRole('dialog', { name: anna.say('app.notices') }).waitFor()
    assert.equal(await linked.overflow(), 0)
  }
  assert.deepEqual([...anna.errors, ...phone.errors], [])
})
