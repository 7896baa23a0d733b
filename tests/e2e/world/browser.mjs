// Chromium, people in it, and what they see.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { chromium } from 'playwright-core'
import { words } from './words.mjs'

const require = createRequire(import.meta.url)
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const SHOTS = path.join(import.meta.dirname, '..', 'shots')
/** Of axe's four grades, those that keep someone from using the page. */
const SERIOUS = new Set(['serious', 'critical'])

export const SIZES = {
  desk: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
  smallPhone: { width: 320, height: 640 }
}

/** A browser process. Nothing in it may call home: the tests also run where there is no network. */
export function launch () {
  return chromium.launch({
    executablePath: process.env.WEFT_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  })
}

/** A browser of one's own (storage, language, scheme) in which nobody is signed in; closed when the test ends. */
export async function stranger (t, browser, server, { scheme = 'light', size = SIZES.desk, locale = 'en-US' } = {}) {
  const context = await browser.newContext({
    baseURL: server.http,
    colorScheme: scheme,
    viewport: size,
    locale,
    reducedMotion: 'reduce',
    // The one server that speaks https vouches for itself.
    ignoreHTTPSErrors: server.http.startsWith('https:'),
    hasTouch: size !== SIZES.desk,
    permissions: ['clipboard-read', 'clipboard-write']
  })
  t.after(() => context.close())
  return new Person(context, words(locale))
}

let strangers = 0

/** Somebody of the team, signed in, in a browser of their own. Who has no name here is somebody else each time. */
export async function person (t, browser, server, { name = `Person ${strangers += 1}`, color, role, ...look } = {}) {
  const one = await stranger(t, browser, server, look)
  const account = await server.account(name, { ...(role && { role }), ...(color && { color }) })
  await one.context.addCookies([{ name: 'weft', value: account.cookie, url: server.http, httpOnly: true, sameSite: 'Lax' }])
  return one
}

class Person {
  constructor (context, say) {
    this.context = context
    this.errors = []
    /** What the client says to them. */
    this.say = say
  }

  /** Opens a tab at `address`. */
  async open (address = '/') {
    const page = await this.context.newPage()
    page.setDefaultTimeout(30_000)
    page.on('pageerror', error => this.errors.push(error.message))
    await page.goto(address)
    return new Tab(page, this.say)
  }

  /** Opens a tab on a page just made, ready to be written. */
  async openNewPage () {
    const tab = await this.open('/')
    await tab.page.locator('main').getByRole('button', { name: /^(New page|新建页面)$/ }).first().click()
    await tab.ready()
    return tab
  }
}

export class Tab {
  constructor (page, say) {
    this.page = page
    this.say = say
    this.title = page.getByRole('textbox', { name: /^(Page title|页面标题)$/ })
    this.body = page.getByRole('textbox', { name: /^(Page text|页面正文)$/ })
    this.word = page.locator('.state-word')
  }

  get address () {
    return new URL(this.page.url()).pathname
  }

  /** The name of the document that this page shows. Its id is the last part of its address, behind its title. */
  get document () {
    const part = decodeURIComponent(this.address.split('/').at(-1))
    return `page/${part.startsWith('-') ? part.slice(1) : part.slice(part.lastIndexOf('-') + 1)}`
  }

  /** Something that is pressed, by the words for it. */
  button (key, slots) {
    return this.page.getByRole('button', { name: this.say(key, slots), exact: true })
  }

  entry (key) {
    return this.page.getByRole('menuitem', { name: this.say(key), exact: true })
  }

  /** Something that is filled in, by the words beside it. */
  field (key) {
    return this.page.getByRole('textbox', { name: this.say(key) })
  }

  /** A line of the sidebar's tree. */
  row (title) {
    return this.page.getByRole('treeitem', { name: title, exact: true })
  }

  /** The tree as it is shown: how deep, and what. */
  tree () {
    return this.page.locator('.tree-row').evaluateAll(rows =>
      rows.sort((a, b) => a.offsetTop - b.offsetTop).map(row => `${row.getAttribute('aria-level')} ${row.getAttribute('aria-label')}`))
  }

  /** Shows what is inside a line of the tree. `timeout` is for a line that may go away meanwhile. */
  async expand (title, timeout = 30_000) {
    const row = this.row(title)
    await row.and(this.page.locator('[aria-expanded]')).waitFor({ timeout })
    if (await row.getAttribute('aria-expanded', { timeout }) === 'true') return
    await row.focus({ timeout })
    await this.page.keyboard.press('ArrowRight')
    await row.and(this.page.locator('[aria-expanded=true]')).waitFor({ timeout })
  }

  /** Makes a space, from the sidebar, which is open. */
  async makeSpace (name) {
    await this.button('app.newSpace').click()
    const dialog = this.page.getByRole('dialog')
    await dialog.getByLabel(this.say('space.name'), { exact: true }).fill(name)
    await dialog.getByRole('button', { name: this.say('space.make') }).click()
    await dialog.waitFor({ state: 'detached' })
    await this.row(name).waitFor()
  }

  /** On narrow screens the sidebar is closed until it is asked for. */
  async openSidebar () {
    await this.page.locator('.topbar').waitFor()
    const opener = this.page.locator('.topbar-side')
    if (await opener.count() > 0) await opener.click()
    await this.page.locator('.tree-row').first().waitFor()
  }

  /** A page's menu, from its header. */
  async openMenu () {
    await this.button('do.more').click()
    await this.page.getByRole('menu').waitFor()
  }

  ready () {
    return this.body.waitFor({ timeout: 20_000 })
  }

