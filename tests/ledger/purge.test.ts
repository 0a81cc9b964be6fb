/** Retention: what goes, what stays, and a chain that verifies after it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Attribution, Candidate } from '../../src/attribution/types.ts';
import { type Ledger, openLedger, RETENTION } from '../../src/ledger/sqlite/ledger.ts';
import type { Lead } from '../../src/ledger/types.ts';
import {
  DAY,
  entry,
  evidence,
  lead,
  numbered,
  part,
  placement,
  START,
  seededBytes,
  sessionRow,
} from './store-samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-purge-'));
const opened: Ledger[] = [];
afterAll(() => {
  for (const ledger of opened) ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

function fresh(name: string): Ledger {
  const random = seededBytes(name);
  const ledger = openLedger(join(folder, `${name}.ledger`), { mode: 'create', now: () => START, random });
  opened.push(ledger);
  return ledger;
}

const iso = (time: number): string => new Date(time / 1000).toISOString().replace('Z', '000Z');

/** A lead with one detection, its capture and two entries, one with a personal part. */
function addLead({ leads }: Ledger, name: string, more: Partial<Lead>, digest: string | null = null): void {
  const best = { proofs: [{ digest }] } as unknown as Candidate;
  const attribution = digest === null ? null : ({ candidates: [best] } as unknown as Attribution);
  leads.transaction(() => {
    leads.putPart(part(`d-${name}`));
    leads.putPlacements(`d-${name}`, [placement(`d-${name}`, `n-${name}`, { attribution })]);
    leads.putNode({ id: `n-${name}`, key: { kind: 'report', source: 's', reference: name }, lead: `L-${name}` });
    leads.putLead(lead(`L-${name}`, more));
    leads.putEvidence(evidence(`d-${name}`, Buffer.from(`capture of ${name}`)));
    leads.append(entry('lead.opened', `L-${name}`, { personal: { contact: `虚构人 ${name}` } }));
    leads.append(entry('lead.noted', `n-${name}`, { personal: { note: `虚构 ${name}` } }));
  });
}

const run = (ledger: Ledger, days: number, dryRun = false): ReturnType<Ledger['purge']> =>
  ledger.purge(RETENTION, { now: START + days * DAY, actor: 'keeper', dryRun });

