/** The dossier in a real browser; skipped where Chromium is not installed. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DossierLanguage, dossierHtml } from '../../src/publish/dossier.ts';
import { dossierOptions, poorLead, richLead } from '../publish/dossier-sample.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
if (CHROMIUM === undefined) console.log('skipped: Chromium is not installed, so no dossier was rendered');

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage'];
/** A4 less the margins, in CSS pixels: 176 mm. */
const WIDTH = 665;
const WORKER = '<img src="http://192.0.2.1/x" onerror="document.title=\'run\'"><script>document.title="run"</script>';

/** Run in the page, so text here. */
const MEASURE = `({
  page: document.documentElement.scrollWidth,
  cells: [...document.querySelectorAll('td, th, p, h1, h2, .message')]
    .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).length,
  broken: (() => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      if (node.parentElement.closest('.id, .hash, .sig, .message, .digest, .code, style') !== null) continue;
      for (const word of node.data.matchAll(/[A-Za-z]{2,18}/g)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) found.push(word[0]);
      }
    }
    return found;
  })(),
  elements: document.querySelectorAll('script, img, link, iframe').length,
  family: getComputedStyle(document.body).fontFamily,
})`;

describe.skipIf(CHROMIUM === undefined)('in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM as string, args: ARGS });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
  });

  const hostile = richLead({
    agents: [WORKER, 'x'.repeat(10_000), '\u202eabc'],
    accounts: [
      {
        login: WORKER,
        account: 'W'.repeat(10_000),
        workers: [WORKER, 'w'.repeat(5000)],
        wallet: { coin: 'BTC', address: '1'.repeat(2000), valid: false },
      },
    ],
    pools: [{ endpoint: `${'p'.repeat(3000)}.example:1`, name: WORKER, ip: null }],
  });
  const bare = { history: [], evidence: [], indications: [] };

  test.each<[string, DossierLanguage, number, number, string]>([
    ['rich', 'zh', 3, 5, dossierHtml(richLead(), dossierOptions())],
    ['rich', 'en', 3, 5, dossierHtml(richLead(), dossierOptions({ lang: 'en' }))],
    ['rich', 'both', 4, 6, dossierHtml(richLead(), dossierOptions({ lang: 'both' }))],
    ['poor', 'both', 1, 2, dossierHtml(poorLead(), dossierOptions({ ...bare, lang: 'both' }))],
    ['hostile', 'both', 4, 8, dossierHtml(hostile, dossierOptions({ lang: 'both' }))],
  ])(
    '%s, %s: %i to %i pages',
    async (name, _language, least, most, page) => {
      const context = await browser.newContext({ viewport: { width: WIDTH, height: 900 }, javaScriptEnabled: true });
      const requests: string[] = [];
      await context.route('**/*', (route) => {
        requests.push(route.request().url());
        return route.abort();
      });
      const tab = await context.newPage();
      const refused: string[] = [];
      tab.on('console', (message) => refused.push(message.text()));
      await tab.emulateMedia({ media: 'print' });
      await tab.setContent(page, { waitUntil: 'load' });
      expect(requests).toEqual([]);
      expect(refused).toEqual([]);
      expect(await tab.title()).toMatch(/^(?:线索档案|Lead dossier)/);
      // Asked through the protocol: the page's own policy lets nothing run.
      const wide = await tab.evaluate<{
        page: number;
        cells: number;
        elements: number;
        broken: string[];
        family: string;
      }>(MEASURE);
      expect(wide.page).toBeLessThanOrEqual(WIDTH);
      expect(wide).toMatchObject({ cells: 0, elements: 0 });
      // Words break nowhere but in ids, digests and quoted messages; what strangers sent may be one long word.
      if (name !== 'hostile') expect(wide.broken).toEqual([]);
      expect(wide.family).toMatch(/仿宋.*Noto Serif CJK SC.*serif$/);
      const pdf = await tab.pdf({ preferCSSPageSize: true, printBackground: true });
      const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
      expect(pages).toBeGreaterThanOrEqual(least);
      expect(pages).toBeLessThanOrEqual(most);
      // A4 in points.
      expect(pdf.toString('latin1')).toMatch(/\/MediaBox\s*\[\s*0 0 59[45][\d.]* 84[12][\d.]*\s*\]/);
      await context.close();
    },
    60_000,
  );

  test('a script would be refused even if it got in', async () => {
    const tab = await browser.newPage();
    await tab.setContent(
      dossierHtml(richLead(), dossierOptions()).replace('</body>', '<script>document.title="run"</script></body>'),
    );
    expect(await tab.title()).not.toBe('run');
    await tab.close();
  });
});
