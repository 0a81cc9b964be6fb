import Big from 'big.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimateEnergy } from '../../src/estimate/energy.ts';
import { penalisedResidential } from '../../src/estimate/money.ts';
import { type SurchargeInput, surchargeOf } from '../../src/estimate/surcharge.ts';
import { parseSurcharge, type SurchargeTable } from '../../src/estimate/surcharge-table.ts';
import { dayNumber } from '../../src/estimate/tables.ts';
import type { SurchargeResult } from '../../src/estimate/types.ts';
import { input, TABLES } from './energy-tables.ts';

const BASE: SurchargeInput = {
  kwhPerMonth: { low: 1500, mid: 3000, high: 6000 },
  date: '2026-11-22',
  region: '440305',
  miningFrom: '2026-11-01',
  miningTo: '2026-11-10',
  listedOn: null,
  startEstablished: true,
  metered: false,
};

function made(changes: Partial<SurchargeInput>, table: SurchargeTable = TABLES.surcharge): SurchargeResult {
  const result = surchargeOf({ ...BASE, ...changes }, table);
  if (result === null) throw new Error('no surcharge');
  return result;
}

const codesOf = (result: SurchargeResult): string[] => result.notes.map((note) => note.split(':')[0] as string);

describe('rates', () => {
  test.each([
    ['46', '0.8000'],
    ['150100', '1.0000'],
    ['33', '0.5000'],
    ['370000', '2.0000'],
    ['14', '1.0000'],
    ['51', '2.0000'],
    ['52', '2.0000'],
    ['12', '0.5000'],
  ])('region %s has its own: %s', (region, rate) => {
    expect(made({ region })).toMatchObject({ rate, isDefault: false, region: region.slice(0, 2) });
  });

  test.each(['44', '440305', 'XPCC', '650000', '11', null, '61', '990000', 'nonsense'])(
    'region %s takes the default',
    (region) => {
      const result = made({ region });
      expect(result).toMatchObject({ rate: '0.3000', isDefault: true, region: 'CN', status: 'verified' });
      expect(result.notes.length).toBeGreaterThan(0);
    },
  );

  test('Shaanxi: the figure is unknown, and later the rule has lapsed', () => {
    const during = made({ region: '610100', date: '2023-06-30', miningFrom: '2023-06-01', miningTo: null });
    expect(during.rate).toBe('0.3000');
    expect(codesOf(during)).toContain('amount_unknown');
    expect(codesOf(made({ region: '610100' }))).toContain('rule_lapsed');
    // Shanxi, whose name differs in one letter, has another code and another rate.
    expect(made({ region: '140100' }).rate).toBe('1.0000');
  });

  test("Sichuan's basis expires in April 2027: said a year ahead; after it the default holds", () => {
    const listed = { region: '51', listedOn: '2025-01-01' };
    expect(made(listed).notes.find((note) => note.startsWith('rule_expires'))).toContain('2027-04-30');
    const long = { ...listed, date: '2026-04-29', miningFrom: '2026-04-01', miningTo: null };
    expect(codesOf(made(long))).not.toContain('rule_expires');
    const after = made({ ...listed, date: '2027-05-10', miningFrom: '2027-04-29', miningTo: null });
    expect(after).toMatchObject({ rate: '0.3000', isDefault: true });
    expect(codesOf(after)).toEqual(expect.arrayContaining(['rule_lapsed', 'rate_changed']));
    // 100 kWh a day: two days at 2.00, ten at 0.30.
    expect(after.yuanToDate.mid).toBe('700.00');
  });

  test('regions outside the notice, and days that cannot be read, have none', () => {
    for (const region of ['710000', '81', '820000'])
      expect(surchargeOf({ ...BASE, region }, TABLES.surcharge)).toBeNull();
    for (const change of [{ date: '' }, { miningFrom: 'x' }, { miningTo: 'x' }, { miningFrom: '2026-12-01' }]) {
      expect(surchargeOf({ ...BASE, ...change }, TABLES.surcharge)).toBeNull();
    }
    const outside = estimateEnergy(input({ region: '710000' }), TABLES);
    expect(outside.surcharge).toBeNull();
    expect(outside.notes.map(({ code }) => code)).toContain('no_surcharge');
  });

  test('before the notice nothing is charged', () => {
    const before = made({ date: '2021-09-02', miningFrom: '2021-01-01', miningTo: null });
    expect(before).toMatchObject({ rate: '0.0000', status: 'not in force', yuanToDate: { mid: '0.00' } });
    const across = made({ date: '2021-09-04', miningFrom: '2021-01-01', miningTo: null });
    expect(across).toMatchObject({ from: '2021-09-03', to: '2021-09-04', yuanToDate: { mid: '60.00' } });
  });
});

