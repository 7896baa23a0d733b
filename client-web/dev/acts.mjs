// Does with the client what people do, against the stand-in. `npm run build && node dev/acts.mjs`, after `npm ci` in tests/e2e.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { preview } from 'vite';

const require = createRequire(new URL('../../tests/e2e/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const PORT = 4790;
const base = `http://localhost:${PORT}`;
const server = await preview({ mode: 'wiki', preview: { port: PORT, strictPort: true }, logLevel: 'error' });
const browser = await chromium.launch({
  executablePath: process.env.WEFT_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});

async function world(how = '', who = 'ann') {
  const context = await browser.newContext({
    baseURL: base,
    viewport: { width: 1280, height: 800 },
    locale: 'en',
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.request.post(`${base}/api/stub/start?${how}`);
  await page.request.post(`${base}/api/sign-in`, {
    data: { email: `${who}@example.org`, password: 'correct horse' },
  });
  await page.goto('/');
  await page.locator('.tree-row').first().waitFor();
  const row = (name) => page.getByRole('treeitem', { name, exact: true });
  const names = () =>
    page
      .locator('.tree-row')
      .evaluateAll((rows) =>
        rows.map((one) => `${one.getAttribute('aria-level')} ${one.getAttribute('aria-label')}`),
      );
  const get = async (path) => (await page.request.get(`${base}/api/${path}`)).json();
  /** Somebody else of the same team, in a browser of their own. */
  const another = async (name, path = '/') => {
    const other = await browser.newContext({
      baseURL: base,
      viewport: { width: 1280, height: 800 },
      locale: 'en',
    });
    await other.request.post(`${base}/api/sign-in`, {
      data: { email: `${name}@example.org`, password: 'correct horse' },
    });
    const tab = await other.newPage();
    tab.setDefaultTimeout(10_000);
    await tab.goto(path);
    await tab.locator('.tree-row').first().waitFor();
    context.on('close', () => other.close());
    return tab;
  };
  return { context, page, errors, row, names, get, another };
}

async function eventually(what, check, timeout = 5_000) {
  const end = Date.now() + timeout;
  for (;;) {
    const now = await check();
    if (now) return now;
    if (Date.now() > end) assert.fail(typeof what === 'string' ? what : what());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const ACTS = {
  'who is not signed in comes back to where they wanted to go': async () => {
    const { context, page } = await world();
    await context.clearCookies();
    await page.goto('/home');
    await page.getByLabel('E-mail').fill('ann@example.org');
    await page.locator('input[type=password]').fill('correct horse');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForURL('**/home');
    await page.getByRole('heading', { name: 'Home' }).waitFor();
    return context;
  },
  'the terminal’s link makes an owner, in one form': async () => {
    const { context, page } = await world();
    await context.clearCookies();
    await page.request.post(`${base}/api/stub/start?fresh`);
    await page.goto('/');
    await page.getByText('Open the link that the terminal printed').waitFor();
    await page.goto('/setup?token=setup-token');
    await page.getByLabel('Your name').fill('Ann');
    await page.getByLabel('E-mail').fill('ann@example.org');
    await page.locator('input[type=password]').fill('correct horse');
    await page.getByRole('button', { name: 'Create account and begin' }).click();
    await page.getByRole('treeitem', { name: 'Home', exact: true }).waitFor();
    return context;
  },
  'a new page is one key away, and its title is in the tree and the address': async () => {
    const { context, page, row, get } = await world();
    await page.waitForTimeout(1_500);
    await page.evaluate(() => {
      window.addEventListener(
        'keydown',
        (event) => {
          window.pressedAt ??= event.timeStamp;
        },
        { capture: true },
      );
      window.addEventListener('focusin', (event) => {
        if (event.target.classList.contains('title-text')) window.focusedAt ??= event.timeStamp;
      });
    });
    await page.keyboard.press('Alt+N');
    await page.waitForFunction(() => document.activeElement?.classList.contains('title-text'));
    process.stdout.write(
      `    caret in the title after ${await page.evaluate(() => Math.round(window.focusedAt - window.pressedAt))} ms\n`,
    );
    await page.keyboard.type('训练 plan');
    await row('训练 plan').waitFor();
    await eventually('the address reads the title', () =>
      decodeURIComponent(page.url()).includes('/home/训练-plan-'),
    );
    await page.locator('.state-word[data-state=saved]').waitFor();
    await eventually('the server has the title', async () =>
      (await get('find?q=plan')).pages.some(({ title }) => title === '训练 plan'),
    );
    assert.equal(await page.evaluate(() => document.activeElement?.classList.contains('title-text')), true);
    return context;
  },
  'F2 renames a page that is not open': async () => {
    const { context, page, row, get } = await world();
    await row('Welcome').focus();
    await page.keyboard.press('F2');
    await page.locator('.tree-rename').fill('Hello there');
    await page.keyboard.press('Enter');
    await row('Hello there').waitFor();
    await eventually('the document has it', async () => (await get('find?q=Hello')).pages.length === 1);
    return context;
  },
  'to the trash, and back by Undo': async () => {
    const { context, page, row } = await world();
    await row('Handbook').focus();
    await page.keyboard.press('Delete');
    await row('Handbook').waitFor({ state: 'detached' });
    await page.getByText('Moved “Handbook” and what is in it to trash').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await row('Handbook').waitFor();
    return context;
  },
  'a page is dragged onto another, between two, and into another space': async () => {
    const { context, page, row, names, get } = await world();
    await row('Welcome').dragTo(row('Meetings'));
    await eventually('it is inside', async () => (await names()).includes('3 Welcome'));
    await page.getByRole('button', { name: 'Undo' }).click();
    await eventually('it is back', async () => (await names()).includes('2 Welcome'));
    const box = await row('Handbook').boundingBox();
    await row('Meetings').dragTo(row('Handbook'), { targetPosition: { x: box.width / 2, y: 2 } });
    let seen = '';
    await eventually(
      () => `it is before; ${seen}`,
      async () => {
        const list = await names();
        seen = list.join();
        return list.indexOf('2 Meetings') > 0 && list.indexOf('2 Meetings') < list.indexOf('2 Handbook');
      },
    );
    await row('Meetings').dragTo(row('Roadmap'));
    await eventually('it is elsewhere', async () => {
      const list = await names();
      return list.indexOf('3 Meetings') > list.indexOf('2 Roadmap');
    });
    const { spaces } = await get('spaces');
    const product = spaces.find(({ slug }) => slug === 'product').id;
    await eventually('with what was in it', async () => {
      const { pages } = await get(`spaces/${product}/pages`);
      return pages.some(({ title }) => title === 'Week 47');
    });
    return context;
  },
  'a page is carried by keyboard': async () => {
    const { context, page, row, names } = await world();
    await row('Welcome').focus();
    await page.keyboard.press('Control+Shift+D');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await eventually('it moved', async () => (await names()).indexOf('2 Welcome') !== 1);
    return context;
  },
  'm and a name move a page': async () => {
    const { context, page, row, names } = await world();
    await row('Welcome').focus();
    await page.keyboard.press('m');
    await page.getByRole('combobox').fill('road');
    await page.keyboard.press('Enter');
    await page.getByText('Moved “Welcome” to Product').waitFor();
    await eventually('it is gone from where it was', async () => !(await names()).includes('2 Welcome'));
    return context;
  },
  'the palette opens a page, by Chinese too': async () => {
    const { context, page } = await world();
    await page.keyboard.press('Control+K');
    await page.getByPlaceholder('Find a page or a command').waitFor();
    await page.keyboard.type('工具');
    await page.locator('[data-action]').getByText('常用工具').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.prose').waitFor();
    await page.locator('h1').getByText('常用工具').waitFor();
    return context;
  },
  'a public link is two clicks away, and copied': async () => {
    const { context, page, row } = await world();
    await row('Handbook').click();
    await page.locator('.prose').waitFor();
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await page.getByRole('button', { name: 'Create link and copy it' }).click();
    await page.getByText('Link copied').waitFor();
    await page.getByText('Everybody who has the link can see this page.').waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    await context.clearCookies();
    await page.goto(link);
    await page.locator('.prose').getByText('How we work together.').waitFor();
    return context;
  },
  'what is denied and what is not there look the same': async () => {
    const { context, page } = await world('', 'dora');
    await page.goto('/home/salary-review-aaaaaaaaaaaaaaaaaaaaaaaa');
    await page.getByText('You can’t see this page').waitFor();
    return context;
  },
  'the bell counts what one was told, and reading takes the count away': async () => {
    const { context, page, get } = await world();
    await page.getByRole('button', { name: 'Notices, 2 new' }).click();
    const panel = page.getByRole('dialog', { name: 'Notices' });
    await panel.getByText('Dora Marin edited “Handbook”').waitFor();
    await panel.getByText('王小明 added you to the space “培训资料”').waitFor();
    await page.getByRole('button', { name: 'Notices', exact: true }).waitFor();
    assert.equal((await get('notices')).unread, 0);
    assert.equal(await panel.getByRole('img', { name: 'New' }).count(), 2);
    await panel.getByText('Dora Marin edited “Handbook”').click();
    await page.locator('h1').getByText('Handbook').waitFor();
    await panel.waitFor({ state: 'detached' });
    return context;
  },
  'whom a page is shared with hears of it at once': async () => {
    const { context, page, get, another } = await world();
    const dora = await another('dora');
    await dora.getByRole('button', { name: 'Notices', exact: true }).waitFor();
    const people = (await get('people')).people;
    const id = people.find(({ name }) => name === 'Dora Marin').id;
    const { pages } = await get('find?q=Roadmap');
    const access = { restricted: false, grants: [{ who: { person: id }, level: 'edit' }] };
    await page.request.put(`${base}/api/pages/${pages[0].id}/access`, { data: access });
    await dora.getByRole('button', { name: 'Notices, 1 new' }).click();
    await dora.getByText('Ann Lindqvist shared “Roadmap” with you').waitFor();
    return context;
  },
  'a click on a face goes where they write, and stays with them until one moves oneself': async () => {
    const { context, page, get, another } = await world();
    const { pages } = await get('find?q=Handbook');
    const dora = await another('dora', `/page/${pages[0].id}`);
    const body = dora.getByRole('textbox', { name: 'Page text' });
    await body.focus();
    await dora.keyboard.press('Control+End');
    for (let line = 0; line < 80; line += 1) await dora.keyboard.press('Enter');
    await dora.keyboard.type('far below');
    await page.goto(`/page/${pages[0].id}`);
    await page.getByText('far below').waitFor();
    const place = () => page.evaluate(() => window.scrollY);
    assert.equal(await place(), 0);
    const face = page.getByRole('button', { name: 'Follow Dora Marin' });
    await face.click();
    await eventually('it goes down to her caret', async () => (await place()) > 1_000);
    assert.equal(await face.getAttribute('aria-pressed'), 'true');
    await dora.keyboard.press('Control+Home');
    await dora.keyboard.type('up again');
    await eventually('it goes up with her', async () => (await place()) < 300);
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, 200);
    await eventually(
      'a turn of the wheel ends it',
      async () => (await face.getAttribute('aria-pressed')) === 'false',
    );
    return context;
  },
  'a second step at sign-in: scanned, turned on, asked for, turned off': async () => {
    const { context, page } = await world();
    await page.goto('/settings/security');
    await page.getByRole('button', { name: 'Set up' }).click();
    await page.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
    await page.getByLabel('Code that the app shows now').fill('000 000');
    await page.getByRole('button', { name: 'Turn on' }).click();
    await page.getByRole('dialog').getByText('The code is wrong').waitFor();
    await page.getByLabel('Code that the app shows now').fill('123 456');
    await page.getByRole('button', { name: 'Turn on' }).click();
    await page.locator('.once').waitFor();
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await page.getByRole('button', { name: 'Turn off' }).waitFor();
    await context.clearCookies();
    await page.goto('/');
    await page.getByLabel('E-mail').fill('ann@example.org');
    await page.locator('input[type=password]').fill('correct horse');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.locator('input[autocomplete="one-time-code"]').fill('123456');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.locator('.tree-row').first().waitFor();
    await page.goto('/settings/security');
    await page.getByRole('button', { name: 'Turn off' }).click();
    await page.getByRole('dialog').locator('input[type=password]').fill('correct horse');
    await page.getByRole('dialog').getByRole('button', { name: 'Turn off' }).click();
    await page.getByRole('button', { name: 'Set up' }).waitFor();
    return context;
  },
  'a passkey is added, signs in, and is removed': async () => {
    const { context, page } = await world();
    const device = await context.newCDPSession(page);
    await device.send('WebAuthn.enable');
    await device.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await page.goto('/settings/security');
    await page.getByLabel('Name of this device').fill('Laptop');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.locator('.lines li').getByText('Laptop').waitFor();
    await context.clearCookies();
    await page.goto('/');
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.locator('.tree-row').first().waitFor();
    await page.goto('/settings/security');
    const line = page.locator('.lines li').filter({ hasText: 'Laptop' });
    await line.getByRole('button', { name: 'Remove' }).click();
    await line.waitFor({ state: 'detached' });
    return context;
  },
  'a picture is cut to a square, shown everywhere, and taken away': async () => {
    const { context, page, get } = await world();
    await page.goto('/settings/profile');
    const png = await page.evaluate(() => {
      const canvas = document.createElement('canvas');
      canvas.width = 900;
      canvas.height = 300;
      canvas.getContext('2d').fillRect(0, 0, 900, 300);
      return canvas.toDataURL('image/png').split(',')[1];
    });
    await page.locator('input[type=file]').setInputFiles({
      name: 'me.png',
      mimeType: 'image/png',
      buffer: Buffer.from(png, 'base64'),
    });
    const face = page.locator('.own-picture img.person-face');
    await face.waitFor();
    const size = await face.evaluate(async (image) => {
      await image.decode();
      return [image.naturalWidth, image.naturalHeight];
    });
    assert.deepEqual(size, [256, 256]);
    assert.match((await get('me')).picture, /^data:image\/webp/);
    await page.locator('input[type=file]').setInputFiles({
      name: 'me.txt',
      mimeType: 'image/png',
      buffer: Buffer.from('not a picture'),
    });
    await page.getByText('This file is no picture').waitFor();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await face.waitFor({ state: 'detached' });
    return context;
  },
  'five thousand pages scroll': async () => {
    const { context, page } = await world('many=5000');
    await page.getByRole('treeitem', { name: 'Product', exact: true }).waitFor();
    const meter = await context.newCDPSession(page);
    await meter.send('Performance.enable', { timeDomain: 'threadTicks' });
    const spent = async () => {
      const { metrics } = await meter.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
    };
    const before = await spent();
    const frames = await page.evaluate(async () => {
      const box = document.querySelector('.sidebar-scroll');
      const times = [];
      let last = performance.now();
      for (let step = 0; step < 120; step += 1) {
        box.scrollTop += 300;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        times.push(now - last);
        last = now;
      }
      times.sort((a, b) => a - b);
      return {
        p50: times[60],
        p95: times[114],
        rows: document.querySelectorAll('.tree-row').length,
        height: box.scrollHeight,
      };
    });
    process.stdout.write(
      `    ${JSON.stringify({ ...frames, cpuPerFrame: ((await spent()) - before) / 120 })}\n`,
    );
    assert.ok(frames.height > 100_000);
    assert.ok(frames.rows < 100);
    return context;
  },
};

let failed = 0;
const ONLY = process.argv[2] ?? '';
for (const [name, act] of Object.entries(ACTS)) {
  if (!name.includes(ONLY)) continue;
  try {
    const context = await act();
    await context.close();
    process.stdout.write(`ok   ${name}\n`);
  } catch (error) {
    failed += 1;
    process.stdout.write(`FAIL ${name}: ${error.message.split('\n').slice(0, 3).join(' ')}\n`);
    for (const context of browser.contexts()) {
      await context.pages()[0]?.screenshot({ path: join(tmpdir(), `act-${failed}.png`) });
      await context.close();
    }
  }
}
await browser.close();
await server.close();
process.exit(failed > 0 ? 1 : 0);
