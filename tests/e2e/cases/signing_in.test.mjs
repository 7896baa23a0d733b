// The other ways in: through a provider, and with a second step behind the password.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { launch, person, stranger } from '../world/browser.mjs'
import { Provider } from '../world/provider.mjs'
import { PASSWORD, Server } from '../world/server.mjs'

const STEP_S = 30
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

let browser
let server
let provider
before(async () => {
  provider = await Provider.start({ sub: 'h-17', email: 'Hanna@example.org', name: 'Hanna' })
  server = await Server.start({ flags: port => ['--public-url', `http://127.0.0.1:${port}`, ...provider.flags] })
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.end()
  await provider?.end()
})

/** What an authenticator app shows for a key at a time (RFC 6238), `steps` later than now. */
function code (key, steps = 0) {
  const bits = [...key.replace(/[\s=]/g, '').toUpperCase()].map(letter => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const bytes = Buffer.from(bits.match(/.{8}/g).map(byte => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1_000 / STEP_S) + steps))
  const hash = createHmac('sha1', bytes).update(counter).digest()
  return String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** Fills in the form of the password. */
async function signsIn (tab, email) {
  await tab.field('outside.email').fill(email)
  await tab.page.getByLabel(tab.say('outside.password'), { exact: true }).fill(PASSWORD)
  await tab.button('outside.signIn').click()
}

test('a code is asked for behind the password, a recovery code does too, and it can be turned off again', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const { email } = await server.account('Anna')
  const tab = await anna.open('/settings/security')
  await tab.button('own.totpBegin').click()
  await tab.page.getByRole('img', { name: tab.say('own.totpPicture') }).waitFor()
  const key = await tab.field('own.totpSecret').inputValue()
  await tab.field('own.totpCode').fill('000000')
  await tab.button('own.totpConfirm').click()
  await tab.page.getByRole('dialog').locator('.mantine-InputWrapper-error').waitFor()
  await tab.field('own.totpCode').fill(code(key))
  await tab.button('own.totpConfirm').click()
  await tab.button('own.recoveryKept').waitFor()
  assert.deepEqual(await tab.seriousFindings(), [])
  const shown = await tab.page.getByRole('dialog').innerText()
  const [recovery] = shown.match(/\b[a-z0-9]{4,}(?:-[a-z0-9]{4,})+\b/) ?? [null]
  assert.ok(recovery, `recovery codes are shown: ${shown}`)
  await tab.button('own.recoveryKept').click()

  const elsewhere = await stranger(t, browser, server)
  const door = await elsewhere.open('/sign-in')
  await signsIn(door, email)
  await door.field('outside.code').fill('000000')
  await door.button('outside.signIn').click()
  await door.page.getByText(door.say('outside.codeWrong')).waitFor()
  assert.deepEqual(await door.seriousFindings(), [])
  // The code that was confirmed with opens nothing a second time; the next one does.
  await door.field('outside.code').fill(code(key, 1))
  await door.button('outside.signIn').click()
  await door.page.locator('.sidebar, .topbar').first().waitFor()

  const without = await stranger(t, browser, server)
  const other = await without.open('/sign-in')
  await signsIn(other, email)
  await other.field('outside.code').fill(recovery)
  await other.button('outside.signIn').click()
  await other.page.locator('.sidebar, .topbar').first().waitFor()

  await tab.button('own.totpRemove').click()
  const dialog = tab.page.getByRole('dialog')
  await dialog.getByLabel(tab.say('own.currentPassword'), { exact: true }).fill(PASSWORD)
  await dialog.getByRole('button', { name: tab.say('own.totpRemove'), exact: true }).click()
  await tab.button('own.totpBegin').waitFor()
  assert.deepEqual([...anna.errors, ...elsewhere.errors, ...without.errors], [])
})

test('who was invited comes in through the provider, and a stranger to the wiki is told why not', async t => {
  const hanna = await stranger(t, browser, server)
  const tab = await hanna.open('/sign-in')
  const button = tab.page.getByRole('link', { name: tab.say('outside.with', { provider: 'Harbour ID' }) })
  await button.click()
  await tab.page.getByText(tab.say('outside.failed.no_account')).waitFor()

  await server.api('/api/invitations', { method: 'POST', body: { role: 'member', email: 'hanna@example.org' } })
  await button.click()
  await tab.page.locator('.sidebar, .topbar').first().waitFor()
  const me = await tab.page.evaluate(() => fetch('/api/me').then(answer => answer.json()))
  assert.equal(me.name, 'Hanna')
  assert.deepEqual(hanna.errors, [])
})
