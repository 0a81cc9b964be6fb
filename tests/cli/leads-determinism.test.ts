/** The same detections in one run or several, in any order of files: the same leads, byte for byte. */
import { afterAll, describe, expect, test } from 'vitest';
import { Case, capture } from './case-town.ts';

/** Captures with the realm in which each is replayed. */
const RUNS: readonly (readonly [file: string, words: readonly string[]])[] = [
  ['example-city.pcap', ['--nat', 'outside', '--realm', 'city', '--home', '198.51.100.0/24']],
  ['stratum-v1-bitcoin.pcap', ['--nat', 'none', '--realm', 'r1']],
  ['cryptonote-farm.pcapng', ['--nat', 'inside', '--realm', 'r2']],
  ['ethproxy.pcap', ['--nat', 'inside', '--realm', 'r3']],
  ['zcash-stratum.pcap', ['--nat', 'none', '--realm', 'r4']],
  ['kawpow.pcap', ['--nat', 'none', '--realm', 'r5']],
  ['probe.pcap', ['--nat', 'none', '--realm', 'r6']],
];

const cases: Case[] = [];
function fresh(): Case {
  const made = new Case();
  cases.push(made);
  return made;
}
afterAll(() => {
  for (const made of cases) made.cleanUp();
});

async function recorded(own: Case, runs: readonly (readonly [string, readonly string[]])[]): Promise<string> {
  for (const [file, words] of runs) {
    const { code, stderr } = await own.run('replay', '--quiet', '--ledger', own.ledger, ...words, capture(file));
    if (code !== 0) throw new Error(stderr);
  }
  expect((await own.run('ledger', 'verify')).code).toBe(0);
  return own.ok('leads', 'export', '--no-history');
}

describe('leads export --no-history', () => {
  test('in any order, again, and with the registry before or after', async () => {
    const one = fresh();
    await one.register();
    const first = await recorded(one, RUNS);
    expect(first.split('\n').length).toBeGreaterThan(6);
    const other = fresh();
    await other.register();
    expect(await recorded(other, [...RUNS].reverse())).toBe(first);
    expect(await recorded(other, RUNS)).toBe(first);
    const late = fresh();
    await recorded(late, [...RUNS.slice(3), ...RUNS.slice(0, 3)]);
    await late.register();
    await late.ok('leads', 'attribute');
    const ids = (text: string): string[] =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => String((JSON.parse(line) as { id: string }).id));
    expect(ids(await late.ok('leads', 'export', '--no-history'))).toEqual(ids(first));
  }, 120_000);

  test('both days of the town in one run, in two, and the later one first', async () => {
    const files = ['example-city.pcap', 'example-city-later.pcap'].map(capture) as [string, string];
    const words = ['--nat', 'outside', '--home', '198.51.100.0/24', '--quiet'];
    const made = async (...runs: string[][]): Promise<string> => {
      const own = fresh();
      await own.register();
      for (const run of runs) await own.run('replay', '--ledger', own.ledger, ...words, ...run);
      return own.ok('leads', 'export', '--no-history');
    };
    const one = await made([...files]);
    expect(one).toContain('b01');
    expect(await made([files[0]], [files[1]])).toBe(one);
    expect(await made([files[1]], [files[0]])).toBe(one);
    expect(await made([files[1], files[0]])).toBe(one);
  }, 120_000);
});
