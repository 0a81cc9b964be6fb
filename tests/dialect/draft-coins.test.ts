/** Dialects known from second-hand sources or from a node alone: read as far as they are known, and told from the others. */
import { describe, expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { Fit } from '../../src/dialect/dialect.ts';
import { DIALECTS } from '../../src/dialect/index.ts';
import { MiningSession } from '../../src/dialect/session.ts';
import { jsonMessages } from '../../src/protocol/json.ts';
import type { JsonMessage } from '../../src/protocol/message.ts';
import { detectFrames, difference, essences } from '../engine/run.ts';
import { aionExample } from '../generate/catalogue/aion.ts';
import { START } from '../generate/catalogue/capture.ts';
import { codechainExample } from '../generate/catalogue/codechain.ts';
import { pearlExample } from '../generate/catalogue/pearl.ts';
import {
  conversation,
  cutPayloads,
  encapsulate,
  fromMessage,
  onlyFrom,
  type RawFrame,
  type TimedMessage,
} from '../generate/index.ts';

const MINER = { ip: '10.20.0.151', port: 41057 };
const POOL = { ip: '203.0.113.151', port: 8008 };

function framesOf(messages: readonly TimedMessage[]): RawFrame[] {
  return conversation({ client: MINER, server: POOL, start: START * 1e6, seed: 9, messages });
}

function detect(frames: readonly RawFrame[]): DetectionRow {
  const { detections } = detectFrames(frames);
  expect(detections).toHaveLength(1);
  expect([detections[0]?.miner.ip, detections[0]?.pool.ip]).toEqual([MINER.ip, POOL.ip]);
  return detections[0] as DetectionRow;
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

describe.each([codechainExample(), aionExample()].map((session) => [session.dialect, session] as const))(
  '%s',
  (dialect, session) => {
    const frames = framesOf(session.messages);
    const { shares } = session;
    const accepted = shares.filter((share) => share.accepted).length;

    test('the whole session', () => {
      const d = detect(frames);
      expect(d).toMatchObject({ dialect, activity: 'mining', coins: session.coins });
      expect(d.shares).toEqual({ submitted: shares.length, accepted, rejected: shares.length - accepted });
      expect(accepted).toBeGreaterThan(0);
      expect(accepted).toBeLessThan(shares.length);
      expect(d.accounts.map((a) => a.login)).toEqual(session.logins);
      expect(d.difficulty!.last / session.difficulty!).toBeCloseTo(1, 3);
      for (const { signature, weight } of d.indications) {
        if (signature.startsWith(dialect)) expect(weight).toBeLessThan(0.9);
      }
    });

    test('from the second job on, the log-in unseen', () => {
      const first = session.marks!['job 1']!;
      const seen = shares.filter((share) => share.at >= session.messages[first]!.at);
      const d = detect(fromMessage(frames, first));
      expect(d).toMatchObject({ dialect, activity: 'mining', picked_up: 'midstream', coins: session.coins });
      expect(d.shares.submitted).toBe(seen.length);
      expect(d.shares.accepted).toBe(seen.filter((share) => share.accepted).length);
    });

    test('the miner alone', () => {
      const d = detect(onlyFrom(frames, 'client'));
      // A solution by itself is that of ZIP-301.
      if (dialect !== 'aion') expect(d.dialect).toBe(dialect);
      expect(d).toMatchObject({ seen: 'miner', shares: { submitted: shares.length, accepted: 0 } });
      expect(d.accounts.map((a) => a.login)).toEqual(session.logins);
    });

    test('the pool alone', () => {
      const d = detect(onlyFrom(frames, 'server'));
      expect(d).toMatchObject({ dialect, seen: 'pool', activity: 'mining', accounts: [], coins: session.coins });
      expect(d.shares.accepted).toBeLessThanOrEqual(accepted);
    });

    test.each(['vlan', 'gre', 'vxlan', 'gtpu'] as const)('in %s', (kind) => {
      expect(difference(essences(detectFrames(encapsulate(frames, kind))), essences(detectFrames(frames)))).toBe('');
    });

    test('cut anywhere', () => {
      const want = essences(detectFrames(frames));
      for (const at of [1, 17, 230]) expect(difference(essences(detectFrames(cutPayloads(frames, at))), want)).toBe('');
    });
  },
);

const H = (digit: string): string => digit.repeat(64);
const notify = (...params: readonly unknown[]): string => JSON.stringify({ id: null, method: 'mining.notify', params });
const submit = (...params: readonly unknown[]): string => JSON.stringify({ id: 4, method: 'mining.submit', params });
const PLACE = { input: 0, packet: 1, time: START * 1e6, from: 0, to: 0 };

function messageOf(text: string, side: 0 | 1 = 0): JsonMessage {
  const out: JsonMessage[] = [];
  jsonMessages(text, side, PLACE, 'tcp', null, null, out);
  return out[0] as JsonMessage;
}

describe('told from one another', () => {
  const mining = DIALECTS.filter((dialect) => dialect.group === 'mining');
  const ids = (text: string, fits: readonly number[]): string[] =>
    mining.filter((dialect) => fits.includes(dialect.probe(messageOf(text)))).map((dialect) => dialect.id);

  test.each([
    ['codechain', notify(`0x${H('1')}`, '0x64')],
    ['codechain', notify(`0x${H('1')}`, `0x${H('2')}`)],
    ['aion', notify('000120c9', true, H('1'), H('2'))],
    ['aeternity', notify('a', H('1'), true)],
    ['ethereum-stratum-1', notify('a', H('1'), H('2'), true)],
  ])('a job of %s is no other: %#', (dialect, text) => {
    expect(ids(text, [Fit.Sure])).toEqual([dialect]);
    expect(ids(text, [Fit.Possible])).toEqual([]);
    expect(ids(text, [Fit.None])).toEqual([]);
  });

  test.each([
    ['codechain', submit(`0x${H('1')}`, [`0x${H('2')}`])],
    [
      'aeternity',
      submit(
        'w',
        'a',
        '98b6ac44d2',
        Array.from({ length: 42 }, (_, n) => n),
      ),
    ],
    ['zcash-stratum', submit('w', 'a', 'ae2a015b', '41'.repeat(28), 'fd4005'.padEnd(2694, '0'))],
    ['pearl', JSON.stringify({ id: 1, method: 'mining.authorize', params: { wallet: 'w', worker: 'r' } })],
  ])('a share or log-in of %s is no other: %#', (dialect, text) => {
    expect(ids(text, [Fit.Sure])).toEqual([dialect]);
  });

  test('a solution of the length of 210,9 may be Aion', () => {
    const text = submit('w', 'a', 'ae2a015b', '41'.repeat(28), 'fd8005'.padEnd(2822, '0'));
    expect(ids(text, [Fit.Sure, Fit.Possible])).toContain('aion');
    const shorter = submit('w', 'a', 'ae2a015b', '41'.repeat(28), 'fd4005'.padEnd(2694, '0'));
    expect(ids(shorter, [Fit.Sure, Fit.Possible])).not.toContain('aion');
  });
});

describe('CodeChain', () => {
  const work = `< { "id": 17, "method": "mining.notify", "params": ["0x${H('1')}","0x${'f'.repeat(60)}"] }`;
  const share = `> ${submit(`0x${H('1')}`, [`0x${H('2')}`])}`;

  test.each([
    ['null', '{"jsonrpc":"2.0","result":null,"id":4}', 1],
    ['true', '{"jsonrpc":"2.0","result":true,"id":4,"error":null}', 1],
    ['false', '{"jsonrpc":"2.0","result":false,"id":4}', 0],
    ['an error', '{"jsonrpc":"2.0","error":{"code":21,"message":"Job not found"},"id":4}', 0],
  ])('an answer of %s', (_name, answer, accepted) => {
    const d = said(work, share, `< ${answer}`);
    expect(d.shares).toEqual({ submitted: 1, accepted, rejected: 1 - accepted });
    expect(d.hashrate).toBeNull();
    expect(d.difficulty).toEqual({ last: 65_536, unit: 'tries per share' });
  });

  test('the answer to a subscription is work', () => {
    const d = said(
      '> {"jsonrpc":"2.0","id":1,"method":"mining.subscribe","params":[]}',
      `< {"jsonrpc":"2.0","result":["0x${H('1')}","0xffff"],"id":1}`,
    );
    expect(d).toMatchObject({ dialect: 'codechain', activity: 'mining', coins: ['CCC'] });
  });

  test('two hashes as an answer are those of any node', () => {
    const answer = messageOf(JSON.stringify({ id: 1, result: [`0x${H('1')}`, `0x${H('2')}`] }), 1);
    expect(DIALECTS.find(({ id }) => id === 'codechain')?.probe(answer)).toBe(Fit.None);
  });
});

describe('Pearl', () => {
  const login =
    '> {"id":1,"method":"mining.authorize","params":{"wallet":"prl1demo","worker":"rig1","agent":"m/1","type":"gpu"}}';

  test('the log-in alone is probable, never confirmed', () => {
    const d = detect(framesOf(pearlExample().messages));
    expect(d).toMatchObject({ dialect: 'pearl', activity: 'attempt', confidence: 'probable', coins: ['PRL'] });
    expect(d.accounts[0]).toMatchObject({ login: 'prl1demo0000000000000000000000', worker: 'rig1' });
  });

  test('work and shares after it are counted, whatever their form', () => {
    const d = said(
      login,
      '< {"id":1,"result":true,"error":null}',
      `< ${notify('7', H('1'), 5)}`,
      `> ${submit('rig1', '7', 'abcd')}`,
      '< {"id":4,"result":true,"error":null}',
    );
    expect(d).toMatchObject({ dialect: 'pearl', activity: 'mining', hashrate: null, agents: ['m/1'] });
    expect(d.shares).toEqual({ submitted: 1, accepted: 1, rejected: 0 });
  });
});

test('nothing throws, and no number is lost', () => {
  const own = DIALECTS.filter(({ id }) => ['aion', 'codechain', 'pearl'].includes(id));
  const VALUES: readonly unknown[] = [
    ...[null, true, 0, -1, 1e300, '', '0x', 'zz', H('1'), [], {}, [[]], [null], { wallet: null }, { wallet: '' }],
    ...[
      ['0x', '0x'],
      [`0x${H('0')}`, `0x${H('0')}`],
      [`0x${H('1')}`, []],
      ['a', true, H('0'), H('0')],
    ],
    ...[Array(300).fill([]), [H('0')], { wallet: 'w', worker: {}, agent: [], type: null }],
  ];
  const methods = ['notify', 'submit', 'subscribe', 'authorize', 'set_target', 'set_difficulty', 'hello', 'configure'];
  expect(own).toHaveLength(3);
  for (const dialect of own) {
    const s = new MiningSession();
    for (const method of [...methods, null]) {
      for (const value of VALUES) {
        const body = method === null ? { result: value, error: value } : { method: `mining.${method}`, params: value };
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