describe('days', () => {
  test('ten days of 100 kWh at 0.30', () => {
    const result = made({});
    expect(result).toMatchObject({ from: '2026-11-01', to: '2026-11-10' });
    expect(result.yuanToDate).toEqual({ low: '150.00', mid: '300.00', high: '600.00' });
    expect(result.yuanPerMonth).toEqual({ low: '450.00', mid: '900.00', high: '1800.00' });
  });

  test('mining that goes on counts to the day of the calculation, not beyond', () => {
    expect(made({ miningTo: null }).to).toBe('2026-11-22');
    expect(made({ miningTo: '2027-01-01' }).to).toBe('2026-11-22');
  });

  test('from the day of the list, where the rule says so', () => {
    const open = { region: '51', miningFrom: '2026-10-01', miningTo: null };
    const unlisted = made(open);
    expect(unlisted.yuanToDate.mid).toBe('0.00');
    expect(unlisted.notes.find((note) => note.startsWith('not_listed'))).toContain('mid 10600.00');
    const listed = made({ ...open, listedOn: '2026-11-13' });
    expect(listed).toMatchObject({ from: '2026-11-13', yuanToDate: { mid: '2000.00' } });
    expect(made({ ...open, listedOn: '2026-01-01' }).from).toBe('2026-10-01');
    expect(codesOf(listed)).toContain('whole_account');
    expect(codesOf(made({ ...open, metered: true }))).not.toContain('whole_account');
  });

  test('three months back in Inner Mongolia where the start is not established', () => {
    const found = { region: '15', miningFrom: '2026-11-20', miningTo: null };
    const back = made({ ...found, startEstablished: false });
    expect(back).toMatchObject({ from: '2026-08-23', to: '2026-11-22', yuanToDate: { mid: '9200.00' } });
    expect(codesOf(back)).toContain('lookback');
    expect(made(found)).toMatchObject({ from: '2026-11-20', yuanToDate: { mid: '300.00' } });
    // Seen for longer than that: what was seen counts.
    const seen = made({ ...found, miningFrom: '2026-03-01', startEstablished: false });
    expect(seen.from).toBe('2026-03-01');
    // A month that has no such day, and the start of the rule.
    expect(made({ ...found, date: '2026-05-31', miningFrom: '2026-05-31', startEstablished: false }).from).toBe(
      '2026-03-01',
    );
    const early = { ...found, date: '2022-02-01', miningFrom: '2022-02-01', startEstablished: false };
    expect(made(early).from).toBe('2022-01-20');
  });

  test('whole months where a table wants them', () => {
    const text = `${HEADING}CN,全国,0.30,,2021-09-03,,,,,whole,,,x,1,2026-01-01,s,\n`;
    const { table, faults } = parseSurcharge(text, 's.csv');
    expect(faults).toEqual([]);
    const whole = made({ miningFrom: '2026-09-20', miningTo: '2026-10-02' }, table);
    expect(whole).toMatchObject({ from: '2026-09-01', to: '2026-10-31', yuanToDate: { mid: '1830.00' } });
  });

  test('the narrowest area wins', () => {
    const text = `${HEADING}CN,全国,0.30,,2021-09-03,,,,,,,,x,1,2026-01-01,s,\n44,省,0.40,,,,,,,,,,x,1,2026-01-01,s,\n4403,市,0.5005,,,,,,,,,,x,1,2026-01-01,s,\n`;
    const { table } = parseSurcharge(text, 's.csv');
    expect(made({ region: '440305' }, table).rate).toBe('0.5005');
    expect(made({ region: '440100' }, table).rate).toBe('0.4000');
  });

  test('equals the sum over days, one by one', () => {
    const day = fc.integer({ min: dayNumber('2021-06-01') ?? 0, max: dayNumber('2028-12-31') ?? 0 });
    const text = (n: number): string => new Date(n * 86_400_000).toISOString().slice(0, 10);
    const region = fc.constantFrom('46', '15', '33', '37', '14', '61', '52', '12', '44', 'XPCC');
    fc.assert(
      fc.property(day, day, region, fc.integer({ min: 0, max: 1e9 }), (a, b, code, kwh) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const band = { low: kwh, mid: kwh, high: kwh };
        const dates = { date: '2028-12-31', miningFrom: text(from), miningTo: text(to) };
        let sum = new Big(0);
        for (let n = from; n <= to; n++) {
          const one = { ...dates, miningFrom: text(n), miningTo: text(n) };
          sum = sum.plus(made({ ...one, region: code, kwhPerMonth: band }).rate);
        }
        expect(made({ ...dates, region: code, kwhPerMonth: band }).yuanToDate.mid).toBe(
          sum.times(kwh).div(30).toFixed(2, 1),
        );
      }),
      { seed: 11, numRuns: 25 },
    );
  });
});

