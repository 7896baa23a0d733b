// The first minutes: a server gets its owner, who invites; the invited come in; people sign out and in.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { SIZES, eventually, launch, stranger } from '../world/browser.mjs'
import { PASSWORD, Server } from '../world/server.mjs'

let browser
let server
before(async () => { browser = await launch() })
after(() => browser?.close())
beforeEach(async () => { server = await Server.start({ setUp: false }) })
afterEach(() => server.end())

async function fillAccount (tab, { name, email, password }) {
  if (name !== undefined) await tab.field('outside.name').fill(name)
  if (email !== undefined) await tab.field('outside.email').fill(email)
  await tab.page.locator('input[type=password]').fill(password)
}

/** By the link of the terminal, in the browser. */
async function setUp (tab) {
  const { pathname, search } = server.setUpLink
  await tab.page.goto(`${pathname}${search}`)
  await fillAccount(tab, { name: 'Olga Ivanova', email: 'olga@example.org', password: PASSWORD })
  await tab.button('outside.setupDo').click()
  // A wiki begins with a page that says how one goes on.
  await tab.ready()
  await tab.reads(tab.say('welcome.stepsTitle'))
}

/** Invites a member under Admin; answers with the link that is to be handed on. */
async function invite (tab) {
  await tab.page.goto('/admin/invitations')
  await tab.button('admin.invitations.make').click()
  return new URL(await tab.page.locator('.once code').textContent()).pathname
}

for (const look of [
  { locale: 'en-US', scheme: 'light', size: SIZES.desk },
  { locale: 'zh-CN', scheme: 'dark', size: SIZES.smallPhone }
]) {
  test(`from the terminal’s link to a second person, in ${look.locale} at ${look.size.width} pixels`, async t => {
    const olga = await stranger(t, browser, server, look)
    const tab = await olga.open('/')
    await tab.page.getByRole('heading', { name: olga.say('outside.setupWaitTitle') }).waitFor()
    assert.deepEqual(await tab.seriousFindings(), [])

    const { pathname, search } = server.setUpLink
    await tab.page.goto(`${pathname}?token=${'x'.repeat(43)}`)
    await tab.page.getByRole('heading', { name: olga.say('outside.setupBadTitle') }).waitFor()
    await tab.page.goto(`${pathname}${search}`)
    await fillAccount(tab, { name: 'Olga Ivanova', email: 'olga@example.org', password: 'password1234' })
    await tab.button('outside.setupDo').click()
    await tab.page.locator('[id$=error]').filter({ hasText: /tried first|太容易/ }).waitFor()
    assert.deepEqual(await tab.seriousFindings(), [])
    await tab.shot(`beginning-set-up-${look.locale}`)
    await setUp(tab)
    await tab.says(olga.say('save.saved'))
    assert.equal(await tab.title.textContent(), olga.say('welcome.title'))
    assert.equal(await tab.overflow(), 0)
    assert.deepEqual(await tab.seriousFindings(), [])
    await tab.shot(`beginning-welcome-${look.locale}`)
    await tab.page.goto('/')
    await tab.page.locator('main h1').getByText(olga.say('home.title'), { exact: true }).waitFor()
    await tab.openSidebar()
    await eventually('there is a space', async () => (await tab.tree()).length >= 1)
    assert.equal(await tab.overflow(), 0)
    assert.deepEqual(await tab.seriousFindings(), [])
    await tab.shot(`beginning-home-${look.locale}`)

    // The link has done what it was for.
    const late = await (await stranger(t, browser, server, look)).open(`${pathname}${search}`)
    await late.page.getByRole('heading', { name: olga.say('outside.setupDoneTitle') }).waitFor()

    const path = await invite(tab)
    assert.equal(await tab.overflow(), 0)
    const ben = await stranger(t, browser, server, look)
    const his = await ben.open(path)
    await his.page.getByText(ben.say('outside.inviteText', { name: 'Olga Ivanova' })).waitFor()
    assert.equal(await his.overflow(), 0)
    assert.deepEqual(await his.seriousFindings(), [])
    await his.shot(`beginning-invited-${look.locale}`)
    await fillAccount(his, { name: 'Ben Okafor', email: 'ben@example.org', password: PASSWORD })
    await his.button('outside.inviteDo').click()
    await his.page.locator('main h1').getByText(ben.say('home.title'), { exact: true }).waitFor()
    await his.openSidebar()
    await eventually('he sees what she sees', async () => JSON.stringify(await his.tree()) === JSON.stringify(await tree(tab)))

    // Nobody else comes in by it, and she sees that he is here.
    const late2 = await (await stranger(t, browser, server, look)).open(path)
    await late2.page.getByRole('heading', { name: olga.say('outside.inviteGoneTitle') }).waitFor()
    await tab.page.goto('/admin/people')
    await tab.page.getByText('ben@example.org').waitFor()
    assert.equal(await tab.overflow(), 0)
    assert.deepEqual(await tab.seriousFindings(), [])
    assert.deepEqual([...olga.errors, ...ben.errors], [])
  })
}

