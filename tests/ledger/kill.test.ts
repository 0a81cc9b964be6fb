/** kill -9 in the middle of writing: see kill-runs.ts; `node tests/ledger/kill-run.ts` does fifty. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runKills } from './kill-runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-kill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('twenty kills lose nothing acknowledged and leave nothing half', { timeout: 180_000 }, async () => {
  const result = await runKills(folder, 20, 'suite');
  process.stdout.write(`${JSON.stringify(result)}\n`);
  expect(result.problems).toEqual([]);
  expect(result.inside).toBeGreaterThanOrEqual(10);
  expect(result.acknowledged).toBeGreaterThan(20);
});
