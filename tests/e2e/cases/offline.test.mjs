// Without the server one writes on, begins pages even, and afterwards everybody has everything.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { SIZES, eventually, launch, person } from '../world/browser.mjs'
import { Server } from '../world/server.mjs'

let browser
let server
before(async () => { browser = await launch() })
after(() => browser?.close())
// They stop the server, and the next must not suffer when one of them fails.
beforeEach(async () => { server = await Server.start() })
afterEach(() => server.end())

for (const look of [
  { locale: 'en-US', scheme: 'light', size: SIZES.desk },
  { locale: 'zh-CN', scheme: 'dark', size: SIZES.smallPhone }
]) {
  test(`a page is begun and written while the server is away, and is everybody’s when it is back, in ${look.locale}`, async t => {
    const anna = await person(t, browser, server, { name: 'Anna', ...look })
    const ben = await person(t, browser, server, { name: 'Ben', ...look })
    const tab = await anna.openNewPage()
    await tab.title.click()
    await tab.page.keyboard.type('On the train')
    await tab.page.keyboard.press('Enter')
    await tab.page.keyboard.type('Before the tunnel. ')
    await tab.says(anna.say('save.saved'))
    const his = await ben.open('/')
    await his.openSidebar()

    await server.stop('SIGKILL')
    await tab.says(new RegExp(`^(${anna.say('save.reconnecting')}|${anna.say('save.offline')})`))
    await tab.type('In the tunnel.')
    const kept = anna.say('save.offlineKept_other', { count: 'N' }).split('N')
    await tab.says(new RegExp(`^${kept[0]}\\d+${kept[1]}$`), 30_000)
    assert.equal(await tab.overflow(), 0)
    assert.deepEqual(await tab.seriousFindings(), [])
    await tab.shot(`offline-${look.locale}`)

    await tab.page.keyboard.press('Alt+n')
    await eventually('the caret is in a new title', () => tab.page.evaluate(() =>
      document.activeElement?.closest('.title-text')?.textContent === ''))
    await tab.page.keyboard.type('Begun in the tunnel')
    await tab.page.keyboard.press('Enter')
    await tab.page.keyboard.type('No server knows this yet.')

    await server.run()
    await tab.says(anna.say('save.saved'), 30_000)
    await his.row('Begun in the tunnel').waitFor({ timeout: 30_000 })
    await his.row('Begun in the tunnel').click()
    await his.ready()
    await his.reads('No server knows this yet.')
    await his.openSidebar()
    await his.row('On the train').click()
    await his.reads('Before the tunnel. In the tunnel.')
    assert.deepEqual([...anna.errors, ...ben.errors], [])
  })
}

test('what others did to the tree while one was cut off is there afterwards, without a reload', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const old = await server.page('Old name')
  const tab = await anna.open('/')
  await tab.openSidebar()
  await tab.row('Old name').waitFor()
  // Only this browser is cut off.
  await tab.page.context().setOffline(true)
  const cut = tab.page.waitForEvent('websocket')
  await tab.page.evaluate(() => window.dispatchEvent(new Event('offline')))
  await server.api(`/api/pages/${old}`, { method: 'DELETE' })
  await server.page('New name')
  await server.restart('SIGTERM')
  await tab.page.context().setOffline(false)
  await cut
  await tab.row('New name').waitFor({ timeout: 30_000 })
  await tab.row('Old name').waitFor({ state: 'detached' })
  assert.deepEqual(anna.errors, [])
})
