/** Fifty kills at random moments, with the figures: `node tests/ledger/kill-run.ts [RUNS] [SEED]`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runKills } from './kill-runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-kill-'));
try {
  const result = await runKills(folder, Number(process.argv[2] ?? 50), process.argv[3] ?? 'kills');
  process.stdout.write(`${JSON.stringify(result)}\n`);
  if (result.problems.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
