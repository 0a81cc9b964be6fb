import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { createCasebook } from '../../src/ledger/casebook.ts';
import { leadRates, mostConnections } from '../../src/ledger/rates.ts';
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

describe('connections at one time', () => {
  const [first] = detection({}).conversations;
  const c = { miner_port: 40_000, first_seen: '', last_seen: '', opened_in_view: true, ...first };
  const of = (...list: (readonly [port: number, from: string, to: string])[]): DetectionRow => ({
    ...detection({}),
    conversations: list.map(([miner_port, first_seen, last_seen]) => ({ ...c, miner_port, first_seen, last_seen })),
  });

  test('one that several sensors or flow records tell of is one; of one port two after another are two in turn', () => {
    const one = of([4000, '2024-10-04T01', '2024-10-04T05'], [4000, '2024-10-04T07', '2024-10-04T08']);
    const elsewhere = of([4000, '2024-10-04T02', '2024-10-04T06']);
    const read = { ...one, id: 'f'.repeat(64), dialect: null };
    expect(mostConnections([one, { ...elsewhere, sensor: 'sensor-2' }, read])).toBe(1);
    expect(
      mostConnections([of([4000, '2024-10-04T01', '2024-10-04T05'], [4001, '2024-10-04T05', '2024-10-04T06'])]),
    ).toBe(2);
  });

  test('from the same port to another pool, or of another address, is another', () => {
    const one = of([4000, '2024-10-04T01', '2024-10-04T05']);
    expect(mostConnections([one, { ...one, pool: { ...one.pool, ip: '203.0.113.99' } }])).toBe(2);
    expect(mostConnections([one, { ...one, miner: { ip: '192.0.2.99' } }])).toBe(2);
    expect(mostConnections([])).toBeNull();
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
