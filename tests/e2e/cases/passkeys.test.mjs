// A passkey made by a real browser signs in: what the server asks for and what it takes are what browsers know.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch } from '../world/browser.mjs'
import { Server } from '../world/server.mjs'

const PASSWORD = 'four words that fit nowhere'

let browser
let server
before(async () => {
  // Browsers allow passkeys on named hosts only.
  server = await Server.start(port => ['--public-url', `http://localhost:${port}`])
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.end()
})

/** Asks the server from within the page. */
const ask = (page, method, path, body) => page.evaluate(async ({ method, path, body }) => {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' }
  const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}, { method, path, body })

/** What the browser's device makes of the server's options. */
const make = (page, options) => page.evaluate(async options => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  return (await navigator.credentials.create({ publicKey })).toJSON()
}, options)

const show = (page, options) => page.evaluate(async options => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  return (await navigator.credentials.get({ publicKey })).toJSON()
}, options)

/** Gives a tab a device that says yes for whoever sits before it. */
async function withDevice (page) {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true
    }
  })
}

test('a passkey that the browser makes signs in, again and again, until it is removed', async t => {
  const context = await browser.newContext({ baseURL: `http://localhost:${server.port}` })
  t.after(() => context.close())
  const page = await context.newPage()
  await page.goto('/')
  await withDevice(page)
  const token = /setup\?token=(\S+)/.exec(server.log)[1]
  const owner = { token, name: 'Olga', email: 'olga@example.com', password: PASSWORD }
  const made = await ask(page, 'POST', '/api/setup', owner)
  assert.equal(made.status, 201)

  const offer = await ask(page, 'POST', '/api/me/passkeys/options')
  assert.equal(offer.status, 200, JSON.stringify(offer.body))
  const credential = await make(page, offer.body.options)
  const passkey = await ask(page, 'POST', '/api/me/passkeys', { name: 'This browser', credential })
  assert.equal(passkey.status, 201, JSON.stringify(passkey.body))

  const signIn = async () => {
    const asked = await ask(page, 'POST', '/api/sign-in/passkey/options')
    return ask(page, 'POST', '/api/sign-in/passkey', { credential: await show(page, asked.body.options) })
  }
  for (let time = 0; time < 3; time++) {
    assert.equal((await ask(page, 'POST', '/api/sign-out')).status, 204)
    assert.equal((await ask(page, 'GET', '/api/me')).status, 401)
    const answer = await signIn()
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    assert.equal((await ask(page, 'GET', '/api/me')).body.passkeys, 1)
  }
  assert.equal((await ask(page, 'DELETE', `/api/me/passkeys/${passkey.body.id}`)).status, 204)
  assert.equal((await signIn()).status, 401)
})
