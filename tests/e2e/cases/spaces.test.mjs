// Spaces and their pages: made, named, carried from place to place, by mouse and by keyboard, and seen by others at once.
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

/** A page in the space or page of that name, made from its line in the tree. */
async function makePage (tab, inside, title) {
  await tab.row(inside).hover()
  await tab.row(inside).getByRole('button', { name: tab.say('tree.add', { title: inside }), includeHidden: true }).click()
  await eventually('the caret is in the title', () => tab.page.evaluate(() => document.activeElement?.closest('.title-text') !== null))
  await tab.page.keyboard.type(title)
  await tab.row(title).waitFor()
  await tab.says(tab.say('save.saved'))
}

/** The lines below a space, in the tree as it is shown. */
async function below (tab, space) {
  const lines = await tab.tree()
  const from = lines.indexOf(`1 ${space}`) + 1
  const to = lines.findIndex((line, index) => index >= from && line.startsWith('1 '))
  return lines.slice(from, to < 0 ? undefined : to)
}

test('a space and its pages are made, dragged and undone, while somebody else looks on', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const ben = await person(t, browser, server, { name: 'Ben' })
  const tab = await anna.open('/')
  await tab.openSidebar()
  const his = await ben.open('/')
  await his.openSidebar()

  await tab.makeSpace('Harbour')
  await his.row('Harbour').waitFor()
  for (const title of ['Boats', 'Tides', 'Crew']) await makePage(tab, 'Harbour', title)
  await his.expand('Harbour')
  const order = ['2 Boats', '2 Tides', '2 Crew']
  await eventually('he sees them in their order', async () => (await below(his, 'Harbour')).join() === order.join())

  await tab.row('Crew').dragTo(tab.row('Boats'))
  await eventually('Crew is inside Boats', async () => (await below(tab, 'Harbour')).join() === '2 Boats,3 Crew,2 Tides')
  await tab.button('do.undo').click()
  await eventually('it is back', async () => (await below(tab, 'Harbour')).join() === order.join())

  const box = await tab.row('Boats').boundingBox()
  await tab.row('Tides').dragTo(tab.row('Boats'), { targetPosition: { x: box.width / 2, y: 2 } })
  await eventually('Tides stands first', async () => (await below(tab, 'Harbour')).join() === '2 Tides,2 Boats,2 Crew')
  await eventually('for him too', async () => (await below(his, 'Harbour')).join() === '2 Tides,2 Boats,2 Crew')

  await tab.makeSpace('Workshop')
  await tab.row('Boats').dragTo(tab.row('Workshop'))
  await eventually('Boats is in the other space', async () => (await below(tab, 'Harbour')).join() === '2 Tides,2 Crew')
  await eventually('for him too', async () => (await below(his, 'Harbour')).join() === '2 Tides,2 Crew')
  await tab.page.reload()
  await tab.openSidebar()
  await eventually('and it stays so', async () => (await below(tab, 'Harbour')).join() === '2 Tides,2 Crew')
  assert.deepEqual(await tab.seriousFindings(), [])
  await tab.shot('spaces')
  assert.deepEqual([...anna.errors, ...ben.errors], [])
})

test('by keyboard: a page is made, named in the tree, carried and moved by name', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const tab = await anna.open('/')
  await tab.openSidebar()
  await tab.makeSpace('Garden')
  await tab.page.keyboard.press('Alt+n')
  await eventually('the caret is in the title', () => tab.page.evaluate(() => document.activeElement?.closest('.title-text') !== null))
  await tab.page.keyboard.type('Roses')
  await tab.says('Saved')
  await makePage(tab, 'Garden', 'Herbs')

  await tab.row('Herbs').focus()
  await tab.page.keyboard.press('F2')
  await tab.page.locator('.tree-rename').fill('Herbs and leeks')
  await tab.page.keyboard.press('Enter')
  await eventually('the open page has the new title', async () => (await tab.title.textContent()).trim() === 'Herbs and leeks')

  await tab.row('Herbs and leeks').focus()
  await tab.page.keyboard.press('Control+Shift+D')
  await tab.page.keyboard.press('ArrowUp')
  await tab.page.keyboard.press('ArrowUp')
  await tab.page.keyboard.press('Enter')
  await eventually('it stands elsewhere', async () => (await below(tab, 'Garden')).join() !== '2 Roses,2 Herbs and leeks')

  await tab.row('Herbs and leeks').focus()
  await tab.page.keyboard.press('m')
  await tab.page.getByRole('combobox').fill('Rose')
  await tab.page.keyboard.press('Enter')
  let seen = ''
  await eventually(() => `it is inside Roses, not ${seen}`, async () => {
    seen = (await below(tab, 'Garden')).join()
    return seen === '2 Roses,3 Herbs and leeks'
  })
  assert.deepEqual(anna.errors, [])
})

test('two who move pages at once end with one tree', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const ben = await person(t, browser, server, { name: 'Ben' })
  const tab = await anna.open('/')
  await tab.openSidebar()
  await tab.makeSpace('Kitchen')
  for (const title of ['Soup', 'Bread', 'Cheese', 'Wine']) await makePage(tab, 'Kitchen', title)
  const his = await ben.open('/')
  await his.openSidebar()
  await his.expand('Kitchen')
  await his.row('Wine').waitFor()
  // Each into the other: one of the two has to be refused.
  for (const [one, what, where] of [[tab, 'Soup', 'Cheese'], [his, 'Cheese', 'Soup']]) {
    await one.row(what).focus()
    await one.page.keyboard.press('m')
    await one.page.getByRole('combobox').fill(where)
    await one.page.getByRole('option').filter({ hasText: where }).first().waitFor()
  }
  await Promise.all([tab.page.keyboard.press('Enter'), his.page.keyboard.press('Enter')])
  const trees = async () => {
    const both = []
    for (const one of [tab, his]) {
      for (const title of ['Soup', 'Cheese']) {
        const row = one.row(title).and(one.page.locator('[aria-expanded=false]'))
        if (await row.count() > 0) await one.expand(title, 1_000)
      }
      both.push((await below(one, 'Kitchen')).join())
    }
    return both
  }
  let seen = []
  await eventually(() => `both trees are one: ${seen.join(' and ')}`, async () => {
    seen = await trees()
    return seen[0] === seen[1] && seen[0].split('3 ').length === 2 && seen[0].split(',').length === 4
  })
})

test('a title with Chinese in it is in the address, the palette finds it, and a link by its id alone leads there', async t => {
  const anna = await person(t, browser, server, { name: 'Anna', locale: 'zh-CN', size: SIZES.phone, scheme: 'dark' })
  const tab = await anna.openNewPage()
  await tab.title.click()
  await tab.page.keyboard.type('春季训练计划')
  await tab.says('已保存')
  await eventually('the address reads so', () => Promise.resolve(decodeURIComponent(tab.address).includes('春季训练计划-')))
  const { document: name } = tab
  await tab.page.goto('/')
  await tab.page.locator('main .document').first().waitFor()
  await tab.page.keyboard.press('Control+k')
  await tab.page.getByPlaceholder(anna.say('palette.placeholder')).fill('训练')
  await tab.page.locator('[data-action]').getByText('春季训练计划').waitFor()
  assert.deepEqual(await tab.seriousFindings(), [])
  await tab.shot('palette-zh')
  await tab.page.keyboard.press('Enter')
  await tab.ready()
  await tab.page.goto(`/${name}`)
  await tab.ready()
  await eventually('the address is readable', () => Promise.resolve(decodeURIComponent(tab.address).includes('春季训练计划-')))
})