  /**
   * Puts the caret at the end of the body, and gives the editor the frame in which it hears of that: browsers tell where the
   * caret is after the key that moved it, and no hand is so fast that the next key comes before.
   */
  async toTheEnd () {
    await this.body.focus()
    await this.page.keyboard.press('Control+End')
    await this.page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  }

  /** Types at the end of the body. */
  async type (text) {
    // Not by a click: one below the last block makes a new paragraph, as it should.
    await this.toTheEnd()
    await this.page.keyboard.type(text)
  }

  /** The body as one line per block; carets of others are drawn in it and are not its text. */
  text () {
    return this.body.evaluate(body => [...body.children]
      .map(block => {
        const copy = block.cloneNode(true)
        for (const caret of copy.querySelectorAll('[class*="caret"], .ProseMirror-widget, .ProseMirror-separator')) caret.remove()
        return copy.textContent.replace(/\u2060/g, '')
      })
      .join('\n').trimEnd())
  }

  /** Waits until the body holds `part`. */
  async reads (part, timeout = 30_000) {
    await eventually(`the page reads ${JSON.stringify(part)}`, async () => (await this.text()).includes(part), timeout)
  }

  /** Waits until the state word is exactly `text` (a string or a pattern). */
  async says (text, timeout = 20_000) {
    let now
    await eventually(() => `the state word says ${text}; it says ${now}`, async () => {
      now = (await this.word.textContent()).trim()
      return typeof text === 'string' ? now === text : text.test(now)
    }, timeout)
  }

  /** The state words from now on, each change once; ends with the tab. */
  async watchWord () {
    await this.word.evaluate(word => {
      window.words = [word.textContent.trim()]
      new MutationObserver(() => {
        const now = word.textContent.trim()
        if (window.words.at(-1) !== now) window.words.push(now)
      }).observe(word, { childList: true, subtree: true, characterData: true })
    })
  }

  words () {
    return this.page.evaluate(() => window.words)
  }

  /** A picture for people to look at, in `shots`, if they asked for pictures: they take time, and no test looks at them. */
  async shot (name) {
    if (!process.env.WEFT_SHOTS) return
    mkdirSync(SHOTS, { recursive: true })
    await this.page.screenshot({ path: path.join(SHOTS, `${name}.png`) })
  }

  /** How far the page is wider than the window, in CSS pixels. */
  overflow () {
    return this.page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth))
  }

  /** What axe finds serious or worse, a line each. */
  async seriousFindings () {
    // As a script of the page it would be against the page's own rules.
    if (await this.page.evaluate(() => window.axe === undefined)) await this.page.evaluate(AXE)
    const { violations } = await this.page.evaluate(async () => {
      // A colour on its way to another is neither.
      const ends = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime < Infinity)
      await Promise.allSettled(ends.map(({ finished }) => finished))
      return window.axe.run(document, {
        resultTypes: ['violations'],
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
      })
    })
    return violations
      .filter(({ impact }) => SERIOUS.has(impact))
      .map(({ id, impact, nodes }) => `${impact}: ${id}: ${nodes.map(({ target }) => target.join(' ')).join(' | ')}`)
  }

  /** Opens the page's history, at now. */
  async openHistory () {
    await this.page.getByRole('button', { name: /^(History|历史)$/ }).click()
    return this.history()
  }

  /** The history of the page, once its moment is drawn. */
  async history () {
    const past = new Past(this)
    await past.drawn()
    return past
  }

  close () {
    return this.page.close()
  }
}

/** A page's history, as somebody looks at it in a tab. */
export class Past {
  constructor (tab) {
    this.tab = tab
    this.page = tab.page
    this.words = tab.page.getByTestId('past-words')
    this.body = tab.page.getByTestId('past-body')
    this.handle = tab.page.getByRole('slider', { name: /^(Moment|时刻)$/ })
    /** Of a comparison: the moment compared with. */
    this.other = tab.page.getByRole('slider', { name: /^(Compared with|对比基准)$/ })
  }

  get address () {
    return new URL(this.page.url()).search
  }

  /** Waits until the moment that the handle stands at is drawn. */
  async drawn () {
    await this.handle.waitFor()
    await this.page.locator('main.past-page[data-pending="false"]').waitFor()
  }

  text () {
    return this.body.evaluate(body => [...body.children].map(block => block.textContent).join('\n').trimEnd())
  }

  /** Where the handle stands: a place in the log. */
  async at (handle = this.handle) {
    return Number(await handle.getAttribute('aria-valuenow'))
  }

  /** Goes to a moment by the address, as a link does. */
  async go (search) {
    await this.page.goto(`${this.tab.address}${search}`)
    await this.drawn()
  }

  /** Steps back, a change at a time, until the page of that moment reads `part`. */
  async backUntil (part, steps = 60) {
    await this.handle.focus()
    for (let step = 0; step < steps; step += 1) {
      if ((await this.text()).includes(part)) return
      const before = await this.handle.getAttribute('aria-valuenow')
      await this.page.keyboard.press('ArrowLeft')
      await eventually('the handle moves', async () => await this.handle.getAttribute('aria-valuenow') !== before)
      await this.drawn()
    }
    throw new Error(`no moment within ${steps} changes reads ${JSON.stringify(part)}`)
  }
}

/** Looks again until `check()` holds; for what the browser gives no event for. */
export async function eventually (what, check, timeout = 30_000) {
  const end = Date.now() + timeout
  let last = null
  for (;;) {
    try {
      if (await check()) return
    } catch (error) {
      last = error
    }
    if (Date.now() > end) throw new Error(`not within ${timeout} ms: ${typeof what === 'function' ? what() : what}`, { cause: last })
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
