/** Tests of shape, judged at their limits, and what their signs weigh. */
import { describe, expect, test } from 'vitest';
import type { BehaviourView } from '../../../src/detect/behaviour/behaviour-test.ts';
import { BEHAVIOUR_TESTS } from '../../../src/detect/behaviour/index.ts';
import { points } from '../../../src/detect/behaviour/points.ts';
import { MINING_PORTS } from '../../../src/detect/behaviour/unlisted.ts';
import { loadSignatures } from '../../../src/signature/load.ts';

/** The median mining flow of the public sample, for two hours in records of a minute. */
function view(facts: Partial<BehaviourView> = {}): BehaviourView {
  const seconds = 7200;
  const packets = [3000, 3000] as const;
  const series = { count: 0, dropped: 0, start: () => 0, duration: () => 0, packets: () => 0, bytes: () => 0 };
  const v: BehaviourView = {
    ...{ version: 4, clientPort: 46_838, serverPort: 3333, seconds, active: seconds, packets, raw: packets },
    ...{ bytes: [3000 * 57, 3000 * 233], records: [120, 120], samplingRate: 1, flagged: 240, ackPush: 238 },
    ...{ syn: 2, fin: 0, rst: 0, connections: 1, longest: seconds, named: false },
    points: () => series,
    clients: () => [v],
    ...facts,
  };
  return v;
}
const signs = (facts: Partial<BehaviourView>): string[] =>
  BEHAVIOUR_TESTS.flatMap((t) => t.judge(view(facts))?.sign.slice('flow-record:'.length) ?? []);

describe('signs', () => {
  test.each<[string, Partial<BehaviourView>, string[]]>([
    ['median mining flow', {}, ['points', 'ratios', 'unlisted']],
    ['the same with a server that is known', { named: true }, ['points', 'ratios']],
    ['the same on another port', { serverPort: 5222 }, ['points', 'ratios']],
    [
      'over IPv6, whose headers are longer',
      { version: 6, bytes: [3000 * 77, 3000 * 253] },
      ['points', 'ratios', 'unlisted'],
    ],
    ['5 minutes less a second', { seconds: 299, active: 299 }, []],
    ['long, but active for less', { active: 299 }, []],
    ['19 packets seen one way', { raw: [19, 3000] }, []],
    ['one direction', { raw: [3000, 0], packets: [3000, 0], bytes: [171_000, 0] }, []],
    ['several connections, none of an hour', { longest: 3599, connections: 3 }, ['points', 'ratios']],
    ['99 packets seen', { raw: [99, 3000] }, ['points', 'ratios']],
    ['sampled: flags and packets a record tell nothing', { samplingRate: 10 }, ['points', 'ratios', 'unlisted']],
    ['sampled, and the client has the lower port', { samplingRate: 10, clientPort: 1025 }, ['ratios']],
    ['beyond what was measured, within what is allowed', { bytes: [3000 * 130, 3000 * 450] }, ['ratios', 'points']],
    ['as much out as in: the published points alone', { bytes: [3000 * 300, 3000 * 300] }, ['points']],
    ['files', { packets: [3e5, 6e5], raw: [3e5, 6e5], bytes: [3e5 * 52, 6e5 * 1400] }, ['points', 'bulk']],
    [
      'slow large shares are no files',
      { packets: [300, 300], raw: [300, 300], bytes: [300 * 1400, 300 * 80] },
      ['points'],
    ],
    ['nothing at all', { packets: [0, 0], raw: [0, 0], bytes: [0, 0], records: [0, 0], seconds: 0, active: 0 }, []],
  ])('%s', (_, facts, expected) => {
    expect(signs(facts).sort()).toEqual([...expected].sort());
  });

  test('points of the published program', () => {
    expect(points(view())).toBe(13);
    expect(points(view({ clientPort: 1025 }))).toBe(10);
    expect(points(view({ ackPush: 190 }))).toBe(11);
    expect(points(view({ records: [200, 200] }))).toBe(12);
    expect(points(view({ active: 299 }))).toBe(8);
    expect(points(view({ samplingRate: 2 }))).toBe(10);
  });
});

describe('weights', () => {
  const own = loadSignatures().signatures.filter((s) => s.id.startsWith('flow-record.'));

  test('every sign has its signature and nothing is proved by shape', () => {
    const judged = BEHAVIOUR_TESTS.map((t) => `flow-record.${t.id}`);
    expect(own.map((s) => s.id).sort()).toEqual([...judged, 'flow-record.address'].sort());
    expect(own.every((s) => s.weight < 0.9 && (s.kind === 'behaviour' || s.kind === 'endpoint'))).toBe(true);
  });

  test('the shape of an unlisted server is never probable by itself', () => {
    const weight = (id: string): number => own.find((s) => s.id === `flow-record.${id}`)?.weight ?? 0;
    const score = 1 - (1 - Math.max(weight('points'), weight('ratios'))) * (1 - weight('unlisted'));
    expect(score).toBeGreaterThanOrEqual(0.5);
    expect(score).toBeLessThan(0.6);
  });

  test('no port of the web, of mail or below 1024 is one of mining', () => {
    for (const port of [25, 80, 443, 8080, 8443, 8888, 5222, 5228, 8333]) expect(MINING_PORTS.has(port)).toBe(false);
    expect(Math.min(...MINING_PORTS)).toBeGreaterThan(1024);
  });
});
