/** Conversations that once gave a wrong or no answer. */
import { expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { conversation, fromMessage, merge, onlyFrom, type RawFrame } from '../generate/index.ts';
import { detectFrames } from './run.ts';

const MINER = '10.0.0.9';
const POOL = '192.0.2.9';
type Line = readonly [from: 'client' | 'server', at: number, value: unknown];

function frames(lines: readonly Line[], port = 3333): RawFrame[] {
  return conversation({
    client: { ip: MINER, port: 40000 },
    server: { ip: POOL, port },
    start: 1.7e15,
    messages: lines.map(([from, at, value]) => ({
      from,
      at,
      text: `${typeof value === 'string' ? value : JSON.stringify(value)}\n`,
    })),
  });
}

function detect(list: readonly RawFrame[]): readonly DetectionRow[] {
  return detectFrames(list).detections;
}

const HASH = 'ab'.repeat(32);
const SUBMIT = (id: number): unknown => ({
  id,
  method: 'mining.submit',
  params: ['acct.rig', 'j1', '00000000', '66230000', '12345678'],
});

test('a miner that pings first is not taken for the pool', () => {
  const list = frames([
    ['client', 0, { id: 1, method: 'mining.ping', params: [] }],
    ['client', 1, SUBMIT(2)],
    ['server', 1.1, { id: 2, result: true, error: null }],
  ]);
  const [found] = detect(fromMessage(list, 0));
  expect(found?.miner.ip).toBe(MINER);
  expect(found?.shares.submitted).toBe(1);
});

test('lists of 32-byte values from a node are no work', () => {
  const hex = (digit: string, zeros = 0): string => `0x${'0'.repeat(zeros)}${digit.repeat(64 - zeros)}`;
  const keys = { jsonrpc: '2.0', id: 1, result: [hex('0'), hex('1', 63), hex('2', 63)] };
  const hashes = { jsonrpc: '2.0', id: 2, result: [hex('a'), hex('b'), hex('c', 5)] };
  expect(
    detect(
      frames([
        ['server', 0, keys],
        ['server', 1, hashes],
      ]),
    ),
  ).toEqual([]);
});

test('a log record that quotes mining member by member is no mining', () => {
  const log = { '@timestamp': '2026-01-01T00:00:00Z', level: 'info' };
  expect(
    detect(
      frames([
        [
          'client',
          0,
          {
            ...log,
            id: null,
            method: 'mining.notify',
            params: ['j1', HASH, 'ab', 'cd', [], '20000000', '17034219', '66230000', true],
          },
        ],
        ['client', 1, { ...log, ...(SUBMIT(2) as object) }],
      ]),
    ),
  ).toEqual([]);
});

test('a log-in with login, pass and agent to a service that does not mine is nothing', () => {
  const login = { id: 7, method: 'login', params: { login: '1001', pass: 'secret', agent: 'SoftPhone/4.2' } };
  expect(
    detect(
      frames([
        ['client', 0, login],
        ['server', 1, { id: 7, result: { status: 'OK' } }],
      ]),
    ),
  ).toEqual([]);
});

test('a coin of the mining.* family without a dialect of ours is mining all the same', () => {
  const notify = { id: null, method: 'mining.notify', params: ['j1', HASH, 'solution template', 7, true, '1b00f000'] };
  const submit = (id: number): unknown => ({
    id,
    method: 'mining.submit',
    params: ['RWallet.rig', 'j1', { nonce: '11', mix: HASH }],
  });
  const [found, ...others] = detect(
    frames([
      ['client', 0, { id: 1, method: 'mining.subscribe', params: ['newcoinminer/1.2'] }],
      ['client', 0.1, { id: 2, method: 'mining.authorize', params: ['RWallet.rig', 'x'] }],
      ['server', 0.4, notify],
      ['client', 5, submit(3)],
      ['server', 5.1, { id: 3, result: true, error: null }],
    ]),
  );
  expect(others).toEqual([]);
  expect(found).toMatchObject({
    dialect: null,
    activity: 'mining',
    confidence: 'confirmed',
    shares: { submitted: 1, accepted: 1 },
    hashrate: null,
  });
  expect(found?.accounts[0]?.login).toBe('RWallet.rig');
});

test('hundreds of bare answers before the first job do not tire the reader', () => {
  const lines: Line[] = Array.from({ length: 400 }, (_, i) => ['server', i / 10, { id: i, result: true, error: null }]);
  lines.push([
    'server',
    41,
    {
      id: null,
      method: 'mining.notify',
      params: ['j1', HASH, 'ab'.repeat(50), 'cd'.repeat(50), [], '20000000', '17034219', '66230000', true],
    },
  ]);
  const [found] = detect(onlyFrom(fromMessage(frames(lines), 0), 'server'));
  expect(found?.confidence).toBe('confirmed');
  expect(found?.miner.ip).toBe(MINER);
});

test('answers to reports of the hashrate are no shares', () => {
  const lines: Line[] = [
    [
      'client',
      0,
      {
        id: 1,
        method: 'mining.hello',
        params: { agent: 'a', host: 'p.example', port: '1', proto: 'EthereumStratum/2.0.0' },
      },
    ],
    ['server', 0.2, { method: 'mining.set', params: { target: 'ff'.repeat(28), epoch: '1', algo: 'ethash' } }],
    ['server', 0.3, { method: 'mining.notify', params: ['1', 'f00', HASH, '1'] }],
  ];
  for (let i = 0; i < 10; i++) {
    lines.push(['client', 20 + i * 20, { id: 10 + i, method: 'mining.hashrate', params: ['3b9aca00', 'w-1'] }]);
    lines.push(['server', 20.1 + i * 20, { id: 10 + i, result: true }]);
  }
  const both = detect(frames(lines))[0];
  expect(both?.shares).toEqual({ submitted: 0, accepted: 0, rejected: 0 });
  expect(both?.reported_hashrate?.last).toBe(1e9);
  expect(detect(onlyFrom(fromMessage(frames(lines), 3), 'server'))[0]?.shares.accepted ?? 0).toBe(0);
});

test('polls that are answered by pushes do not crowd out shares', () => {
  const work = [`0x${'a1'.repeat(32)}`, `0x${'b2'.repeat(32)}`, `0x00000000${'ff'.repeat(28)}`];
  const lines: Line[] = [['client', 0, { id: 1, method: 'eth_submitLogin', params: [`0x${'1'.repeat(40)}`] }]];
  for (let i = 0; i < 1200; i++) {
    lines.push(['client', 1 + i, { id: 5, method: 'eth_getWork', params: [] }]);
    lines.push(['server', 1.1 + i, { id: 0, jsonrpc: '2.0', result: work }]);
  }
  lines.push(['client', 1300, { id: 4, method: 'eth_submitWork', params: [`0x${'1'.repeat(16)}`, work[0], work[1]] }]);
  lines.push(['server', 1300.1, { id: 4, result: true }]);
  expect(detect(frames(lines))[0]?.shares).toEqual({ submitted: 1, accepted: 1, rejected: 0 });
});

test('the bare account beside one of its workers is no second miner', () => {
  const [found] = detect(
    frames([
      ['client', 0, { id: 1, method: 'mining.authorize', params: ['acct.rig', 'x'] }],
      ['client', 1, SUBMIT(2)],
      ['client', 2, { id: 3, method: 'mining.submit', params: ['acct', 'j1', '00000000', '66230000', '12345679'] }],
    ]),
  );
  expect(found?.activity).toBe('mining');
});

test('a miner and a pool on one address are no chain of proxies', () => {
  const list = conversation({
    client: { ip: '127.0.0.1', port: 40000 },
    server: { ip: '127.0.0.1', port: 3333 },
    start: 1.7e15,
    messages: [{ from: 'client', at: 0, text: `${JSON.stringify(SUBMIT(1))}\n` }],
  });
  expect(detect(list)[0]?.activity).toBe('mining');
});

test('sessions behind one address that were met in the middle are no probe', () => {
  const lists = Array.from({ length: 10 }, (_, i) =>
    fromMessage(
      conversation({
        client: { ip: MINER, port: 41000 + i },
        server: { ip: `192.0.2.${20 + i}`, port: 3333 },
        start: 1.7e15 + i * 1e6,
        messages: [
          { from: 'server', at: 0, text: '{"id":1,"result":true,"error":null}\n' },
          {
            from: 'server',
            at: 1,
            text: `${JSON.stringify({ id: null, method: 'mining.notify', params: ['j1', HASH, 'ab'.repeat(50), 'cd', [], '20000000', '17034219', '66230000', true] })}\n`,
          },
        ],
      }),
      0,
    ),
  );
  const found = detect(merge(...lists));
  expect(found).toHaveLength(10);
  expect(new Set(found.map((d) => d.activity))).toEqual(new Set(['mining']));
});
