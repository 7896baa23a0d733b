// Templates of a space: a page becomes one, new pages begin as copies of it, and it stays what it was.
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

/** The dialog in which a template is chosen. */
const dialog = tab => tab.page.getByRole('dialog', { name: tab.say('template.title') })

for (const look of [
  { locale: 'en-US', scheme: 'light', size: SIZES.desk },
  { locale: 'zh-CN', scheme: 'dark', size: SIZES.phone }
]) {
  test(`a page becomes a template and others begin as copies of it, in ${look.locale}`, async t => {
    const anna = await person(t, browser, server, { name: 'Anna', ...look })
    const title = `Notes ${look.locale}`
    const tab = await anna.openNewPage()
    await tab.title.click()
    await tab.page.keyboard.type(title)
    await tab.type('Who was there')
    await tab.says(tab.say('save.saved'))
    const template = tab.document

    await tab.openMenu()
    await tab.entry('do.template').click()
    await tab.page.locator('.banner').getByText(tab.say('page.template')).waitFor()
    assert.deepEqual(await tab.seriousFindings(), [])
    await tab.shot(`template-${look.locale}`)

    await tab.page.goto('/home')
    await tab.page.getByRole('heading', { name: tab.say('space.templates') }).waitFor()
    await tab.button('space.fromTemplate').click()
    await dialog(tab).getByRole('combobox').fill(title.toLowerCase())
    assert.deepEqual(await tab.seriousFindings(), [])
    await tab.shot(`template-chosen-${look.locale}`)
    await tab.page.keyboard.press('Enter')
    await tab.ready()
    await eventually('another page is open', async () => tab.document !== template && (await tab.title.textContent()).trim() === title)
    await tab.reads('Who was there')
    assert.equal(await tab.page.locator('.banner').count(), 0, 'the copy is an ordinary page')
    await tab.type(' Ben')
    await tab.says(tab.say('save.saved'))
    await tab.page.goto(`/${template}`)
    await tab.ready()
    assert.equal(await tab.text(), 'Who was there')

    await tab.openMenu()
    await tab.entry('do.noTemplate').click()
    await tab.page.locator('.banner').waitFor({ state: 'detached' })
    await tab.button('do.undo').click()
    await tab.page.locator('.banner').waitFor()
    assert.deepEqual(anna.errors, [])
  })
}

test('where there are none yet, the way to the first is told, and the palette leads there', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const tab = await anna.open('/')
  await tab.openSidebar()
  await tab.makeSpace('Empty')
  await tab.row('Empty').click({ button: 'right' })
  await tab.entry('do.fromTemplate').click()
  await dialog(tab).getByText(tab.say('template.empty')).waitFor()
  await tab.shot('template-none')
  await tab.page.keyboard.press('Escape')

  await tab.page.keyboard.press('Control+k')
  await tab.page.getByPlaceholder(tab.say('palette.placeholder')).fill('template')
  await tab.page.locator('[data-action]').getByText(tab.say('do.fromTemplate')).click()
  await dialog(tab).getByRole('option').first().waitFor()
  assert.deepEqual(anna.errors, [])
})
