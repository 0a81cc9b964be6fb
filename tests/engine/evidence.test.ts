/** What evidence holds: enough to find the same again, no password, nothing of what is not mining. */
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CaptureReader } from '../../src/capture/reader.ts';
import type { KeptFrame } from '../../src/engine/evidence/kept-frame.ts';
import { findMasked } from '../../src/engine/evidence/masked-text.ts';
import { byTime, ofDetection, ofKey, withFrames } from '../../src/engine/evidence/order.ts';
import { FlowSample } from '../../src/engine/flow-sample.ts';
import type { EvidenceFrame } from '../../src/engine/options.ts';
import { DEFAULT_LIMITS, Pipeline } from '../../src/engine/pipeline.ts';
import { replay } from '../../src/engine/replay.ts';
import {
  conversation,
  createRandom,
  duplicate,
  fragment,
  merge,
  onlyFrom,
  type RawFrame,
  reorder,
  segment,
  type TimedMessage,
  writePcapng,
} from '../generate/index.ts';
import { bitcoin } from '../generate/names/sessions.ts';
import { inside, socks5Opening } from '../generate/names/tunnels.ts';
import { UPGRADE_RESPONSE, upgradeRequest, webSocketFrame } from '../generate/wire/websocket.ts';
import { ask, CLIENT, FIRST_NAME, flow, sealed } from './named.ts';
import { ENDPOINTS, SIGNATURES } from './run.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'captures');
const PASSWORD = 'correct-horse-9';
const LOGIN = `{"id":2,"method":"mining.authorize","params":["account.rig","${PASSWORD}"]}`;
const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}';

/** All that evidence would hold of these frames, by key. */
function kept(frames: readonly RawFrame[]): EvidenceFrame[] {
  const pipeline = new Pipeline({
    ...{ ...DEFAULT_LIMITS, capacity: 256, signatures: SIGNATURES, endpoints: ENDPOINTS, home: [], keepEvidence: true },
    ...{ filterFor: null, fileOf: () => 'f', shard: 0, shards: 1, seed: 7 },
  });
  const bytes = writePcapng(frames);
  const reader = new CaptureReader(0);
  reader.feed(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, pipeline);
  reader.finish();
  pipeline.finish();
  return [...pipeline.evidence.values(), ...pipeline.surroundings.values()].flat().sort(byTime);
}

const textOf = (frames: readonly EvidenceFrame[]): string =>
  frames.map((f) => Buffer.from(f.bytes).toString('latin1')).join('\n');

function pieces(text: string, length = 6): string[] {
  return Array.from({ length: text.length - length + 1 }, (_, n) => text.slice(n, n + length));
}

/** Every way to take a mask of four bytes off, as far as a password would show: by the distance of four. */
function showsMasked(frames: readonly EvidenceFrame[], secret: string): boolean {
  const plain = Buffer.from(secret);
  return frames.some(({ bytes }) => {
    for (let at = 0; at + plain.length <= bytes.length; at++) {
      let i = 4;
      const differ = (a: Uint8Array, n: number): number => (a[n] as number) ^ (a[n - 4] as number);
      while (i < plain.length && differ(bytes, at + i) === differ(plain, i)) i++;
      if (i === plain.length) return true;
    }
    return false;
  });
}

function overWebSocket(texts: readonly string[], final = true): TimedMessage[] {
  const rng = createRandom(5);
  const sent = texts.map((text, n): TimedMessage => {
    const whole = webSocketFrame(text, { rng });
    const cut = [
      webSocketFrame(text.slice(0, 70), { rng, final: false }),
      webSocketFrame(text.slice(70), { rng, opcode: 0 }),
    ];
    return { from: 'client', at: 0.3 + n * 0.2, bytes: final ? whole : Buffer.concat(cut) };
  });
  return [
    { from: 'client', at: 0.1, text: upgradeRequest('ws.example.com', '/', 'https://example.com') },
    { from: 'server', at: 0.2, text: UPGRADE_RESPONSE },
    ...sent,
    { from: 'server', at: 2, bytes: webSocketFrame('{"id":2,"result":true,"error":null}') },
  ];
}

const SERVER = { ip: '192.0.2.1', port: 3333 };
const talk = (messages: readonly TimedMessage[], segmentSize?: number): RawFrame[] =>
  conversation({
    ...{ client: { ip: '10.0.0.1', port: 40_000 }, server: SERVER, start: 1.7e15, messages },
    ...(segmentSize === undefined ? {} : { segmentSize }),
  });
