// The word beside the title is true: Saved means acknowledged by the server's disk, and nothing else does.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { launch, person } from '../world/browser.mjs'
import { Server } from '../world/server.mjs'

let browser
let server
before(async () => { browser = await launch() })
after(() => browser?.close())
// Some of these stop the server, and the next must not suffer when one of them fails.
beforeEach(async () => { server = await Server.start() })
afterEach(() => server.end())

/** Lets the server's answers through only while `open` says so; everything the browser sends goes through. */
async function gateAnswers (context) {
  const gate = { open: true, held: [] }
  await context.routeWebSocket(/\/ws/, socket => {
    const far = socket.connectToServer()
    socket.onMessage(frame => far.send(frame))
    far.onMessage(frame => {
      if (gate.open) socket.send(frame)
      else gate.held.push(() => socket.send(frame))
    })
  })
  gate.release = () => {
    gate.open = true
    gate.held.splice(0).forEach(send => send())
  }
  return gate
}

test('it says Saving… until the server’s acknowledgement arrives, and Saved only then', async t => {
  const anna = await person(t, browser, server)
  const gate = await gateAnswers(anna.context)
  const tab = await anna.openNewPage()
  await tab.type('x')
  await tab.says('Saved')
  await tab.watchWord()
  gate.open = false
  await tab.type('not yet')
  await tab.says('Saving…')
  // A second window without a gate shows that the server has long had them.
  const other = await (await person(t, browser, server)).open(tab.address)
  await other.ready()
  await other.reads('xnot yet')
  assert.equal((await tab.word.textContent()).trim(), 'Saving…')
  gate.release()
  await tab.says('Saved')
  const words = await tab.words()
  assert.deepEqual(words, ['Saved', 'Saving…', 'Saved'])
})

test('without a server it counts the edits that are kept here, and they are sent when the server is back', async t => {
  const anna = await person(t, browser, server)
  const tab = await anna.openNewPage()
  await tab.type('written online. ')
  await tab.says('Saved')
  await server.stop('SIGKILL')
  await tab.says(/^(Reconnecting…|Offline)/)
  await tab.type('abc')
  await tab.says('Offline, 3 edits kept here', 30_000)
  await tab.shot('offline')
  await server.run()
  await tab.says('Saved', 30_000)
  const other = await (await person(t, browser, server)).open(tab.address)
  await other.ready()
  await other.reads('written online. abc')
})

test('edits made offline survive closing the tab', async t => {
  const anna = await person(t, browser, server)
  const tab = await anna.openNewPage()
  await tab.type('before. ')
  await tab.says('Saved')
  await server.stop('SIGKILL')
  await tab.says(/^(Reconnecting…|Offline)/)
  await tab.type('kept in the drawer')
  await tab.says(/^Offline, \d+ edits kept here$/, 30_000)
  const { address } = tab
  await tab.close()
  await server.run()

  const witness = await (await person(t, browser, server)).open(address)
  await witness.ready()
  await witness.reads('before.')
  assert.ok(!(await witness.text()).includes('drawer'), 'the server cannot know them yet')
  const again = await anna.open(address)
  await again.ready()
  await again.reads('before. kept in the drawer')
  await again.says('Saved', 30_000)
  await witness.reads('before. kept in the drawer')
})
