/**
 * Writes to a ledger until it is killed: `node tests/ledger/kill-writer.ts LEDGER FIRST`. Work N is one transaction; the
 * lines `begin N` and `step N K` are printed inside of it, `commit N` once it is acknowledged. What work N consists of
 * follows from N alone, so that whoever kills this can check it.
 */
import { writeSync } from 'node:fs';
import { openLedger } from '../../src/ledger/sqlite/ledger.ts';
import { entry, evidence, lead, numbered, part, placement, START, seededBytes, sessionRow } from './store-samples.ts';

const [path = '', first = '1'] = process.argv.slice(2);
const ledger = openLedger(path, { mode: 'write', now: () => START, random: seededBytes(`writer ${first}`) });
const { leads, registry } = ledger;
// The kernel has the line when this returns, whatever happens to the process.
const say = (line: string): number => writeSync(1, `${line}\n`);

const STEPS = 4;
const ROWS = 300;

for (let n = Number(first); ; n++) {
  leads.transaction(() => {
    say(`begin ${n}`);
    for (let step = 0; step < STEPS; step++) {
      if (n % 2 === 0) {
        const rows = Array.from({ length: ROWS }, (_, at) => sessionRow((n * STEPS + step) * ROWS + at));
        registry.addRows(`import-${n}`, numbered(rows), START + n);
      } else {
        const id = `${n}-${step}`;
        leads.putPart(part(id, { flows: n }));
        leads.putPlacements(id, [placement(id, `n${id}`)]);
        leads.putNode({ id: `n${id}`, key: { kind: 'report', source: 's', reference: id }, lead: `L${id}` });
        leads.putLead(lead(`L${id}`));
        leads.putEvidence(evidence(id, seededBytes(id)(2000)));
        leads.append(entry('detection.recorded', `L${id}`, { detail: { n, step } }));
      }
      say(`step ${n} ${step}`);
    }
    leads.putSetting(`done-${n}`, String(n));
  });
  say(`commit ${n}`);
}
