// A page's past: found, read, compared and brought back, by mouse, by keyboard and on a phone, while others type.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SIZES, eventually, launch, person } from '../world/browser.mjs'
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

test('every moment of a page is shown, from its address too, and Back leads out of the past', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const tab = await anna.openNewPage()
  await writePlan(tab)
  const past = await tab.openHistory()
  assert.match(await past.words.textContent(), /^Now · last change at \d\d:\d\d by Anna$/)
  assert.equal(await tab.body.count(), 0, 'the past cannot be typed into')
  await past.handle.press('Shift+ArrowLeft')
  await eventually('the handle is at the beginning', async () => await past.handle.getAttribute('aria-valuenow') === '1')
  await past.handle.press('PageUp')
  await eventually('the handle is at the end', async () => past.address === '?history=now')
  for (let step = 0; step < 3; step += 1) await past.handle.press('ArrowLeft')
  await eventually('the address names the moment', () => Promise.resolve(/^\?history=\d+$/.test(past.address)))
  await past.drawn()
  const { address } = past
  const seq = Number(address.split('=')[1])
  const said = (await textAt(server, tab, seq)).replace(/\n?Plan\n?/, '')
  await eventually('the moment of the address is drawn', async () => await past.text() === said)

  await tab.page.reload()
  const again = await tab.history()
  assert.equal(again.address, address)
  const ben = await person(t, browser, server, { name: 'Ben' })
  const other = await ben.open(`${tab.address}${address}`)
  const theirs = await other.history()
  assert.equal(await theirs.text(), await again.text())
  assert.match(await theirs.words.textContent(), /^Viewing \d\d:\d\d · by Anna$/)

  await tab.page.goBack()
  await tab.ready()
  await tab.reads('Tickets are at the door.')
  assert.equal(new URL(tab.page.url()).search, '')
  assert.deepEqual([...anna.errors, ...ben.errors], [])
})

test('looking into the past changes nothing, and what was typed before can still be undone after it', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const tab = await anna.openNewPage()
  await tab.type('written before')
  await tab.says('Saved')
  const before = await head(server, tab)
  await tab.openHistory()
  await tab.page.keyboard.press('Home')
  await tab.page.keyboard.press('Escape')
  await tab.ready()
  assert.equal(await head(server, tab), before)
  await tab.body.focus()
  await tab.page.keyboard.press('Control+z')
  await eventually('the words are gone', async () => !(await tab.text()).includes('written before'))
})

test('the history can be walked with the keyboard alone', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const tab = await anna.openNewPage()
  await writePlan(tab)
  await tab.page.keyboard.press('Alt+h')
  const past = await tab.history()
  const focused = () => past.handle.evaluate(handle => handle === document.activeElement)
  await eventually('the handle has the focus', focused)
  const newest = Number(await past.handle.getAttribute('aria-valuenow'))
  assert.match(await past.handle.getAttribute('aria-valuetext'), /^\d\d:\d\d, Anna$/)
  await tab.page.keyboard.press('ArrowLeft')
  await eventually('one change back', async () => Number(await past.handle.getAttribute('aria-valuenow')) === newest - 1)
  await tab.page.keyboard.press('Home')
  await eventually('the beginning', async () => past.address === '?history=1')
  await tab.page.keyboard.press('Space')
  await eventually('time runs', async () => Number(await past.handle.getAttribute('aria-valuenow')) > 3)
  await tab.page.keyboard.press('Space')
  await eventually('time stands', async () => /^\?history=\d+$/.test(past.address) && past.address !== '?history=1')
  await tab.page.keyboard.press('End')
  await eventually('now', async () => past.address === '?history=now')
  // From the handle on, Tab reaches everything there is to do; the list of sessions is one of it.
  const session = tab.page.getByTestId('past-session').first()
  for (let steps = 0; steps < 40 && !await session.evaluate(row => row === document.activeElement); steps += 1) {
    await tab.page.keyboard.press('Shift+Tab')
  }
  assert.ok(await session.evaluate(row => row === document.activeElement), 'the list is reached')
  await tab.page.keyboard.press('Escape')
  await tab.ready()
  assert.equal(new URL(tab.page.url()).search, '')
})

for (const scheme of ['light', 'dark']) {
  test(`axe finds nothing serious in the history, in ${scheme}`, async t => {
    const anna = await person(t, browser, server, { scheme, name: 'Anna' })
    const tab = await anna.openNewPage()
    await writePlan(tab)
    const past = await tab.openHistory()
    await past.handle.press('Shift+ArrowLeft')
    await eventually('another moment', async () => past.address !== '?history=now')
    await past.drawn()
    await tab.shot(`history-${scheme}`)
    assert.deepEqual(await tab.seriousFindings(), [])
    await tab.page.getByRole('button', { name: /^Menu of the session/ }).first().click()
    await tab.page.getByRole('menu').waitFor()
    assert.deepEqual(await tab.seriousFindings(), [])
    assert.deepEqual(anna.errors, [])
  })
}

