// "Who wrote this?": selected text of a page as it is tells its authors, piece by piece, and leads to the moment.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SIZES, eventually, launch, person } from '../world/browser.mjs'
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

/** A line that Anna began, Ben went on with, and of which Cleo took a word away and wrote another; only Anna is still here. */
async function lineOfThree (t, options = {}) {
  const anna = await person(t, browser, server, { name: 'Anna', ...options })
  const tab = await anna.openNewPage()
  const saved = options.locale === 'zh-CN' ? '已保存' : 'Saved'
  await tab.type('Anna wrote this,')
  await tab.says(saved)
  const people = [anna]
  for (const [name, text] of [['Ben', ' Ben wrote secrets'], ['Cleo', ' and Cleo that.']]) {
    const other = await person(t, browser, server, { name })
    people.push(other)
    const there = await other.open(tab.address)
    await there.ready()
    await there.reads('Anna wrote this,')
    if (name === 'Cleo') {
      await there.reads('secrets')
      await there.toTheEnd()
      for (let letter = 0; letter < ' secrets'.length; letter += 1) await there.page.keyboard.press('Backspace')
    }
    await there.type(text)
    await there.says('Saved')
    await there.close()
  }
  await tab.reads('Anna wrote this, Ben wrote and Cleo that.')
  return { tab, people }
}

const answer = async tab => {
  const box = tab.page.getByTestId('who-wrote')
  await box.locator('li').first().waitFor()
  return box.locator('li').evaluateAll(items => items.map(item =>
    [item.querySelector('strong').textContent, item.querySelector('.who-text').textContent]))
}

const ALL = [['Anna', 'Anna wrote this,'], ['Ben', ' Ben wrote'], ['Cleo', ' and Cleo that.']]

test('by mouse: selected text of three people is told piece by piece, without what was deleted', async t => {
  const { tab, people } = await lineOfThree(t)
  await tab.body.getByText('Anna wrote this').click({ clickCount: 3 })
  await tab.page.getByRole('button', { name: 'Who wrote this?' }).click()
  assert.deepEqual(await answer(tab), ALL)
  assert.deepEqual(await tab.seriousFindings(), [])
  await tab.shot('who-wrote-light')
  // It leads to the moment in which it was written.
  await tab.page.getByTestId('who-wrote').locator('li').nth(1).getByRole('button', { name: 'Show in history' }).click()
  const past = await tab.history()
  assert.match(past.address, /^\?history=\d+$/)
  assert.match(await past.words.textContent(), /by Ben$/)
  await eventually('the page reads as it did', async () => (await past.text()).startsWith('Anna wrote this, Ben wrote'))
  await tab.page.goBack()
  await tab.ready()
  assert.deepEqual(people.flatMap(({ errors }) => errors), [])
})

test('by keyboard: it is asked, read, closed, and the selection is where it was', async t => {
  const { tab, people } = await lineOfThree(t)
  await tab.body.focus()
  await tab.page.keyboard.press('Control+Home')
  for (let letter = 0; letter < 'Anna wrote this, Ben'.length; letter += 1) await tab.page.keyboard.press('Shift+ArrowRight')
  const ask = tab.page.getByRole('button', { name: 'Who wrote this?' })
  await ask.waitFor()
  for (let steps = 0; steps < 20 && !await ask.evaluate(one => one === document.activeElement); steps += 1) await tab.page.keyboard.press('Tab')
  assert.ok(await ask.evaluate(one => one === document.activeElement), 'the question is reached by Tab')
  await tab.page.keyboard.press('Enter')
  assert.deepEqual(await answer(tab), [ALL[0], ['Ben', ' Ben']])
  const box = tab.page.getByTestId('who-wrote')
  assert.ok(await box.evaluate(one => one === document.activeElement), 'the answer has the focus')
  await tab.page.keyboard.press('Tab')
  await eventually('its first way on is next', () => tab.page.evaluate(() => document.activeElement?.textContent === 'Show in history'))
  await tab.page.keyboard.press('Escape')
  await box.waitFor({ state: 'hidden' })
  await eventually('the text has the focus again', () => tab.body.evaluate(body => body.contains(document.activeElement)))
  assert.equal(await tab.page.evaluate(() => getSelection().toString()), 'Anna wrote this, Ben')
  assert.deepEqual(people.flatMap(({ errors }) => errors), [])
})

for (const size of ['phone', 'smallPhone']) {
  test(`in the dark on a screen of ${SIZES[size].width} pixels it fits`, async t => {
    const { tab } = await lineOfThree(t, { scheme: 'dark', size: SIZES[size] })
    await tab.body.focus()
    await tab.page.keyboard.press('Control+a')
    await tab.page.getByRole('button', { name: 'Who wrote this?' }).click()
    assert.deepEqual(await answer(tab), ALL)
    const box = await tab.page.getByTestId('who-wrote').boundingBox()
    assert.ok(box.x >= 0 && box.x + box.width <= SIZES[size].width, `from ${box.x}, ${box.width} wide`)
    assert.ok(await tab.overflow() <= 0)
    assert.deepEqual(await tab.seriousFindings(), [])
    await tab.shot(`who-wrote-dark-${SIZES[size].width}`)
  })
}

test('in Chinese, and when the server is away', async t => {
  const { tab } = await lineOfThree(t, { locale: 'zh-CN' })
  await tab.page.route(/\/blame/, route => route.abort())
  await tab.body.getByText('Anna wrote this').click({ clickCount: 3 })
  await tab.page.getByRole('button', { name: '这是谁写的？' }).click()
  const box = tab.page.getByTestId('who-wrote')
  await box.getByText('无法连接服务器，请检查网络。').waitFor({ timeout: 30_000 })
  await tab.page.unroute(/\/blame/)
  await box.getByRole('button', { name: '重试' }).click()
  assert.deepEqual(await answer(tab), ALL)
  await tab.shot('who-wrote-zh')
})
