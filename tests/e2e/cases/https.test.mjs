// A server with a certificate of its own: what a browser does with cookies and sockets only there.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, launch, stranger } from '../world/browser.mjs'
import { PASSWORD, Server } from '../world/server.mjs'

// The certificate below is nobody's but its own: for 100 years, for localhost.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
const file = name => path.join(import.meta.dirname, '..', 'world', 'tls', name)

class Secure extends Server {
  get http () {
    return `https://localhost:${this.port}`
  }
}

let browser
let server
before(async () => {
  server = await Secure.start({
    setUp: false,
    flags: port => [
      '--tls-certificate', file('localhost.pem'), '--tls-key', file('localhost.key'), '--public-url', `https://localhost:${port}`
    ]
  })
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.end()
})

test('set up, written and signed in again over https, with cookies that only this host can set', async t => {
  const olga = await stranger(t, browser, server)
  const tab = await olga.open('/')
  const sockets = []
  tab.page.on('websocket', socket => sockets.push(socket.url()))
  assert.equal(server.setUpLink.origin, server.http)
  await tab.page.goto(server.setUpLink.href)
  assert.equal(await tab.page.evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol), 'h2')
  await tab.field('outside.name').fill('Olga')
  await tab.field('outside.email').fill('olga@example.org')
  await tab.page.locator('input[type=password]').fill(PASSWORD)
  await tab.button('outside.setupDo').click()
  await tab.ready()

  const cookies = await olga.context.cookies()
  assert.deepEqual(
    cookies.map(({ name, secure, httpOnly, sameSite, path, domain }) => ({ name, secure, httpOnly, sameSite, path, domain })),
    [{ name: '__Host-weft', secure: true, httpOnly: true, sameSite: 'Lax', path: '/', domain: 'localhost' }]
  )
  await tab.toTheEnd()
  await tab.type(' Written over TLS.')
  await tab.says(olga.say('save.saved'))
  assert.ok(sockets.length > 0 && sockets.every(address => address.startsWith(`wss://localhost:${server.port}/`)), sockets.join(' '))

  await server.restart()
  await tab.type(' And again.')
  await tab.says(olga.say('save.saved'))
  await tab.page.reload()
  await tab.reads('Written over TLS. And again.')

  // Another browser of hers.
  const elsewhere = await stranger(t, browser, server)
  const door = await elsewhere.open('/sign-in')
  await door.field('outside.email').fill('olga@example.org')
  await door.page.locator('input[type=password]').fill(PASSWORD)
  await door.button('outside.signIn').click()
  await door.page.locator('main h1').getByText(elsewhere.say('home.title'), { exact: true }).waitFor()
  await tab.page.evaluate(() => fetch('/api/sign-out', { method: 'POST' }))
  assert.deepEqual(await olga.context.cookies(), [])
  await eventually('the other one is still in', async () => (await door.page.evaluate(() => fetch('/api/me').then(({ status }) => status))) === 200)
  assert.deepEqual([...olga.errors, ...elsewhere.errors], [])
})
