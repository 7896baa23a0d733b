// Drags the handle of a page's history to and fro, as a hand does, and prints one line of JSON: what the frames took, and
// how long it was from letting go to the moment being drawn. `node drag.mjs http://host:port /page/<id> <e-mail>
// <password>`; the benchmark runs it.
import { launch, stranger } from '../world/browser.mjs'

const DRAGS = 5
const DRAG_MS = 2_400
/** A hand's device tells of its place so often. */
const MOVE_EVERY_MS = 8
/** Longer than this is more than one refresh of the screen. */
const LATE_MS = 20

const [http, address, email, password] = process.argv.slice(2)
const browser = await launch()
const anna = await stranger({ after () {} }, browser, { http })
const signedIn = await anna.context.request.post('/api/sign-in', { data: { email, password } })
if (!signedIn.ok()) throw new Error(`${signedIn.status()} for signing in: ${await signedIn.text()}`)
const tab = await anna.open(`${address}?history=now`)
const { page } = tab
await tab.history()

await page.evaluate(() => {
  window.frames = []
  window.releases = []
  let last = null
  const tick = now => {
    if (last !== null && window.held) window.frames.push(now - last)
    last = now
    requestAnimationFrame(tick)
  }
  requestAnimationFrame(tick)
  window.addEventListener('pointerdown', () => { window.held = true }, true)
  window.addEventListener('pointerup', () => {
    window.held = false
    const since = performance.now()
    const main = document.querySelector('main.past-page')
    let frames = 0
    const look = () => {
      frames += 1
      // The place of the release itself counts from the frame after next on.
      if (frames < 3 || main.dataset.pending !== 'false') requestAnimationFrame(look)
      else window.releases.push(performance.now() - since)
    }
    requestAnimationFrame(look)
  }, true)
})

const track = await page.locator('.rail-graph').boundingBox()
const y = track.y + track.height / 2
const at = part => track.x + 1 + (track.width - 2) * part
/** Where the hand is: over the whole track and back, slow at the turns, elsewhere each time it lets go. */
const swing = (part, drag) => 0.5 + 0.5 * Math.cos(Math.PI * 2 * part * (0.6 + drag * 0.13))

for (let drag = 0; drag < DRAGS; drag += 1) {
  await page.mouse.move(at(swing(0, drag)), y)
  await page.mouse.down()
  const since = performance.now()
  for (let next = 0; next < DRAG_MS; next += MOVE_EVERY_MS) {
    const left = next - (performance.now() - since)
    if (left > 0) await new Promise(resolve => setTimeout(resolve, left))
    await page.mouse.move(at(swing((performance.now() - since) / DRAG_MS, drag)), y)
    if (performance.now() - since > DRAG_MS) break
  }
  await page.mouse.up()
  await page.waitForFunction(count => window.releases.length === count, drag + 1)
}

const { frames, releases } = await page.evaluate(() => ({ frames: window.frames, releases: window.releases }))
await browser.close()
frames.sort((one, other) => one - other)
const quantile = share => frames[Math.min(frames.length - 1, Math.ceil(frames.length * share) - 1)]
console.log(JSON.stringify({
  frames: frames.length,
  p50: quantile(0.5),
  p99: quantile(0.99),
  longest: frames.at(-1),
  late: frames.filter(frame => frame > LATE_MS).length,
  drawn: Math.max(...releases)
}))
if (anna.errors.length > 0) {
  console.error(anna.errors.join('\n'))
  process.exit(1)
}
