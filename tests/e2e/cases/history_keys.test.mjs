// Time by keyboard: steps, playing and its speed, and a second handle to compare with.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, launch, person } from '../world/browser.mjs'
import { head, json, textAt, writePlan } from '../world/history.mjs'
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

async function planned (t) {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const tab = await anna.openNewPage()
  await writePlan(tab)
  return { anna, tab, newest: await head(server, tab), past: await tab.openHistory() }
}

const stands = (past, at, handle) =>
  eventually(async () => `the handle stands at ${at}`, async () => await past.at(handle) === at)

test('steps and jumps by keys, and by the buttons that have them written on', async t => {
  const { anna, tab, newest, past } = await planned(t)
  const button = name => tab.page.getByRole('button', { name, exact: true })
  assert.ok(await button('One change forward').isDisabled())
  await button('One change back').press('Enter')
  await stands(past, newest - 1)
  await past.handle.press('ArrowDown')
  await stands(past, newest - 2)
  await past.handle.press('ArrowUp')
  await past.handle.press('ArrowRight')
  await stands(past, newest)
  await past.handle.press('ArrowRight')
  await past.handle.press('PageDown')
  await stands(past, 1)
  await eventually('the address follows', () => Promise.resolve(past.address === '?history=1'))
  assert.ok(await button('One change back').isDisabled())
  await past.handle.press('PageUp')
  await stands(past, newest)
  // With a key of the system held it is not ours.
  await past.handle.press('Control+ArrowLeft')
  await past.handle.press('Alt+h')
  await tab.ready()
  assert.deepEqual(anna.errors, [])
})

test('time runs and stands by the space bar, as fast as chosen, and starts over at the end', async t => {
  const { anna, tab, newest, past } = await planned(t)
  const speed = times => tab.page.getByRole('button', { name: `Speed: ${times} times` })
  await speed(1).focus()
  await tab.page.keyboard.press('Enter')
  await tab.page.getByRole('menu').waitFor()
  await tab.page.keyboard.press('ArrowDown')
  await tab.page.keyboard.press('End')
  await tab.page.keyboard.press('Enter')
  await speed(4).waitFor()
  await tab.page.getByRole('menu').waitFor({ state: 'hidden' })
  await past.handle.focus()
  await tab.page.keyboard.press('Space')
  await tab.page.getByRole('button', { name: 'Pause' }).waitFor()
  await eventually('it started over', async () => await past.at() < newest)
  await eventually('it plays to the end', async () => await past.at() === newest, 30_000)
  await tab.page.getByRole('button', { name: 'Play', exact: true }).waitFor()
  await eventually('and is now', () => Promise.resolve(past.address === '?history=now'))
  await past.drawn()

  await tab.page.keyboard.press('Home')
  await stands(past, 1)
  await tab.page.keyboard.press('Space')
  await eventually('it runs', async () => await past.at() > 2)
  // A step stops it where it stands.
  await tab.page.keyboard.press('ArrowLeft')
  await tab.page.getByRole('button', { name: 'Play', exact: true }).waitFor()
  await eventually('the address names the moment', async () => past.address === `?history=${await past.at()}`)
  await past.drawn()
  const at = await past.at()
  const shown = [await past.text(), await tab.page.locator('.past-page .title-text').textContent()]
  assert.equal(shown.filter(part => part !== '').join('\n'), await textAt(server, tab, at))
  assert.deepEqual(anna.errors, [])
})

test('two handles compare any two moments, by keyboard and by mouse', async t => {
  const { anna, tab, newest, past } = await planned(t)
  const compare = tab.page.getByRole('button', { name: 'Compare', exact: true })
  await compare.press('Enter')
  await past.other.waitFor()
  assert.equal(await compare.getAttribute('aria-pressed'), 'true')
  await past.drawn()
  await past.other.press('Home')
  await stands(past, 1, past.other)
  await past.other.press('ArrowRight')
  await stands(past, 2, past.other)
  // One never passes the other.
  await past.other.press('End')
  await stands(past, newest - 1, past.other)
  // Nor does it cover it, at the end of the track and in the middle.
  const clear = async () => {
    await past.drawn()
    const [one, two] = [await past.other.boundingBox(), await past.handle.boundingBox()]
    assert.ok(one.x + one.width <= two.x + 0.5, `one ends at ${one.x + one.width}, the next begins at ${two.x}`)
    assert.deepEqual(await tab.seriousFindings(), [])
    assert.equal(await tab.overflow(), 0)
  }
  await clear()
  await past.handle.press('ArrowLeft')
  await stands(past, newest - 1)
  await eventually('they do not meet', async () => await past.at(past.other) < newest - 1)
  await past.handle.press('End')
  await past.other.press('Home')
  await eventually('the address names both', () => Promise.resolve(past.address === '?history=now&compare=1'))
  await past.drawn()
  const { summary } = await json(server, tab, `diff?from=1&to=${newest}`)
  const line = await tab.page.locator('.past-summary').textContent()
  assert.ok(line.startsWith(`+${summary.added} −${summary.removed} characters`), line)
  assert.equal(await tab.page.locator('.past-page [data-change="added"]').count() > 0, true)

  // By mouse: the nearer handle follows.
  const track = await tab.page.locator('.rail-graph').boundingBox()
  const y = track.y + track.height / 2
  await tab.page.mouse.move(track.x + 2, y)
  await tab.page.mouse.down()
  await tab.page.mouse.move(track.x + track.width / 2, y, { steps: 10 })
  await tab.page.mouse.up()
  await eventually('the first handle moved', async () => await past.at(past.other) > newest / 3)
  assert.equal(await past.at(), newest, 'the other one did not')
  await eventually('the address follows', async () => past.address === `?history=now&compare=${await past.at(past.other)}`)
  await past.drawn()
  const { address } = past
  await tab.page.reload()
  await tab.history()
  assert.equal(past.address, address)

  // The changes are stepped through, each with who did it read out.
  await tab.page.keyboard.press('n')
  await tab.page.getByRole('tooltip').getByText(/^Anna (added|removed) this/).waitFor()
  await eventually('it is read out', async () => /Anna (added|removed) this/.test(await tab.page.locator('.past-change-line .unseen[role="status"]').textContent()))
  await past.go(`?history=${Math.floor(newest / 2)}&compare=${Math.floor(newest / 2) - 1}`)
  await clear()
  await tab.shot('history-handles')
  await past.go('?history=now&compare=1')
  await compare.click()
  await past.other.waitFor({ state: 'detached' })
  await eventually('compared no more', () => Promise.resolve(past.address === '?history=now'))
  assert.deepEqual(anna.errors, [])
})
