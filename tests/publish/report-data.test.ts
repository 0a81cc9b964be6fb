import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EnergyEstimate } from '../../src/estimate/types.ts';
import type { Lead, LeadFlag, Status } from '../../src/ledger/types.ts';
import { departmentReport, type Report, regionReport, weeklyReport } from '../../src/publish/report-data.ts';
import { renderReportText, reportCsvRows } from '../../src/publish/report-text.ts';

/** Monday 2026-11-16 to Sunday 2026-11-22, in China. */
const WEEK = { from: '2026-11-15T16:00:00Z', to: '2026-11-22T16:00:00Z' };

const EMPTY: Lead = {
  type: 'lead',
  version: 1,
  id: 'L000000000000000000000001',
  number: null,
  key: { kind: 'address', ip: '192.0.2.1', realm: null, nat: 'none' },
  status: 'open',
  status_since: '2026-10-01T00:00:00Z',
  category: 'existing',
  involvement: 'unknown',
  site_type: 'unknown',
  flags: [],
  activity: 'mining',
  confidence: 'confirmed',
  first_seen: '2026-10-01T00:00:00Z',
  last_seen: '2026-11-20T00:00:00Z',
  region: '440305',
  subject: null,
  parties: [],
  places: [],
  missing: [],
  contradictions: [],
  addresses: [],
  pools: [],
  coins: [],
  accounts: [],
  agents: [],
  hardware_class: 'unknown',
  hashrates: [],
  energy: null,
  power_accounts: [],
  department: null,
  deadline: null,
  reports: [],
  detections: [],
  links: [],
  observed: { seconds: 0, until: null, quiet_seconds: 0 },
  aliases: [],
};

function lead(id: string, changes: Partial<Lead> = {}): Lead {
  return { ...EMPTY, id, ...changes };
}

function energy(kw: number): EnergyEstimate {
  const band = (value: number) => ({ low: value / 2, mid: value, high: value * 2 });
  return {
    method: 'shares',
    itKw: band(kw),
    siteKw: band(kw),
    kwhPerMonth: band(kw * 720),
    assessedKwhPerMonth: band(kw * 1440),
    pue: band(1),
    utilisation: band(1),
    meteredRatio: null,
    surcharge: null,
    parts: [],
    notes: [],
    tables: [],
  };
}

const key: LeadFlag = { flag: 'key', rule: 'set by a person' };
const rate = (algorithm: string, mid: number) => ({ algorithm, unit: 'H/s', low: mid, mid, high: mid });

const LEADS: readonly Lead[] = [
  lead('La', { status: 'open', energy: energy(10), hashrates: [rate('sha256d', 1e15)], flags: [key] }),
  lead('Lb', {
    status: 'rectifying',
    status_since: '2026-11-17T00:00:00Z',
    energy: energy(1),
    hashrates: [rate('rx/0', 5), rate('sha256d', 1e15)],
    region: '440100',
    deadline: '2026-11-22',
  }),
  lead('Lc', {
    status: 'closed',
    status_since: '2026-11-20T00:00:00Z',
    energy: energy(500),
    flags: [key],
    region: '510100',
    deadline: '2026-11-01',
  }),
  lead('Ld', { status: 'waiting', energy: energy(7), region: null, first_seen: '2026-11-18T00:00:00Z' }),
  lead('Le', { status: 'not_true', energy: energy(7), region: '51' }),
  lead('Lf', {
    status: 'restarted',
    status_since: '2026-11-16T00:00:00Z',
    category: 'new',
    region: '650000',
    department: 'energy',
    deadline: '2026-11-23',
  }),
  lead('Lg', {
    status: 'stopped',
    status_since: '2026-11-22T16:00:00Z',
    first_seen: '2026-11-15T16:00:00Z',
    region: 'XPCC',
    energy: energy(3),
  }),
  lead('Lh', {
    status: 'true',
    first_seen: null,
    region: null,
    reports: [{ source: 'hotline', reference: '1', received: '2026-11-19T00:00:00Z' }],
  }),
];

