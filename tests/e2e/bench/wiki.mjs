// Opens pages of a large wiki, begins new ones and rolls through its tree, as a hand does, and prints one line of JSON: how
// long each took. `node wiki.mjs http://host:port <e-mail> <password> <space>`; the benchmark runs it. The space's pages
// are called “Page 0001” and so on.
import { launch, stranger } from '../world/browser.mjs'

const OPENED = 8
const BEGUN = 5
const ROLL_MS = 4_000
const ROLL_PX = 160
/** Longer than this is more than one refresh of the screen. */
const LATE_MS = 20

const [http, email, password, space] = process.argv.slice(2)
const browser = await launch()
const errors = []

/** A browser that has nothing of the wiki yet, with its tree open. */
async function comes () {
  const one = await stranger({ after () {} }, browser, { http })
  const signedIn = await one.context.request.post('/api/sign-in', { data: { email, password } })
  if (!signedIn.ok()) throw new Error(`${signedIn.status()} for signing in: ${await signedIn.text()}`)
  const tab = await one.open('/')
  await tab.openSidebar()
  await tab.expand(space)
  await tab.row('Page 0001').waitFor()
  await tab.page.evaluate(() => {
    window.addEventListener('pointerdown', () => { window.pressed = performance.now() }, true)
    /** Milliseconds from the last press until something holds, looked at each frame. */
    window.since = holds => new Promise(resolve => {
      const look = () => {
        const done = holds()
        if (done) resolve(performance.now() - window.pressed)
        else requestAnimationFrame(look)
      }
      look()
    })
  })
  return { one, tab }
}

/** From pressing a line of the tree until its page can be written. */
async function opens (tab, title) {
  await tab.row(title).click({ noWaitAfter: true })
  return tab.page.evaluate(title => window.since(() =>
    document.querySelector('[data-testid="title"][contenteditable="true"]')?.textContent.trim() === title &&
    document.querySelector('[data-testid="body"][contenteditable="true"]') !== null
  ), title)
}

/** From pressing “New page” until the caret stands in its title. */
async function begins (tab) {
  await tab.row(space).hover()
  await tab.row(space).getByRole('button', { name: tab.say('tree.add', { title: space }), includeHidden: true }).click({ noWaitAfter: true })
  const took = await tab.page.evaluate(() => window.since(() =>
    document.activeElement?.closest('[data-testid="title"]') && document.activeElement.textContent.trim() === ''))
  await tab.page.keyboard.type('Begun')
  await tab.says(tab.say('save.saved'))
  return took
}

const { one: first, tab: cold } = await comes()
const openCold = await opens(cold, 'Page 0001')
errors.push(...first.errors)
await first.context.close()

const { one, tab } = await comes()
await opens(tab, 'Page 0001')
const warm = []
for (let number = 2; number < 2 + OPENED; number += 1) warm.push(await opens(tab, `Page ${String(number).padStart(4, '0')}`))
const begun = []
for (let number = 0; number < BEGUN; number += 1) begun.push(await begins(tab))

const row = await tab.row('Page 0003').boundingBox()
await tab.page.mouse.move(row.x + 40, row.y + row.height / 2)
await tab.page.evaluate(() => {
  window.frames = []
  let last = null
  const tick = now => {
    if (last !== null) window.frames.push(now - last)
    last = now
    window.ticking = requestAnimationFrame(tick)
  }
  window.ticking = requestAnimationFrame(tick)
})
const began = performance.now()
while (performance.now() - began < ROLL_MS) {
  await tab.page.mouse.wheel(0, ROLL_PX)
  await new Promise(resolve => setTimeout(resolve, 8))
}
const frames = await tab.page.evaluate(() => {
  cancelAnimationFrame(window.ticking)
  return window.frames
})
const lines = await tab.tree()
if (lines.some(line => line.endsWith('Page 0003'))) errors.push('the tree did not roll')
errors.push(...one.errors)
await browser.close()

const quantile = (all, share) => {
  const sorted = all.toSorted((one, other) => one - other)
  return sorted[Math.ceil(sorted.length * share) - 1]
}
console.log(JSON.stringify({
  open_cold: openCold,
  open_warm: quantile(warm, 0.5),
  open_longest: Math.max(...warm),
  new_page: quantile(begun, 0.5),
  new_longest: Math.max(...begun),
  p50: quantile(frames, 0.5),
  p99: quantile(frames, 0.99),
  late: frames.filter(frame => frame > LATE_MS).length
}))
if (errors.length > 0) {
  console.error(errors.join('\n'))
  process.exit(1)
}
