/** Kills a writer again and again and looks at what is left: everything acknowledged, nothing half, a chain that verifies. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Ledger, openLedger } from '../../src/ledger/sqlite/ledger.ts';
import { START, seededBytes, seededNumbers } from './store-samples.ts';

const STEPS = 4;
const ROWS = 300;

export interface KillResult {
  readonly runs: number;
  /** Killed with a transaction open: begun, not acknowledged, and not in the ledger. */
  readonly inside: number;
  /** Killed between the commit and its acknowledgement: whole in the ledger. */
  readonly unacknowledged: number;
  readonly between: number;
  readonly acknowledged: number;
  readonly entries: number;
  readonly problems: readonly string[];
}

/**
 * Runs the writer until its `lines`th line and some more moments, kills it, gives what it printed. `aimed`: not on the
 * last lines of a transaction, when it may have been committed before the signal arrives.
 */
async function killOne(path: string, first: number, lines: number, spin: number, aimed: boolean): Promise<string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'kill-writer.ts'), path, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  let killed = false;
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => {
    text += chunk;
    if (killed || text.split('\n').length <= lines) return;
    if (aimed && !/(?:begin \d+|step \d+ [01])\n$/.test(text)) return;
    killed = true;
    // The moment within the step: some thousands of turns of a loop, no clock.
    for (let turn = 0, sink = 0; turn < spin; turn++) sink ^= Math.imul(turn, sink + 1);
    child.kill('SIGKILL');
  });
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
  return text.split('\n').filter((line) => line !== '');
}

/** How much of work N is there: `all`, `nothing`, or what is half. */
function stateOf(ledger: Ledger, n: number, rows: ReadonlyMap<string, number>): string {
  const done = ledger.leads.setting(`done-${n}`) === String(n);
  const steps = Array.from({ length: STEPS }, (_, step): number => {
    if (n % 2 === 0) return step === 0 && rows.get(`import-${n}`) === ROWS * STEPS ? STEPS : 0;
    const id = `${n}-${step}`;
    const { leads } = ledger;
    const there = [leads.parts(id), leads.placementsAt(`n${id}`), leads.nodesOf(`L${id}`), leads.evidence(id)];
    const entries = [...leads.entries({ leads: [`L${id}`] })];
    return [...there, entries].every((list) => list.length === 1) && leads.lead(`L${id}`) !== null ? 1 : 0;
  });
  const counts = steps.reduce((sum, count) => sum + count, 0);
  if (done && counts === STEPS) return 'all';
  const none = n % 2 === 0 ? (rows.get(`import-${n}`) ?? 0) === 0 : counts === 0;
  return !done && none ? 'nothing' : `half (${counts} of ${STEPS}, done ${done})`;
}

/** The whole trial; `runs` kills at moments that follow from the seed. */
export async function runKills(folder: string, runs: number, seed: string): Promise<KillResult> {
  const path = join(folder, 'killed.ledger');
  const options = { now: (): number => START, random: seededBytes(seed) };
  openLedger(path, { mode: 'create', ...options }).close();
  const random = seededNumbers(seed);
  const problems: string[] = [];
  let [inside, unacknowledged, between, next, entries] = [0, 0, 0, 1, 0];
  for (let run = 0; run < runs; run++) {
    const lines = await killOne(path, next, 1 + Math.floor(random() * 30), Math.floor(random() * 2e6), run % 4 !== 0);
    const last = lines.at(-1)?.split(' ') ?? [];
    const committed = lines.filter((line) => line.startsWith('commit ')).map((line) => Number(line.split(' ')[1]));
    const ledger = openLedger(path, { mode: 'write', ...options });
    try {
      const rows = new Map<string, number>();
      for (const { source } of ledger.registry.rows(null)) rows.set(source, (rows.get(source) ?? 0) + 1);
      const acknowledged = committed.at(-1) ?? next - 1;
      for (let n = 1; n <= acknowledged; n++) {
        const state = stateOf(ledger, n, rows);
        if (state !== 'all') problems.push(`run ${run}: acknowledged work ${n} is ${state}`);
      }
      const state = stateOf(ledger, acknowledged + 1, rows);
      const begun = last[0] === 'begin' || last[0] === 'step';
      if (state === 'all') unacknowledged += 1;
      else if (begun) inside += 1;
      else between += 1;
      if (state !== 'all' && state !== 'nothing') problems.push(`run ${run}: work ${acknowledged + 1} is ${state}`);
      if (stateOf(ledger, acknowledged + 2, rows) !== 'nothing') problems.push(`run ${run}: work from nowhere`);
      const report = ledger.verify();
      if (!report.ok) problems.push(`run ${run}: ${report.faults[0]?.where}`);
      entries = report.entries;
      next = acknowledged + (state === 'all' ? 2 : 1);
    } finally {
      ledger.close();
    }
  }
  return { runs, inside, unacknowledged, between, acknowledged: next - 1, entries, problems };
}
