// Looks at every screen: serves the built client with the stand-in, and takes a picture of each screen in several widths,
// in both schemes and languages. `node dev/shots.mjs [folder] [part of a screen’s
// name] [part of a look, as phone or dark]`, after `npm ci` in tests/e2e.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { preview } from 'vite';

const require = createRequire(new URL('../../tests/e2e/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const FOLDER = process.argv[2] ?? 'shots';
const ONLY = process.argv[3] ?? '';
const ONLY_LOOK = process.argv[4] ?? '';
const SIZES = {
  desk: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
  small: { width: 320, height: 640 },
};
const LOOKS = [
  ['desk', 'light', 'en'],
  ['phone', 'light', 'en'],
  ['desk', 'dark', 'zh-CN'],
  ['phone', 'dark', 'zh-CN'],
  ['small', 'light', 'zh-CN'],
  ['small', 'dark', 'en'],
];

mkdirSync(FOLDER, { recursive: true });
const server = await preview({ mode: 'wiki', preview: { port: 4789, strictPort: true }, logLevel: 'error' });
const base = 'http://localhost:4789';
const browser = await chromium.launch({
  executablePath: process.env.WEFT_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
  ],
});

const { SCREENS } = await import('./screens.mjs');
const findings = [];
for (const [size, scheme, language] of LOOKS) {
  if (!`${size}.${scheme}.${language}`.includes(ONLY_LOOK)) continue;
  for (const [name, screen] of Object.entries(SCREENS)) {
    if (!name.includes(ONLY)) continue;
    const label = `${name}.${size}.${scheme}.${language}`;
    const context = await browser.newContext({
      baseURL: base,
      viewport: SIZES[size],
      colorScheme: scheme,
      locale: language,
      reducedMotion: 'reduce',
      hasTouch: size !== 'desk',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    page.setDefaultTimeout(8_000);
    page.on('pageerror', (error) => findings.push(`${label}: ${error.message}`));
    try {
      await screen({ page, context, base, isPhone: size !== 'desk', language });
      await page.waitForTimeout(350);
      await page.screenshot({ path: join(FOLDER, `${label}.png`) });
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (wide > 0) findings.push(`${label}: ${wide} px too wide`);
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() =>
        window.axe.run(document, {
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        }),
      );
      for (const { id, impact, nodes } of violations) {
        // An open menu stands outside the landmarks of the page, as menus do.
        if (id === 'region' && (await page.getByRole('menu').count()) > 0) continue;
        findings.push(
          `${label}: axe ${impact} ${id}: ${nodes
            .slice(0, 3)
            .map(({ target, any, all }) => `${target.join(' ')} ${[...any, ...all][0]?.message ?? ''}`)
            .join(' | ')}`,
        );
      }
    } catch (error) {
      findings.push(`${label}: ${error.message.split('\n').slice(0, 4).join(' ')}`);
      await page.screenshot({ path: join(FOLDER, `${label}.failed.png`) }).catch(() => undefined);
    }
    await context.close();
  }
}
await browser.close();
await server.close();
process.stdout.write(`${findings.join('\n')}\n${findings.length} findings\n`);
process.exit(findings.length > 0 ? 1 : 0);
