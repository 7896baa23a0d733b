// Nothing is lost by mistake: what is thrown away waits in the trash with all that is in it, and comes back.
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

/** A page of the first space with one inside; answers with their ids. */
async function family (title) {
  const parent = await server.page(title)
  return { parent, child: await server.page(`${title}, part two`, { parent }) }
}

test('from the tree to the trash and back by Undo, with what is in it', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  await family('Minutes')
  const tab = await anna.open('/')
  await tab.openSidebar()
  await tab.row('Minutes').focus()
  await tab.page.keyboard.press('Delete')
  await tab.row('Minutes').waitFor({ state: 'detached' })
  await tab.button('do.undo').click()
  await tab.row('Minutes').waitFor()
  await tab.row('Minutes').focus()
  await tab.page.keyboard.press('ArrowRight')
  await tab.row('Minutes, part two').waitFor()
  assert.deepEqual(anna.errors, [])
})

for (const look of [
  { locale: 'en-US', scheme: 'dark', size: SIZES.desk },
  { locale: 'zh-CN', scheme: 'light', size: SIZES.phone }
]) {
  test(`who reads a page that is thrown away is told, reads on, and brings it back, in ${look.locale}`, async t => {
    const anna = await person(t, browser, server, { name: 'Anna', ...look })
    const ben = await person(t, browser, server, { name: 'Ben', ...look })
    const title = `Plan ${look.locale}`
    const { parent } = await family(title)
    const his = await ben.open(`/page/${parent}`)
    await his.ready()
    await his.type('Ben still writes here.')
    await his.says(ben.say('save.saved'))

    const tab = await anna.open(`/page/${parent}`)
    await tab.ready()
    await tab.openMenu()
    await tab.entry('do.trash').click()
    await his.page.getByText(ben.say('page.trashed', { name: 'Anna' }).slice(0, 10)).waitFor()
    await his.page.locator('.prose').getByText('Ben still writes here.').waitFor()
    await eventually('nothing can be typed any more', async () => await his.page.locator('[contenteditable=true]').count() === 0)
    assert.equal(await his.overflow(), 0)
    assert.deepEqual(await his.seriousFindings(), [])
    await his.shot(`trashed-${look.locale}`)

    const home = await server.home()
    await tab.page.goto(`/${home.slug}/trash`)
    const line = tab.page.locator('.trash-row').filter({ hasText: title })
    await line.waitFor()
    assert.deepEqual(await tab.seriousFindings(), [])
    await line.getByRole('button', { name: anna.say('space.restore') }).click()
    await line.waitFor({ state: 'detached' })
    await his.ready()
    await his.type(' And on.')
    await his.says(ben.say('save.saved'))
    await tab.openSidebar()
    await tab.row(title).waitFor()
    assert.deepEqual([...anna.errors, ...ben.errors], [])
  })
}

test('for good means for good, and is asked for twice', async t => {
  const olga = await person(t, browser, server, { name: 'Olga' })
  const { parent, child } = await family('Old drafts')
  await server.api(`/api/pages/${parent}`, { method: 'DELETE' })
  const home = await server.home()
  const tab = await olga.open(`/${home.slug}/trash`)
  const line = tab.page.locator('.trash-row').filter({ hasText: 'Old drafts' })
  await line.getByRole('button', { name: olga.say('space.deleteForever') }).click()
  const dialog = tab.page.getByRole('dialog')
  await dialog.getByText(olga.say('space.deleteTitle', { title: 'Old drafts' })).waitFor()
  assert.deepEqual(await tab.seriousFindings(), [])
  await dialog.getByRole('button', { name: olga.say('space.deleteForever') }).click()
  await line.waitFor({ state: 'detached' })
  for (const id of [parent, child]) {
    await tab.page.goto(`/page/${id}`)
    await tab.page.getByText(olga.say('page.deniedTitle')).waitFor()
  }
})
