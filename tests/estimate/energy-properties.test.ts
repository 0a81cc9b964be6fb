/** What holds whatever goes in. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { estimateEnergy } from '../../src/estimate/energy.ts';
import type { Band, EnergyEstimate, EnergyInput } from '../../src/estimate/types.ts';
import { codes, exactly, input, TABLES } from './energy-tables.ts';

const ALGORITHMS = [...TABLES.scale.aliases.keys(), 'unheard-of', ''];
const odd = fc.oneof(
  fc.double(),
  fc.integer({ min: -5, max: 1e6 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0, -0, 1e308, 5e-324),
);
const day = fc.oneof(
  fc.integer({ min: -25_000, max: 90_000 }).map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10)),
  fc.constantFrom('', '2026-02-30', 'today', '0000-00-00', '9999-12-31', '1900-01-01'),
);
const anything = fc.record({
  date: day,
  rates: fc.array(
    fc.record({
      algorithm: fc.constantFrom(...ALGORITHMS),
      unit: fc.constantFrom('H/s', 'Sol/s', 'TH/s', 'EH/s', 'gps', ''),
      low: odd,
      mid: odd,
      high: odd,
    }),
    { maxLength: 4 },
  ),
  connections: fc.option(odd),
  hardwareClass: fc.constantFrom('asic' as const, 'gpu' as const, 'cpu' as const, 'unknown' as const),
  addresses: odd,
  machines: fc.array(
    fc.record({
      model: fc.oneof(fc.constantFrom('Antminer S19', 'RTX 3080', 'EPYC 7742', 'S9 14T', ''), fc.string()),
      count: odd,
      watts: fc.option(odd),
    }),
    { maxLength: 3 },
  ),
  metered: fc.array(fc.record({ from: odd, to: odd, kwh: odd }), { maxLength: 3 }),
  site: fc.constantFrom(...(['dedicated', 'container', 'data_centre', 'household', 'office', 'unknown'] as const)),
  region: fc.oneof(fc.constantFrom(null, '51', '150100', 'XPCC', '610000', '330000', '710000'), fc.string()),
  category: fc.constantFrom('existing' as const, 'new' as const, 'unknown' as const),
  passive: fc.boolean(),
  miningFrom: day,
  miningTo: fc.option(day),
  freePower: fc.boolean(),
  listedOn: fc.option(day),
  startEstablished: fc.boolean(),
  capacityKva: fc.option(odd),
  load: fc.option(fc.record({ loadFactor: odd, nightDayRatio: odd, days: odd })),
  meterStepSeconds: fc.option(odd),
});

function bandsOf(made: EnergyEstimate): Band[] {
  const { itKw, siteKw, kwhPerMonth, assessedKwhPerMonth, pue, utilisation, parts } = made;
  return [itKw, siteKw, kwhPerMonth, assessedKwhPerMonth, pue, utilisation, ...parts.map(({ kw }) => kw)];
}

test('any input gives bands in order, finite figures and money that is money', () => {
  fc.assert(
    fc.property(anything, (given) => {
      const made = estimateEnergy(given as EnergyInput, TABLES);
      for (const { low, mid, high } of bandsOf(made)) {
        expect(low >= 0 && low <= mid && mid <= high && Number.isFinite(high)).toBe(true);
      }
      const { surcharge } = made;
      if (surcharge !== null) {
        expect(surcharge.rate).toMatch(/^\d+\.\d{4}$/);
        for (const money of [surcharge.yuanPerMonth, surcharge.yuanToDate]) {
          for (const text of [money.low, money.mid, money.high]) expect(text).toMatch(/^\d+\.\d{2}$/);
          expect(Number(money.low) <= Number(money.mid) && Number(money.mid) <= Number(money.high)).toBe(true);
        }
        expect(surcharge.from <= surcharge.to).toBe(true);
      }
      expect(made.meteredRatio === null || Number.isFinite(made.meteredRatio)).toBe(true);
      expect(JSON.stringify(made)).not.toMatch(/NaN|Infinity|undefined/);
    }),
    { seed: 20_261_122, numRuns: 2000 },
  );
});

test('more hashrate is never less power, energy or money', () => {
  const algorithm = fc.constantFrom(...ALGORITHMS);
  const rate = fc.double({ min: 0, max: 1e21, noNaN: true });
  fc.assert(
    fc.property(algorithm, rate, rate, fc.boolean(), (name, a, b, passive) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)].map((value) =>
        estimateEnergy(input({ rates: [exactly('sha256d', 1e12), exactly(name, value)], passive }), TABLES),
      ) as [EnergyEstimate, EnergyEstimate];
      for (const edge of ['low', 'mid', 'high'] as const) {
        expect(more.itKw[edge]).toBeGreaterThanOrEqual(less.itKw[edge]);
        expect(more.kwhPerMonth[edge]).toBeGreaterThanOrEqual(less.kwhPerMonth[edge]);
        const money = (made: EnergyEstimate): number => Number(made.surcharge?.yuanPerMonth[edge]);
        expect(money(more)).toBeGreaterThanOrEqual(money(less));
      }
    }),
    { seed: 4, numRuns: 500 },
  );
});

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 1e30])('%d is left out with a note', (value) => {
  const sound = estimateEnergy(input({ rates: [exactly('sha256d', 1e12)] }), TABLES);
  const changes = [
    { rates: [exactly('sha256d', 1e12), exactly('scrypt', value)] },
    { rates: [exactly('sha256d', 1e12)], connections: value },
    { rates: [exactly('sha256d', 1e12)], machines: [{ model: 'Antminer S9', count: value, watts: null }] },
    { rates: [exactly('sha256d', 1e12)], metered: [{ from: 0, to: 1e18, kwh: value }] },
  ];
  for (const change of changes) {
    const made = estimateEnergy(input(change), TABLES);
    expect(made.itKw).toEqual(sound.itKw);
    expect(codes(made.notes)).toContain('ignored_input');
  }
});
