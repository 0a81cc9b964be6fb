import { describe, expect, test } from 'vitest';
import { type BuildContext, buildDetections } from '../../src/detect/build.ts';
import type { Confidence } from '../../src/detect/detection.ts';
import type { ConversationFacts, Indication, SessionFacts } from '../../src/detect/facts.ts';
import { type Attempt, findProbes, fuse } from '../../src/detect/fuse.ts';
import { gatherKeys } from '../../src/detect/key-facts.ts';
import { MiningSession } from '../../src/dialect/session.ts';

function indication(signature: string, weight: number, proof = false): Indication {
  return {
    signature,
    version: 1,
    kind: 'payload',
    weight,
    family: null,
    against: false,
    proof,
    time: 0,
    input: 0,
    packet: 1,
    bytes: [0, 0],
    side: 0,
    from: 'miner',
    dialect: null,
    excerpt: '',
  };
}

describe('fuse', () => {
  const hint = indication('hint', 0.3);
  const half = indication('half', 0.5);
  const rows: readonly [string, Indication[], number, Confidence][] = [
    ['nothing', [], 0, 'suspected'],
    ['one hint', [hint], 0.3, 'suspected'],
    ['the same hint many times is one hint', [hint, hint, hint, hint, hint], 0.3, 'suspected'],
    ['the same signature counts with its greatest weight', [hint, indication('hint', 0.4)], 0.4, 'suspected'],
    ['just under probable', [indication('a', 0.59)], 0.59, 'suspected'],
    ['probable', [indication('a', 0.6)], 0.6, 'probable'],
    ['two signs that are independent', [half, hint], 0.65, 'probable'],
    ['three', [half, hint, indication('third', 0.2)], 0.72, 'probable'],
    ['any number of signs without proof', [indication('a', 0.9), indication('b', 0.95)], 0.995, 'probable'],
    [
      'a name with its port, however sure',
      [
        { ...indication('name', 0.85), family: 'server-name' },
        { ...indication('port', 0.5), family: 'port' },
      ],
      0.925,
      'suspected',
    ],
    ['proof', [indication('a', 0.9, true)], 0.9, 'confirmed'],
    ['proof among hints', [hint, indication('a', 0.9, true), half], 0.965, 'confirmed'],
    ['certainty', [indication('a', 1, true), hint], 1, 'confirmed'],
  ];

  test.each(rows)('%s', (_, indications, score, confidence) => {
    expect(fuse(indications)).toEqual({ score, confidence });
    expect(fuse([...indications].reverse())).toEqual({ score, confidence });
  });
});

const SESSION: SessionFacts = {
  accounts: [],
  severalMiners: false,
  agents: [],
  coins: [],
  algorithm: null,
  poolHost: null,
  poolName: null,
  asicHint: false,
  asked: true,
  workRequests: 0,
  jobs: 0,
  submitted: 0,
  accepted: 0,
  rejected: 0,
  difficulty: null,
  rateUnit: 'H/s',
  reported: null,
  evidence: { shares: 0, work: 0, active: 0, exposure: 0, intervals: [] },
};

function conversation(session: Partial<SessionFacts> | null): ConversationFacts {
  return {
    input: 0,
    packet: 1,
    miner: '10.0.0.1',
    pool: '203.0.113.1',
    host: null,
    poolName: null,
    coins: [],
    via: null,
    worked: false,
    lookups: 0,
    minerPort: 40000,
    poolPort: 3333,
    transport: 'tcp',
    dialect: 'stratum-v1',
    session: session && { ...SESSION, ...session },
    indications: [indication('a', 1, true)],
    firstSeen: 0,
    lastSeen: 0,
    packets: [0, 0],
    bytes: [0, 0],
    opened: true,
    seen: 'both',
    minerSide: 0,
  };
}

const CONTEXT: BuildContext = {
  sensor: 'test',
  realm: null,
  nat: 'none',
  clockError: 0,
  from: 0,
  to: 0,
  fileOf: () => '-',
};

