// How the history looks and whether everybody can use it: every width and scheme, both languages, and nothing for axe.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SIZES, eventually, launch, person } from '../world/browser.mjs'
import { head, restore, writePlan } from '../world/history.mjs'
import { Server } from '../world/server.mjs'

const WORDS = {
  'en-US': { saved: 'Saved', name: 'Name this moment', label: 'Name of this moment', changes: /^(Show changes|Changes)$/, compare: 'Compare', sessions: 'Sessions', play: 'Play', back: 'Back to the page', back2: 'Return to now' },
  'zh-CN': { saved: '已保存', name: '为这一时刻命名', label: '这一时刻的名称', changes: /^(显示改动|改动)$/, compare: '对比', sessions: '编辑时段', play: '播放', back: '返回页面', back2: '回到现在' }
}
const LINES = {
  'en-US': ['Anna opens the hall.', 'The band plays at nine, and longer than the neighbours would like.', 'Tickets are at the door.'],
  'zh-CN': ['安娜打开大厅。', '乐队九点开始演奏，比邻居们希望的更久。', '门口有票。']
}

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

/** Whether everything that can be pressed is on the screen and large enough for a finger (24 px at least). */
async function reachable (tab, width) {
  const off = await tab.page.locator('.past-bar button, .rail-controls button').evaluateAll((buttons, width) => buttons
    .filter(one => one.checkVisibility())
    .map(one => ({ name: one.getAttribute('aria-label') ?? one.textContent, box: one.getBoundingClientRect() }))
    .filter(({ box }) => box.left < 0 || box.right > width || box.width < 24 || box.height < 24)
    .map(({ name, box }) => `${name}: ${Math.round(box.left)} to ${Math.round(box.right)}, ${Math.round(box.height)} high`), width)
  assert.deepEqual(off, [])
}

// Each width and scheme in one language, so that each language is seen in both.
for (const [at, size] of ['desk', 'phone', 'smallPhone'].entries()) {
  for (const scheme of ['light', 'dark']) {
    const locale = (at + Number(scheme === 'dark')) % 2 === 0 ? 'en-US' : 'zh-CN'
    const { width } = SIZES[size]
    test(`the history on ${width} pixels, in ${scheme}, in ${locale}`, async t => {
      const word = WORDS[locale]
      const ben = await person(t, browser, server, { locale, size: SIZES[size], scheme, name: 'Benedikt Aurelius', color: '#b0521b' })
      const anna = await person(t, browser, server, { locale, size: SIZES[size], scheme, name: 'Anna' })
      const tab = await anna.openNewPage()
      await writePlan(tab, LINES[locale], 'Plan', word.saved)
      const other = await ben.open(tab.address)
      await other.ready()
      await other.reads(LINES[locale][2])
      await other.type(' Ben was here too.')
      await other.says(word.saved)
      await tab.reads('Ben was here too.')
      const written = await head(server, tab)
      await restore(server, tab, Math.floor(written / 2))

      const past = await tab.openHistory()
      await past.drawn()
      const shot = name => tab.shot(`history-${name}-${width}-${scheme}-${locale}`)
      const sound = async name => {
        await past.drawn()
        assert.ok(await tab.overflow() <= 0, `${name}: wider than the screen`)
        await reachable(tab, width)
        assert.deepEqual(await tab.seriousFindings(), [], name)
        await shot(name)
      }
      await sound('now')
      await tab.page.getByRole('button', { name: word.name }).click()
      await tab.page.getByLabel(word.label).fill('A name that is rather long for a moment of a small page')
      assert.deepEqual(await tab.seriousFindings(), [], 'naming')
      await shot('naming')
      await tab.page.keyboard.press('Enter')
      await tab.page.locator('.rail-flag').waitFor()

      await past.go(`?history=${written}&compare=session`)
      await sound('changes')
      await past.go(`?history=now&compare=${Math.floor(written / 4)}`)
      await sound('compare')
      await tab.page.keyboard.press('n')
      await tab.page.getByRole('tooltip').waitFor()
      await shot('card')
      if (size !== 'desk') {
        await tab.page.getByRole('button', { name: word.sessions, exact: true }).click()
        await tab.page.getByRole('dialog').getByTestId('past-session').first().waitFor()
        await eventually('it has slid in', async () => (await tab.page.getByRole('dialog').evaluate(one => one.getAnimations({ subtree: true }).length)) === 0)
        assert.deepEqual(await tab.seriousFindings(), [], 'sessions')
        await shot('sessions')
      } else {
        await tab.page.getByTestId('past-session').first().locator('xpath=..').locator('.past-row-menu').click()
        await tab.page.getByRole('menu').waitFor()
        assert.deepEqual(await tab.seriousFindings(), [], 'menu')
        await shot('menu')
      }
      assert.deepEqual([...anna.errors, ...ben.errors], [])
    })
  }
}
