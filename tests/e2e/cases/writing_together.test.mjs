// Two windows, one page: both type, both agree, through reloads, kill -9 and lost connections.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, launch, person } from '../world/browser.mjs'
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

const agree = async (one, other) => {
  let text
  await eventually('both windows show the same text', async () => {
    text = await one.text()
    return text !== '' && text === await other.text()
  })
  return text
}

/** The letters of a text in alphabetical order: the same whatever the order in which two hands met. */
const letters = text => [...text.replace(/\s/g, '')].sort().join('')

test('two people write one page at once, and agree through reload, kill -9 and restart', async t => {
  const [anna, ben] = [await person(t, browser, server), await person(t, browser, server)]
  const left = await anna.openNewPage()
  await left.title.click()
  await left.page.keyboard.type('Minutes')
  await left.page.keyboard.press('Enter')
  await left.page.keyboard.type('Anna begins. ')
  const right = await ben.open(left.address)
  await right.ready()
  await right.reads('Anna begins.')
  assert.equal((await right.title.textContent()).trim(), 'Minutes')

  await right.body.focus()
  await right.page.keyboard.press('Control+End')
  await right.page.keyboard.press('Enter')
  await Promise.all([
    left.page.keyboard.type('left hand '.repeat(6), { delay: 10 }),
    right.page.keyboard.type('right hand '.repeat(6), { delay: 10 })
  ])
  const written = await agree(left, right)
  assert.equal(letters(written), letters(`Anna begins. ${'left hand '.repeat(6)}${'right hand '.repeat(6)}`), `no letter is lost or doubled in ${JSON.stringify(written)}`)
  await eventually('each sees the other’s face', async () =>
    await left.page.getByRole('list', { name: 'People here' }).getByRole('listitem').count() === 2 &&
    await right.page.getByRole('list', { name: 'People here' }).getByRole('listitem').count() === 2)
  await left.says('Saved')
  await right.says('Saved')
  await left.shot('two-people')

  await Promise.all([left.page.reload(), right.page.reload()])
  await Promise.all([left.ready(), right.ready()])
  assert.equal(await agree(left, right), written)

  await server.restart('SIGKILL')
  await left.says('Saved', 30_000)
  await right.says('Saved', 30_000)
  assert.equal(await agree(left, right), written)
  await left.type(' After the crash.')
  await right.reads('After the crash.')
  await agree(left, right)

  const fresh = await (await person(t, browser, server)).open(left.address)
  await fresh.ready()
  await fresh.reads('After the crash.')
  assert.equal(await fresh.text(), await left.text())
  assert.deepEqual([...anna.errors, ...ben.errors], [])
})

test('what the page called Saved is there after kill -9, without any client’s help', async t => {
  const anna = await person(t, browser, server)
  const tab = await anna.openNewPage()
  await tab.type('the last word')
  await tab.says('Saved')
  const { address } = tab
  await server.stop('SIGKILL')
  await anna.context.close()
  await server.run()
  const other = await (await person(t, browser, server)).open(address)
  await other.ready()
  await other.reads('the last word')
})