const lines = (...texts: string[]): TimedMessage[] =>
  texts.map((text, n): TimedMessage => ({ from: 'client', at: n * 0.1, text: `${text}\n` }));

describe('a password under the mask of a WebSocket', () => {
  const frames = talk(overWebSocket([SUBSCRIBE, LOGIN]));

  test('the test sees it in the capture', () => {
    expect(
      showsMasked(
        frames.map((f) => ({ bytes: f.data }) as unknown as EvidenceFrame),
        PASSWORD,
      ),
    ).toBe(true);
  });

  test('shows stars once unmasked; the rest of the message stays', () => {
    const found = kept(frames);
    expect(showsMasked(found, PASSWORD)).toBe(false);
    expect(found.filter((f) => f.redacted)).toHaveLength(1);
    const wanted = Buffer.from(LOGIN.replace(PASSWORD, '*'.repeat(PASSWORD.length)));
    expect(found.some((f) => findMasked(f.bytes, wanted) > 0)).toBe(true);
  });

  test.each([1, 2, 3, 4, 5, 6])('nor where it was cut, sent twice and out of order (seed %i)', (seed) => {
    const rng = createRandom(seed);
    const cut = segment(frames, rng, { min: 5, max: 12 * seed });
    const found = kept(reorder(duplicate(cut, rng, 0.6), rng, 4));
    expect(found.length).toBeGreaterThan(5);
    for (const piece of pieces(PASSWORD, 11)) expect(showsMasked(found, piece)).toBe(false);
    for (const piece of pieces(PASSWORD)) expect(textOf(found)).not.toContain(piece);
  });

  test.each([
    ['escaped', [SUBSCRIBE, LOGIN.replace('correct', '\\u0063orrect')], true],
    ['in a message of two frames', [SUBSCRIBE, LOGIN], false],
    ['in a message longer than is looked at', [SUBSCRIBE, LOGIN.replace('{', `{"x":"${'y'.repeat(5000)}",`)], true],
    ['beside letters of another alphabet', [SUBSCRIBE, LOGIN.replace('account', '账户')], true],
  ])('%s', (_name, texts, final) => {
    const found = kept(talk(overWebSocket(texts, final)));
    expect(found.length).toBeGreaterThan(3);
    expect(showsMasked(found, PASSWORD.slice(1))).toBe(false);
  });

  test('two log-ins, the second with the same password', () => {
    const found = kept(talk(overWebSocket([SUBSCRIBE, LOGIN, LOGIN.replace('rig', 'pig')])));
    expect(showsMasked(found, PASSWORD)).toBe(false);
    for (const rig of ['rig', 'pig']) {
      const wanted = Buffer.from(LOGIN.replace(PASSWORD, '*'.repeat(PASSWORD.length)).replace('rig', rig));
      expect(found.some((f) => findMasked(f.bytes, wanted) > 0)).toBe(true);
    }
  });
});

describe('a log-in of SOCKS5', () => {
  const frames = talk(
    inside(
      socks5Opening('stratum.braiins.com', 3333, { user: 'joe-the-user', password: PASSWORD }),
      bitcoin(5, 'rig', 'tag').messages,
    ),
  );

  test('name and password are stars, the handshake stays', () => {
    const text = textOf(kept(frames));
    expect(text).not.toContain(PASSWORD);
    expect(text).not.toContain('joe-the-user');
    expect(text).toContain(`\u0001\u000c${'*'.repeat(12)}\u000f${'*'.repeat(PASSWORD.length)}`);
    expect(text).toContain('stratum.braiins.com');
  });

  test.each([1, 2, 3, 4, 5, 6])('cut anywhere, sent twice, out of order (seed %i)', (seed) => {
    const rng = createRandom(seed);
    const cut = segment(frames, rng, { min: 1, max: 4 + seed * 6 });
    const text = textOf(kept(reorder(duplicate(cut, rng, 0.5), rng, 4)));
    expect(text.length).toBeGreaterThan(1000);
    for (const piece of pieces(PASSWORD)) expect(text).not.toContain(piece);
  });
});

