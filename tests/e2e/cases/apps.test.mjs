// An admin registers somebody else's app in the browser; with the secret shown there its backend lets its people in.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { claims, sign } from '../../compat/world/apps.mjs'
import { hocuspocusVersions, joinClient, openClient } from '../../compat/world/client.mjs'
import { until } from '../../compat/world/pulse.mjs'
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

test('an app that an admin adds opens its rooms to whom its backend vouches for, and the admin sees how much goes on', async t => {
  const ada = await person(t, browser, server, { name: 'Ada', role: 'admin' })
  const tab = await ada.open('/admin/apps')
  await tab.field('admin.apps.name').fill('Whiteboard')
  await tab.field('admin.apps.prefix').fill('whiteboard')
  await tab.button('admin.apps.make').click()
  const once = tab.page.locator('.once code')
  await once.waitFor()
  const secret = await once.textContent()
  assert.match(secret, /^weft_app_[\w-]{43}$/)
  await tab.button('do.copy').click()
  await eventually('the secret is copied', async () => await tab.page.evaluate(() => navigator.clipboard.readText()) === secret)

  const version = hocuspocusVersions.at(-1)
  const token = sign(secret, claims('whiteboard', { prefix: '', user: { id: 'kim', name: 'Kim' } }))
  const kim = await joinClient(t, version, server, 'whiteboard/plan', { token })
  kim.type('a circle')
  await kim.whenSaved()
  const stranger = openClient(t, version, server, 'whiteboard/plan', { token: 'a guess' })
  await until('the stranger is refused', () => stranger.denied)
  assert.equal(stranger.read, '')

  await tab.page.reload()
  const usage = tab.page.getByRole('region', { name: 'Whiteboard' }).getByTestId('usage')
  await usage.filter({ hasText: /^1 document · 1 open · 1 session · / }).waitFor()
  assert.equal(await once.count(), 0, 'it is shown once')
  await tab.page.setViewportSize(SIZES.smallPhone)
  assert.equal(await tab.overflow(), 0)
  await tab.button('admin.apps.removeKey').click()
  await tab.page.getByRole('dialog').getByRole('button', { name: tab.say('admin.apps.removeKey'), exact: true }).click()
  await until('whoever came by that key is out', () => kim.denied)
  await tab.page.getByText(tab.say('admin.apps.noKeys')).waitFor()
  assert.deepEqual(ada.errors, [])
})
