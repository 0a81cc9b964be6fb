import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCasebook } from '../../src/ledger/casebook.ts';
import { leadRates } from '../../src/ledger/rates.ts';
import { openLedger, RETENTION } from '../../src/ledger/sqlite/ledger.ts';
import { at, DAY, detection, services, T0 } from './lead-helpers.ts';

describe('traffic that several sensors saw', () => {
  test('counts once; another pool counts beside it', () => {
    const one = detection({});
    const rate = leadRates([one]);
    expect(rate.length).toBe(1);
    expect(leadRates([one, { ...one, id: 'f'.repeat(64), sensor: 'sensor-2' }])).toEqual(rate);
    const other = { ...one, id: 'e'.repeat(64), pool: { ...one.pool, ip: '203.0.113.99' } };
    expect(leadRates([one, other])[0]?.mid).toBeGreaterThan((rate[0]?.mid ?? 0) * 1.5);
  });
});

describe('a lead whose detections were purged', () => {
  test('keeps what it said, and persons go on deciding about it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'poolprint-purged-'));
    const start = T0 * 1e6;
    let salt = 0;
    const random = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(++salt % 256);
    const ledger = openLedger(join(folder, 'a.ledger'), { mode: 'create', now: () => start, random });
    try {
      const cases = createCasebook(ledger.leads, services());
      cases.record([detection({})], [], at(T0));
      const [lead] = [...cases.exportLeads({})];
      const id = lead?.id ?? '';
      cases.setStatus(id, { status: 'not_true' }, at(T0 + 10));
      const later = (T0 + 400 * DAY) * 1e6;
      const purged = ledger.purge({ ...RETENTION, detections: 1 }, { now: later, actor: 'tester', dryRun: false });
      expect(purged.counts.detections).toBe(1);
      cases.setStatus(id, { status: 'open' }, at(T0 + 401 * DAY));
      expect(cases.lead(id)).toMatchObject({ id, status: 'open', first_seen: lead?.first_seen });
      expect(ledger.verify().ok).toBe(true);
    } finally {
      ledger.close();
      rmSync(folder, { recursive: true });
    }
  });
});
