// Hocuspocus: many documents on one socket, each with a life of its own.
import assert from 'node:assert/strict'
import { after, before, test } from '../world/case.mjs'
import { HocuspocusSocket, freshRoom, hocuspocusVersions, joinClient, openClient } from '../world/client.mjs'
import { until } from '../world/pulse.mjs'
import { Server } from '../world/server.mjs'

const DOCUMENTS = 30

let server
before(async () => { server = await Server.start() })
after(() => server.end())

function openSocket (t, version) {
  const socket = new HocuspocusSocket(version, server)
  t.after(() => socket.destroy())
  return socket
}

for (const version of hocuspocusVersions) {
  test(`${version.name}: ${DOCUMENTS} documents on one socket are ${DOCUMENTS} documents`, async t => {
    const rooms = Array.from({ length: DOCUMENTS }, () => freshRoom('many'))
    const [left, right] = [openSocket(t, version), openSocket(t, version)]
    const lefts = rooms.map(room => openClient(t, version, server, room, { socket: left }))
    const rights = rooms.map(room => openClient(t, version, server, room, { socket: right }))
    await Promise.all([...lefts, ...rights].map(client => client.whenSynced()))
    lefts.forEach((client, at) => client.type(`document ${at}`))
    await Promise.all(rights.map((client, at) => client.whenReads(`document ${at}`)))
    await Promise.all(lefts.map(client => client.whenSaved()))
    assert.equal(left.link.sockets.length, 1)
    assert.equal(right.link.sockets.length, 1)
  })

  test(`${version.name}: leaving one document of a socket leaves the others alone, and one can come back`, async t => {
    const [gone, stays] = [freshRoom('leave'), freshRoom('leave')]
    const socket = openSocket(t, version)
    const leaving = await joinClient(t, version, server, gone, { socket })
    const staying = await joinClient(t, version, server, stays, { socket })
    const witness = await joinClient(t, version, server, gone)
    const partner = await joinClient(t, version, server, stays)
    leaving.awareness.setLocalStateField('user', { name: 'leaving' })
    await until('they are seen', () => witness.seen(leaving)?.user?.name === 'leaving')
    leaving.type('before. ')
    await witness.whenReads('before. ')

    leaving.leave()
    await until('their presence ends with it', () => witness.seen(leaving) === undefined, 2_000)
    witness.type('meanwhile. ')
    staying.type('we go on. ')
    await partner.whenReads('we go on. ')
    assert.equal(leaving.read, 'before. ')

    const back = await joinClient(t, version, server, gone, { socket })
    await back.whenReads('before. meanwhile. ')
    back.type('after. ')
    await witness.whenReads('before. meanwhile. after. ')
    assert.equal(socket.link.sockets.length, 1)
  })

  test(`trap 19: ${version.name}: all documents of a socket come back with it when the connection is lost`, async t => {
    const socket = openSocket(t, version)
    const rooms = [freshRoom('lost'), freshRoom('lost'), freshRoom('lost')]
    const clients = await Promise.all(rooms.map(room => joinClient(t, version, server, room, { socket })))
    const partners = await Promise.all(rooms.map(room => joinClient(t, version, server, room)))
    socket.link.cut()
    await until('the loss is noticed', () => !socket.online)
    partners.forEach(partner => partner.type('while you were away'))
    await Promise.all(clients.map(client => client.whenReads('while you were away', 20_000)))
    await Promise.all(clients.map(client => client.whenSaved()))
    assert.equal(socket.link.sockets.length, 2)
  })
}

for (const version of hocuspocusVersions.filter(({ major }) => major === 4)) {
  test(`${version.name}: with session awareness one socket holds the same document twice`, async t => {
    const socket = openSocket(t, version)
    const room = freshRoom('twice')
    const one = await joinClient(t, version, server, room, { socket, session: true })
    const other = await joinClient(t, version, server, room, { socket, session: true })
    const witness = await joinClient(t, version, server, room)
    one.type('from one. ')
    await other.whenReads('from one. ')
    other.type('from the other. ')
    await one.whenReads('from one. from the other. ')
    await witness.whenReads('from one. from the other. ')
    await one.whenSaved()
    await other.whenSaved()
    one.awareness.setLocalStateField('user', { name: 'one' })
    other.awareness.setLocalStateField('user', { name: 'other' })
    await until('the witness sees two', () => witness.seen(one)?.user?.name === 'one' && witness.seen(other)?.user?.name === 'other')
    one.leave()
    await until('the witness sees one leave', () => witness.seen(one) === undefined, 2_000)
    assert.equal(witness.seen(other)?.user?.name, 'other')
    witness.type('!')
    await other.whenReads('from one. from the other. !')
    assert.equal(await server.text(room), 'from one. from the other. !')
  })
}
