// Rooms of a foreign app: open to tokens that its backend signs, and to nothing else, for every published client.
import assert from 'node:assert/strict'
import { after, before, test } from '../world/case.mjs'
import { addApp, becomeOwner, claims, sign, signEd25519 } from '../world/apps.mjs'
import { freshRoom, joinClient, openClient, versions } from '../world/client.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'

/** How long what a key opened may go on once the key is gone: what Weft promises. */
const OBEYS_MS = 1_000

let server
let owner
before(async () => {
  server = await Server.start()
  owner = await becomeOwner(server)
})
after(() => server.end())

let apps = 0
const fresh = () => addApp(owner, `app${apps += 1}`)

/** Waits until a client is turned away: providers of the one dialect are told, those of the other see their socket closed. */
const turnedAway = client => client.version.dialect === 'hocuspocus'
  ? until('the client is denied', () => client.denied)
  : until('the socket is closed', () => client.link.closes.length > 0)

for (const version of versions) {
  const { name } = version

  test(`apps: ${name}: a signed token opens its room, to write or to read, and nothing else does`, async t => {
    const app = await fresh()
    const room = `${app.app}/${freshRoom()}`
    const writes = sign(app.secret, claims(app.app, { prefix: '' }))
    const reads = sign(app.secret, claims(app.app, { room: room.slice(app.app.length + 1), access: 'read' }))
    const writer = await joinClient(t, version, server, room, { token: writes })
    const reader = await joinClient(t, version, server, room, { token: reads })
    writer.type('for us. ')
    await reader.whenReads('for us. ')
    reader.type('NOT ')
    writer.type('and for you. ')
    await until('the reader reads on', () => reader.read.includes('and for you. '))
    assert.ok(!writer.read.includes('NOT'))

    for (const [what, token] of [
      ['none', null],
      ['nonsense', 'any token'],
      ['another room', sign(app.secret, claims(app.app, { room: 'other' }))],
      ['another secret', sign(`${app.secret}x`, claims(app.app, { prefix: '' }))],
      ['no signature', sign(null, claims(app.app, { prefix: '' }))],
      ['over', sign(app.secret, claims(app.app, { prefix: '', exp: -120 }))],
      ['too long', sign(app.secret, claims(app.app, { prefix: '', exp: 2 * 86_400 }))]
    ]) {
      const stranger = openClient(t, version, server, room, { token })
      await turnedAway(stranger)
      assert.equal(stranger.read, '', what)
      stranger.destroy()
    }
  })

  test(`apps: ${name}: who the app says it is, is whom the others see`, async t => {
    const app = await fresh()
    const room = `${app.app}/seen`
    const token = user => sign(app.secret, claims(app.app, { room: 'seen', user }))
    const ada = await joinClient(t, version, server, room, {
      presence: true, token: token({ id: 'ada', name: 'Ada', color: '#3366cc' })
    })
    const bo = await joinClient(t, version, server, room, { presence: true, token: token({ id: 'bo', name: 'Bo' }) })
    ada.awareness.setLocalStateField('user', { name: 'Bo', color: '#000000' })
    await until('Bo sees Ada', () => bo.seen(ada)?.user !== undefined)
    assert.deepEqual([bo.seen(ada).user.name, bo.seen(ada).user.color], ['Ada', '#3366cc'])
  })

  test(`apps: ${name}: a key that is removed, and an app that is, close what they opened within a second`, async t => {
    const app = await fresh()
    const another = await owner.does('POST', `/api/apps/${app.app}/keys`, {})
    const room = `${app.app}/closed`
    const by = secret => joinClient(t, version, server, room, { token: sign(secret, claims(app.app, { prefix: '' })) })
    const [old, young] = [await by(app.secret), await by(another.secret)]
    let since = Date.now()
    await owner.does('DELETE', `/api/apps/${app.app}/keys/${app.keys[0].id}`)
    await turnedAway(old)
    assert.ok(Date.now() - since < OBEYS_MS, `it took ${Date.now() - since} ms`)
    young.type('still here')
    await until('the other goes on', async () => (await owner.does('GET', '/api/apps')).apps.some(one => one.app === app.app && one.documents === 1))
    assert.equal(young.denied ?? null, null)
    since = Date.now()
    await owner.does('DELETE', `/api/apps/${app.app}`)
    await turnedAway(young)
    assert.ok(Date.now() - since < OBEYS_MS, `it took ${Date.now() - since} ms`)
  })
}

test('apps: a key of the app’s own signs too, and the server cannot', async t => {
  const app = await fresh()
  const { token, publicKey } = signEd25519(claims(app.app, { prefix: '' }))
  await owner.does('POST', `/api/apps/${app.app}/keys`, { publicKey })
  for (const version of versions) {
    const client = await joinClient(t, version, server, `${app.app}/${freshRoom()}`, { token })
    assert.ok(client.synced)
  }
})
