import { describe, expect, test } from 'vitest';
import { estimateEnergy, monthlyKwh } from '../../src/estimate/energy.ts';
import { regionalPower } from '../../src/estimate/energy-power.ts';
import { rateUnit } from '../../src/estimate/energy-units.ts';
import { estimateFromTotals } from '../../src/estimate/hashrate.ts';
import { parseEnergyTables } from '../../src/estimate/tables-energy.ts';
import { codes, exactly, input, shippedTexts, TABLES } from './energy-tables.ts';

const HOUR = 3_600_000_000;

describe('the published worked example', () => {
  const shares = 1800;
  const difficulty = 65_536;
  const rate = estimateFromTotals(shares, shares * difficulty * 2 ** 32, [[0, HOUR]]);

  test('1,800 shares of difficulty 65,536 in an hour are 140.7 TH/s', () => {
    expect((rate?.mid ?? 0) / 1e12).toBeCloseTo(140.7, 1);
    // One standard deviation is 2.4 %: the 95 % limits lie about 4.7 % off.
    expect(1 / Math.sqrt(shares)).toBeCloseTo(0.024, 3);
    expect(1 - (rate?.low ?? 0) / (rate?.mid ?? 1)).toBeCloseTo(0.046, 2);
  });

  test('2.4 / 3.9 / 8.4 kW, and 1,718 / 2,830 / 6,065 kWh with overhead 1.05 and utilisation 0.95', () => {
    const texts = shippedTexts();
    const text = texts.pue.text
      .replace(/^dedicated,pue,[\d.,]+?,2026/m, 'dedicated,pue,1.05,1.05,1.05,2026')
      .replace(/^dedicated,utilisation,[\d.,]+?,2026/m, 'dedicated,utilisation,0.95,0.95,0.95,2026');
    const { table, faults } = parseEnergyTables({ ...texts, pue: { ...texts.pue, text } });
    expect(faults).toEqual([]);
    const made = estimateEnergy(input({ date: '2024-06-30', rates: [exactly('sha256d', rate?.mid ?? 0)] }), table);
    expect(made.method).toBe('shares');
    expect(rounded(made.itKw, 1)).toEqual([2.4, 3.9, 8.4]);
    expect(rounded(made.kwhPerMonth, 0)).toEqual([1718, 2830, 6065]);
    // The replaced table shows in its version.
    expect(made.tables.find(({ name }) => name === 'pue')?.version).not.toBe(TABLES.pue.version);
    // A single machine of the XP class draws 3.0 kW, which lies inside.
    expect(made.itKw.low).toBeLessThan(3);
    expect(made.itKw.high).toBeGreaterThan(3);
  });
});

describe('published cases', () => {
  test('one S15: 38.3 kWh a day, 1,149 kWh in 30 days, as the Ordos report has it', () => {
    const made = estimateEnergy(input({ machines: [{ model: 'Antminer S15', count: 1, watts: null }] }), TABLES);
    expect(made.method).toBe('inventory');
    expect(made.itKw.mid).toBeCloseTo(1.596, 6);
    const month = monthlyKwh(made.itKw, ONE, ONE).mid;
    expect(month / 30).toBeCloseTo(38.3, 1);
    expect(Math.round(month)).toBe(1149);
  });

  test('Jiangsu: 4,502 addresses and 136.77 Mbit/s at 10.8 MW', () => {
    const megawatt = 260_000 / 24 / 1000;
    expect(megawatt).toBeCloseTo(10.83, 2);
    expect(136_770 / (megawatt * 1000)).toBeCloseTo(12.6, 1);
    expect((megawatt * 1000) / 4502).toBeCloseTo(2.41, 2);
    for (const count of [{ addresses: 4502 }, { kbitPerSecond: 136_770 }]) {
      const band = regionalPower(count, TABLES.scale);
      expect(band?.low).toBeLessThan(megawatt * 1000);
      expect((band?.high ?? 0) * 1.01).toBeGreaterThan(megawatt * 1000);
    }
    expect(regionalPower({ addresses: Number.NaN }, TABLES.scale)).toBeNull();
  });

  test('Zhejiang, Huizhou and Jieyang lie inside the bands', () => {
    const zhejiang = regionalPower({ addresses: 4699 }, TABLES.scale);
    expect(zhejiang?.low).toBeLessThan(148_500 / 24);
    expect(zhejiang?.high).toBeGreaterThan(148_500 / 24);
    for (const [machines, kw] of [
      [540, 370_000 / 1300],
      [778, 280_000 / 240],
    ] as const) {
      const { itKw, method } = estimateEnergy(input({ connections: machines }), TABLES);
      expect(method).toBe('connections');
      expect(itKw.low).toBeLessThan(kw);
      expect(itKw.high).toBeGreaterThan(kw);
    }
  });

  test('a sum of hashrates over algorithms is never made: power is added, each by its own energy per hash', () => {
    const bitcoin = exactly('sha256d', 1e15);
    const monero = exactly('rx/0', 1e6);
    const only = (rates: Parameters<typeof input>[0]['rates'] & object) =>
      estimateEnergy(input({ rates }), TABLES).itKw.mid;
    const both = only([bitcoin, monero]);
    expect(both).toBeCloseTo(only([bitcoin]) + only([monero]), 9);
    // 10⁶ hashes of RandomX are nothing beside 10¹⁵ of SHA-256, and yet draw half as much.
    expect(only([monero])).toBeCloseTo(9, 9);
    expect(only([bitcoin])).toBeCloseTo(18, 9);
    expect(both).not.toBeCloseTo(only([exactly('sha256d', 1e15 + 1e6)]), 3);
  });
});

