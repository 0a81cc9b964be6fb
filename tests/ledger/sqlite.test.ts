/** The storage of leads in SQLite and in memory: one contract. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { memoryStore } from '../../src/ledger/memory-store.ts';
import { type Ledger, openLedger } from '../../src/ledger/sqlite/ledger.ts';
import { describeStore } from './store-contract.ts';
import { coverage, entry, evidence, lead, part, placement, START, seededBytes } from './store-samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-sqlite-'));
const opened: Ledger[] = [];
let count = 0;

function fresh(): Ledger {
  count += 1;
  const ledger = openLedger(join(folder, `${count}.ledger`), {
    mode: 'create',
    now: () => START,
    random: seededBytes(`ledger ${count}`),
  });
  opened.push(ledger);
  return ledger;
}

afterAll(() => {
  for (const ledger of opened) ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

describeStore('memory', () => memoryStore(seededBytes('memory')));
describeStore('SQLite', () => fresh().leads);

describe('SQLite', () => {
  test('what the contract stores verifies, each record with its entry', () => {
    const { leads, verify } = bind(fresh());
    leads.transaction(() => {
      leads.putPart(part('d1'));
      leads.putPlacements('d1', [placement('d1', 'n1')]);
      leads.putNode({ id: 'n1', key: { kind: 'report', source: 's', reference: 'r' }, lead: 'L1' });
      leads.putLead(lead('L1', { aliases: ['L0'], number: 'L-1', flags: [{ flag: 'key', rule: 'r' }] }));
      leads.putTokens('L1', [{ kind: 'worker', value: 'w\u0000\ud800' }]);
      leads.putCoverage(coverage('s'));
      leads.putEvidence(evidence('d1', Buffer.from('capture')));
      leads.append(entry('detection.recorded', 'L1'));
    });
    leads.putSetting('a\ud800', 'b\ud800');
    leads.putLead(lead('L2'));
    leads.deleteLead('L2');
    const report = verify();
    expect(report.faults).toEqual([]);
    // part, placement, node, lead, tokens, coverage, evidence, capture, two settings.
    expect(report).toMatchObject({ ok: true, records: 10, purged: 0 });
    expect(report.entries).toBe(report.head.seq);
  });

  test('a name that another process gives while the ledger is made: its ledger is taken, nothing is left beside', () => {
    count += 1;
    const path = join(folder, `${count}.ledger`);
    const options = { mode: 'create', now: () => START } as const;
    const first: Ledger[] = [];
    const second = openLedger(path, {
      ...options,
      random: (bytes) => {
        // Asked for after the look that found no ledger, before the new one gets its name.
        if (first.length === 0) first.push(openLedger(path, { ...options, random: seededBytes('first') }));
        return seededBytes('second')(bytes);
      },
    });
    opened.push(...first, second);
    expect(second.id).toBe(first[0]?.id);
    second.leads.putLead(lead('L1'));
    expect(first[0]?.leads.lead('L1')?.id).toBe('L1');
    expect(readdirSync(folder).filter((name) => name.includes('unfinished'))).toEqual([]);
  });

  test('records that no entry of the caller explains get one', () => {
    const { leads } = fresh();
    leads.append(entry('x', null, { actor: 'somebody' }));
    leads.putSetting('a', 'b');
    expect([...leads.entries({})].at(-1)).toMatchObject({ action: 'records.written', actor: 'somebody', lead: null });
  });

  test('survives closing and opening', () => {
    const ledger = fresh();
    ledger.leads.append(entry('x', 'L1', { personal: { p: 1 } }));
    const { path, id } = ledger;
    ledger.close();
    const again = openLedger(path, { mode: 'write', now: () => START, random: seededBytes('again') });
    opened.push(again);
    expect(again.id).toBe(id);
    again.leads.append(entry('y', 'L1'));
    expect([...again.leads.entries({ leads: ['L1'] })].map(({ action }) => action)).toEqual(['x', 'y']);
    expect(again.verify().ok).toBe(true);
  });
});

function bind(ledger: Ledger): { leads: Ledger['leads']; verify: Ledger['verify'] } {
  return { leads: ledger.leads, verify: () => ledger.verify() };
}