describe('a password in lines', () => {
  test('split over two packets goes alone', () => {
    const text = textOf(kept(talk(lines(SUBSCRIBE, LOGIN), 60)));
    for (const piece of pieces(PASSWORD, 4)) expect(text).not.toContain(piece);
    expect(text).toContain('"account.rig",');
  });

  test('several log-ins in one packet with one password', () => {
    const text = textOf(kept(talk(lines(`${SUBSCRIBE}\n${LOGIN}\n${LOGIN.replace('rig', 'pig')}`))));
    expect(text).not.toContain(PASSWORD);
    expect(text).toContain('account.rig","***');
    expect(text).toContain('account.pig","***');
  });

  test('the second time escaped, where the first was not', () => {
    const escaped = LOGIN.replace(PASSWORD, `\\u0063${PASSWORD.slice(1)}`);
    for (const messages of [lines(SUBSCRIBE, LOGIN, escaped), lines(`${SUBSCRIBE}\n${LOGIN}\n${escaped}`)]) {
      expect(textOf(kept(talk(messages)))).not.toContain(PASSWORD.slice(1));
    }
  });

  test('after the bound for frames, in a packet that proves something', () => {
    const jobs = Array.from(
      { length: 80 },
      (_, n) => `{"id":${n + 9},"method":"mining.submit","params":["account.rig","j","0","0","0"]}`,
    );
    const escaped = LOGIN.replace(PASSWORD, `\\u0063${PASSWORD.slice(1)}`);
    for (const login of [LOGIN, escaped]) {
      const text = textOf(kept(talk(lines(SUBSCRIBE, ...jobs, `${login}\n${LOGIN.replace('rig', 'pig')}`))));
      expect(text).not.toContain(PASSWORD.slice(1));
      expect(text).toContain('cgminer');
    }
  });

  test.each([128, 160, 200])('over fragments of a datagram (MTU %i)', (mtu) => {
    const long = LOGIN.replace('account', 'a'.repeat(90));
    const found = kept(fragment(talk(lines(SUBSCRIBE, long, long.replace('rig', 'pig'))), mtu));
    for (const piece of pieces(PASSWORD, 4)) expect(textOf(found)).not.toContain(piece);
    // The datagram is there whole.
    expect(found.filter((f) => f.of !== undefined).length).toBeGreaterThan(3);
    expect(textOf(found)).toContain('mining.authorize');
  });
});

describe('what is kept', () => {
  test('the opening, from the first packet on; nothing of what does not match', () => {
    const other = talk([{ from: 'client', at: 0, text: 'GET /secret HTTP/1.1\r\nHost: x.example\r\n\r\n' }]);
    expect(kept(other)).toEqual([]);
    const found = kept(talk(lines(SUBSCRIBE, LOGIN)));
    expect(found.slice(0, 3).map((f) => f.kind)).toEqual(['opening', 'opening', 'proof']);
    expect(found[0]?.packet).toBe(1);
  });

  test('of a long sealed conversation the headers, no content', () => {
    const frames = flow(sealed({ seconds: 2000, hello: { sni: FIRST_NAME } }));
    const samples = kept(frames).filter((f) => f.kind === 'sample');
    expect(samples.length).toBeGreaterThan(40);
    expect(samples.length).toBeLessThan(100);
    for (const f of samples) {
      expect(f.bytes.length).toBeLessThanOrEqual(66);
      expect(f.originalLength).toBeGreaterThanOrEqual(66);
    }
    const span = (samples.at(-1) as EvidenceFrame).time - (samples[0] as EvidenceFrame).time;
    expect(span).toBeGreaterThan(1900e6);
  });

  test('the answer that named the server, and no other', () => {
    const others = merge(ask('private.example.com', 60, 1), ask('other.example.org', 60, 2));
    const found = kept(merge(others, ask(FIRST_NAME, 600, 3), flow(sealed(), 10)));
    const lookUps = found.filter((f) => f.kind === 'look_up');
    expect(lookUps.length).toBeGreaterThan(0);
    expect(textOf(lookUps)).toContain('nanopool');
    expect(textOf(found)).not.toMatch(/private|other/);
  });

  test('a look-up without a connection: question and answer, twice at most', () => {
    const found = kept(merge(...[0, 20, 40, 60].map((at) => ask(FIRST_NAME, 60, at, CLIENT))));
    expect(found.map((f) => f.kind)).toEqual(Array(4).fill('look_up'));
  });

  test('one direction alone keeps what there is', () => {
    const found = kept(onlyFrom(talk(lines(SUBSCRIBE, LOGIN)), 'client'));
    expect(found.filter((f) => f.kind === 'opening')).toHaveLength(1);
  });
});