describe('the method', () => {
  const rates = [exactly('sha256d', 1e15)];
  const machines = [{ model: 'Antminer S19', count: 10, watts: null }];
  const metered = [{ from: Date.parse('2026-11-01') * 1000, to: Date.parse('2026-11-11') * 1000, kwh: 7200 }];

  test.each([
    ['metered', { rates, machines, metered, connections: 4 }],
    ['inventory', { rates, machines, connections: 4 }],
    ['shares', { rates, connections: 4 }],
    ['connections', { connections: 4 }],
    ['addresses', {}],
  ] as const)('%s comes before what follows', (method, changes) => {
    expect(estimateEnergy(input(changes), TABLES).method).toBe(method);
  });

  test('a metered figure replaces the estimate and keeps the ratio', () => {
    const made = estimateEnergy(input({ rates, metered }), TABLES);
    expect(made.siteKw).toEqual({ low: 30, mid: 30, high: 30 });
    expect(made.kwhPerMonth.mid).toBeCloseTo(21_600, 6);
    const estimated = estimateEnergy(input({ rates }), TABLES).kwhPerMonth.mid;
    expect(made.meteredRatio).toBeCloseTo(21_600 / estimated, 9);
    expect(estimateEnergy(input({ metered }), TABLES).meteredRatio).toBeNull();
  });

  test('readings average over time, meters add up, the same reading counts once, others are left out', () => {
    const [one] = metered as unknown as [(typeof metered)[number]];
    const power = (list: typeof metered): number => estimateEnergy(input({ metered: list }), TABLES).siteKw.mid;
    expect(power([one, one])).toBeCloseTo(30, 9);
    expect(power([one, { ...one, kwh: 2400 }])).toBeCloseTo(40, 9);
    expect(power([one, { from: one.to, to: 2 * one.to - one.from, kwh: 0 }])).toBeCloseTo(15, 9);
    const before = { from: Date.parse('2025-01-01') * 1000, to: Date.parse('2025-02-01') * 1000, kwh: 1e6 };
    expect(power([one, before])).toBeCloseTo(30, 9);
    expect(codes(estimateEnergy(input({ metered: [before] }), TABLES).notes)).toContain('metered_outside');
  });

  test('the figure by address is marked as no figure of a site', () => {
    const made = estimateEnergy(input({ addresses: 3 }), TABLES);
    expect(made.notes).toContainEqual({
      code: 'order_of_magnitude',
      text: 'order of magnitude only, never for one site',
    });
    expect(made.itKw.low).toBeCloseTo(3.9, 9);
    expect(codes(estimateEnergy(input({ connections: 3 }), TABLES).notes)).not.toContain('order_of_magnitude');
  });

  test('nothing to count gives nought, and says that it is no finding', () => {
    const made = estimateEnergy(input({ addresses: 0 }), TABLES);
    expect(made.kwhPerMonth).toEqual({ low: 0, mid: 0, high: 0 });
    expect(codes(made.notes)).toContain('no_basis');
  });

  test('infected hosts count with what mining adds, and not by the meter of the house', () => {
    const miner = [exactly('rx/0', 1e6)];
    const active = estimateEnergy(input({ rates: miner }), TABLES);
    const passive = estimateEnergy(input({ rates: miner, metered, passive: true }), TABLES);
    expect(passive.itKw.mid).toBeCloseTo(active.itKw.mid * 0.6, 9);
    expect(passive.parts[0]?.kw.mid).toBeCloseTo(passive.itKw.mid, 9);
    expect(passive.method).toBe('shares');
    expect(codes(passive.notes)).toEqual(expect.arrayContaining(['marginal', 'meter_not_used', 'victim']));
    expect(passive.meteredRatio).toBeNull();
  });

  test('energy of new projects counts twice in the assessment, and once for money', () => {
    const existing = estimateEnergy(input({ rates }), TABLES);
    const made = estimateEnergy(input({ rates, category: 'new' }), TABLES);
    expect(made.kwhPerMonth).toEqual(existing.kwhPerMonth);
    expect(existing.assessedKwhPerMonth).toEqual(existing.kwhPerMonth);
    expect(made.assessedKwhPerMonth.mid).toBe(made.kwhPerMonth.mid * 2);
    expect(made.surcharge).toEqual(existing.surcharge);
  });
});

