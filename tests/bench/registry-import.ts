/**
 * How fast the embedded ledger takes and gives rows of the registry: `node tests/bench/registry-import.ts [ROWS]`.
 * Rows are generated batch by batch (their time is told apart), added 5,000 a transaction, read once, and added once more.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger } from '../../src/ledger/sqlite/ledger.ts';
import { numbered, START, seededBytes, sessionRow } from '../ledger/store-samples.ts';

const rows = Number(process.argv[2] ?? 1_000_000);
const BATCH = 5000;
const folder = mkdtempSync(join(tmpdir(), 'poolprint-bench-'));
const seconds = (from: number): number => (performance.now() - from) / 1000;
/** Processor time of this process so far, seconds: says more than the clock where others use the machine. */
const processor = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

try {
  const path = join(folder, 'bench.ledger');
  const ledger = openLedger(path, { mode: 'create', now: () => START, random: seededBytes('bench') });
  const add = (recordedAt: number): { adding: number; making: number; added: number } => {
    let [adding, making, added] = [0, 0, 0];
    for (let from = 0; from < rows; from += BATCH) {
      const begin = performance.now();
      const batch = Array.from({ length: Math.min(BATCH, rows - from) }, (_, at) => {
        const sealed = (from + at) % 4 === 0 ? { phone: `1390000${(from + at) % 10_000}` } : null;
        return sessionRow(from + at, { sealed });
      });
      const made = performance.now();
      making += made - begin;
      added += ledger.registry.addRows('bench', numbered(batch, from + 2), recordedAt).added;
      adding += performance.now() - made;
    }
    return { adding: adding / 1000, making: making / 1000, added };
  };
  const idle = processor();
  const first = add(START);
  const addCpu = processor() - idle - first.making;
  let begin = performance.now();
  const used = processor();
  let read = 0;
  for (const row of ledger.registry.rows(null)) read += row.value.family === 'address' ? 1 : 0;
  const reading = seconds(begin);
  const readingCpu = processor() - used;
  const again = add(START + 1);
  begin = performance.now();
  const report = ledger.verify();
  const verifying = seconds(begin);
  ledger.close();
  const round = (value: number): number => Math.round(value * 10) / 10;
  const result = {
    rows,
    add_s: round(first.adding),
    add_rows_per_s: Math.round(rows / first.adding),
    generate_s: round(first.making),
    read_s: round(reading),
    read_rows_per_s: Math.round(read / reading),
    read_rows_per_cpu_s: Math.round(read / readingCpu),
    add_cpu_s: round(addCpu),
    import_again_s: round(again.adding),
    added_again: again.added,
    verify_s: round(verifying),
    verify_ok: report.ok,
    file_mb: round(statSync(path).size / 1e6),
    peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