const frameAt = (time: number, more: Partial<KeptFrame> = {}): KeptFrame => ({
  ...{ file: 'f', packet: Math.round(time), time, nanos: 0, linkType: 1, originalLength: 60, bytes: new Uint8Array(4) },
  ...{
    redacted: false,
    input: 0,
    side: 0 as const,
    payload: 4,
    payloadEnd: 4,
    sequence: 0,
    kind: 'sample' as const,
    ...more,
  },
});

describe('the sample of a conversation', () => {
  test('bounded, in order, first and last in it, never fewer than half', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 1, maxLength: 600 });
    fc.assert(
      fc.property(gaps, (list) => {
        const sample = new FlowSample();
        let time = 1;
        for (const gap of list) {
          time += gap;
          sample.offer(time, () => frameAt(time));
        }
        const times = sample.frames().map((f) => f.time);
        expect(times.length).toBeLessThanOrEqual(49);
        expect(times.length).toBeGreaterThanOrEqual(Math.min(list.length, 24));
        expect(times[0]).toBe(1 + (list[0] as number));
        expect(times.at(-1)).toBe(time);
        expect([...times].sort((a, b) => a - b)).toEqual(times);
      }),
      { numRuns: 100 },
    );
  });
});

describe('what is chosen', () => {
  const many = Array.from({ length: 900 }, (_, n) =>
    frameAt(n, { kind: n % 3 === 0 ? 'proof' : 'payload', begun: [n - (n % 9), 0, n - (n % 9)] }),
  );

  test('does not depend on the order of conversations', () => {
    const [first, second] = [many.slice(0, 450), many.slice(450)];
    const whole = ofKey(many);
    expect(whole).toHaveLength(256 + 384);
    expect(ofKey([...ofKey(second), ...first])).toEqual(whole);
    expect(ofKey([...ofKey(first), ...ofKey(second)])).toEqual(whole);
    for (const size of [1, 7, 90]) {
      for (const list of [many, many.toReversed(), [...second, ...first]]) {
        let kept: typeof whole = [];
        for (let i = 0; i < list.length; i += size) {
          const more = list.slice(i, i + size);
          const both = ofKey([...kept, ...more]);
          const next = withFrames(kept, more);
          expect(next).toEqual(both);
          // Nothing is sorted again where nothing of it is kept.
          if (!more.some((f) => both.includes(f))) expect(next).toBe(kept);
          kept = next;
        }
        expect(kept).toEqual(whole);
      }
    }
  });

  test('what is named comes first, then what shows its conversation', () => {
    const shape = [
      frameAt(1, { kind: 'opening', begun: [2, 0, 2] }),
      frameAt(5000, { kind: 'sample', begun: [2, 0, 2] }),
    ];
    const named = frameAt(2, { kind: 'proof', begun: [2, 0, 2] });
    const others = many.filter((f) => f.time > 9).map((f) => ({ ...f, begun: [10, 0, 10] as const }));
    const chosen = ofDetection([...others, ...shape, named], (f) => f.packet === 2, 20);
    expect(chosen).toHaveLength(20);
    expect(chosen.slice(0, 2).map((f) => f.packet)).toEqual([1, 2]);
    expect(chosen.at(-1)?.packet).toBe(5000);
  });
});

test('three threads keep what one keeps, byte for byte', { timeout: 120_000 }, async () => {
  const files = ['dns-then-flow', 'quic-server-name', 'zcash-stratum-fragments', 'socks-tunnel', 'datum', 'dns-lookup'];
  const run = (threads: number): ReturnType<typeof replay> =>
    replay({
      ...{
        inputs: files.map((file) => join(CAPTURES, `${file}.pcap`)),
        filter: null,
        threads,
        home: [],
        evidence: true,
      },
      ...{ signatures: SIGNATURES, endpoints: ENDPOINTS, endpointOptions: {} },
    });
  const [one, three] = [await run(1), await run(3)];
  expect(one.evidence.size).toBe(one.detections.length);
  for (const frames of one.evidence.values()) expect(frames.length).toBeLessThanOrEqual(256);
  expect([...three.evidence]).toEqual([...one.evidence]);
});
