// The wiki as an app: it is installed, opens without its server, and becomes a newer one when its reader says so.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { SIZES, eventually, launch, person } from '../world/browser.mjs'
import { Server } from '../world/server.mjs'

let browser
let server
before(async () => { browser = await launch() })
after(() => browser?.close())
beforeEach(async () => { server = await Server.start() })
afterEach(() => server.end())

/** The worker has the whole client and serves this tab. */
async function installed (tab) {
  await tab.page.evaluate(async () => {
    await navigator.serviceWorker.ready
    if (navigator.serviceWorker.controller !== null) return
    await new Promise(resolve => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }))
  })
}

/** What of the wiki this browser holds on its disk. */
function holdings (tab) {
  return tab.page.evaluate(async () => {
    const cached = []
    for (const name of await caches.keys()) {
      for (const { url } of await (await caches.open(name)).keys()) cached.push(new URL(url).pathname)
    }
    const databases = (await indexedDB.databases()).map(({ name }) => name)
    const answers = databases.includes('weft-answers')
      ? await new Promise((resolve, reject) => {
        const opening = indexedDB.open('weft-answers')
        opening.onerror = () => reject(opening.error)
        opening.onsuccess = () => {
          const asking = opening.result.transaction(['answers']).objectStore('answers').getAllKeys()
          asking.onsuccess = () => {
            opening.result.close()
            resolve(asking.result)
          }
        }
      })
      : []
    return {
      documents: databases.filter(name => name !== 'weft-answers'),
      // What anybody may know of the server is nobody's.
      answers: answers.filter(path => path !== '/api/server'),
      notes: Object.keys(localStorage).filter(key => key.startsWith('weft.')).sort(),
      cached: cached.filter(path => path.startsWith('/api') || path.startsWith('/ws'))
    }
  })
}

async function written (who, title, text) {
  const tab = await who.openNewPage()
  await tab.title.click()
  await tab.page.keyboard.type(title)
  await tab.page.keyboard.press('Enter')
  await tab.page.keyboard.type(text)
  await tab.says(who.say('save.saved'))
  return tab
}

const kept = who => {
  const [head, tail] = who.say('save.offlineKept_other', { count: 'N' }).split('N')
  return new RegExp(`^${head}\\d+${tail}$`)
}

test('a page that was open before opens without the server, is written, closed, and saved later', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const ben = await person(t, browser, server, { name: 'Ben' })
  let tab = await written(anna, 'Packing list', 'Tent. ')
  const { address } = tab
  await eventually('the address holds the title', () => tab.address.includes('packing-list'))

  const manifest = await tab.page.evaluate(async () =>
    (await fetch(document.querySelector('link[rel=manifest]').href)).json())
  assert.equal(manifest.display, 'standalone')
  for (const { src, type } of manifest.icons) {
    const icon = await server.ask(src)
    assert.equal(icon.headers.get('content-type'), type, src)
  }
  await installed(tab)
  await server.stop('SIGKILL')

  await tab.page.reload()
  await tab.ready()
  await tab.reads('Tent.')
  await tab.says(anna.say('save.offline'))
  await tab.type('Stove. ')
  await tab.says(kept(anna))
  await tab.openSidebar()
  await tab.row('Packing list').waitFor()
  assert.equal(await tab.overflow(), 0)
  assert.deepEqual(await tab.seriousFindings(), [])
  await tab.shot('pwa-offline')
  await tab.close()

  tab = await anna.open(address)
  await tab.ready()
  await tab.reads('Tent. Stove.')
  await tab.says(kept(anna))
  await tab.type('Matches.')
  await tab.says(kept(anna))
  await tab.page.keyboard.press('Alt+n')
  await eventually('the caret is in a new title', () => tab.page.evaluate(() =>
    document.activeElement?.closest('.title-text')?.textContent === ''))
  await tab.page.keyboard.type('Begun in the tunnel')
  await tab.page.keyboard.press('Enter')
  await tab.page.keyboard.type('No server knows this yet.')
  await tab.says(kept(anna))
  await tab.close()
  tab = await anna.open(address)
  await tab.says(kept(anna))

  // One that was never open here is not made up.
  const other = await anna.open('/page/aaaaaaaaaaaaaaaaaaaaaaaa')
  await other.page.getByRole('heading', { name: anna.say('page.waitingTitle') }).waitFor()
  await other.shot('pwa-unknown')
  await other.close()

  await server.run()
  await tab.says(anna.say('save.saved'), 30_000)
  const his = await ben.open(tab.address)
  await his.reads('Tent. Stove. Matches.')
  await his.row('Begun in the tunnel').click()
  await his.reads('No server knows this yet.')
  assert.deepEqual([...anna.errors, ...ben.errors], [])
})

