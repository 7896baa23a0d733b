// Every view, in both languages and schemes and on every width: nothing is cut off, nothing keeps anybody out.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SIZES, launch, person } from '../world/browser.mjs'
import { Server } from '../world/server.mjs'

let browser
let server
let page
before(async () => {
  server = await Server.start()
  browser = await launch()
  await server.account('Ben')
  page = await server.page('A page with a title that is longer than a phone is wide', { icon: '🧭' })
  await server.api(`/api/pages/${await server.page('Thrown away')}`, { method: 'DELETE' })
  await server.api('/api/groups', { method: 'POST', body: { name: 'Night shift' } })
  await server.api('/api/invitations', { method: 'POST', body: { role: 'guest', email: 'guest@example.org' } })
  await server.api('/api/me/tokens', { method: 'POST', body: { name: 'Nightly export', scope: 'read' } })
})
after(async () => {
  await browser?.close()
  await server?.end()
})

/** How one comes to each view, and what shows that it is there. */
const VIEWS = {
  home: { path: () => '/', sign: 'main .document' },
  page: { path: () => `/page/${page}`, sign: '.prose' },
  space: { path: ({ slug }) => `/${slug}`, sign: 'main .document' },
  'space-people': { path: ({ slug }) => `/${slug}`, sign: '.grant-add', act: tab => tab.page.getByRole('tab').nth(1).click() },
  'space-settings': { path: ({ slug }) => `/${slug}`, sign: '.space-part form', act: tab => tab.page.getByRole('tab').nth(2).click() },
  trash: { path: ({ slug }) => `/${slug}/trash`, sign: '.trash-row' },
  sidebar: { path: () => '/', sign: '.tree-row', act: tab => tab.openSidebar() },
  notices: {
    path: () => '/',
    sign: '.notices-none',
    act: async tab => {
      await tab.openSidebar()
      await tab.button('app.notices').click()
    }
  },
  share: {
    path: () => `/page/${page}`,
    sign: '[data-testid=audience]',
    act: async tab => {
      await tab.ready()
      await tab.openMenu()
      await tab.entry('do.share').click()
    }
  },
  move: {
    path: () => `/page/${page}`,
    sign: '[role=option]',
    act: async tab => {
      await tab.ready()
      await tab.openMenu()
      await tab.entry('do.move').click()
    }
  },
  palette: { path: () => '/', sign: '[data-action]', act: async tab => {
      await tab.page.locator('main .document').first().waitFor()
      await tab.page.keyboard.press('Control+k')
    } },
  nothing: { path: () => '/page/aaaaaaaaaaaaaaaaaaaaaaaa', sign: 'main .notice' },
  profile: { path: () => '/settings/profile', sign: '.own-picture' },
  preferences: { path: () => '/settings/preferences', sign: '.settings-label' },
  security: { path: () => '/settings/security', sign: '.lines li' },
  tokens: { path: () => '/settings/tokens', sign: '.lines li' },
  people: { path: () => '/admin/people', sign: '.lines li' },
  invitations: { path: () => '/admin/invitations', sign: '.lines li' },
  groups: { path: () => '/admin/groups', sign: '.group' },
  spaces: { path: () => '/admin/spaces', sign: '.lines li' },
  audit: { path: () => '/admin/audit', sign: '.table' },
  server: { path: () => '/admin/server', sign: '.facts' }
}

for (const look of [
  { locale: 'en-US', scheme: 'light', size: 'desk' },
  { locale: 'zh-CN', scheme: 'dark', size: 'desk' },
  { locale: 'en-US', scheme: 'dark', size: 'phone' },
  { locale: 'zh-CN', scheme: 'light', size: 'smallPhone' }
]) {
  test(`every view, in ${look.locale}, ${look.scheme}, at ${SIZES[look.size].width} pixels`, async t => {
    const olga = await person(t, browser, server, { name: 'Olga', ...look, size: SIZES[look.size] })
    const home = await server.home()
    const tab = await olga.open('/')
    for (const [name, { path, sign, act }] of Object.entries(VIEWS)) {
      await t.test(name, async () => {
        await tab.page.goto(path(home))
        await act?.(tab)
        await tab.page.locator(sign).first().waitFor()
        await tab.shot(`${name}-${look.size}-${look.scheme}-${look.locale}`)
        assert.equal(await tab.overflow(), 0, 'nothing scrolls sideways')
        assert.deepEqual(await tab.seriousFindings(), [])
      })
    }
    assert.deepEqual(olga.errors, [])
  })
}
