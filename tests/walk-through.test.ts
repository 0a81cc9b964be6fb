/** docs/walk-through.md runs as printed: its commands in order, and the lines it shows among what they print. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const PAGE = readFileSync(join(ROOT, 'docs', 'walk-through.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'poolprint-walk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim();

interface Block {
  readonly kind: 'sh' | 'text';
  readonly lines: readonly string[];
}

const BLOCKS: readonly Block[] = [...PAGE.matchAll(/^```(sh|text)\n([\s\S]*?)^```$/gm)].map(([, kind, body = '']) => ({
  kind: kind as Block['kind'],
  lines: body.split('\n').filter((line) => line !== ''),
}));

/** The same commands on the sources, writing into a folder of the test's own. */
function run(lines: readonly string[]): string {
  const script = lines
    .map((line) =>
      line.replaceAll('npx poolprint', `'${process.execPath}' src/cli/launch.ts`).replaceAll(/\bwalk\b(?!-)/g, folder),
    )
    .join('\n');
  const environment = {
    ...process.env,
    POOLPRINT_LEDGER: join(folder, 'town.ledger'),
    POOLPRINT_ACTOR: '张三（虚构）',
    LANG: 'en_US.UTF-8',
    LC_ALL: 'en_US.UTF-8',
    NO_COLOR: '1',
  };
  return execFileSync('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: ROOT,
    env: environment,
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

describe('the walk-through', () => {
  test('runs as printed and shows what it prints', { timeout: 180_000 }, () => {
    let printed = '';
    const missing: string[] = [];
    for (const { kind, lines } of BLOCKS) {
      if (kind === 'sh') printed = squeeze(run(lines).replaceAll(folder, 'walk'));
      else {
        const parts = lines.flatMap((line) => line.split('…').map(squeeze));
        missing.push(...parts.filter((part) => part !== '' && !printed.includes(part)));
      }
    }
    expect(missing).toEqual([]);
    expect(BLOCKS.length).toBeGreaterThan(15);

    const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
    // The police get the name for a document, the finance office neither name nor address.
    expect(text('police.jsonl')).toContain('钱某某');
    expect(text('finance.jsonl')).not.toMatch(/钱某某|滨河路|198\.51\.100/);
    expect(readFileSync(join(folder, 'power.csv'))).not.toContain('198.51.100');
    expect(existsSync(join(folder, 'ledger.xlsx'))).toBe(true);
    const [dossier = ''] = readdirSync(join(folder, 'dossier'));
    expect(text(join('dossier', dossier))).toContain('示例算力科技有限公司');
  });
});
