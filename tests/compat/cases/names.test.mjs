// Trap 23, hostile names: any UTF-8 up to 255 bytes names a document, exactly; no two names share one.
import assert from 'node:assert/strict'
import WebSocket from 'ws'
import { after, before, test } from '../world/case.mjs'
import { HocuspocusSocket, hocuspocusVersions, joinClient, openClient, yWebsocketVersions } from '../world/client.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'

const NAME_BYTES_MAX = 255

const NAMES = [
  'plain', 'Plain', 'PLAIN', 'a/b', 'a//b', '/a/b', 'a/b/', 'a b', ' a b', 'a b ', 'a+b', 'a%20b', '%2f', 'a%2fb', 'a%2Fb', '%',
  '%00', '..', '.', '../x', 'x/../y', './x', 'a:b/c', '*', '>', 'a.*.>', 'a?b', 'a?access=read', 'a#b', 'a&b=c', '"', "'", '\\', 'C:\\x',
  'line\nbreak', 'tab\t', 'ünïcödé', 'u\u0308', 'ü', '日本語', '🦊', '👩‍👩‍👧', 'العربية', 'page/42', 'state', 'text', 'null', '__proto__',
  'n'.repeat(NAME_BYTES_MAX), 'n'.repeat(NAME_BYTES_MAX - 1) + 'm', '日'.repeat(NAME_BYTES_MAX / 3), '🦊'.repeat(63)
]
/** A URL cannot carry these as a path segment, however they are written. */
const DOTS = new Set(['.', '..'])

let server
before(async () => { server = await Server.start() })
after(() => server.end())

/** Writes each name into its own document by `open`, then reads all of them with fresh clients and over HTTP. */
async function eachNameKeepsItsOwn (server, names, open) {
  const writers = await Promise.all(names.map(name => open(name)))
  await Promise.all(writers.map(writer => until(() => `${JSON.stringify(writer.room)} is in sync`, () => writer.synced, 20_000)))
  writers.forEach((writer, at) => writer.type(`[${names[at]}]`, 0))
  const readers = await Promise.all(names.map(name => open(name)))
  await Promise.all(readers.map((reader, at) => until(() => `${JSON.stringify(names[at])} reads itself, not ${JSON.stringify(reader.read)}`,
    () => reader.read.startsWith(`[${names[at]}]`), 20_000)))
  for (const [at, name] of names.entries()) {
    assert.equal(writers[at].read, readers[at].read)
    if (!DOTS.has(name)) assert.equal(await server.text(name), readers[at].read)
  }
  return readers.map(reader => reader.read)
}

for (const version of hocuspocusVersions) {
  test(`trap 23: ${version.name}: every name is a document of its own`, async t => {
    const fresh = await Server.start()
    t.after(() => fresh.end())
    const sockets = [new HocuspocusSocket(version, fresh), new HocuspocusSocket(version, fresh)]
    t.after(() => sockets.forEach(socket => socket.destroy()))
    let asked = 0
    const texts = await eachNameKeepsItsOwn(fresh, NAMES, name => {
      asked += 1
      return openClient(t, version, fresh, name, { socket: sockets[asked > NAMES.length ? 1 : 0] })
    })
    assert.deepEqual(texts, NAMES.map(name => `[${name}]`))
  })
}

for (const version of yWebsocketVersions) {
  test(`trap 23: ${version.name}: every name is a document of its own`, async t => {
    const names = NAMES.filter(name => !DOTS.has(name))
    const fresh = await Server.start()
    t.after(() => fresh.end())
    const texts = await eachNameKeepsItsOwn(fresh, names, async name => openClient(t, version, fresh, name))
    assert.deepEqual(texts, names.map(name => `[${name}]`))
  })
}

test('trap 23: a y-websocket room and a Hocuspocus document of the same name are the same document', async t => {
  const [yWebsocket, hocuspocus] = [yWebsocketVersions.at(-1), hocuspocusVersions.at(-1)]
  for (const [name, path] of [['same/a b', 'same/a b'], ['same/a b', 'same/a%20b'], ['same/ü 🦊', 'same/ü 🦊'], ['same/%2f', 'same/%252f'], ['same/x/y', 'same%2Fx%2Fy']]) {
    const one = await joinClient(t, yWebsocket, server, name, { path })
    const other = await joinClient(t, hocuspocus, server, name)
    one.type('.')
    await until(`${path} is ${name}`, () => other.read === one.read)
  }
})

for (const [what, name] of [['no name', ''], ['a name of 256 bytes', 'n'.repeat(NAME_BYTES_MAX + 1)], ['a name of 300 bytes', '日'.repeat(100)]]) {
  test(`y-websocket: ${what} is refused at the upgrade with a 4xx`, async () => {
    const socket = new WebSocket(`${server.ws}/${encodeURIComponent(name)}`)
    socket.on('error', () => {})
    const status = await new Promise(resolve => {
      socket.on('unexpected-response', (request, answer) => {
        resolve(answer.statusCode)
        request.destroy()
      })
      socket.on('open', () => resolve(101))
      socket.on('close', () => resolve(null))
    })
    socket.terminate()
    assert.ok(status >= 400 && status < 500, `${status}`)
  })

  for (const version of hocuspocusVersions) {
    test(`${version.name}: ${what} is denied, and the other documents of the socket go on`, async t => {
      const socket = new HocuspocusSocket(version, server)
      t.after(() => socket.destroy())
      const good = await joinClient(t, version, server, `beside ${what} ${version.name}`, { socket })
      const bad = openClient(t, version, server, name, { socket })
      await until('it is denied', () => bad.denied !== null)
      assert.ok(bad.denied.length > 0)
      good.type('unharmed')
      await good.whenSaved()
      assert.equal(await server.text(good.room), 'unharmed')
    })
  }
}