describe('algorithms and units', () => {
  test('RandomX has another lower edge from July 2026', () => {
    const low = (date: string): number =>
      estimateEnergy(input({ date, rates: [exactly('rx/0', 1e6)] }), TABLES).itKw.low;
    expect(low('2026-06-30')).toBeCloseTo(6.4, 9);
    expect(low('2026-07-01')).toBeCloseTo(2.5, 9);
  });

  test('free power keeps machines of the S9 class running, in every year', () => {
    for (const date of ['2022-03-01', '2024-03-01', '2026-03-01']) {
      const rates = [exactly('sha256d', 1e12)];
      expect(estimateEnergy(input({ date, rates, freePower: true }), TABLES).itKw.high).toBeCloseTo(0.098, 9);
    }
    const rates = [exactly('sha256d', 1e12)];
    expect(estimateEnergy(input({ date: '2018-03-01', rates, freePower: true }), TABLES).itKw.high).toBeCloseTo(
      0.15,
      9,
    );
    expect(estimateEnergy(input({ date: '2026-03-01', rates }), TABLES).itKw.high).toBeCloseTo(0.04, 9);
  });

  test('hydro-cooled containers hold the more efficient machines', () => {
    const low = (site: 'container' | 'dedicated'): number =>
      estimateEnergy(input({ date: '2024-03-01', site, rates: [exactly('sha256d', 1e12)] }), TABLES).itKw.low;
    expect(low('container')).toBeCloseTo(0.0135, 9);
    expect(low('dedicated')).toBeCloseTo(0.017, 9);
  });

  test.each([
    ['a day before all rows', '2015-01-01', 0.089],
    ['a day after all rows', '2031-01-01', 0.018],
  ])('%s takes the nearest row, with a note only where one is missing', (_, date, kw) => {
    const made = estimateEnergy(input({ date, rates: [exactly('sha256d', 1e12)] }), TABLES);
    expect(made.itKw.mid).toBeCloseTo(kw, 9);
    expect(codes(made.notes).includes('other_year')).toBe(date < '2018');
  });

  test.each([
    ['ethash', 'H/s', 1e9, 1.9],
    ['cryptonight-or-randomx', 'H/s', 1e6, 9],
    ['equihash', 'Sol/s', 1e6, 3.6],
    ['blake2b-sha3', 'H/s', 1e12, 0.231],
    ['eaglesong', 'H/s', 1e12, 0.0485],
    ['kawpow', 'H/s', 1e9, 5],
    ['autolykos2', 'H/s', 1e9, 0.95],
    ['kheavyhash', 'H/s', 1e12, 0.15],
    ['blake3', 'H/s', 1e12, 0.25],
    ['scrypt', 'H/s', 1e9, 0.3],
    ['x11', 'H/s', 1e9, 0.002],
    ['octopus', 'H/s', 1e9, 3],
    ['SHA256D', 'TH/s', 1, 0.018],
  ])('%s in %s', (algorithm, unit, rate, kw) => {
    expect(estimateEnergy(input({ rates: [exactly(algorithm, rate, unit)] }), TABLES).itKw.mid).toBeCloseTo(kw, 9);
  });

  test.each(['fishhash', 'cuckatoo32', 'beamhash3', 'proof-of-space', 'rx/wow', 'never-heard-of'])(
    '%s has no figures: no power, and it is said',
    (algorithm) => {
      const made = estimateEnergy(input({ addresses: 0, rates: [exactly(algorithm, 1e9)] }), TABLES);
      expect(made.itKw).toEqual({ low: 0, mid: 0, high: 0 });
      expect(made.parts).toEqual([]);
      expect(made.unestimated?.map(({ what }) => what)).toEqual([algorithm]);
      expect(codes(made.notes)).toEqual(expect.arrayContaining(['no_efficiency', 'no_basis']));
      const among = estimateEnergy(input({ rates: [exactly(algorithm, 1e9), exactly('sha256d', 1e12)] }), TABLES);
      expect(among.itKw.mid).toBeCloseTo(0.018, 9);
      expect(codes(among.notes)).toContain('lower_bound');
    },
  );

  test('names that do not tell for certain, one machine as basis and wrong units are said', () => {
    const notes = (algorithm: string, unit: string, rate = 1): string[] =>
      codes(estimateEnergy(input({ rates: [exactly(algorithm, rate, unit)] }), TABLES).notes);
    expect(notes('equihash', 'Sol/s')).toContain('algorithm_assumed');
    expect(notes('sha256d', 'H/s')).not.toContain('algorithm_assumed');
    expect(notes('eaglesong', 'H/s')).toContain('narrow_basis');
    expect(notes('equihash', 'H/s')).toContain('unit_mismatch');
    expect(notes('sha256d', 'gps')).toContain('unit_mismatch');
    expect(notes('sha256d', 'EH/s', 146)).toContain('beyond_country');
  });

  test('units', () => {
    expect(rateUnit('GH/s')).toEqual({ kind: 'H', factor: 1e9 });
    expect(rateUnit('G/s')).toEqual({ kind: 'G', factor: 1 });
    expect(rateUnit('gps')).toEqual({ kind: 'G', factor: 1 });
    expect(rateUnit('kSol/s')).toEqual({ kind: 'Sol', factor: 1000 });
    for (const text of ['', 'H', 'furlongs/s', '/s', 'H/s '.repeat(1000)]) expect(rateUnit(text)).toBeNull();
  });
});

