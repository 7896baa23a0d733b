// Who sees a page: what is hidden is hidden everywhere, what is shared is there at once, and a public link opens its page alone.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SIZES, eventually, launch, person, stranger } from '../world/browser.mjs'
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

/** A page with a title and a line, in the first space. */
async function written (one, title, line) {
  const tab = await one.openNewPage()
  await tab.title.click()
  await tab.page.keyboard.type(title)
  await tab.page.keyboard.press('Enter')
  await tab.page.keyboard.type(line)
  await tab.says(one.say('save.saved'))
  return tab
}

async function share (tab) {
  if (await tab.button('do.share').count() > 0) await tab.button('do.share').click()
  else {
    await tab.openMenu()
    await tab.entry('do.share').click()
  }
  const dialog = tab.page.getByRole('dialog')
  await dialog.getByTestId('audience').waitFor()
  return dialog
}

const audience = async (dialog, words) => eventually(`it says: ${words}`, async () =>
  (await dialog.getByTestId('audience').textContent()).trim() === words)

for (const look of [
  { locale: 'en-US', scheme: 'light', size: SIZES.desk },
  { locale: 'zh-CN', scheme: 'dark', size: SIZES.phone }
]) {
  test(`a page for a few is hidden from the rest, and there for whom it is shared with, in ${look.locale}`, async t => {
    const olga = await person(t, browser, server, { name: 'Olga', ...look })
    const ben = await person(t, browser, server, { name: 'Ben', ...look })
    const title = `Salaries ${look.locale}`
    const tab = await written(olga, title, 'Only for a few eyes.')
    const { address } = tab
    const home = await server.home()
    const his = await ben.open('/')
    await his.openSidebar()
    await his.row(title).waitFor()

    const dialog = await share(tab)
    await dialog.getByRole('switch', { name: olga.say('share.restrict') }).click()
    await audience(dialog, olga.say('share.byNobody', { space: home.name }))
    assert.deepEqual(await tab.seriousFindings(), [])
    await tab.shot(`share-${look.locale}`)
    // Without doing anything, he sees it go; nor is it found, nor said to exist.
    await his.row(title).waitFor({ state: 'detached' })
    await his.page.keyboard.press('Control+k')
    await his.page.getByPlaceholder(ben.say('palette.placeholder')).fill(title)
    await his.page.getByText(ben.say('palette.nothing', { text: title }).slice(0, 12)).waitFor()
    await his.page.goto(address)
    await his.page.getByText(ben.say('page.deniedTitle')).waitFor()
    assert.deepEqual(await his.seriousFindings(), [])
    const there = await his.page.request.get(`/api/pages/${tab.document.slice('page/'.length)}`)
    const nowhere = await his.page.request.get('/api/pages/aaaaaaaaaaaaaaaaaaaaaaaa')
    assert.deepEqual([there.status(), await there.json()], [nowhere.status(), await nowhere.json()], 'what is hidden and what is not there are told alike')

    await dialog.getByRole('combobox').first().fill('Ben')
    await tab.page.getByRole('option', { name: /^Ben\b/ }).click()
    await dialog.locator('.grant-list').getByText('Ben').waitFor()
    await his.page.goto('/')
    await his.openSidebar()
    await his.row(title).waitFor()
    await his.page.getByRole('button', { name: ben.say('app.noticesUnread', { number: 1 }) }).click()
    await his.page.getByText(ben.say('notices.pageGranted', { who: 'Olga', what: title })).click()
    await his.ready()
    await his.reads('Only for a few eyes.')
    assert.equal(await his.overflow(), 0)
    assert.deepEqual([...olga.errors, ...ben.errors], [])
  })
}

test('an open page that is taken away from somebody closes before their eyes', async t => {
  const olga = await person(t, browser, server, { name: 'Olga' })
  const ben = await person(t, browser, server, { name: 'Ben' })
  const tab = await written(olga, 'Moving house', 'We look at two places.')
  const his = await ben.open(tab.address)
  await his.ready()
  await his.reads('We look at two places.')
  const dialog = await share(tab)
  await dialog.getByRole('switch', { name: olga.say('share.restrict') }).click()
  await his.page.getByText(ben.say('page.deniedTitle')).waitFor()
  assert.equal(await his.page.getByText('We look at two places.').count(), 0)
})

test('a public link is two clicks away, opens for anybody, reads only, and ends when it is ended', async t => {
  const olga = await person(t, browser, server, { name: 'Olga' })
  const tab = await written(olga, 'Opening hours', 'From nine to five.')
  const dialog = await share(tab)
  await dialog.getByRole('button', { name: olga.say('share.make') }).click()
  await audience(dialog, olga.say('share.byLink'))
  await tab.page.getByText(olga.say('do.copied')).waitFor()
  const link = new URL(await tab.page.evaluate(() => navigator.clipboard.readText()))

  const guest = await stranger(t, browser, server, { size: SIZES.smallPhone })
  const theirs = await guest.open(link.pathname)
  await theirs.page.locator('.prose').getByText('From nine to five.').waitFor()
  assert.equal(await theirs.overflow(), 0)
  assert.deepEqual(await theirs.seriousFindings(), [])
  assert.equal(await theirs.page.locator('[contenteditable=true]').count(), 0)
  assert.equal(await theirs.page.getByText('Olga', { exact: true }).count(), 0)
  await tab.page.keyboard.press('Escape')
  await tab.type(' Not on Sundays.')
  await theirs.page.getByText('Not on Sundays.').waitFor()
  // Nothing but this page.
  await theirs.page.goto('/')
  await theirs.page.getByLabel(guest.say('outside.email')).waitFor()

  await theirs.page.goto(link.pathname)
  await theirs.page.locator('.prose').getByText('Not on Sundays.').waitFor()
  const again = await share(tab)
  await again.getByRole('button', { name: olga.say('share.revoke') }).click()
  await theirs.page.getByText(guest.say('shared.endedTitle')).waitFor()
  await theirs.page.reload()
  await theirs.page.getByText(guest.say('shared.endedTitle')).waitFor()
})

test('a link that may be edited by lets a stranger write under a name; one with a password asks for it', async t => {
  const olga = await person(t, browser, server, { name: 'Olga' })
  const tab = await written(olga, 'Guest book', 'Welcome.')
  const id = tab.document.slice('page/'.length)
  const { link } = await server.api(`/api/pages/${id}/shares`, { method: 'POST', body: { level: 'edit', password: 'open sesame' } })
  const guest = await stranger(t, browser, server)
  const theirs = await guest.open(new URL(link).pathname)
  await theirs.page.getByLabel(guest.say('shared.password'), { exact: true }).fill('open poppy')
  await theirs.button('shared.unlock').click()
  await theirs.page.getByText(guest.say('shared.wrong')).waitFor()
  await theirs.page.getByLabel(guest.say('shared.password'), { exact: true }).fill('open sesame')
  await theirs.button('shared.unlock').click()
  await theirs.field('settings.name').fill('Passer-by')
  await theirs.button('shared.begin').click()
  await theirs.type(' I was here.')
  await tab.reads('Welcome. I was here.')
  await tab.button('page.follow', { name: 'Passer-by' }).waitFor()
  assert.deepEqual(guest.errors, [])
})