describe('the weekly report', () => {
  const report = weeklyReport(LEADS, WEEK);

  test('counts those on the list; waiting ones and those judged not true stand apart', () => {
    expect(report.total).toMatchObject({ listed: 6, running: 4, cleared: 1, clear_rate: 0.1667, overdue: 1 });
    expect(report.total.by_status).toMatchObject({ waiting: 1, not_true: 1, open: 1, closed: 1, inspected: 0 });
  });

  test('moves of the period: its end does not belong to it', () => {
    expect(report.moves).toEqual({ new: 2, rectifying: 1, stopped: 0, cleared: 1, restarted: 1 });
  });

  test('a history counts every state that was passed', () => {
    const entry = {
      seq: 1,
      time: '2026-11-17T00:00:00Z',
      actor: 'a',
      action: 'lead.set',
      detail: { status: 'stopped' },
    };
    const passed = lead('L1', { status: 'closed', status_since: '2026-11-20T00:00:00Z', history: [entry, entry] });
    expect(weeklyReport([passed], WEEK).moves).toMatchObject({ stopped: 1, cleared: 1 });
  });

  test('energy of what runs is added, hashrates stay by algorithm', () => {
    expect(report.total.energy.site_kw).toEqual({ low: 5.5, mid: 11, high: 22 });
    expect(report.total.energy.kwh_per_month.mid).toBe(7920);
    expect(report.total.energy.assessed_kwh_per_month.mid).toBe(15_840);
    expect(report.total.energy.methods).toEqual({ none: 2, shares: 2 });
    expect(report.total.hashrates).toEqual([rate('rx/0', 5), rate('sha256d', 2e15)]);
  });

  test('by region, category and focus', () => {
    const counts = (rows: Report['by_province']): Record<string, number> =>
      Object.fromEntries(rows.map((row) => [row.key, row.listed]));
    expect(counts(report.by_province)).toEqual({ '44': 2, '51': 1, '65': 1, XPCC: 1, unknown: 1 });
    expect(counts(report.by_prefecture)).toMatchObject({ '4401': 1, '4403': 1, '5100': 0, '5101': 1 });
    expect(report.by_category.map((row) => row.key)).toEqual(['existing', 'new']);
    expect(counts(report.by_flag)).toEqual({ key: 2 });
    expect(counts(report.by_department)).toEqual({ energy: 1, unknown: 5 });
  });

  test('a day as deadline lasts to its end in China', () => {
    const overdue = (to: string, deadline = '2026-11-22'): number =>
      weeklyReport([lead('L1', { deadline })], { ...WEEK, to }).total.overdue;
    expect(overdue('2026-11-22T15:59:59Z')).toBe(0);
    expect(overdue('2026-11-22T16:00:00Z')).toBe(1);
    expect(overdue('2026-11-22T16:00:00Z', '2026-11-22T17:00:00Z')).toBe(0);
    expect(overdue('2026-11-22T16:00:00Z', 'some day')).toBe(0);
  });

  test('ranking by clear rate: equal rates share a rank, regions without leads have none', () => {
    const rows = [
      lead('L1', { region: '44', status: 'closed' }),
      lead('L2', { region: '33', status: 'closed' }),
      lead('L3', { region: '51' }),
      lead('L4', { region: '15', status: 'not_true' }),
      lead('L5', { region: null, status: 'closed' }),
    ];
    expect(weeklyReport(rows, WEEK).ranking).toEqual([
      { rank: 1, key: '33', clear_rate: 1 },
      { rank: 1, key: '44', clear_rate: 1 },
      { rank: 3, key: '51', clear_rate: 0 },
    ]);
    const one = [lead('L1', { region: '440100' }), lead('L2', { region: '440300', status: 'closed' })];
    expect(weeklyReport(one, WEEK).ranking.map((row) => row.key)).toEqual(['4403', '4401']);
  });

  test('against the previous report', () => {
    const later = weeklyReport([...LEADS, lead('Li', { energy: energy(1) })], { ...WEEK, previous: report });
    expect(later.delta).toEqual({ listed: 1, running: 1, cleared: 0, overdue: 0, kwh_per_month: 720 });
    expect(report.delta).toBeNull();
  });

  test('a period that is none is refused', () => {
    expect(() => weeklyReport([], { from: WEEK.to, to: WEEK.from })).toThrow(/give two times in order/);
    expect(() => weeklyReport([], { from: 'x', to: WEEK.to })).toThrow(RangeError);
  });
});

describe('the key list', () => {
  test('is frozen on Thursday and to be cleared by Friday of the next week', () => {
    const { key_list: list } = weeklyReport(LEADS, WEEK);
    expect(list).toEqual({ frozen_on: '2026-11-19', clear_by: '2026-11-27', batch: ['La'], due: null });
    const days = (to: string) => weeklyReport([], { from: '2026-11-01T00:00:00Z', to }).key_list.frozen_on;
    // Thursday begins at 16:00 UTC of Wednesday; a period that ends there ends on Wednesday.
    expect(days('2026-11-18T16:00:00Z')).toBe('2026-11-12');
    expect(days('2026-11-18T16:00:01Z')).toBe('2026-11-19');
  });

  test('tells what became of the previous batch', () => {
    const batch = ['L1', 'L2', 'L3', 'L4'].map((id) => lead(id, { flags: [key] }));
    const before = weeklyReport(batch, { from: '2026-11-08T16:00:00Z', to: WEEK.from });
    const now: Status[] = ['closed', 'rectifying', 'not_true'];
    const after = now.map((status, at) => lead(`L${at + 1}`, { flags: [key], status }));
    const { key_list: list } = weeklyReport(after, { ...WEEK, previous: before });
    expect(list.due).toEqual({ clear_by: '2026-11-20', cleared: ['L1'], left: ['L2'], gone: ['L3', 'L4'] });
    expect(list.batch).toEqual(['L2']);
  });
});