describe('against the power account', () => {
  const rates = [exactly('sha256d', 1e15)];
  const notes = (changes: Parameters<typeof input>[0]): string[] =>
    codes(estimateEnergy(input({ rates, ...changes }), TABLES).notes);

  test('more than the contracted capacity', () => {
    expect(notes({ capacityKva: 19 })).toContain('over_capacity');
    expect(notes({ capacityKva: 20 })).not.toContain('over_capacity');
    expect(notes({ capacityKva: 0 })).not.toContain('over_capacity');
  });

  test('a flat load over a week', () => {
    const load = { loadFactor: 0.9, nightDayRatio: 1.02, days: 7 };
    expect(notes({ load })).toContain('flat_load');
    expect(notes({ load: { ...load, nightDayRatio: 0.4 } })).toContain('uneven_load');
    expect(notes({ load: { ...load, loadFactor: 0.5 } })).toContain('uneven_load');
    expect(notes({ load: { ...load, days: 6 } })).not.toContain('flat_load');
  });

  test('a step of the meter within an hour of the traffic', () => {
    expect(notes({ meterStepSeconds: -3600 })).toContain('meter_step');
    expect(notes({ meterStepSeconds: 3601 })).not.toContain('meter_step');
  });

  test('another consumer on the account', () => {
    const month = { from: Date.parse('2026-11-01') * 1000, to: Date.parse('2026-11-11') * 1000 };
    expect(notes({ metered: [{ ...month, kwh: 1e6 }] })).toContain('other_consumer');
    expect(notes({ metered: [{ ...month, kwh: 5000 }] })).not.toContain('other_consumer');
  });
});

const ONE = { low: 1, mid: 1, high: 1 };

function rounded(band: { low: number; mid: number; high: number }, places: number): number[] {
  return [band.low, band.mid, band.high].map((value) => Number(value.toFixed(places)));
}