describe('purging', () => {
  test('captures after ninety days, unless bound to an open case', () => {
    const ledger = fresh('captures');
    addLead(ledger, 'open', { status: 'rectifying' });
    addLead(ledger, 'ended', { status: 'closed', status_since: iso(START + 80 * DAY) });
    addLead(ledger, 'waiting', { status: 'waiting' });
    expect(run(ledger, 90).counts.captures).toBe(0);
    const dry = run(ledger, 91, true);
    expect(dry).toMatchObject({ counts: { captures: 2, detections: 0 }, seq: null, dry_run: true });
    const report = run(ledger, 91);
    expect(report).toMatchObject({ counts: dry.counts, deleted_sha256: dry.deleted_sha256, dry_run: false });
    const kept = (name: string): boolean => ledger.leads.evidence(`d-${name}`)[0]?.capture !== null;
    expect(['open', 'ended', 'waiting'].map(kept)).toEqual([true, false, false]);
    // The record of what there was stays, with its digests.
    expect(ledger.leads.evidence('d-ended')[0]).toMatchObject({ bytes: 16, packets: 1 });
    const [noted] = [...ledger.leads.entries({ actions: ['purge'] })];
    expect(noted).toMatchObject({ seq: report.seq, actor: 'keeper', detail: { counts: { captures: 2 } } });
    expect(noted?.detail['deleted_sha256']).toBe(report.deleted_sha256);
    expect(ledger.verify()).toMatchObject({ ok: true, faults: [] });
    expect(run(ledger, 91)).toMatchObject({ seq: null, counts: { captures: 0 } });
  });

  test('detections twelve months after the lead closed; those no lead took after recording', () => {
    const ledger = fresh('detections');
    addLead(ledger, 'open', { status: 'open' });
    addLead(ledger, 'late', { status: 'closed', status_since: iso(START + 100 * DAY) });
    addLead(ledger, 'early', { status: 'not_true', status_since: iso(START + 2 * DAY) });
    ledger.leads.putPart(part('d-loose'));
    expect(run(ledger, 366)).toMatchObject({ counts: { detections: 1 } });
    expect([...ledger.leads.detectionIds()]).toEqual(['d-early', 'd-late', 'd-open']);
    expect(run(ledger, 368).counts.detections).toBe(1);
    expect(run(ledger, 466).counts.detections).toBe(1);
    expect([...ledger.leads.detectionIds()]).toEqual(['d-open']);
    expect([ledger.leads.placementsOf('d-late'), ledger.leads.placementsAt('n-late')]).toEqual([[], []]);
    expect(ledger.leads.lead('L-late')?.id).toBe('L-late');
    expect(ledger.verify()).toMatchObject({ ok: true, faults: [] });
  });

  test('personal parts three years after the lead closed, others after their own time', () => {
    const ledger = fresh('personal');
    addLead(ledger, 'open', { status: 'open' });
    addLead(ledger, 'ended', { status: 'closed', status_since: iso(START + 10 * DAY) });
    ledger.leads.append(entry('export', null, { personal: { recipient: '虚构人' } }));
    const years = 3 * 366;
    expect(run(ledger, years + 1).counts).toMatchObject({ lead_personal: 0, audit_personal: 1 });
    expect(run(ledger, years + 11).counts).toMatchObject({ lead_personal: 2, audit_personal: 0 });
    const entries = [...ledger.leads.entries({})];
    expect(entries.filter(({ purged }) => purged).map(({ action, lead: id }) => `${action} ${id}`)).toEqual([
      ...['lead.opened L-ended', 'lead.noted n-ended', 'export null'],
    ]);
    expect(entries.find(({ lead: id }) => id === 'L-open')?.personal).toEqual({ contact: '虚构人 open' });
    expect(ledger.verify()).toMatchObject({ ok: true, purged: 3, faults: [] });
  });

  test('sealed fields three years after their row ended; held while an open case rests on the row', () => {
    const ledger = fresh('sealed');
    const at = (number: number, to: number | null) =>
      sessionRow(number, { valid: { from: START, to }, sealed: { phone: `1390000000${number}` } });
    ledger.registry.addRows('a', numbered([at(1, START + DAY), at(2, null), at(3, START + DAY), at(4, null)]), START);
    ledger.registry.addRows('b', numbered([at(4, START + 5 * DAY)]), START + 2 * DAY);
    const digest = ledger.registry.row(3)?.digest ?? '';
    addLead(ledger, 'holds', { status: 'open' }, digest);
    const years = 3 * 366;
    expect(run(ledger, years + 1).counts.sealed).toBe(0);
    expect(run(ledger, years + 2).counts.sealed).toBe(1);
    // Row 4 was superseded at day 2; what superseded it ends at day 5.
    expect(run(ledger, years + 3).counts.sealed).toBe(1);
    const why = { time: START, actor: 'a', purpose: 'p', document: 'd' };
    expect([...ledger.registry.readSealed([1, 2, 3, 4, 5], why).keys()]).toEqual([2, 3, 5]);
    expect(ledger.verify()).toMatchObject({ ok: true, faults: [] });
    // Importing the file again does not bring back what was purged.
    const again = ledger.registry.addRows('c', numbered([at(1, START + DAY)]), START + years * DAY);
    expect(again).toEqual({ added: 0, unchanged: 1, superseded: 0 });
    ledger.leads.putLead(lead('L-holds', { status: 'closed', status_since: iso(START) }));
    expect(run(ledger, years + 3).counts.sealed).toBe(1);
    expect(ledger.verify().ok).toBe(true);
  });

  test('what is erased is not in the file any more', () => {
    const ledger = fresh('erased');
    const secret = 'invented-secret-7781';
    ledger.leads.append(entry('export', null, { personal: { secret } }));
    const files = (): string =>
      readdirSync(folder)
        .filter((name) => name.startsWith('erased.ledger'))
        .map((name) => readFileSync(join(folder, name), 'latin1'))
        .join('');
    expect(files()).toContain(secret);
    expect(run(ledger, 2000).counts.audit_personal).toBe(1);
    expect(files()).not.toContain(secret);
  });

  test('a policy that is none, or keeps the audit too short, is refused', () => {
    const ledger = fresh('policy');
    const by = { now: START, actor: 'a', dryRun: true };
    expect(() => ledger.purge({ ...RETENTION, auditPersonal: 182 }, by)).toThrow('six months');
    expect(() => ledger.purge({ ...RETENTION, captures: -1 }, by)).toThrow('no number of days');
    expect(() => ledger.purge({ ...RETENTION, sealed: Number.NaN }, by)).toThrow('no number of days');
  });
});
