/** Dialects of single coins outside the mining.* family, and the stranger ones inside: as a network shows them, told apart. */
import { describe, expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { beamDifficulty } from '../../src/dialect/beam.ts';
import { Fit } from '../../src/dialect/dialect.ts';
import { DIALECTS } from '../../src/dialect/index.ts';
import { MiningSession } from '../../src/dialect/session.ts';
import { jsonMessages } from '../../src/protocol/json.ts';
import type { JsonMessage, Transport } from '../../src/protocol/message.ts';
import { detectFrames, difference, essences } from '../engine/run.ts';
import { aeternityExample } from '../generate/catalogue/aeternity.ts';
import { aleoExample } from '../generate/catalogue/aleo.ts';
import { beamExample } from '../generate/catalogue/beam.ts';
import { bytomExample } from '../generate/catalogue/bytom.ts';
import { START } from '../generate/catalogue/capture.ts';
import { chiaExample } from '../generate/catalogue/chia.ts';
import { grinExample } from '../generate/catalogue/grin.ts';
import { ironfishExample } from '../generate/catalogue/ironfish.ts';
import { nimiqExample } from '../generate/catalogue/nimiq.ts';
import { warthogExample } from '../generate/catalogue/warthog.ts';
import { xelisExample } from '../generate/catalogue/xelis.ts';
import { zanoExample, zanoGetWorkExample } from '../generate/catalogue/zano.ts';
import { zmpExample } from '../generate/catalogue/zmp.ts';
import {
  conversation,
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
  ['grin', grinExample()],
  ['beam', beamExample()],
  ['aeternity', aeternityExample()],
  ['ironfish', ironfishExample()],
  ['zmp', zmpExample()],
  ['aleo', aleoExample()],
  ['xelis', xelisExample()],
  ['warthog', warthogExample()],
  ['zano', zanoExample()],
  ['zano by eth_getWork', zanoGetWorkExample()],
  ['bytom', bytomExample()],
  ['nimiq', nimiqExample()],
  ['chia', chiaExample()],
];
/** The answers of these say themselves what was answered, or are unlike any other answer. */
const COUNTED_BY_ANSWERS = ['grin', 'beam', 'ironfish', 'zmp', 'zano', 'chia'];

const MINER = { ip: '10.20.0.121', port: 40847 };
const POOL = { ip: '203.0.113.121', port: 3416 };

function framesOf(messages: readonly TimedMessage[]): RawFrame[] {
  return conversation({ client: MINER, server: POOL, start: START * 1e6, seed: 4, messages });
}

function detect(frames: readonly RawFrame[]): DetectionRow {
  const { detections } = detectFrames(frames);
  expect(detections.map((d) => [d.dialect, d.miner.ip, d.pool.ip])).toEqual([[expect.anything(), MINER.ip, POOL.ip]]);
  return detections[0]!;
}

describe.each(EXAMPLES)('%s', (name, session) => {
  const { dialect, shares } = session;
  const frames = framesOf(session.messages);
  const accepted = dialect === 'nimiq' ? 0 : shares.filter((share) => share.accepted).length;
  const rejected = shares.filter((share) => !share.accepted).length;

  test('the whole session', () => {
    const d = detect(frames);
    expect(d).toMatchObject({ dialect, confidence: 'confirmed', activity: 'mining', coins: session.coins ?? [] });
    expect(d.shares).toEqual({ submitted: shares.length, accepted, rejected });
    expect(rejected).toBeGreaterThan(0);
    expect(d.accounts.map((a) => a.login)).toEqual(session.logins);
    expect(d.agents).toEqual(session.agents ?? []);
    expect(d.difficulty!.last / session.difficulty!).toBeCloseTo(1, 3);
    if (session.rate === undefined) expect(d.hashrate).toBeNull();
    else {
      expect(d.hashrate!.unit).toBe(session.rate.unit);
      // Within four standard errors of the rate the shares were drawn from.
      expect(Math.abs(d.hashrate!.mid / session.rate.value - 1)).toBeLessThan(4 / Math.sqrt(accepted));
    }
  });

  test('from the second job on, the log-in unseen', () => {
    const first = session.marks?.['job 1'] ?? shares[2]!.submit;
    const d = detect(fromMessage(frames, first));
    const seen = shares.filter((share) => share.at >= session.messages[first]!.at);
    expect(d).toMatchObject({ dialect, confidence: 'confirmed', activity: 'mining', picked_up: 'midstream' });
    expect(d.shares.submitted).toBe(seen.length);
    if (dialect !== 'nimiq') expect(d.shares.accepted).toBe(seen.filter((share) => share.accepted).length);
  });

  test('the miner alone', () => {
    const d = detect(onlyFrom(frames, 'client'));
    expect(d).toMatchObject({ dialect, seen: 'miner', shares: { submitted: shares.length, accepted: 0 } });
    expect(d.confidence).not.toBe('suspected');
    expect(d.accounts.map((a) => a.login)).toEqual(session.logins);
    expect(d.hashrate).toBeNull();
  });

  test('shares of the miner alone', () => {
    const d = detect(onlyFrom(fromMessage(frames, shares[1]!.submit), 'client'));
    expect(d.confidence).not.toBe('suspected');
    // By itself the share is that of eth-proxy.
    expect(d.dialect).toBe(name === 'zano by eth_getWork' ? 'ethproxy' : dialect);
    expect(d.shares.submitted).toBe(shares.length - 1);
  });

  test('the pool alone', () => {
    // The answers of a Chia pool say nothing but a difficulty, which is not enough.
    if (dialect === 'chia') {
      expect(detectFrames(onlyFrom(frames, 'server')).detections).toEqual([]);
      return;
    }
    const d = detect(onlyFrom(frames, 'server'));
    expect(d).toMatchObject({ dialect, confidence: 'confirmed', seen: 'pool', activity: 'mining', accounts: [] });
    expect(d.shares.submitted).toBe(0);
    if (COUNTED_BY_ANSWERS.includes(dialect)) expect(d.shares.accepted).toBe(accepted);
    else expect(d.shares.accepted).toBeLessThanOrEqual(accepted);
  });

  test.each(['vlan', 'pppoe', 'mpls', 'gre', 'vxlan', 'geneve', 'gtpu'] as const)('in %s', (kind) => {
    expect(difference(essences(detectFrames(encapsulate(frames, kind))), essences(detectFrames(frames)))).toBe('');
  });

  test('cut anywhere, in fragments', () => {
    const want = essences(detectFrames(frames));
    for (const at of [1, 2, 17, 60, 230]) {
      expect(difference(essences(detectFrames(cutPayloads(frames, at))), want), `cut at ${at}`).toBe('');
    }
    expect(difference(essences(detectFrames(fragment(frames, 296))), want)).toBe('');
  });
});

/** A conversation written line by line: `>` from the miner, `<` from the pool, five seconds apart. */
function said(...lines: readonly string[]): DetectionRow {
  const messages = lines.map(
    (line, n): TimedMessage => ({
      from: line.startsWith('>') ? 'client' : 'server',
      at: 0.1 + n * 5,
      text: `${line.slice(1).trim()}\n`,
    }),
  );
  return detect(framesOf(messages));
}

const H = (digit: string): string => digit.repeat(64);
const notify = (...params: readonly unknown[]): string => JSON.stringify({ id: null, method: 'mining.notify', params });
const submit = (...params: readonly unknown[]): string => JSON.stringify({ id: 4, method: 'mining.submit', params });
const EDGES = Array.from({ length: 42 }, (_, n) => n * 1000);

const PLACE = { input: 0, packet: 1, time: START * 1e6, from: 0, to: 0 };

function messageOf(text: string, side: 0 | 1 = 0, transport: Transport = 'tcp'): JsonMessage {
  const out: JsonMessage[] = [];
  jsonMessages(text, side, PLACE, transport, null, null, out);
  return out[0]!;
}

describe('told from one another', () => {
  const mining = DIALECTS.filter((dialect) => dialect.group === 'mining');
  const ids = (text: string, fits: readonly number[]): string[] =>
    mining.filter((dialect) => fits.includes(dialect.probe(messageOf(text)))).map((dialect) => dialect.id);

  test.each([
    ['aeternity', notify('a', H('1'), true)],
    ['aeternity', notify('a', 5, H('1'), false)],
    ['aleo', notify('a', '1'.repeat(80), null, true)],
    ['aleo', notify('a', '1'.repeat(80), `aleo1${'q'.repeat(58)}`, true)],
    ['aleo', notify('a', H('1'), H('2'), H('3'), H('4'), H('5'), true)],
    ['xelis', notify('a', '0000018ef8c4a3e8', H('1'), 'xel/v2', true)],
    ['warthog', notify('a', H('1'), H('2'), '00000002', '2a1fffff', '66230880', false)],
    ['warthog', notify('a', H('1'), H('2') + H('3'), 2, '2a1fffff', '66230880', true)],
    ['zano', notify(`0x${H('1')}`, `0x${H('2')}`, `0x${'0'.repeat(8)}${'f'.repeat(56)}`, '0x000000000027ac40')],
    ['ironfish', JSON.stringify({ id: 7, method: 'mining.notify', body: { miningRequestId: 1, header: H('1') } })],
  ])('a job of %s is no other: %#', (dialect, text) => {
    expect(ids(text, [Fit.Sure])).toEqual([dialect]);
    expect(ids(text, [Fit.Possible])).toEqual([]);
    // A list of parameters says that it is not Iron Fish, its absence that it is nothing else.
    if (dialect !== 'ironfish') expect(ids(text, [Fit.None])).toEqual([]);
  });

  test.each([
    ['aeternity', submit('w', 'a', '98b6ac44d2', EDGES)],
    ['aleo', submit('w', 'a', H('1'), 'ab'.repeat(386))],
    ['aleo', submit('w', 'a', '1122334455667788', 'ab'.repeat(48), 'cd'.repeat(49))],
    ['zcash-stratum', submit('w', 'a', 'ae2a015b', '41'.repeat(28), 'fd4005'.padEnd(2694, '0'))],
    ['warthog', submit('a', '0000', '66230880', 'a28a04a2')],
    ['stratum-v1', submit('w', 'a', '0000', '66230880', 'a28a04a2')],
    ['ironfish', JSON.stringify({ id: 4, method: 'mining.submit', body: { miningRequestId: 1, randomness: '00' } })],
  ])('a share of %s is no other: %#', (dialect, text) => {
    expect(ids(text, [Fit.Sure])).toEqual([dialect]);
  });

  test('a subscription that names host and port is neither Bitcoin nor proof of Zcash', () => {
    const text = JSON.stringify({ id: 1, method: 'mining.subscribe', params: ['m/1', null, 'pool.example.net', 1234] });
    expect(ids(text, [Fit.Sure])).toEqual([]);
    expect(ids(text, [Fit.Possible])).toContain('zcash-stratum');
    expect(ids(text, [Fit.Never])).toEqual(expect.arrayContaining(['stratum-v1', 'eth-stratum']));
  });
});

describe('CryptoNote and its relatives', () => {
  const login = (id: unknown): string =>
    `> ${JSON.stringify({ id, jsonrpc: '2.0', method: 'login', params: { login: 'acc.r', pass: 'x', agent: 'lolMiner 1.97' } })}`;
  const job = { blob: '10'.repeat(40), job_id: '7', target: 'b88d0600', algo: 'cuckaroo' };

  test('Tari with C29: a share with a cycle is CryptoNote, and gives no rate', () => {
    const share = { id: 's', job_id: '7', nonce: '0011223344556677', pow: EDGES };
    const d = said(
      login(1),
      `< ${JSON.stringify({ id: 1, jsonrpc: '2.0', error: null, result: { id: 's', job, status: 'OK' } })}`,
      ...[2, 3].flatMap((id) => [
        `> ${JSON.stringify({ id, jsonrpc: '2.0', method: 'submit', params: share })}`,
        `< ${JSON.stringify({ id, jsonrpc: '2.0', error: null, result: { status: 'OK' } })}`,
      ]),
    );
    expect(d).toMatchObject({ dialect: 'cryptonote', algorithm: 'cuckaroo', hashrate: null });
    expect(d.shares).toEqual({ submitted: 2, accepted: 2, rejected: 0 });
  });

  test('an id in quotes is Grin, a number CryptoNote, until the job says otherwise', () => {
    expect(said(login('0')).dialect).toBe('grin');
    expect(said(login(0)).dialect).toBe('cryptonote');
    expect(said(login('0'), `< ${JSON.stringify({ method: 'job', params: job })}`).dialect).toBe('cryptonote');
  });

  test('Bytom with names in its job, and a share like those of CryptoNote', () => {
    const named = {
      previous_block_hash: H('1'),
      transactions_merkle_root: H('2'),
      transaction_status_hash: H('3'),
      job_id: '710425',
      target: 'c5a70000',
    };
    const d = said(
      '> {"id":1,"jsonrpc":"2.0","method":"login","params":["antminer","001","agent"]}',
      `< ${JSON.stringify({ id: 1, result: { id: 'antminer_1', job: named, status: 'OK' }, error: null })}`,
      `> ${JSON.stringify({ id: 2, method: 'submit', params: { id: 'antminer_1', job_id: '710425', nonce: '0123456789abcdef', result: H('4') } })}`,
      '< {"id":2,"jsonrpc":"2.0","result":true}',
    );
    expect(d).toMatchObject({ dialect: 'bytom', coins: ['BTM'], shares: { submitted: 1, accepted: 1, rejected: 0 } });
    // c5a70000 is 0xa7c5 = 42949: one in about a hundred thousand.
    expect(d.difficulty!.last).toBe(Math.floor((2 ** 32 - 1) / 42949));
  });
});

describe('numbers', () => {
  test.each([
    // Exponent 3, mantissa 1 + 0x000035 / 2^24.
    [0x03000035, 8 * (1 + 0x35 / 2 ** 24)],
    [0x00000000, 1],
    [0x09400000, 512 * 1.25],
    // A job seen at a pool: exponent 9.
    [155232350, 2 ** 9 * (1 + (155232350 % 2 ** 24) / 2 ** 24)],
    [0xffffffff, (2 ** 25 - 1) * 2 ** 231],
    [-1, Number.NaN],
    [2 ** 32, Number.NaN],
    [1.5, Number.NaN],
  ])('Beam difficulty %d', (packed, solutions) => {
    expect(beamDifficulty(packed)).toBe(solutions);
  });

  test('the pauses of Zilliqa are not mining time', () => {
    const d = detect(framesOf(zmpExample().messages));
    expect(d.hashrate!.observed_seconds).toBeLessThan(115);
    expect(d.hashrate!.observed_seconds).toBeGreaterThan(95);
  });

  test('Iron Fish: refusals in the older form, answers by the id inside', () => {
    const share = (id: number): string =>
      `> ${JSON.stringify({ id, method: 'mining.submit', body: { miningRequestId: 7, randomness: '0005' } })}`;
    const d = said(
      share(63),
      share(64),
      '< {"id":23432,"method":"mining.submitted","body":{"id":64,"result":true}}',
      '< {"id":23433,"error":{"id":63,"message":"Duplicate share"}}',
    );
    expect(d.shares).toEqual({ submitted: 2, accepted: 1, rejected: 1 });
  });
});

describe('no mining', () => {
  test.each([
    ['a form', '{"id":1,"method":"submit","params":["form","a","b"]}'],
    ['a log-in by list', '{"id":1,"method":"login","params":["bob","secret"]}'],
    ['a build server', '{"method":"job","id":"7","input":"report.csv","difficulty":3}'],
    ['a chat', '{"message":"register","user":"bob"}'],
    ['a key', '{"method":"login","api_key":"k","id":7}'],
    ['a farm shop', '{"payload":{"name":"Bob","acres":7}}'],
  ])('%s', (_name, text) => {
    const { detections } = detectFrames(framesOf([{ from: 'client', at: 0.1, text: `${text}\n` }]));
    expect(detections.filter((d) => d.confidence !== 'suspected')).toEqual([]);
  });
});

describe('whatever comes', () => {
  const VALUES: readonly unknown[] = [
    ...[null, true, 0, -1, 1e300, '', '0x', 'zz', H('1'), `0x${H('f')}`, [], {}, [[]], [null], [{}], EDGES],
    ...[Array(11).fill(H('1')), Array(4).fill(''), Array(7).fill(1), Array(3).fill({}), [{ n: [] }], [{ n: 7 }]],
    { job_id: {}, pre_pow: 1, difficulty: '9', pow: 'x', nonce: {}, login: [], height: null },
    { miningRequestId: {}, target: 7, header: [], result: 'x', id: {}, publicAddress: 1, name: {} },
    { launcher_id: 7, proof_of_space: [], sp_hash: {}, sealHash: H('1'), diff: '0', epoch: '0' },
    { transactions_merkle_root: H('1'), transaction_status_hash: H('1'), target: '0000' },
  ];
  const METHODS = [
    ...['mining.notify', 'mining.submit', 'mining.subscribe', 'mining.authorize', 'mining.set_target'],
    ...['mining.set_difficulty', 'mining.subscribed', 'mining.submitted', 'mining.print', 'mining.hashrate'],
    ...['login', 'job', 'submit', 'getwork', 'getjobtemplate', 'solution', 'result', 'eth_submitLogin'],
    ...['eth_getWork', 'eth_submitWork', 'keepalive', null],
  ];
  const MESSAGES = ['register', 'settings', 'new-block', 'share', 'balance', 'error', 'registered'];
  const own = DIALECTS.filter(({ id }) => id === 'cryptonote' || EXAMPLES.some(([, s]) => s.dialect === id));

  test('nothing throws, and no number is lost in the session', () => {
    expect(own.length).toBe(13);
    for (const dialect of own) {
      const s = new MiningSession();
      const take = (body: object, side: 0 | 1, transport: Transport): void => {
        const m = messageOf(JSON.stringify({ id: 4, ...body }), side, transport);
        expect([Fit.Never, Fit.None, Fit.Possible, Fit.Sure]).toContain(dialect.probe(m));
        s.tick(m.place.time);
        dialect.feed(s, m);
      };
      for (const value of VALUES) {
        for (const method of METHODS) {
          if (method === null) take({ result: value, error: value }, 1, 'tcp');
          else {
            take({ method, params: value }, 0, 'tcp');
            take({ method, body: value, result: value, error: null }, 1, 'tcp');
            take({ method, api_key: value, input: value, output: value, nonce: value, difficulty: value }, 0, 'tcp');
          }
        }
        for (const message of MESSAGES) {
          const names = [
            'address',
            'extraData',
            'targetCompact',
            'target',
            'nonce',
            'block',
            'bodyHash',
            'accountsHash',
          ];
          take({ message, ...Object.fromEntries(names.map((name) => [name, value])) }, 1, 'ws');
        }
        take({ payload: value }, 0, 'http');
        take({ new_difficulty: value, error_code: value, current_points: value }, 1, 'http');
      }
      expect(Number.isFinite(s.work + s.jobs + s.submitted + s.accepted + s.rejected), dialect.id).toBe(true);
      expect(s.difficulty === null || s.difficulty.last > 0, dialect.id).toBe(true);
    }
  });
});