const HEADING =
  'region,name,amount,tax_included,valid_from,valid_to,basis,start_rule,lookback_months,part_month,stacking,document_no,status,version,date,source,remark\n';

test.each([
  ['region', 'Hubei,x,0.30,,,,,,,,,,x,1,2026-01-01,s,', /region is no code/],
  ['amount', '44,x,-1,,,,,,,,,,x,1,2026-01-01,s,', /amount is "-1"/],
  ['places', '44,x,0.12345,,,,,,,,,,x,1,2026-01-01,s,', /more than four places/],
  ['exponent', '44,x,1e1,,,,,,,,,,x,1,2026-01-01,s,', /more than four places/],
  ['months', '44,x,0.3,,,,,fixed_lookback_months,,,,,x,1,2026-01-01,s,', /lookback_months is empty/],
  ['basis', '44,x,0.3,,,,half,,,,,,x,1,2026-01-01,s,', /basis is "half"/],
  ['overlap', 'CN,x,0.3,,2026-01-01,,,,,,,,x,1,2026-01-01,s,', /overlaps in time/],
])('a wrong %s is a fault of its row', (_, row, message) => {
  const good = 'CN,全国,0.30,,2021-09-03,,,,,,,,x,1,2026-01-01,s,\n';
  const { table, faults } = parseSurcharge(`${HEADING}${good}${row}\n`, 's.csv');
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatchObject({ file: 's.csv', line: 3, message: expect.stringMatching(message) });
  expect(table.byRegion.get('CN')).toHaveLength(1);
});

test('mining on the residential tariff: the difference and twice that', () => {
  expect(penalisedResidential(1000, '0.6800', '0.5500')).toBe('390.00');
  expect(penalisedResidential(0.1, '0.3', '0.2')).toBe('0.03');
  expect(penalisedResidential(1000, '0.55', '0.68')).toBeNull();
  for (const kwh of [Number.NaN, -1, Number.POSITIVE_INFINITY]) expect(penalisedResidential(kwh, '1', '0')).toBeNull();
  for (const text of ['', 'NaN', '-1', '1e5', '1,5']) expect(penalisedResidential(1, text, '0')).toBeNull();
});