test('reports of a region and of a department hold their leads alone', () => {
  expect(regionReport(LEADS, { ...WEEK, region: '44' }).total.listed).toBe(2);
  expect(regionReport(LEADS, { ...WEEK, region: '440305' }).total.listed).toBe(1);
  expect(regionReport(LEADS, { ...WEEK, region: null }).total.listed).toBe(1);
  expect(departmentReport(LEADS, { ...WEEK, department: 'energy' }).total.listed).toBe(1);
  expect(departmentReport(LEADS, { ...WEEK, department: null })).toMatchObject({
    kind: 'department',
    total: { listed: 5 },
  });
});

test('the order of the leads does not matter, and sums over regions give the total', () => {
  const many = fc.array(
    fc.record({
      status: fc.constantFrom(...(['open', 'true', 'closed', 'stopped', 'waiting', 'not_true', 'restarted'] as const)),
      region: fc.constantFrom(null, '440305', '440100', '51', 'XPCC'),
      kw: fc.double({ min: 0, max: 1e6, noNaN: true }),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(many, fc.nat(), (list, seed) => {
      const leads = list.map(({ status, region, kw }, at) => lead(`L${at}`, { status, region, energy: energy(kw) }));
      const turned =
        leads.length === 0 ? leads : [...leads.slice(seed % leads.length), ...leads.slice(0, seed % leads.length)];
      const report = weeklyReport(leads, WEEK);
      expect(JSON.stringify(weeklyReport(turned.reverse(), WEEK))).toBe(JSON.stringify(report));
      for (const rows of [report.by_province, report.by_prefecture, report.by_category, report.by_department]) {
        expect(rows.reduce((sum, row) => sum + row.listed, 0)).toBe(report.total.listed);
        const month = rows.reduce((sum, row) => sum + row.energy.kwh_per_month.mid, 0);
        expect(Math.abs(month - report.total.energy.kwh_per_month.mid)).toBeLessThan(0.1);
      }
    }),
    { seed: 5, numRuns: 200 },
  );
});

describe('as text', () => {
  const report = weeklyReport(LEADS, { ...WEEK, previous: weeklyReport(LEADS.slice(0, 3), WEEK) });
  const regionName = (code: string): string | null => (code === '44' ? '广东省' : null);

  test('Chinese, with columns aligned by their width', () => {
    const text = renderReportText(report, { language: 'zh', regionName });
    const lines = text.split('\n');
    expect(lines[0]).toBe('“挖矿”整治周报');
    expect(lines).toContain('新增       2');
    expect(lines.find((line) => line.startsWith('44 广东省'))).toMatch(
      /^44 广东省 +2 +2 +0 +0\.0 % +1 +5\.5 – 11\.0 – 22\.0 +0\.40 – 0\.79 – 1\.58 +1\.58$/,
    );
    expect(text).toContain('分算法算力（不得相加）');
    expect(text).not.toMatch(/undefined|NaN/);
  });

  test('English', () => {
    const text = renderReportText(report, { language: 'en' });
    expect(text).toContain('Hashrate by algorithm (never added up)');
    expect(text).toMatch(/^sha256d +PH\/s +2\.00 – 2\.00 – 2\.00$/m);
    expect(text).toMatch(/^2 +44 +0\.0 %$/m);
    expect(text).toMatch(/^Listed +\+3$/m);
    expect(text).toMatch(/^previous batch, due +2026-11-27$/m);
  });

  test('names that people typed act upon no terminal', () => {
    const hostile = weeklyReport([lead('L1', { department: '\u001b[2J\u202e=1+1\n' })], WEEK);
    const text = renderReportText(hostile, { language: 'en', regionName: () => '\u001b]0;x\u0007' });
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(text).toContain('�[2J�=1+1�');
  });

  test('rows of a CSV file carry their section', () => {
    const rows = reportCsvRows(report, { language: 'zh', regionName });
    expect(rows[0]).toEqual(['“挖矿”整治周报', '2026-11-15T16:00:00.000Z', '2026-11-22T16:00:00.000Z']);
    expect(rows).toContainEqual(['本期变动', '新增', '2']);
    expect(rows.find((row) => row[0] === '按省份' && row[1] === '44 广东省')?.[2]).toBe('2');
  });
});
