/** What the lead logic asks of the energy estimate, and when it asks at all. */
import { describe, expect, test } from 'vitest';
import type { EnergyInput } from '../../src/estimate/types.ts';
import { createCasebook } from '../../src/ledger/casebook.ts';
import { memoryStore } from '../../src/ledger/memory-store.ts';
import { at, DAY, detection, only, type Sketch, salts, services, T0 } from './lead-helpers.ts';

function asked(...sketches: Sketch[]) {
  const inputs: EnergyInput[] = [];
  const base = services(() => null, 5);
  const cases = createCasebook(memoryStore(salts()), {
    ...base,
    estimate: (input) => {
      inputs.push(input);
      return base.estimate(input);
    },
    identify: (input) => {
      const found = base.identify(input);
      return { ...found, energy: { ...found.energy, capacityKva: 630 } };
    },
  });
  cases.record(sketches.map(detection), [], at(T0));
  return { cases, last: () => inputs.at(-1) };
}

describe('the energy of a lead', () => {
  test.each<[string, Sketch, boolean]>([
    ['mining', {}, true],
    ['a probable proxy', { activity: 'proxy', confidence: 'probable' }, true],
    ['suspected mining', { confidence: 'suspected' }, false],
    ['an attempt', { activity: 'attempt' }, false],
    ['a probe', { activity: 'probe' }, false],
  ])('is estimated for mining seen surely: %s', (_, sketch, some) => {
    const { cases, last } = asked(sketch);
    expect(only(cases).energy !== null).toBe(some);
    expect(last() !== undefined).toBe(some);
  });

  test('knows the contracted capacity', () => {
    expect(asked({}).last()?.capacityKva).toBe(630);
  });

  test('counts from the day that a person showed, established; traffic alone establishes no start', () => {
    const { cases, last } = asked({});
    expect(last()).toMatchObject({ miningFrom: '2026-03-02' });
    expect(last()?.startEstablished).toBeUndefined();
    const { id } = only(cases);
    cases.addRunningEvidence(id, '2026-03-09', 'a visit', at(T0 + 8 * DAY));
    expect(last()).toMatchObject({ miningFrom: '2026-03-02' });
    expect(last()?.startEstablished).toBeUndefined();
    cases.addRunningEvidence(id, '2021-05-01', 'a bill', at(T0 + 8 * DAY));
    cases.addRunningEvidence(id, '2022-05-01', 'another', at(T0 + 8 * DAY));
    expect(last()).toMatchObject({ miningFrom: '2021-05-01', startEstablished: true });
  });
});