describe('activity', () => {
  const account = (login: string, worker: string | null = null) => ({ login, account: login, worker, wallet: null });
  const rows: readonly [string, (Partial<SessionFacts> | null)[], string][] = [
    ['nothing but a signature', [null], 'attempt'],
    ['asked, no answer', [{}], 'attempt'],
    ['refused shares alone are shares', [{ submitted: 1, rejected: 1 }], 'mining'],
    ['work was delivered', [{ jobs: 1 }], 'mining'],
    ['accepted shares, seen from the pool alone', [{ accepted: 3 }], 'mining'],
    ['one connection of several worked', [{}, { jobs: 2 }], 'mining'],
    ['several miners over one connection', [{ jobs: 1, severalMiners: true }], 'proxy'],
    [
      'two logins, one after the other',
      [
        { jobs: 1, accounts: [account('a')] },
        { jobs: 1, accounts: [account('b')] },
      ],
      'mining',
    ],
    ['several miners that got no work', [{ severalMiners: true }], 'attempt'],
  ];

  test.each(rows)('%s', (_, sessions, activity) => {
    const rows = buildDetections(gatherKeys(sessions.map(conversation)), CONTEXT);
    expect(rows.map((row) => row.activity)).toEqual([activity]);
  });
});

test.each<[string, (string | [string, string])[], string[], boolean]>([
  ['one login', ['a.x'], ['a.x'], false],
  ['two accounts', ['a', 'b'], [], true],
  ['two workers of an account', ['a.x', 'a.y'], [], true],
  ['a bare account, two workers in shares', ['a'], ['a.x', 'a.y'], true],
  ['the bare account beside its worker', ['a.x'], ['a.x', 'a'], false],
  ['a worker sent beside the login and in shares', [['0xab', 'rig1']], ['rig1'], false],
  ['two such workers', [['0xab', 'rig1']], ['rig1', 'rig2', 'rig3'], true],
  ['shares alone, of two workers', [], ['a.x', 'a.y'], true],
  ['shares alone, of one worker', [], ['a.x'], false],
])('%s', (_, logins, workers, several) => {
  const session = new MiningSession();
  for (const login of logins) {
    if (typeof login === 'string') session.login(login);
    else session.login(...login);
  }
  for (const worker of workers) session.workerLogin(worker);
  expect(session.severalMiners).toBe(several);
});

test('whoever is pool to some and miner to others is a proxy', () => {
  const rig = { ...conversation({ jobs: 1 }), miner: '10.0.0.9', pool: '10.0.0.1' };
  const upstream = conversation({ jobs: 1 });
  const rows = buildDetections(gatherKeys([rig, upstream]), CONTEXT);
  expect(rows.map((row) => [row.miner.ip, row.activity]).sort()).toEqual([
    ['10.0.0.1', 'proxy'],
    ['10.0.0.9', 'mining'],
  ]);
});

test('below one half nothing is reported', () => {
  const quiet = { ...conversation({ jobs: 1 }), indications: [indication('a', 0.49)] };
  expect(buildDetections(gatherKeys([quiet]), CONTEXT)).toEqual([]);
  const heard = { ...quiet, indications: [indication('a', 0.5)] };
  expect(buildDetections(gatherKeys([heard]), CONTEXT).map((row) => row.confidence)).toEqual(['suspected']);
});

describe('findProbes', () => {
  const MINUTE = 60_000_000;
  const tries = (miner: string, count: number, every: number, submitted = false): Attempt[] =>
    Array.from({ length: count }, (_, n) => ({ miner, endpoint: `pool ${n}`, time: n * every, submitted }));

  test.each([
    ['eight within ten minutes', tries('a', 8, MINUTE), true],
    ['seven', tries('a', 7, MINUTE), false],
    ['eight, the last one later than that', tries('a', 8, 1.5 * MINUTE), false],
    ['ten minutes exactly', tries('a', 8, (10 * MINUTE) / 7), true],
    ['one endpoint many times', tries('a', 20, MINUTE / 4).map((t) => ({ ...t, endpoint: 'pool' })), false],
    ['by different addresses', tries('a', 8, MINUTE).map((t, n) => ({ ...t, miner: `m${n}` })), false],
    ['with shares', tries('a', 12, MINUTE / 4, true), false],
    ['with a single share', tries('a', 12, MINUTE / 4).map((t, n) => ({ ...t, submitted: n === 11 })), false],
    ['in any order', tries('a', 9, MINUTE).reverse(), true],
  ] as const)('%s', (_, attempts, found) => {
    expect(findProbes([...attempts]).has('a')).toBe(found);
  });

  test('only the attempts of the probing belong to it', () => {
    const later = { miner: 'a', endpoint: 'pool 3', time: 100 * MINUTE, submitted: false };
    const inside = findProbes([...tries('a', 10, MINUTE / 2), later]).get('a');
    expect(inside?.(0)).toBe(true);
    expect(inside?.(4.5 * MINUTE)).toBe(true);
    expect(inside?.(100 * MINUTE)).toBe(false);
  });
});
