/** Every capture of the collection against what its makers put into it, and whole outputs against committed ones. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { DIALECTS } from '../../src/dialect/index.ts';
import type { ReplayResult } from '../../src/engine/options.ts';
import { replay } from '../../src/engine/replay.ts';
import type { Expected } from '../generate/expected.ts';
import { expectedText, goldenCases, linesOf, ROOT, textOf } from '../golden/cases.ts';
import { ENDPOINTS, SIGNATURES } from './run.ts';

const EXPECTED = JSON.parse(readFileSync(join(ROOT, 'captures', 'expected.json'), 'utf8')) as Record<
  string,
  Expected[]
>;
const CASES = goldenCases();
/** Shares from which on the true rate has to lie within the limits given. */
const ENOUGH_SHARES = 20;
/** Targets are sent rounded: 32 bits for CryptoNote. */
const ROUNDED = 1e-3;

const here = process.cwd();
beforeAll(() => process.chdir(ROOT));
afterAll(() => process.chdir(here));

function run(file: string): Promise<ReplayResult> {
  const inputs = [`captures/${file}`];
  return replay({
    inputs,
    filter: null,
    threads: 1,
    home: [],
    evidence: false,
    signatures: SIGNATURES,
    endpoints: ENDPOINTS,
    endpointOptions: {},
  });
}

function poolOf(d: DetectionRow): string {
  const ip = d.pool.ip ?? d.pool.host ?? '';
  return `${ip.includes(':') ? `[${ip}]` : ip}${d.pool.port === null ? '' : `:${d.pool.port}`}`;
}

/** The detection in the words of the expectation: the fields that it asks for. */
function inWordsOf(want: Expected, d: DetectionRow): Partial<Expected> {
  const { submitted, accepted, rejected } = d.shares;
  const sorted = (list: readonly string[]): string[] => [...list].sort();
  return {
    miner: d.miner.ip,
    pool: poolOf(d),
    dialect: d.dialect,
    activity: d.activity,
    confidence: d.confidence,
    shares: {
      submitted,
      ...(want.shares.accepted === undefined ? {} : { accepted }),
      ...(want.shares.rejected === undefined ? {} : { rejected }),
    },
    logins: sorted([...new Set(d.accounts.map((a) => a.login))]),
    flows: d.flows,
    ...(want.agents === undefined ? {} : { agents: sorted(d.agents) }),
    ...(want.coins === undefined ? {} : { coins: sorted(d.coins) }),
    ...(want.transport === undefined ? {} : { transport: d.transport as NonNullable<Expected['transport']> }),
    ...(want.host === undefined ? {} : { host: d.pool.host }),
    ...(want.pool_name === undefined ? {} : { pool_name: d.pool.name ?? '' }),
    ...(want.via === undefined || d.via === null ? {} : { via: d.via }),
    ...(want.seen === undefined ? {} : { seen: d.seen }),
  };
}

function asked(want: Expected): Partial<Expected> {
  const { difficulty, hashrate_true, hashrate_low_high, hashrate_unit, ...rest } = want;
  return {
    ...rest,
    // A look-up is no connection.
    flows: want.flows ?? (want.transport === 'dns' ? 0 : 1),
    logins: [...want.logins].sort(),
    ...(want.agents === undefined ? {} : { agents: [...want.agents].sort() }),
    ...(want.coins === undefined ? {} : { coins: [...want.coins].sort() }),
  };
}

function checkRate(want: Expected, d: DetectionRow): void {
  const rate = d.hashrate;
  if (want.hashrate_true === undefined || want.hashrate_low_high === undefined) return;
  expect(rate).not.toBeNull();
  expect(rate!.unit).toBe(want.hashrate_unit);
  expect(rate!.mid).toBeGreaterThanOrEqual(want.hashrate_low_high[0]);
  expect(rate!.mid).toBeLessThanOrEqual(want.hashrate_low_high[1]);
  if ((want.shares.accepted ?? 0) < ENOUGH_SHARES) return;
  expect(rate!.low).toBeLessThanOrEqual(want.hashrate_true);
  expect(rate!.high).toBeGreaterThanOrEqual(want.hashrate_true);
}

describe('captures/expected.json', () => {
  test('speaks of every capture, and of every dialect that ships as stable', () => {
    const files = readdirSync(join(ROOT, 'captures')).filter((name) => /\.pcap(ng)?$/.test(name));
    expect(Object.keys(EXPECTED).sort()).toEqual(files.sort());
    const covered = new Set(Object.values(EXPECTED).flatMap((list) => list.map((want) => want.dialect)));
    expect(DIALECTS.map((dialect) => dialect.id).filter((id) => !covered.has(id))).toEqual([]);
  });

  test.each(Object.entries(EXPECTED))('%s', async (file, wanted) => {
    const { detections, problems } = await run(file);
    expect(problems).toEqual([]);
    // Look-alikes expect an empty list: not even a suspicion.
    const name = (miner: string, pool: string, dialect: string | null): string => `${miner} ${pool} ${dialect}`;
    const found = new Map(detections.map((d) => [name(d.miner.ip, poolOf(d), d.dialect), d]));
    expect([...found.keys()].sort()).toEqual(wanted.map((w) => name(w.miner, w.pool, w.dialect)).sort());
    for (const want of wanted) {
      const d = found.get(name(want.miner, want.pool, want.dialect))!;
      expect(inWordsOf(want, d)).toEqual(asked(want));
      if (want.difficulty !== undefined) {
        expect(Math.abs(d.difficulty!.last / want.difficulty - 1)).toBeLessThan(ROUNDED);
      }
      checkRate(want, d);
    }
  });
});

describe('golden outputs', () => {
  const schema = JSON.parse(readFileSync(join(ROOT, 'docs', 'replay.schema.json'), 'utf8')) as object;
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  formats.default(ajv);
  const validate: ValidateFunction = ajv.compile(schema);

  test('there is one for every dialect that has left the draft', () => {
    const text = CASES.map((golden) => expectedText(golden)).join('');
    const stable = new Set(SIGNATURES.signatures.filter((s) => s.status === 'stable').map((s) => s.dialect));
    const ids = DIALECTS.map((dialect) => dialect.id).filter((id) => stable.has(id));
    expect(ids.length).toBeGreaterThan(10);
    expect(ids.filter((id) => !text.includes(`"dialect":"${id}"`))).toEqual([]);
  });

  test.each(CASES.map((golden) => [golden.name, golden] as const))('%s', async (_, golden) => {
    const lines = await linesOf(golden, SIGNATURES);
    for (const line of lines) expect(validate(JSON.parse(line)), JSON.stringify(validate.errors)).toBe(true);
    // On purpose changed? `node tests/golden/update.ts` rewrites the file.
    expect(textOf(lines)).toBe(expectedText(golden));
  });

  test('the same run twice prints the same bytes', async () => {
    const golden = CASES.find(({ name }) => name === 'cryptonote-farm')!;
    expect(await linesOf(golden, SIGNATURES)).toEqual(await linesOf(golden, SIGNATURES));
  });
});