/** Her tree, from wherever she is. */
async function tree (tab) {
  await tab.page.goto('/')
  await tab.openSidebar()
  return tab.tree()
}

test('signed out, one comes back by password to where one wanted to go; a wrong one says so', async t => {
  const olga = await stranger(t, browser, server)
  const tab = await olga.open('/')
  await setUp(tab)
  await tab.page.locator('button.person-button').click()
  const been = new Set()
  tab.page.on('framenavigated', frame => been.add(frame.url()))
  await tab.entry('app.signOut').click()
  await tab.page.getByLabel(olga.say('outside.email')).waitFor()
  // Not to a door first that is replaced by another, with what was typed there.
  assert.deepEqual([...been], [`${server.http}/sign-in`])
  assert.deepEqual((await olga.context.cookies()).filter(({ name }) => name === 'weft'), [])

  await tab.page.goto('/settings/tokens')
  await tab.page.getByLabel(olga.say('outside.email')).fill('olga@example.org')
  await tab.page.locator('input[type=password]').fill(`${PASSWORD}!`)
  await tab.button('outside.signIn').click()
  await tab.page.getByText(olga.say('error.wrong')).waitFor()
  assert.deepEqual(await tab.seriousFindings(), [])
  await tab.page.locator('input[type=password]').fill(PASSWORD)
  await tab.button('outside.signIn').click()
  await tab.page.waitForURL('**/settings/tokens')
  await tab.page.getByRole('heading', { level: 1, name: olga.say('own.tokens') }).waitFor()
})

test('signed out by a request whose answer was lost, one is before the door all the same', async t => {
  const olga = await stranger(t, browser, server)
  const tab = await olga.open('/')
  await setUp(tab)
  const told = new Promise(resolve => tab.page.on('websocket', socket => socket.on('close', resolve)))
  await tab.page.reload()
  await tab.ready()
  // The page has heard that it is signed out before it hears that the request has failed.
  await tab.page.route('**/api/sign-out', async route => { await route.fetch(); await told; await route.abort() })
  await tab.page.locator('button.person-button').click()
  await tab.entry('app.signOut').click()
  await tab.page.getByLabel(olga.say('outside.email')).waitFor()
})

test('who signs in elsewhere sees it among their sign-ins, and can end it there', async t => {
  const olga = await stranger(t, browser, server)
  const tab = await olga.open('/')
  await setUp(tab)
  const away = await stranger(t, browser, server)
  const other = await away.open('/')
  await other.page.getByLabel(olga.say('outside.email')).fill('olga@example.org')
  await other.page.locator('input[type=password]').fill(PASSWORD)
  await other.button('outside.signIn').click()
  await other.page.locator('.tree-row').first().waitFor()
  await tab.page.goto('/settings/security')
  await tab.page.locator('.lines li').nth(1).getByRole('button', { name: olga.say('own.endSignIn') }).click()
  await eventually('there is one sign-in left', async () => await tab.page.locator('.lines li').count() === 1)
  // The other browser is put before the door without doing anything.
  await other.page.getByLabel(olga.say('outside.email')).waitFor()
})
