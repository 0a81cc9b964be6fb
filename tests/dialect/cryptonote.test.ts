/** CryptoNote pools beyond the plain miner: proxies, block templates, targets of other coins, coins by algorithm. */
import { describe, expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { cryptonote } from '../../src/dialect/cryptonote.ts';
import { Fit } from '../../src/dialect/dialect.ts';
import { cryptonoteDifficulty, isCryptonoteJob } from '../../src/dialect/family-cryptonote.ts';
import { MiningSession } from '../../src/dialect/session.ts';
import { jsonMessages } from '../../src/protocol/json.ts';
import type { JsonMessage } from '../../src/protocol/message.ts';
import { detectFrames } from '../engine/run.ts';
import { START } from '../generate/catalogue/capture.ts';
import { xmrigProxyExample } from '../generate/catalogue/xmrig-proxy.ts';
import { conversation, onlyFrom, type TimedMessage } from '../generate/index.ts';
import { MONERO_ADDRESS } from '../generate/wire/chain.ts';

const MINER = { ip: '10.20.0.131', port: 40917 };
const POOL = { ip: '203.0.113.131', port: 5555 };

function detect(messages: readonly TimedMessage[], side?: 'client' | 'server'): DetectionRow {
  const frames = conversation({ client: MINER, server: POOL, start: START * 1e6, seed: 5, messages });
  const { detections } = detectFrames(side === undefined ? frames : onlyFrom(frames, side));
  expect(detections).toHaveLength(1);
  return detections[0] as DetectionRow;
}

/** A conversation written line by line: `>` from the miner, `<` from the pool, five seconds apart. */
function said(...lines: readonly (readonly ['>' | '<', object])[]): DetectionRow {
  return detect(
    lines.map(([from, value], n) => ({
      from: from === '>' ? 'client' : 'server',
      at: 0.1 + n * 5,
      text: `${JSON.stringify(value)}\n`,
    })),
  );
}

const BLOB = `1010${'5a'.repeat(74)}`;
const login = (agent: string, name = 'account'): ['>', object] => [
  '>',
  { id: 1, jsonrpc: '2.0', method: 'login', params: { login: name, pass: 'x', agent } },
];
const granted = (job: object): ['<', object] => [
  '<',
  { id: 1, jsonrpc: '2.0', error: null, result: { id: 's', job, status: 'OK' } },
];
const job = (more: object = {}) => ({ blob: BLOB, job_id: 'j1', target: 'b88d0600', ...more });
const submit = (id: number): ['>', object] => [
  '>',
  {
    id,
    jsonrpc: '2.0',
    method: 'submit',
    params: { id: 's', job_id: 'j1', nonce: '0000007b', result: '0f'.repeat(32) },
  },
];
const yes = (id: number): ['<', object] => ['<', { id, jsonrpc: '2.0', error: null, result: { status: 'OK' } }];

describe('a proxy', () => {
  test.each([
    ['xmrig-proxy/6.26.0 (Linux x86_64) libuv/1.51.0 gcc/13.2.1', 'proxy'],
    ['xmr-node-proxy/0.29.1', 'proxy'],
    ['XMRigCC-proxy/3.4.0', 'proxy'],
    ['XMRig/6.26.0 (Linux x86_64) libuv/1.51.0 gcc/13.2.1', 'mining'],
    ['xmrig-proxy-like/1.0', 'mining'],
    ['my xmrig-proxy/6.26.0', 'mining'],
  ])('%s: %s', (agent, activity) => {
    const d = said(login(agent), granted(job()), submit(2), yes(2));
    expect(d).toMatchObject({
      dialect: 'cryptonote',
      activity,
      confidence: 'confirmed',
      hardware_class: expect.anything(),
    });
    const named = d.indications.some(({ signature }) => signature === 'cryptonote.proxy-agent');
    expect(named).toBe(activity === 'proxy');
  });

  test('that got no work has tried and no more', () => {
    const error = { code: -1, message: 'Invalid payment address provided' };
    const d = said(login('xmrig-proxy/6.26.0'), ['<', { id: 1, jsonrpc: '2.0', error }]);
    expect(d.activity).toBe('attempt');
  });

  const session = xmrigProxyExample();
  const accepted = session.shares.filter((share) => share.accepted).length;

  test('in NiceHash mode, its rigs told apart by the last byte of the nonce, is one connection with one rate', () => {
    const d = detect(session.messages);
    expect(d).toMatchObject({
      activity: 'proxy',
      shares: { submitted: session.shares.length, accepted },
      hardware_class: 'unknown',
    });
    expect(d.accounts).toHaveLength(1);
    const { low, high } = d.hashrate!;
    expect(low).toBeLessThan(session.rate!.value);
    expect(high).toBeGreaterThan(session.rate!.value);
    const texts = session.messages.flatMap((m) => ('text' in m ? [m.text] : []));
    const tops = new Set(texts.flatMap((text) => /"nonce":"[0-9a-f]{6}([0-9a-f]{2})"/.exec(text)?.[1] ?? []));
    expect([...tops].sort()).toEqual(['00', '01', '02', '03']);
  });

  test('seen from one side: the log-in tells it, the pool alone does not', () => {
    expect(detect(session.messages, 'client')).toMatchObject({ activity: 'proxy', seen: 'miner' });
    expect(detect(session.messages, 'server')).toMatchObject({
      activity: 'mining',
      seen: 'pool',
      shares: { accepted },
    });
  });
});

describe('a block template in place of a job', () => {
  const template = (more: object = {}) => ({
    blocktemplate_blob: '5a'.repeat(300),
    difficulty: 300_000_000_000,
    height: 3_131_000,
    reserved_offset: 130,
    client_nonce_offset: 142,
    client_pool_offset: 138,
    target_diff: 50_000,
    target_diff_hex: '1fc0',
    job_id: 'j1',
    id: 's',
    ...more,
  });

  test('is work, worth what its difficulty says', () => {
    const d = said(login('xmr-node-proxy/0.29.1'), granted(template()), submit(2), yes(2));
    expect(d).toMatchObject({
      activity: 'proxy',
      confidence: 'confirmed',
      shares: { submitted: 1, accepted: 1, rejected: 0 },
      difficulty: { last: 50_000, unit: 'hashes per share' },
    });
    expect(d.indications.map(({ signature }) => signature)).toContain('cryptonote.template-result');
    const pushed = said(['<', { jsonrpc: '2.0', method: 'job', params: template({ target_diff: 70_000 }) }]);
    expect(pushed).toMatchObject({ activity: 'mining', difficulty: { last: 70_000 }, confidence: 'confirmed' });
  });

  test.each([
    ['no job id', { job_id: undefined }],
    ['no difficulty', { target_diff: undefined }],
    ['difficulty 0', { target_diff: 0 }],
    ['a template that is none', { blocktemplate_blob: 'page' }],
  ])('%s: none', (_name, more) => {
    expect(isCryptonoteJob(template(more))).toBe(false);
  });
});

describe('difficulty of a target', () => {
  test.each([
    ['b88d0600', false, 10_000],
    ['dc460300', false, 20_000],
    ['ffffffffffffff00', false, 256],
    [`${'00'.repeat(30)}0001`, false, 256],
    // YadaCoin: sixty-four bits as a number.
    ['0000a7c5ac471b47', true, 100_000],
    ['a7c5ac471b47', true, 100_000],
    ['000000000000ffff', true, 281_479_271_743_489],
    [`0001${'00'.repeat(30)}`, true, 65_536],
  ])('%s, big-endian %s: %d', (target, bigEndian, difficulty) => {
    expect(cryptonoteDifficulty(target, bigEndian) / difficulty).toBeCloseTo(1, 4);
  });

  test.each([['00000000'], [''], ['xyz'], ['ab'.repeat(33)], [null], [7], [{}]])('%j: none', (target) => {
    expect(cryptonoteDifficulty(target)).toBeNaN();
    expect(cryptonoteDifficulty(target, true)).toBeNaN();
  });

  test('is read as the algorithm of the job wants it', () => {
    const target = '00000000ffffffff';
    const plain = said(login('XMRig/6.26.0'), granted(job({ target, algo: 'rx/0' })));
    const yada = said(login('XMRig/6.26.0'), granted(job({ target, algo: 'rx/yada', blob: '5a'.repeat(160) })));
    expect(yada.difficulty!.last).toBeCloseTo(2 ** 32, -2);
    expect(plain.difficulty!.last).toBe(1);
    // A later job that names no algorithm is of the same.
    const later = said(login('XMRig/6.26.0'), granted(job({ target, algo: 'rx/yada' })), [
      '<',
      { jsonrpc: '2.0', method: 'job', params: job({ target: '0000000fffffffff', job_id: 'j2' }) },
    ]);
    expect(later.difficulty!.last).toBeCloseTo(2 ** 28, -2);
  });
});

describe('the coin', () => {
  test.each([
    ['rx/wow', ['WOW']],
    ['rx/arq', ['ARQ']],
    ['rx/graft', ['GRFT']],
    ['rx/sfx', ['SFX']],
    ['rx/yada', ['YDA']],
    ['cn/ccx', ['CCX']],
    ['cn/upx2', ['UPX']],
    ['cn/xao', ['XAO']],
    ['cn/rto', ['RTO']],
    ['cn-heavy/tube', ['TUBE']],
    ['cn-pico/tlo', ['TLO']],
    // Several coins use these.
    ['rx/0', []],
    ['rx/2', []],
    ['cn/r', []],
    ['cn/half', []],
    ['cn-heavy/xhv', []],
    ['argon2/chukwav2', []],
    ['ghostrider', []],
    ['RX/WOW', []],
    ['__proto__', []],
  ])('of %s: %j', (algo, coins) => {
    const d = said(login('XMRig/6.26.0'), granted(job({ algo })));
    expect(d).toMatchObject({ coins, algorithm: algo });
  });

  test('of a job without an algorithm is not told, of a wallet it is', () => {
    expect(said(login('XMRig/6.26.0'), granted(job()))).toMatchObject({
      coins: [],
      algorithm: 'cryptonight-or-randomx',
    });
    const wallet = said(login('XMRig/6.26.0', `${MONERO_ADDRESS}+50000`), granted(job({ algo: 'rx/0' })));
    expect(wallet).toMatchObject({ coins: ['XMR'], algorithm: 'rx/0' });
  });
});

test('nothing a job may hold makes the dialect throw or count what is no number', () => {
  const VALUES = [null, true, 0, -1, 1e308, '', 'zz', '00', BLOB, [], {}, [null], 'f'.repeat(64)];
  const found: JsonMessage[] = [];
  const place = { input: 0, packet: 1, time: START * 1e6, from: 0, to: 0 };
  for (const key of ['blob', 'blocktemplate_blob', 'target', 'target_diff', 'algo', 'job_id', 'agent', 'login']) {
    for (const value of VALUES) {
      const params = { ...job(), target_diff: 5, [key]: value };
      jsonMessages(JSON.stringify({ id: 1, method: 'job', params }), 1, place, 'tcp', null, null, found);
      jsonMessages(JSON.stringify({ id: 1, result: { job: params } }), 1, place, 'tcp', null, null, found);
      jsonMessages(JSON.stringify({ id: 2, method: 'login', params }), 0, place, 'tcp', null, null, found);
    }
  }
  const s = new MiningSession();
  for (const m of found) {
    expect(Object.values(Fit)).toContain(cryptonote.probe(m));
    s.tick(m.place.time);
    cryptonote.feed(s, m);
  }
  expect(s.jobs).toBeGreaterThan(100);
  expect(s.difficulty === null || s.difficulty.last > 0).toBe(true);
  expect(Number.isFinite(s.jobs + s.work + s.exposure)).toBe(true);
});
