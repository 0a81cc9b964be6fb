/** Forms in which single coins' dialects were seen beside the usual ones, and what comes near to them and proves nothing. */
import { describe, expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { Fit } from '../../src/dialect/dialect.ts';
import { DIALECTS } from '../../src/dialect/index.ts';
import { jsonMessages } from '../../src/protocol/json.ts';
import type { JsonMessage } from '../../src/protocol/message.ts';
import { detectFrames } from '../engine/run.ts';
import { START } from '../generate/catalogue/capture.ts';
import { inventedAddress } from '../generate/dialects/alternative.ts';
import { conversation, createRandom } from '../generate/index.ts';

const MINER = { ip: '10.20.0.131', port: 40117 };
const POOL = { ip: '203.0.113.131', port: 3333 };
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const KASPA = `${inventedAddress('kaspa:q', 60)}.ks3`;
const ZANO = `${inventedAddress('Zx', 95, BASE58)}.rig1`;
const ALEPHIUM = `1${'EXAMPLEexampLEexampLE'.repeat(2)}9x.rig1`;
const rng = createRandom(77);
const TARGET = `0000000f${'f'.repeat(56)}`;

/** `>` from the miner, `<` from the pool, five seconds apart; what was found, surest first. */
function found(...lines: readonly (readonly ['>' | '<', unknown])[]): readonly DetectionRow[] {
  const messages = lines.map(([from, value], n) => ({
    from: from === '>' ? ('client' as const) : ('server' as const),
    at: 0.1 + n * 5,
    text: `${JSON.stringify(value)}\n`,
  }));
  return detectFrames(conversation({ client: MINER, server: POOL, start: START * 1e6, seed: 6, messages })).detections;
}

function said(...lines: readonly (readonly ['>' | '<', unknown])[]): DetectionRow {
  const detections = found(...lines);
  expect(detections).toHaveLength(1);
  const d = detections[0] as DetectionRow;
  expect([d.miner.ip, d.pool.ip]).toEqual([MINER.ip, POOL.ip]);
  return d;
}

const notify = (...params: readonly unknown[]): readonly ['<', unknown] => [
  '<',
  { id: null, method: 'mining.notify', params },
];
const submit = (id: number, ...params: readonly unknown[]): readonly ['>', unknown] => [
  '>',
  { id, method: 'mining.submit', params },
];
const authorize = (params: unknown): readonly ['>', unknown] => ['>', { id: 2, method: 'mining.authorize', params }];
const yes = (id: number): readonly ['<', unknown] => ['<', { id, result: true, error: null }];

function fitOf(id: string, value: unknown): number | undefined {
  const out: JsonMessage[] = [];
  const place = { input: 0, packet: 1, time: START * 1e6, from: 0, to: 0 };
  jsonMessages(JSON.stringify(value), 0, place, 'tcp', null, null, out);
  return DIALECTS.find((dialect) => dialect.id === id)?.probe(out[0] as JsonMessage);
}

describe('Alephium as its document has it', () => {
  const shares = [1, 2, 3, 4].map((n) => submit(n, `job${n}`, rng.hex(24), ALEPHIUM));

  test('shares that begin with the job: one miner, no proxy', () => {
    const d = said(...shares);
    expect(d).toMatchObject({ dialect: 'alephium', confidence: 'confirmed', activity: 'mining', coins: ['ALPH'] });
    expect(d.accounts.map((a) => a.login)).toEqual([ALEPHIUM]);
    expect(d.shares.submitted).toBe(4);
  });

  test('the whole session: a bare log-in and target, jobs as lists', () => {
    const d = said(
      authorize(ALEPHIUM),
      yes(2),
      ['<', { id: null, method: 'mining.set_extranonce', params: '5b2f' }],
      ['<', { id: null, method: 'mining.set_target', params: TARGET }],
      notify('job1', 3, rng.hex(150)),
      submit(3, 'job1', rng.hex(24), ALEPHIUM),
      yes(3),
      notify('job2', 4, rng.hex(150)),
      submit(4, 'job2', rng.hex(24), ALEPHIUM),
      yes(4),
    );
    expect(d).toMatchObject({ dialect: 'alephium', confidence: 'confirmed', activity: 'mining', coins: ['ALPH'] });
    expect(d.accounts.map((a) => a.login)).toEqual([ALEPHIUM]);
    expect(d.shares).toEqual({ submitted: 2, accepted: 2, rejected: 0 });
    // 2^256 over 2^228, for one chain of sixteen; difficulty 1 is 16 * 2^30 hashes.
    expect(d.difficulty?.last).toBeCloseTo(2 ** 28 / 2 ** 30, 6);
  });

  test.each([
    ['target', ['<', { id: null, method: 'mining.set_target', params: TARGET }]],
    ['extranonce', ['<', { id: null, method: 'mining.set_extranonce', params: '5b2f' }]],
    ['log-in', ['>', { id: 1, method: 'mining.authorize', params: ALEPHIUM }]],
    ['greeting answered', ['<', { id: 0, result: ['AlephiumStratum/1.0.0', false, '0x258'] }]],
  ] as const)('%s alone', (_name, line) => {
    const d = said(line);
    expect(d.dialect).toBe('alephium');
    expect(d.confidence).not.toBe('suspected');
  });

  test('a share of three values that ends with its nonce is another', () => {
    expect(fitOf('alephium', submit(1, 'acc.w', 'b201', '1b8a3de5d0')[1])).toBe(Fit.Never);
    expect(fitOf('alephium', submit(1, 'acc.w', rng.hex(24), rng.hex(8))[1])).toBe(Fit.Never);
    expect(fitOf('alephium', submit(1, 'job1', rng.hex(24), 'acc.w')[1])).toBe(Fit.Sure);
  });
});

describe('mining.* of an unknown dialect', () => {
  // Seven values fit no dialect.
  const share = (id: number, first: string) => submit(id, first, rng.hex(6), 'n', 'm', 'k', 'j', 'i');

  test('first values that change with every share are no workers', () => {
    const d = said(...[1, 2, 3, 4].map((n) => share(n, `job${n}`)));
    expect(d).toMatchObject({ dialect: null, activity: 'mining', accounts: [], shares: { submitted: 4 } });
  });

  test('nor those that stay for a job', () => {
    const d = said(...['job1', 'job1', 'job2', 'job2', 'job3'].map((job, n) => share(n + 1, job)));
    expect(d).toMatchObject({ dialect: null, activity: 'mining', accounts: [] });
  });

  test('nor a job that was just pushed', () => {
    const d = said(notify('job1', 'x', 'y', 'z', 'w', 'v'), share(1, 'job1'));
    expect(d).toMatchObject({ dialect: null, activity: 'mining', accounts: [] });
  });

  test('one that stays is the worker', () => {
    const d = said(...[1, 2, 3].map((n) => share(n, 'account.rig1')));
    expect(d).toMatchObject({ dialect: null, activity: 'mining' });
    expect(d.accounts.map((a) => a.login)).toEqual(['account.rig1']);
  });

  test('one share alone names it too', () => {
    expect(said(share(1, 'account.rig1')).accounts.map((a) => a.login)).toEqual(['account.rig1']);
  });

  test('several that come back make a proxy', () => {
    const d = said(...['a.one', 'b.two', 'a.one', 'b.two'].map((name, n) => share(n + 1, name)));
    expect(d).toMatchObject({ dialect: null, activity: 'proxy' });
    expect(d.accounts.map((a) => a.login).sort()).toEqual(['a.one', 'b.two']);
  });
});

describe('Kaspa', () => {
  test('a nonce without 0x under an address is no Xelis', () => {
    const d = said(submit(1, KASPA, '12', '41c2d8d0430c0387'), yes(1));
    expect(d).toMatchObject({ dialect: 'kaspa', confidence: 'confirmed', coins: ['KAS'], algorithm: 'kheavyhash' });
    expect(d.shares).toEqual({ submitted: 1, accepted: 1, rejected: 0 });
  });

  test('a log-in by address alone tells the dialect', () => {
    expect(said(authorize([KASPA, 'x']))).toMatchObject({ dialect: 'kaspa', confidence: 'confirmed', coins: ['KAS'] });
  });

  test('an extranonce alone proves nothing', () => {
    expect(said(['<', { method: 'set_extranonce', params: ['41c2'] }]).confidence).toBe('probable');
  });

  test('an account leaves a nonce without 0x to Xelis', () => {
    const plain = submit(1, 'acc.w', '12', '41c2d8d0430c0387')[1];
    expect([fitOf('kaspa', plain), fitOf('xelis', plain)]).toEqual([Fit.Never, Fit.Possible]);
    expect(fitOf('xelis', submit(1, KASPA, '12', '41c2d8d0430c0387')[1])).toBe(Fit.Never);
    expect(fitOf('xelis', submit(1, `xel:${'q'.repeat(59)}`, '12', '41c2d8d0430c0387')[1])).toBe(Fit.Possible);
  });
});

describe('Zano as it is written down elsewhere', () => {
  const seed = rng.hex(32);

  test('the height as a number', () => {
    const d = said(
      ['<', { id: 1, result: [['mining.notify', 'ae', 'EthereumStratum/1.0.0'], '0000000000000000'], error: null }],
      notify('2f40', seed, TARGET, 2_600_000),
    );
    expect(d).toMatchObject({ dialect: 'zano', confidence: 'confirmed', coins: ['ZANO'], algorithm: 'progpowz' });
    expect(d.difficulty?.last).toBeCloseTo(2 ** 28, -2);
  });

  test('a share under its address is not KawPow', () => {
    const d = said(submit(1, ZANO, '2f40', `0x${rng.hex(8)}`, `0x${rng.hex(32)}`, `0x${rng.hex(32)}`));
    expect(d).toMatchObject({ dialect: 'zano', coins: ['ZANO'] });
    expect(d.indications.map((i) => i.signature)).not.toContain('kawpow.submit');
  });

  test('Firo, whose addresses begin so too, stays KawPow', () => {
    const share = submit(1, `${inventedAddress('aZ', 32, BASE58)}.r`, '2f', rng.hex(8), rng.hex(32), rng.hex(32))[1];
    expect([fitOf('kawpow', share), fitOf('zano', share)]).toEqual([Fit.Possible, Fit.Possible]);
  });

  test('neither a hash for target nor a flag for height', () => {
    expect(fitOf('zano', notify('2f40', seed, `1${'f'.repeat(63)}`, 2_600_000)[1])).toBe(Fit.Never);
    expect(fitOf('zano', notify('2f40', seed, TARGET, true)[1])).toBe(Fit.Never);
    expect(fitOf('zano', notify('2f40', seed, TARGET, 2.5)[1])).toBe(Fit.Never);
  });
});

describe('ZMP', () => {
  const work = { sealHash: rng.hex(32), diff: 'ee6b2800', epoch: '57b9', ttl: 'ea60', expires: '18ef8c4a3e8' };
  const wallet = `${inventedAddress('zil1', 38)}.rig1`;

  test('work in a list, log-in and share with jsonrpc', () => {
    const d = said(
      ['>', { jsonrpc: '2.0', id: 0, method: 'login', params: [{ userAgent: 'ExampleMiner/v1.0.0', login: wallet }] }],
      ['<', { jsonrpc: '2.0', result: [work] }],
      ['>', { jsonrpc: '2.0', id: 1, method: 'submit', params: [{ n: `a${rng.hex(8).slice(1)}` }] }],
      ['<', { jsonrpc: '2.0', id: 1 }],
    );
    expect(d).toMatchObject({ dialect: 'zmp', confidence: 'confirmed', activity: 'mining', coins: ['ZIL'] });
    expect(d.shares).toEqual({ submitted: 1, accepted: 1, rejected: 0 });
    expect(d.indications.map((i) => i.signature).sort()).toEqual(
      expect.arrayContaining(['zmp.login', 'zmp.work-list', 'zmp.submit']),
    );
  });

  test('work in a list alone', () => {
    expect(said(['<', { result: [work] }])).toMatchObject({ dialect: 'zmp', confidence: 'confirmed' });
  });

  test('a time for a nonce is suspected at most, however often', () => {
    const lines = ['2024061512300012', '2024061512300013'].map(
      (n, id) => ['>', { id, method: 'submit', params: [{ n }] }] as const,
    );
    expect(said(...lines).confidence).toBe('suspected');
  });
});

describe('Beam', () => {
  const beam = (value: object): readonly DetectionRow[] => found(['>', { id: '7', jsonrpc: '2.0', ...value }]);

  test('a solution of another length is never proof', () => {
    const nonce = rng.hex(8);
    expect(beam({ method: 'solution', nonce, output: rng.hex(104) }).map((d) => d.confidence)).toEqual(['confirmed']);
    expect(beam({ method: 'solution', nonce, output: rng.hex(100) }).map((d) => d.confidence)).toEqual(['probable']);
    expect(beam({ method: 'solution', nonce, output: rng.hex(64) })).toEqual([]);
  });

  test('a short prefix of a nonce alone is never proof', () => {
    const d = said(['<', { id: 'login', method: 'result', code: 0, nonceprefix: 'a1' }]);
    expect(d).toMatchObject({ dialect: 'beam', confidence: 'probable' });
  });

  test('a log-in by key is probable as documented, suspected without its version, nothing where signed', () => {
    const login = { id: 'login', method: 'login', api_key: 'account.rig1' };
    expect(said(['>', login])).toMatchObject({ dialect: 'beam', confidence: 'suspected', activity: 'attempt' });
    expect(said(['>', { ...login, jsonrpc: '2.0' }])).toMatchObject({ confidence: 'probable', activity: 'attempt' });
    for (const more of ['signature', 'timestamp', 'secret'])
      expect(found(['>', { ...login, [more]: '1' }])).toEqual([]);
  });
});

describe('Bytom', () => {
  test('a share under names, its result cut', () => {
    const params = { id: 'antminer_1', job_id: '710425', nonce: rng.hex(8), result: rng.hex(8) };
    const d = said(['>', { id: 2, method: 'submit', params }]);
    expect(d).toMatchObject({ dialect: 'bytom', confidence: 'probable', shares: { submitted: 1 } });
  });

  test('getwork with an empty list is not its own', () => {
    const bare = { id: 2, method: 'getwork' };
    expect(fitOf('bytom', bare)).toBe(Fit.Possible);
    expect(fitOf('bytom', { ...bare, params: [] })).toBe(Fit.None);
    for (const d of found(['>', { ...bare, params: [] }])) expect(d.dialect).not.toBe('bytom');
    for (const d of found(['>', bare])) expect(d.confidence).toBe('suspected');
  });
});

describe('Nimiq', () => {
  test('a block without the one before is no work', () => {
    const ws = (value: unknown): number | undefined => {
      const out: JsonMessage[] = [];
      const place = { input: 0, packet: 1, time: START * 1e6, from: 0, to: 0 };
      jsonMessages(JSON.stringify(value), 1, place, 'ws', null, null, out);
      return DIALECTS.find((dialect) => dialect.id === 'nimiq')?.probe(out[0] as JsonMessage);
    };
    const hash = Buffer.alloc(32, 7).toString('base64');
    const block = { message: 'new-block', bodyHash: hash, accountsHash: hash };
    expect(ws(block)).toBe(Fit.None);
    expect(ws({ ...block, previousBlock: hash })).toBe(Fit.None);
    expect(ws({ ...block, previousBlock: 'A'.repeat(240) })).toBe(Fit.Sure);
  });
});

test('Xelis: a list with 32 bytes alone is probable', () => {
  const d = said(['<', { id: 1, result: ['session-1', rng.hex(32), 32] }]);
  expect(d).toMatchObject({ dialect: 'xelis', confidence: 'probable' });
});