test('who signs out leaves nothing in the browser, and who comes next finds nothing', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const tab = await written(anna, 'Salaries', 'Nobody else’s business.')
  await installed(tab)
  const before = await holdings(tab)
  assert.ok(before.documents.includes(`weft/${tab.document}`))
  assert.deepEqual(before.cached, [])
  // What the server does not have yet would be gone with the rest, so that is asked about.
  await tab.page.evaluate(name => localStorage.setItem('weft.unsent', JSON.stringify([name])), tab.document)
  const signOut = async () => {
    await tab.page.locator('button.person-button').click()
    await tab.entry('app.signOut').click()
    await tab.page.getByText(anna.say('leave.text_one', { count: 1 })).waitFor()
  }
  await signOut()
  await eventually('it has come up', () => tab.page.getByRole('dialog').evaluate(dialog => dialog.getAnimations({ subtree: true }).length === 0))
  assert.deepEqual(await tab.seriousFindings(), [])
  await tab.shot('pwa-sign-out')
  await tab.button('leave.stay').click()
  await tab.page.getByRole('dialog').waitFor({ state: 'detached' })
  await signOut()
  await tab.button('leave.do').click()
  await tab.page.getByLabel(anna.say('outside.email')).waitFor()
  await eventually('there is nothing left', async () => {
    const { documents, answers, notes, cached } = await holdings(tab)
    return documents.length + answers.length + cached.length === 0 && notes.every(note => ['weft.person', 'weft.language', 'weft.color-scheme'].includes(note))
  })
  await server.stop('SIGKILL')
  await tab.page.goto('/')
  await tab.page.getByRole('heading', { name: anna.say('outside.downTitle') }).waitFor()

  // Nor does somebody else whose sign-in follows on one that only ended.
  await tab.close()
  await server.run()
  const again = await server.account('Ben')
  await anna.context.addCookies([{ name: 'weft', value: again.cookie, url: server.http, httpOnly: true, sameSite: 'Lax' }])
  await (await written(anna, 'His own', 'Of Ben.')).close()
  const third = await server.account('Cleo')
  await anna.context.addCookies([{ name: 'weft', value: third.cookie, url: server.http, httpOnly: true, sameSite: 'Lax' }])
  const hers = await anna.open('/')
  await hers.page.locator('main h1').waitFor()
  await eventually('what was Ben’s is gone', async () => {
    const { documents, answers } = await holdings(hers)
    return documents.length === 0 && !answers.some(path => path.startsWith('/api/pages/'))
  })
})

test('a newer version waits until one says so, and then every word is there', async t => {
  const anna = await person(t, browser, server, { name: 'Anna', locale: 'zh-CN', scheme: 'dark', size: SIZES.smallPhone })
  const tab = await written(anna, 'Half a sentence', 'It goes on')
  await installed(tab)
  // Another script is another version to a browser, also when it says the same.
  await tab.page.evaluate(() => navigator.serviceWorker.register('/sw.js?newer').then(() => undefined))
  const notice = tab.page.getByText(anna.say('update.text'))
  await notice.waitFor()
  await tab.type(' while it is there')
  assert.equal(await tab.page.evaluate(() => navigator.serviceWorker.controller.scriptURL.endsWith('/sw.js')), true)
  assert.deepEqual(await tab.seriousFindings(), [])
  assert.equal(await tab.overflow(), 0)
  await tab.shot('pwa-update')
  const loaded = tab.page.waitForEvent('load')
  await tab.button('update.reload').click()
  await loaded
  assert.equal(await tab.page.evaluate(() => navigator.serviceWorker.controller.scriptURL.endsWith('?newer')), true)
  await tab.ready()
  await tab.reads('It goes on while it is there')
  await tab.says(anna.say('save.saved'))
  assert.deepEqual(anna.errors, [])
})

test('a browser that knew a wiki which is gone comes to the one that is there now', async t => {
  const anna = await person(t, browser, server, { name: 'Anna' })
  const tab = await written(anna, 'Of the old wiki', 'Gone with its server.')
  await installed(tab)
  const { port } = server
  await server.end()
  server = new Server(server.data, port)
  await server.run()
  await tab.page.goto(tab.address)
  await tab.page.getByRole('heading', { name: anna.say('outside.setupWaitTitle') }).waitFor()
  await eventually('the terminal says how to set it up', () => server.setUpLink)
  await server.setUp('Olga')
  await anna.context.addCookies([{ name: 'weft', value: server.people.get('Olga').cookie, url: server.http, httpOnly: true, sameSite: 'Lax' }])
  await tab.page.goto('/')
  await tab.page.locator('main h1').getByText(anna.say('home.title'), { exact: true }).waitFor()
  await eventually('nothing is left of the old one', async () => (await holdings(tab)).documents.length === 0)
})
