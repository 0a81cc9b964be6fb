/** Forms of messages that pools, miners and other services are known to send beside the usual ones. All values invented. */
import { describe, expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { readCoinbase } from '../../src/dialect/coinbase.ts';
import { Fit } from '../../src/dialect/dialect.ts';
import { zcashStratum } from '../../src/dialect/zcash-stratum.ts';
import { jsonMessages } from '../../src/protocol/json.ts';
import type { JsonMessage } from '../../src/protocol/message.ts';
import { detectFrames } from '../engine/run.ts';
import { conversation, createRandom, type TimedMessage } from '../generate/index.ts';
import { httpRequest, httpResponse } from '../generate/wire/http.ts';
import * as ws from '../generate/wire/websocket.ts';

type Said = readonly ['client' | 'server', unknown];
const up = (value: unknown): Said => ['client', value];
const down = (value: unknown): Said => ['server', value];

const rng = createRandom(77);
const hash = (): string => rng.hex(32);
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const WALLET = `4${Array.from({ length: 94 }, (_, n) => BASE58[(n * 7 + 3) % 58]).join('')}`;
const KEYS = { method: 'POST / HTTP/1.1', host: [['Host', 'node.example:8545']] as [string, string][] };

function messageOf([from, value]: Said, n: number, carrier: string): TimedMessage {
  const at = 0.2 + 3 * n;
  const body = JSON.stringify(value);
  if (carrier === 'ws') return { from, at, bytes: ws.webSocketFrame(body, from === 'client' ? { rng } : {}) };
  if (carrier !== 'http') return { from, at, text: `${body}\n` };
  const type: [string, string] = ['Content-Type', 'application/json'];
  if (from === 'client') return { from, at, text: httpRequest(KEYS.method, [...KEYS.host, type], body) };
  return { from, at, text: httpResponse('200 OK', [type], body) };
}

function detect(said: readonly Said[], carrier: 'tcp' | 'ws' | 'http' = 'tcp'): readonly DetectionRow[] {
  const messages = said.map((one, n) => messageOf(one, n, carrier));
  if (carrier === 'ws') {
    messages.unshift(
      { from: 'client', at: 0.04, text: ws.upgradeRequest('app.example', '/', 'https://app.example') },
      { from: 'server', at: 0.08, text: ws.UPGRADE_RESPONSE },
    );
  }
  return detectFrames(
    conversation({
      client: { ip: '10.20.0.7', port: 41_007 },
      server: { ip: '192.0.2.77', port: 4444 },
      start: 1_713_571_800_000_000,
      seed: 3,
      messages,
    }),
  ).detections;
}

const WORK_SHORT = [`0x${hash()}`, `0x${hash()}`, `0x0112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52ba`];

describe('Ethereum', () => {
  test.each(['tcp', 'http'] as const)('work with a target without its leading zeros, by %s', (carrier) => {
    const said = [
      up({ id: 1, method: 'eth_getWork', params: [] }),
      down({ id: 1, jsonrpc: '2.0', result: WORK_SHORT }),
      up({ id: 1, method: 'eth_getWork', params: [] }),
      down({ id: 1, jsonrpc: '2.0', result: WORK_SHORT }),
    ];
    const [d] = detect(said, carrier);
    expect(d).toMatchObject({ confidence: 'confirmed', activity: 'mining', algorithm: 'ethash' });
    expect(d!.difficulty!.last).toBeCloseTo(2 ** 256 / Number(BigInt(WORK_SHORT[2]!)), -4);
    if (carrier === 'tcp') expect(detect(said.filter(([from]) => from === 'server'))[0]?.confidence).toBe('confirmed');
  });

  test.each(['tcp', 'http', 'ws'] as const)('a share for a method that is not known is none, by %s', (carrier) => {
    const share = up({ id: 4, method: 'eth_submitWork', params: ['0xd8d0430c03873880', `0x${hash()}`, `0x${hash()}`] });
    const refused = (code: number): Said => down({ id: 4, jsonrpc: '2.0', error: { code, message: 'no' } });
    expect(detect([share, refused(-32601)], carrier)[0]).toMatchObject({
      activity: 'attempt',
      shares: { submitted: 0, accepted: 0, rejected: 0 },
    });
    expect(detect([share, refused(23)], carrier)[0]).toMatchObject({
      activity: 'mining',
      shares: { submitted: 1, accepted: 0, rejected: 1 },
    });
  });

  test('the answer to a share counts where requests for work with the same id stayed open', () => {
    const [d] = detect([
      up({ id: 1, method: 'eth_submitLogin', params: ['0xe9dbab466ddcb761d62bd72b673d5d43c29014e7', 'x'] }),
      down({ id: 1, result: true }),
      up({ id: 1, method: 'eth_getWork', params: [] }),
      down({ id: 0, result: WORK_SHORT }),
      up({ id: 1, method: 'eth_submitWork', params: ['0xd8d0430c03873880', WORK_SHORT[0], `0x${hash()}`] }),
      down({ id: 1, result: true }),
    ]);
    expect(d).toMatchObject({ dialect: 'ethproxy', shares: { submitted: 1, accepted: 1, rejected: 0 } });
  });

  test('eth_login, and work pushed to a subscriber', () => {
    const login = up({ id: 1, method: 'eth_login', params: ['0xe9dbab466ddcb761d62bd72b673d5d43c29014e7.rig', 'x'] });
    expect(detect([login])[0]).toMatchObject({ confidence: 'confirmed', dialect: 'ethproxy', activity: 'attempt' });
    const pushed = { jsonrpc: '2.0', method: 'eth_subscription', params: { subscription: '0x1', result: WORK_SHORT } };
    const [d] = detect([up({ id: 1, method: 'eth_subscribe', params: ['newWork'] }), down(pushed)], 'ws');
    expect(d).toMatchObject({ confidence: 'confirmed', dialect: 'ethproxy', activity: 'mining' });
  });
});

describe('CryptoNote', () => {
  const login = (id: unknown, params: Record<string, unknown>): Said => up({ id, method: 'login', params });

  test.each([
    ['text as id', '1', { login: WALLET, pass: 'x', agent: 'XMRig/6.26.0' }, 'confirmed'],
    ['text as id and another program', '1', { login: WALLET, pass: 'x', agent: 'SRBMiner-MULTI/2.6' }, 'confirmed'],
    [
      'text as id and a program that mines Grin too',
      '1',
      { login: WALLET, pass: 'x', agent: 'lolMiner 1.98' },
      'confirmed',
    ],
    ['text as id and algorithms', '1', { login: WALLET, pass: 'x', agent: 'a/1', algo: ['rx/0'] }, 'confirmed'],
    ['no password', 1, { login: WALLET, agent: 'XMRig/6.26.0' }, 'probable'],
    ['no password but null', 1, { login: WALLET, pass: null, agent: 'unheard/1.0' }, 'probable'],
    ['no program', 1, { login: WALLET, pass: 'x' }, 'probable'],
    ['an empty program', 1, { login: WALLET, pass: 'x', agent: '' }, 'probable'],
    ['Rigel', 1, { login: 'account', pass: 'x', agent: 'Rigel/1.19.1' }, 'confirmed'],
    ['WildRig', 1, { login: 'account', pass: 'x', agent: 'WildRig/0.41.1' }, 'confirmed'],
  ])('a log-in with %s', (_, id, params, confidence) => {
    const [d] = detect([login(id, params)]);
    expect(d).toMatchObject({ dialect: 'cryptonote', activity: 'attempt', confidence });
    expect(d!.accounts.map((a) => a.login)).toEqual([params.login]);
  });

  test('Grin keeps its log-in', () => {
    const [d] = detect([login('1', { login: 'account.rig', pass: 'x', agent: 'lolMiner 1.88' })]);
    expect(d?.dialect).toBe('grin');
  });

  test('a job as long as a digest needs a name; one of another length does not', () => {
    const job = (params: object): Said => down({ jsonrpc: '2.0', method: 'job', params: { job_id: '1', ...params } });
    expect(detect([job({ blob: rng.hex(64), target: 'b88d0600' })])).toEqual([]);
    expect(detect([job({ blob: rng.hex(64), target: 'b88d0600', algo: 'rx/0' })])[0]?.confidence).toBe('confirmed');
    const [d] = detect([job({ blob: rng.hex(76), target: 'b88d0600' })]);
    expect(d).toMatchObject({ confidence: 'confirmed', activity: 'mining', dialect: 'cryptonote' });
  });

  test.each([
    [8, 'confirmed'],
    [16, 'probable'],
  ])('a share with a nonce of %i digits', (digits, confidence) => {
    const params = { job_id: '1', nonce: rng.hex(digits / 2), result: hash() };
    expect(detect([up({ id: 2, method: 'submit', params })])[0]?.confidence).toBe(confidence);
  });
});

/** Words of mining.* that machines and games in mines may say too: never more than a suspicion, however many. */
const ORE: readonly Said[] = [
  down({ method: 'mining.notify', params: ['truck-7', 'arrived at crusher'] }),
  up({ id: 7, method: 'mining.submit', params: ['player1', 'iron', 12] }),
  down({ id: 7, result: true }),
  up({ id: 8, method: 'mining.submit', params: ['player1', 'iron', '3'] }),
  down({ method: 'mining.set', params: { target: 'ad' } }),
  up({ id: 9, method: 'mining.authorize', params: ['u'] }),
  down({ id: 9, result: null, error: [21, 'folder missing'] }),
  down({ method: 'mining.ping', params: [] }),
  down({ method: 'client.show_message', params: ['hi'] }),
];

describe('mining.*', () => {
  test.each(ORE.map((said) => [JSON.stringify(said[1]), said] as const))('%s is no proof', (_, said) => {
    for (const d of detect([said])) expect(d.confidence).toBe('suspected');
  });

  test('nor are all of them together', () => {
    const found = detect(ORE);
    expect(found.map((d) => d.confidence)).toEqual(['suspected']);
  });

  test.each([
    ['a subscription without parameters', up({ id: 1, method: 'mining.subscribe' })],
    ['a subscription with an empty list', up({ id: 1, method: 'mining.subscribe', params: [] })],
    ['an authorization', up({ id: 1, method: 'mining.authorize', params: ['account.rig', 'x'] })],
    ['an authorization by a bare wallet', up({ id: 1, method: 'mining.authorize', params: WALLET.slice(0, 45) })],
    ['a bare target', down({ method: 'mining.set_target', params: `00000${hash().slice(5)}` })],
    ['a bare extra nonce', down({ method: 'mining.set_extranonce', params: 'af4c' })],
    ['a difficulty as text', down({ method: 'mining.set_difficulty', params: ['1024'] })],
    ['a hashrate', up({ id: 3, method: 'mining.hashrate', params: [1234.5] })],
  ])('%s is proof enough', (_, said) => {
    expect(detect([said]).map((d) => [d.confidence, d.miner.ip, d.pool.ip])).toEqual([
      ['confirmed', '10.20.0.7', '192.0.2.77'],
    ]);
  });

  test('a job with the root of a claim trie is of Bitcoin’s dialect, without a factor', () => {
    const coinbase = `0100000001${'0'.repeat(64)}ffffffff20`;
    const job = [hash(), hash(), coinbase, 'ffffffff01', [hash()], '20000000', '1b00f0f0', '65a0b0c0', true];
    const [d] = detect([
      down({ method: 'mining.set_difficulty', params: [16] }),
      down({ method: 'mining.notify', params: ['j1', ...job] }),
      up({ id: 4, method: 'mining.submit', params: ['acc.rig', 'j1', '00000001', '65a0b0c0', 'b2957c02'] }),
      down({ id: 4, result: true }),
    ]);
    expect(d).toMatchObject({ dialect: 'stratum-v1', algorithm: null, hashrate: null, activity: 'mining' });
    expect(d!.shares).toEqual({ submitted: 1, accepted: 1, rejected: 0 });
  });

  const share = (name: string, n: number): Said =>
    up({ id: n, method: 'mining.submit', params: [name, rng.hex(24), `w-${n}`, 'x'] });

  test('a variant whose shares begin with the job is no proxy', () => {
    const [d] = detect(['job1', 'job2', 'job3', 'job4'].map(share));
    expect(d).toMatchObject({ dialect: null, activity: 'mining' });
    expect(d!.accounts).toEqual([]);
  });

  test('one whose shares begin with the worker is', () => {
    expect(detect(['acc.a', 'acc.a'].map(share))[0]).toMatchObject({ activity: 'mining' });
    const [d] = detect(['acc.a', 'acc.b', 'acc.a', 'acc.b'].map(share));
    expect(d!.activity).toBe('proxy');
    expect(d!.accounts.map((a) => a.worker).sort()).toEqual(['a', 'b']);
  });

  test('a subscription with the endpoint of the pool is not of EIP-1571', () => {
    const [d] = detect([up({ id: 1, method: 'mining.subscribe', params: ['m/1.0', null, 'pool.example', 3333] })]);
    expect(d?.dialect).not.toBe('ethereum-stratum-2');
  });

  test('a solution that two dialects share is not sure', () => {
    const probe = (digits: number): Fit => {
      const found: JsonMessage[] = [];
      const params = ['t1.rig', 'j', '65a0b0c0', '00', 'ab'.repeat(digits / 2)];
      const place = { input: 0, packet: 1, time: 1, from: 0, to: 0 };
      jsonMessages(JSON.stringify({ id: 1, method: 'mining.submit', params }), 0, place, 'tcp', null, null, found);
      return zcashStratum.probe(found[0]!);
    };
    expect([2694, 2816, 2822, 2824].map(probe)).toEqual([Fit.Sure, Fit.Possible, Fit.Possible, Fit.Sure]);
  });
});

describe('weak words of one kind count once', () => {
  test('CoinHive', () => {
    const auth = up({ type: 'auth', params: { site_key: 'synthetic', type: 'anonymous', user: null } });
    const authed = down({ type: 'authed', params: { token: '', hashes: 0 } });
    expect(detect([auth, authed], 'ws').map((d) => d.confidence)).toEqual(['suspected']);
    expect(detect([down({ type: 'hash_accepted', params: { hashes: 256 } })], 'ws')).toEqual([]);
  });

  test('keep-alive', () => {
    const said = [
      up({ id: 9, method: 'keepalived', params: { id: '7' } }),
      down({ id: 9, error: null, result: { status: 'KEEPALIVED' } }),
    ];
    expect(detect(said).map((d) => d.confidence)).toEqual(['suspected']);
  });
});

test('Peercoin is told by its height, time and difficulty', () => {
  const script = '03' + '5e9505' + '04' + 'c0c2ff5a';
  const coinb1 = `01000000c0c2ff5a01${'0'.repeat(64)}ffffffff20${script}`;
  const read = (bits: string): (string | number | null)[] => {
    const facts = readCoinbase(coinb1, 'ffffffff01', '00000002', bits, '5affc260');
    return [facts.height, facts.coin, facts.algorithm];
  };
  expect(coinb1.indexOf(`${'0'.repeat(64)}ffffffff`)).toBe(18);
  expect(read('19010845')).toEqual([365_918, 'PPC', 'sha256d']);
  expect(read('1d00ffff')).toEqual([365_918, null, null]);
  // The same job without the time in its transaction belongs to another chain.
  const plain = readCoinbase(coinb1.replace('c0c2ff5a01', '01'), 'ffffffff01', '00000002', '19010845', '5affc260');
  expect(plain.coin).toBeNull();
});