test('on a phone the history fits, and the list slides over the page', async t => {
  const anna = await person(t, browser, server, { size: SIZES.phone, name: 'Anna' })
  const tab = await anna.openNewPage()
  await writePlan(tab)
  const past = await tab.openHistory()
  assert.equal(await tab.overflow(), 0)
  for (const name of ['Play', 'Changes', 'Compare', 'Sessions', 'Back to the page']) {
    const box = await tab.page.getByRole('button', { name, exact: true }).boundingBox()
    assert.ok(box && box.x >= 0 && box.x + box.width <= SIZES.phone.width, `${name} is on the screen`)
  }
  const track = await tab.page.locator('.rail-graph').boundingBox()
  await tab.page.mouse.move(track.x + track.width - 2, track.y + 12)
  await tab.page.mouse.down()
  await tab.page.mouse.move(track.x + track.width / 2, track.y + 12, { steps: 8 })
  await tab.page.mouse.up()
  await eventually('the address names a moment', async () => /^\?history=\d+$/.test(past.address))
  await past.drawn()
  assert.equal(await tab.overflow(), 0)
  await tab.shot('history-390')
  await tab.page.getByRole('button', { name: 'Sessions' }).click()
  const list = tab.page.getByRole('dialog', { name: 'Sessions' })
  await list.getByTestId('past-session').first().click()
  await eventually('the session’s end is shown', async () => past.address === '?history=now')
  await list.waitFor({ state: 'hidden' })
  assert.deepEqual(anna.errors, [])
})

test('what somebody deleted is found and brought back while others type, and nothing they typed is lost', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const ben = await person(t, browser, server, { name: 'Ben', color: '#b0521b' })
  const cleo = await person(t, browser, server, { name: 'Cleo', color: '#8a52b5' })
  const left = await anna.openNewPage()
  await writePlan(left)
  const right = await ben.open(left.address)
  await right.ready()
  await right.reads('Tickets are at the door.')
  await right.type(' Ben counts the chairs.')
  await right.says('Saved')
  await left.reads('Ben counts the chairs.')

  const third = await cleo.open(left.address)
  await third.ready()
  await third.reads('Ben counts the chairs.')
  await third.body.focus()
  await third.page.keyboard.press('Control+a')
  await third.page.keyboard.press('Delete')
  await third.says('Saved')
  await eventually('the page is empty', async () => (await left.text()).trim() === '')

  // Who did it: the newest change says so, and what it took is struck out under their name.
  let past = await left.openHistory()
  await eventually('the history names who changed the page last', async () => /last change .* by Cleo/.test(await past.words.textContent()))
  const emptied = await head(server, left)
  await left.page.goto(`${left.address}?history=${emptied}&compare=${emptied - 1}`)
  past = await left.history()
  await left.page.keyboard.press('n')
  await left.page.getByRole('tooltip').getByText('Cleo removed this').waitFor()
  await left.shot('history-deleted')

  // One block comes back while Ben types on.
  await left.page.getByRole('button', { name: 'Compare' }).click()
  await past.backUntil('The band plays at nine.')
  await eventually('the address tells the moment', async () => /[?]history=\d+$/.test(left.page.url()))
  const whole = new URL(left.page.url()).search
  const before = await right.type('Ben is still here. ').then(() => right.text())
  assert.ok(before.includes('Ben is still here.'))
  const typing = right.page.keyboard.type('And he goes on typing. '.repeat(3), { delay: 15 })
  await past.body.getByText('The band plays at nine.').hover()
  await left.page.getByRole('button', { name: 'Restore this block' }).click()
  await left.page.getByText('Restored').waitFor()
  await left.reads('The band plays at nine.')
  await typing
  await left.reads(`Ben is still here. ${'And he goes on typing. '.repeat(3)}`.trim())
  assert.ok(!(await left.text()).includes('Anna opens the hall.'), 'only that block is back')

  // Then the page as it was, while Ben types on in what is there.
  const typed = `Ben is still here. ${'And he goes on typing. '.repeat(3)}`
  await left.page.goto(`${left.address}${whole}`)
  past = await left.history()
  const last = 'More and more. '.repeat(12)
  const more = right.page.keyboard.type(last, { delay: 20 })
  await left.page.getByRole('button', { name: 'Restore page' }).click()
  await left.page.getByText('Restored').waitFor()
  for (const line of ['Anna opens the hall.', 'The band plays at nine.', 'Tickets are at the door.']) await left.reads(line)
  await more
  await right.says('Saved')
  await eventually('both windows show the same text', async () => await left.text() === await right.text())
  await left.shot('history-restored')

  // Nothing is lost: what Ben typed before is in the moment before the restore, what he typed after it is on the page.
  const { sessions } = await json(server, left, 'history?limit=200')
  const [restored] = sessions.filter(({ kind }) => kind === 'restore')
  const then = await textAt(server, left, restored.from.seq - 1)
  assert.ok(then.includes(typed.trim()), then)
  let early = last.length
  while (early > 0 && !then.includes(last.slice(0, early).trimEnd())) early -= 1
  await left.reads(last.slice(early).trim())
  assert.deepEqual([...anna.errors, ...ben.errors, ...cleo.errors], [])
})
