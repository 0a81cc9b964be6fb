/** Dialects of single coins in the mining.* family, and CKB's own: as a network shows them, and told from one another. */
import { describe, expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { type Dialect, Fit } from '../../src/dialect/dialect.ts';
import { DIALECTS } from '../../src/dialect/index.ts';
import { MiningSession } from '../../src/dialect/session.ts';
import { jsonMessages } from '../../src/protocol/json.ts';
import type { JsonMessage } from '../../src/protocol/message.ts';
import { detectFrames, difference, essences } from '../engine/run.ts';
import { alephiumExample } from '../generate/catalogue/alephium.ts';
import { autolykosExample } from '../generate/catalogue/autolykos.ts';
import { START } from '../generate/catalogue/capture.ts';
import { ckbAExample } from '../generate/catalogue/ckb-a.ts';
import { ckbBExample } from '../generate/catalogue/ckb-b.ts';
import { confluxExample } from '../generate/catalogue/conflux.ts';
import { handshakeExample } from '../generate/catalogue/handshake.ts';
import { kaspaExample } from '../generate/catalogue/kaspa.ts';
import { kawpowExample } from '../generate/catalogue/kawpow.ts';
import { nexaExample } from '../generate/catalogue/nexa.ts';
import { bitcoinSession, SHA256D_UNIT } from '../generate/dialects/bitcoin.ts';
import {
  conversation,
  createRandom,
  cutPayloads,
  encapsulate,
  fragment,
  fromMessage,
  onlyFrom,
  type RawFrame,
  type TimedMessage,
} from '../generate/index.ts';
import type { Session } from '../generate/session.ts';

const EXAMPLES: readonly (readonly [string, Session])[] = [
  kawpowExample(),
  autolykosExample(),
  kaspaExample(),
  ckbAExample(),
  ckbBExample(),
  alephiumExample(),
  confluxExample(),
  handshakeExample(),
  nexaExample(),
].map((session) => [session.dialect, session] as const);

const MINER = { ip: '10.20.0.101', port: 40707 };
const POOL = { ip: '203.0.113.101', port: 3838 };

function framesOf(messages: readonly TimedMessage[]): RawFrame[] {
  return conversation({ client: MINER, server: POOL, start: START * 1e6, seed: 3, messages });
}

function detect(frames: readonly RawFrame[]): DetectionRow {
  const { detections } = detectFrames(frames);
  expect(detections.length).toBe(1);
  const [d] = detections;
  expect([d?.miner.ip, d?.pool.ip, d?.pool.port]).toEqual([MINER.ip, POOL.ip, POOL.port]);
  return d!;
}

/** A conversation written line by line: `>` from the miner, `<` from the pool, five seconds apart. */
function said(...lines: readonly string[]): DetectionRow {
  return detect(
    framesOf(
      lines.map((line, n) => ({
        from: line.startsWith('>') ? 'client' : 'server',
        at: 0.1 + n * 5,
        text: `${line.slice(1).trim()}\n`,
      })),
    ),
  );
}

describe.each(EXAMPLES)('%s', (dialect, session) => {
  const frames = framesOf(session.messages);
  const accepted = session.shares.filter((share) => share.accepted).length;

  test('the whole session', () => {
    const d = detect(frames);
    expect(d).toMatchObject({ dialect, confidence: 'confirmed', activity: 'mining', coins: session.coins });
    expect(d.algorithm).not.toBeNull();
    expect(d.shares).toEqual({
      submitted: session.shares.length,
      accepted,
      rejected: session.shares.length - accepted,
    });
    expect(session.shares.length - accepted).toBeGreaterThan(0);
    expect(d.accounts.map((a) => a.login)).toEqual(session.logins);
    expect(d.agents).toEqual(session.agents);
    expect(d.difficulty!.last / session.difficulty!).toBeCloseTo(1, 3);
    // Within four standard errors of the rate the shares were drawn from.
    expect(Math.abs(d.hashrate!.mid / session.rate!.value - 1)).toBeLessThan(4 / Math.sqrt(accepted));
  });

  test('from the second job on, the log-in unseen', () => {
    const first = session.marks!['job 1']!;
    const d = detect(fromMessage(frames, first));
    const seen = session.shares.filter((share) => share.at > session.messages[first]!.at);
    expect(d).toMatchObject({ dialect, confidence: 'confirmed', activity: 'mining', picked_up: 'midstream' });
    expect(d.shares.submitted).toBe(seen.length);
    expect(d.shares.accepted).toBe(seen.filter((share) => share.accepted).length);
    expect(d.coins).toEqual(dialect === 'kawpow' || dialect === 'kaspa' ? d.coins : session.coins);
  });

  test('from every share on', () => {
    for (const { submit } of session.shares) {
      expect(detect(fromMessage(frames, submit))).toMatchObject({ dialect, confidence: 'confirmed' });
    }
  });

  test('the miner alone', () => {
    const d = detect(onlyFrom(frames, 'client'));
    expect(d).toMatchObject({ dialect, confidence: 'confirmed', seen: 'miner' });
    expect(d.shares.submitted).toBe(session.shares.length);
    expect(d.hashrate).toBeNull();
    for (const { submit } of session.shares) {
      expect(detect(onlyFrom(fromMessage(frames, submit), 'client')).dialect).toBe(dialect);
    }
  });

  test('the pool alone', () => {
    const d = detect(onlyFrom(frames, 'server'));
    expect(d).toMatchObject({ dialect, confidence: 'confirmed', seen: 'pool', activity: 'mining' });
    expect(d.shares.submitted).toBe(0);
    expect(d.shares.accepted).toBeLessThanOrEqual(accepted);
    expect(d.accounts).toEqual([]);
    expect(d.difficulty!.last / session.difficulty!).toBeCloseTo(1, 3);
  });

  test.each(['vlan', 'qinq', 'pppoe', 'mpls', 'gre', 'ipip', 'vxlan', 'geneve', 'gtpu', 'erspan', 'l2tp'] as const)(
    'in %s',
    (kind) => {
      expect(difference(essences(detectFrames(encapsulate(frames, kind))), essences(detectFrames(frames)))).toBe('');
    },
  );

  test('cut anywhere, in fragments', () => {
    const want = essences(detectFrames(frames));
    for (const at of [1, 2, 17, 60, 111, 230]) {
      expect(difference(essences(detectFrames(cutPayloads(frames, at))), want), `cut at ${at}`).toBe('');
    }
    expect(difference(essences(detectFrames(fragment(frames, 296))), want)).toBe('');
  });
});

const PLACE = { input: 0, packet: 1, time: START * 1e6, from: 0, to: 0 };

function messageOf(text: string, side: 0 | 1 = 0): JsonMessage {
  const out: JsonMessage[] = [];
  jsonMessages(text, side, PLACE, 'tcp', null, null, out);
  return out[0]!;
}

const H = (digit: string): string => digit.repeat(64);
const notify = (...params: readonly unknown[]): string => JSON.stringify({ id: null, method: 'mining.notify', params });
const submit = (params: unknown, more: object = {}): string =>
  JSON.stringify({ id: 4, method: 'mining.submit', params, ...more });

/** Jobs by the dialect they belong to; those of other coins belong to none of the dialects here. */
const JOBS: readonly (readonly [string, string])[] = [
  ['kawpow', notify('a', H('1'), H('2'), H('3'), true, 3300000, '1b00ce41')],
  [
    'autolykos',
    notify('a', 1245000, H('1'), '', '', 3, '26959946667150639794667015087019630673637144422540', '', true),
  ],
  ['kaspa', notify('1', [4914913293842447000, 1, 2, 3], 1713571800000)],
  ['kaspa', notify('1', '1'.repeat(80))],
  ['ckb-a', notify('17282f3f', H('1'), 12600000, H('2'), true)],
  ['alephium', notify({ jobId: '1', fromGroup: 0, toGroup: 1, headerBlob: '00', txsBlob: '', targetBlob: H('1') })],
  ['conflux', notify(`0x${H('1')}`, '95000000', `0x${H('1')}`, `0x${'1'.repeat(58)}`)],
  ['conflux', notify(`0x${H('1')}`, `0x${H('1')}`, `0x${'1'.repeat(58)}`)],
  ['handshake', notify('1:0', H('1'), H('2'), H('3'), H('4'), H('0'), '00000000', '190508f1', '66230880')],
  [
    'handshake',
    notify('1:0', H('1'), '01', '02', [H('2')], H('3'), H('4'), H('0'), '00000000', '190508f1', '66230880', true),
  ],
  ['nexa', notify('a', H('1'), 540000, '1a02b3c4')],
  ['stratum-v1', notify('a', H('1'), '01', '02', [], '20000000', '17034219', '66230880', true)],
  ['zcash-stratum', notify('a', '04000000', H('1'), H('2'), H('0'), 'ae2a015b', '18b4041c', true)],
  ['eth-stratum', notify('a', H('1'), H('2'), H('3'), true)],
  ['ethereum-stratum-1', notify('a', H('1'), H('2'), true)],
  ['ethereum-stratum-2', notify('bf0488aa', '6526d5', H('1'), '0')],
];

const SHARES: readonly (readonly [string, string])[] = [
  ['autolykos', submit(['9x.r', 'a', 'a1b2c3d4e5f6', 'undefined', '7a0ca1b2c3d4e5f6'])],
  ['kaspa', submit([`kaspa:q${'z'.repeat(60)}.k`, '12', '0x41c2d8d0430c0387'])],
  ['ckb-a', submit(['acc.k', '17282f3f', 'eaf71970c0112233445566aa'])],
  ['ckb-a', submit(['ckb1qyq2znu0gempdahctxsm49sa9jdzq9vnka7qt9ntff', '17282f3f', 'eaf71970c0'])],
  ['alephium', submit({ jobId: '1', fromGroup: 0, toGroup: 1, nonce: '5b2f'.repeat(12), worker: 'a' })],
  ['conflux', submit(['cfxmine', `0x${H('1')}`, `0x${H('2')}`, `0x${H('1')}`])],
  ['handshake', submit(['acc.h', '1:0', '0000002a', '66230880', 'b2957c02', H('0')])],
  ['nexa', submit(['nexa:nqtsq5g5example.r', 'a', '9c00a1f4', '66230880', 'd8d0430c03873880'])],
  ['stratum-v1', submit(['acc.w', 'a', '00000001', '66230880', 'b2957c02'])],
  ['stratum-v1', submit(['acc.w', 'a', '00000001', '66230880', 'b2957c02', '1fffe000'])],
  ['eth-stratum', submit(['acc', 'a', '0xd8d0430c03873880', `0x${H('1')}`, `0x${H('2')}`], { worker: 'r' })],
  ['eth-stratum', submit(['0xab.r', 'a', '0xd8d0430c03873880', `0x${H('1')}`, `0x${H('2')}`])],
];

describe('told from one another', () => {
  const mining = DIALECTS.filter((dialect) => dialect.group === 'mining');
  const ids = (text: string, fits: readonly number[]): string[] =>
    mining.filter((dialect) => fits.includes(dialect.probe(messageOf(text)))).map((dialect) => dialect.id);

  test.each(JOBS)('a job of %s is no other: %#', (dialect, text) => {
    expect(ids(text, [Fit.Sure])).toEqual([dialect]);
    expect(ids(text, [Fit.Possible, Fit.None])).toEqual([]);
  });

  test.each(SHARES)('a share of %s is no other: %#', (dialect, text) => {
    expect(ids(text, [Fit.Sure])).toEqual([dialect]);
  });

  test('shares that two dialects have are only possible for both', () => {
    const both: readonly (readonly [string, readonly string[]])[] = [
      [submit(['acc.r', 'a', '0xd8d0430c03873880', `0x${H('1')}`, `0x${H('2')}`]), ['eth-stratum', 'kawpow']],
      [submit(['acc.r', 'a', 'eaf71970c0']), ['ckb-a', 'ethereum-stratum-1']],
      [submit(['acc.r', 'a', '9c00a1f4', '66230880', 'd8d0430c03873880']), ['autolykos', 'nexa']],
    ];
    for (const [text, dialects] of both) {
      expect(ids(text, [Fit.Sure]), text).toEqual([]);
      expect(ids(text, [Fit.Possible]), text).toEqual(expect.arrayContaining([...dialects]));
    }
  });
});

const subscribe = (...params: readonly unknown[]): string =>
  `> ${JSON.stringify({ id: 1, method: 'mining.subscribe', params })}`;
const authorize = (login: string): string => `> {"id":2,"method":"mining.authorize","params":["${login}","x"]}`;
const difficulty = (n: number): string => `< {"id":null,"method":"mining.set_difficulty","params":[${n}]}`;
const yes = '< {"id":4,"result":true,"error":null}';

describe('KawPow and plain Ethereum Stratum', () => {
  const share = (login: string, more: object = {}): string =>
    `> ${submit([login, 'a', '0xd8d0430c03873880', `0x${H('1')}`, `0x${H('2')}`], more)}`;

  test('a share by an account alone: the algorithm stays open', () => {
    expect(said(subscribe('miner/1'), authorize('acc.r'), share('acc.r'))).toMatchObject({
      dialect: 'kawpow',
      algorithm: null,
      coins: [],
    });
  });

  test('a wallet with 0x, or a worker beside the params, is Ethereum', () => {
    expect(
      said(authorize('0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'), share('0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'))
        .dialect,
    ).toBe('eth-stratum');
    expect(said(share('acc.r', { worker: 'r' })).dialect).toBe('eth-stratum');
  });

  test('the job decides', () => {
    expect(said(share('acc.r'), `< ${notify('a', H('1'), H('2'), H('3'), true)}`, share('acc.r')).dialect).toBe(
      'eth-stratum',
    );
    expect(said(share('acc.r'), `< ${JOBS[0]![1]}`, share('acc.r'))).toMatchObject({
      dialect: 'kawpow',
      algorithm: 'kawpow',
      shares: { submitted: 2 },
    });
  });
});

describe('Kaspa', () => {
  const job = `< ${JOBS[2]![1]}`;
  const address = (prefix: string): string => `${prefix}:q${'z'.repeat(60)}`;
  const session = (login: string): DetectionRow =>
    said(
      subscribe('lolMiner 1.88', 'EthereumStratum/1.0.0'),
      '< {"jsonrpc":"2.0","id":1,"result":[true,"EthereumStratum/1.0.0"]}',
      authorize(`${login}.r`),
      difficulty(4),
      job,
      ...Array.from({ length: 12 }, () => [`> ${submit([`${login}.r`, '1', '0x41c2d8d0430c0387'])}`, yes]).flat(),
    );

  test.each([
    ['kaspa', 'KAS', 'kheavyhash', 2 ** 34],
    ['karlsen', 'KLS', 'karlsenhash', 2 ** 34],
    ['pyrin', 'PYI', 'pyrinhash', 2 ** 34],
    ['spectre', 'SPR', 'spectrex', 2 ** 10],
  ] as const)('an address of %s', (prefix, coin, algorithm, hashes) => {
    const d = session(address(prefix));
    expect(d).toMatchObject({
      dialect: 'kaspa',
      coins: [coin],
      algorithm,
      difficulty: { last: 4, unit: 'difficulty' },
    });
    // A share every ten seconds.
    expect(d.hashrate!.mid / (hashes / 10)).toBeGreaterThan(0.8);
    expect(d.hashrate!.mid / (hashes / 10)).toBeLessThan(1.2);
  });

  test('an account: no coin', () => {
    expect(session('account')).toMatchObject({ dialect: 'kaspa', coins: [], algorithm: 'kheavyhash' });
  });

  test('the miner alone, by an account, with the subscription of EthereumStratum', () => {
    const share = `> ${submit(['acc.r', '1', '0x41c2d8d0430c0387'])}`;
    expect(said(subscribe('lolMiner 1.88', 'EthereumStratum/1.0.0'), authorize('acc.r'), share).dialect).toBe('kaspa');
  });
});

describe('Conflux', () => {
  const share = `> ${submit(['cfxmine', `0x${H('1')}`, `0x${H('2')}`, `0x${H('1')}`])}`;
  test('results as text, jobs of three values', () => {
    const d = said(
      subscribe('cfxmine', 'ab'.repeat(32)),
      '< {"jsonrpc":"2.0","result":"true","id":1}',
      `< ${JOBS[7]![1]}`,
      share,
      '< {"jsonrpc":"2.0","result":["true"],"id":4}',
      share,
      '< {"jsonrpc":"2.0","result":["false","invalid nonce"],"id":4}',
    );
    expect(d).toMatchObject({ dialect: 'conflux', agents: [], shares: { submitted: 2, accepted: 1, rejected: 1 } });
    // The second value of the subscription is a secret.
    expect(JSON.stringify(d)).not.toContain('ab'.repeat(32));
  });
});

test('Alephium: a target as bare text, and several jobs in one push', () => {
  const job = (id: string): object => ({ jobId: id, fromGroup: 0, toGroup: 1, headerBlob: '00', txsBlob: '' });
  const target = `${'0'.repeat(12)}${'f'.repeat(52)}`;
  const d = said(
    `< {"id":null,"method":"mining.set_target","params":"${target}"}`,
    `< ${notify(job('a'), job('b'))}`,
    `> ${submit({ jobId: 'b', fromGroup: 0, toGroup: 1, nonce: '5b'.repeat(24) })}`,
    yes,
  );
  expect(d).toMatchObject({ dialect: 'alephium', coins: ['ALPH'], shares: { submitted: 1, accepted: 1 } });
  // 2^48 hashes for the target, sixteen times as many for the chain, in units of 2^34.
  expect(d.difficulty!.last).toBeCloseTo(2 ** 18, 0);
});

test('Radiant speaks the Bitcoin dialect: no coin is named', () => {
  const session = bitcoinSession({
    rng: createRandom(410),
    seconds: 60,
    login: '1RadiantExampLe.rig',
    agent: 'wildrig-multi/0.42.2',
    rate: 4e9,
    unit: SHA256D_UNIT,
    difficulties: [{ at: 0, value: 4 }],
    height: 250123,
    bits: '1a02b3c4',
    time: START,
    style: 'cpuminer',
    branches: 2,
    jobEvery: 20,
  });
  expect(detect(framesOf(session.messages))).toMatchObject({ dialect: 'stratum-v1', coins: [], algorithm: null });
});

describe('whatever comes', () => {
  const VALUES: readonly unknown[] = [
    ...[null, true, 0, -1, 1e300, '', '0x', 'zz', H('1'), `0x${H('f')}`, [], {}, [[]], [null], { jobId: null }],
    ...[
      ['a', 'b', 'c'],
      Array(9).fill(H('1')),
      Array(12).fill([]),
      Array(7).fill(''),
      Array(5).fill(1),
      Array(200).fill({}),
    ],
    { jobId: 1, fromGroup: 0, toGroup: 0, headerBlob: 1, targetBlob: 'x', nonce: '00'.repeat(10) },
    { pow_hash: `0x${H('0')}`, target: `0x${H('0')}`, nonce: '0x', login: 7, worker: [], agent: {} },
  ];
  const METHODS = [
    ...['mining.notify', 'mining.submit', 'mining.subscribe', 'mining.authorize', 'mining.set_target'],
    ...['mining.set_difficulty', 'mining.hello', 'mining.set_extranonce', 'set_extranonce', 'alph_submitHashrate'],
    ...['ckb_submitLogin', 'ckb_getWork', 'ckb_submitWork', 'ckb_submitHashrate', 'eth_submitHashrate'],
    null,
  ];
  const own = DIALECTS.filter((dialect: Dialect) => EXAMPLES.some(([id]) => id === dialect.id));

  test('nothing throws, and no number is lost in the session', () => {
    expect(own.length).toBe(EXAMPLES.length);
    for (const dialect of own) {
      const s = new MiningSession();
      for (const method of METHODS) {
        for (const value of VALUES) {
          const body = method === null ? { result: value, error: value } : { method, params: value };
          const m = messageOf(JSON.stringify({ id: 4, ...body }), method === null ? 1 : 0);
          expect([Fit.Never, Fit.None, Fit.Possible, Fit.Sure]).toContain(dialect.probe(m));
          s.tick(m.place.time);
          dialect.feed(s, m);
        }
      }
      expect(Number.isFinite(s.work + s.jobs + s.submitted + s.accepted + s.rejected), dialect.id).toBe(true);
      expect(s.difficulty === null || s.difficulty.last > 0, dialect.id).toBe(true);
    }
  });
});
