import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DIALECTS } from '../src/dialect/index.ts';
import { START } from './generate/catalogue/capture.ts';
import { captureBytes, captures, expectedJson } from './generate/catalogue/index.ts';
import { bitcoinExample, cryptonoteExample, zcashExample } from './generate/catalogue/mining.ts';
import { conversation } from './generate/conversation.ts';
import { ENCAPSULATIONS, encapsulate, LINK_TYPES, onLink } from './generate/encapsulate.ts';
import { readPcap, writePcap } from './generate/pcap.ts';
import { createRandom, poissonTimes } from './generate/random.ts';
import { cutPayloads, duplicate, fragment, lose, onlyFrom, reorder, segment, snap } from './generate/transform.ts';
import { concat, fromHex, internetChecksum, toHex, u8, u16be } from './generate/wire/bytes.ts';
import { base58Address, coinbase, cryptonoteTarget, stratumPreviousHash } from './generate/wire/chain.ts';
import { type RawFrame, type Side, tcpLayout } from './generate/wire/frame.ts';
import { addressBytes } from './generate/wire/packet.ts';
import { newMiningJob, setupConnection, submitSharesStandard } from './generate/wire/sv2.ts';
import { webSocketFrame } from './generate/wire/websocket.ts';

const FOLDER = join(import.meta.dirname, '..', 'captures');
const LIST = captures();

/** Bytes of one direction of each flow, put together from sequence numbers alone. */
function streams(frames: readonly RawFrame[], side: Side): string[] {
  const flows = new Map<string, { first: number; bytes: Map<number, number> }>();
  for (const frame of frames) {
    const layout = tcpLayout(frame);
    if (layout === null || frame.from !== side) continue;
    const key = `${layout.source}>${layout.destination}`;
    let flow = flows.get(key);
    if (flow === undefined) flows.set(key, (flow = { first: layout.sequence, bytes: new Map() }));
    for (let at = layout.payload; at < layout.end; at++) {
      // Signed distance, so that sequence numbers may wrap and early segments come late.
      const distance = (layout.sequence + at - layout.payload - flow.first) | 0;
      flow.bytes.set(distance, frame.data[at]!);
    }
  }
  return [...flows.values()].map(({ bytes }) => {
    const order = [...bytes.keys()].sort((a, b) => a - b);
    return Buffer.from(order.map((at) => bytes.get(at)!)).toString('latin1');
  });
}

function count(texts: readonly string[], pattern: RegExp): number {
  return texts.reduce((sum, text) => sum + [...text.matchAll(pattern)].length, 0);
}

function example(): RawFrame[] {
  const client = { ip: '10.0.0.1', port: 40000 };
  const server = { ip: '203.0.113.1', port: 3333 };
  return conversation({ client, server, start: START * 1e6, messages: bitcoinExample().messages });
}

function example6(): RawFrame[] {
  const client = { ip: '2001:db8::1', port: 40000 };
  const server = { ip: '2001:db8::2', port: 3333 };
  return conversation({ client, server, start: START * 1e6, messages: cryptonoteExample().messages });
}

describe('the collection', () => {
  test('a fresh run gives the files as they are committed, and no others', () => {
    for (const capture of LIST) {
      const committed = readFileSync(join(FOLDER, capture.file));
      expect(Buffer.compare(committed, captureBytes(capture)), capture.file).toBe(0);
    }
    expect(readFileSync(join(FOLDER, 'expected.json'), 'utf8')).toBe(expectedJson(LIST));
    const names = [...LIST.map((capture) => capture.file), 'README.md', 'expected.json'].sort();
    expect(readdirSync(FOLDER).sort()).toEqual(names);
  });

  test('stays small', () => {
    const sizes = readdirSync(FOLDER).map((name) => readFileSync(join(FOLDER, name)).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2_100_000);
  });

  test('the page names every capture', () => {
    const page = readFileSync(join(FOLDER, 'README.md'), 'utf8');
    expect(LIST.map((capture) => capture.file).filter((file) => !page.includes(`\`${file}\``))).toEqual([]);
  });

  test('the generator imports nothing from the program', () => {
    const folder = join(import.meta.dirname, 'generate');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) expect(readFileSync(join(folder, file), 'utf8'), file).not.toMatch(/from '[^']*src\//);
  });

  test('every dialect is there, look-alikes expect nothing', () => {
    const dialects = new Set(LIST.flatMap((capture) => capture.expected.map((item) => item.dialect)));
    // Under TLS nobody can tell.
    dialects.delete(null);
    expect([...dialects].sort()).toEqual(DIALECTS.map((dialect) => dialect.id).sort());
    const empty = LIST.filter((capture) => capture.expected.length === 0).map((capture) => capture.file);
    expect(empty.every((file) => file.startsWith('lookalike-'))).toBe(true);
    expect(empty.length).toBe(15);
  });

  test('times do not run backwards', () => {
    for (const { file, frames } of LIST) {
      const backwards = frames.filter((frame, n) => n > 0 && frame.time < frames[n - 1]!.time);
      expect(backwards.length, file).toBe(0);
    }
  });

  test('checksums hold wherever TCP lies plainly on IP', () => {
    let checked = 0;
    for (const { file, frames } of LIST) {
      for (const frame of frames) {
        const layout = tcpLayout(frame);
        if (layout === null) continue;
        const { data } = frame;
        const size = layout.ipVersion === 4 ? 4 : 16;
        const at = layout.ip + (layout.ipVersion === 4 ? 12 : 8);
        const pseudo = concat(data.subarray(at, at + 2 * size), u8(0, 6), u16be(layout.end - layout.tcp));
        expect(internetChecksum(pseudo, data.subarray(layout.tcp, layout.end)), file).toBe(0);
        if (layout.ipVersion === 4) expect(internetChecksum(data.subarray(layout.ip, layout.tcp)), file).toBe(0);
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(3000);
  });

  // Counted in the bytes on the wire, not in what the generator believes.
  const PATTERNS: Readonly<Record<string, { submit: RegExp; accepted: RegExp | null }>> = {
    'stratum-v1': { submit: /"mining\.submit"/g, accepted: null },
    'zcash-stratum': { submit: /"mining\.submit"/g, accepted: null },
    'eth-stratum': { submit: /"mining\.submit"/g, accepted: /"id":4,[^\n]*"result":true/g },
    'ethereum-stratum-1': { submit: /"mining\.submit"/g, accepted: null },
    'ethereum-stratum-2': { submit: /"mining\.submit"/g, accepted: null },
    ethproxy: { submit: /"eth_submitWork"/g, accepted: null },
    'eth-getwork': { submit: /"eth_submitWork"/g, accepted: /"id":40,[^\n]*"result":true/g },
    cryptonote: { submit: /"method":"submit"/g, accepted: /"result":\{"status":"OK"\}/g },
    getwork: { submit: /"params": \[ "/g, accepted: /"id":1,"result":true/g },
    getblocktemplate: { submit: /"submitblock"/g, accepted: /"result":null/g },
  };

  test('the shares expected are the shares in the files', () => {
    let compared = 0;
    for (const { file, frames, expected } of LIST) {
      const pattern = PATTERNS[expected[0]?.dialect ?? ''];
      // Tunnels and fragments hide TCP from this reader; masked WebSocket frames hide the text.
      if (pattern === undefined || /tunnel|fragments|websocket/.test(file)) continue;
      const alike = expected.filter(({ dialect }) => dialect === expected[0]?.dialect);
      const submitted = alike.reduce((sum, item) => sum + item.shares.submitted, 0);
      expect(count(streams(frames, 'client'), pattern.submit), file).toBe(submitted);
      const accepted = alike.reduce((sum, item) => sum + (item.shares.accepted ?? 0), 0);
      const known = alike.every((item) => item.shares.accepted !== undefined);
      if (pattern.accepted !== null && known) {
        expect(count(streams(frames, 'server'), pattern.accepted), file).toBe(accepted);
      }
      compared++;
    }
    expect(compared).toBeGreaterThan(25);
  });

  test('at least four captures have twenty shares or more, and every session with a tunnel has some', () => {
    const shares = LIST.map(({ file, expected }) => ({ file, most: expected[0]?.shares.submitted ?? 0 }));
    expect(shares.filter(({ most }) => most >= 20).length).toBeGreaterThanOrEqual(4);
    expect(shares.filter(({ file, most }) => file.startsWith('tunnel-') && most < 3)).toEqual([]);
  });

  test('the work of accepted shares over the time seen lies in the range given', () => {
    for (const session of [bitcoinExample(), zcashExample(), cryptonoteExample()]) {
      const work = session.shares.reduce((sum, share) => sum + (share.accepted ? share.work : 0), 0);
      const seconds = session.messages.reduce((latest, message) => Math.max(latest, message.at), 0);
      const error = 3 / Math.sqrt(session.shares.length);
      const ratio = work / seconds / session.rate!.value;
      expect(Math.abs(ratio - 1), session.dialect).toBeLessThan(error);
    }
  });
});

describe('transforms', () => {
  const frames = example();
  const whole = { client: streams(frames, 'client'), server: streams(frames, 'server') };
  const check = (changed: readonly RawFrame[]): void => {
    expect(streams(changed, 'client')).toEqual(whole.client);
    expect(streams(changed, 'server')).toEqual(whole.server);
  };

  test('segment, reorder and duplicate change the frames and keep the streams', () => {
    const rng = createRandom(7);
    const cut = segment(frames, rng, { min: 1, max: 50 });
    expect(cut.length).toBeGreaterThan(frames.length * 3);
    check(cut);
    const moved = reorder(cut, rng, 3);
    expect(moved.map((frame) => toHex(frame.data))).not.toEqual(cut.map((frame) => toHex(frame.data)));
    expect(moved.map((frame) => frame.time)).toEqual(cut.map((frame) => frame.time));
    check(moved);
    const doubled = duplicate(moved, rng, 0.3);
    expect(doubled.length).toBeGreaterThan(moved.length * 1.1);
    check(doubled);
  });

  test('cutPayloads cuts at every place', () => {
    for (const at of [1, 2, 17, 100, 400]) check(cutPayloads(frames, at));
    expect(cutPayloads(frames, 1).length).toBeGreaterThan(frames.length);
  });

  test('segment keeps IPv6 streams', () => {
    const six = example6();
    const cut = segment(six, createRandom(8), { min: 5, max: 90 });
    expect(streams(cut, 'client')).toEqual(streams(six, 'client'));
    expect(cut.length).toBeGreaterThan(six.length);
  });

  test('lose, onlyFrom and snap take away what they say', () => {
    expect(lose(frames, createRandom(1), 0.5).length).toBeLessThan(frames.length);
    expect(onlyFrom(frames, 'server').every((frame) => frame.from === 'server')).toBe(true);
    const cut = snap(frames, 60);
    expect(cut.every((frame, n) => frame.data.length <= 60 && frame.wireLength === frames[n]!.data.length)).toBe(true);
  });

  test.each([
    ['IPv4', example(), 20],
    ['IPv6', example6(), 48],
  ] as const)('fragments of %s keep to the MTU and carry all bytes', (_name, plain, overhead) => {
    const pieces = fragment(plain, 300);
    expect(pieces.length).toBeGreaterThan(plain.length);
    expect(pieces.every((frame) => frame.data.length <= 14 + 300)).toBe(true);
    const size = (list: readonly RawFrame[]): number =>
      list.reduce((sum, frame) => sum + frame.data.length - (frame.data.length > 0 ? 14 : 0), 0);
    // Each piece beyond the first repeats the IP header; IPv6 adds 8 bytes to the first one too.
    const cut = plain.filter((frame) => frame.data.length > 14 + 300).length;
    const extra = (pieces.length - plain.length) * overhead + (overhead === 48 ? cut * 8 : 0);
    expect(size(pieces)).toBe(size(plain) + extra);
  });
});

describe('tunnels and links', () => {
  test.each(ENCAPSULATIONS)('%s ends in the inner packet and turns round with it', (kind) => {
    const plain = kind === '6in4' || kind === 'teredo' ? example6() : example();
    const wrapped = encapsulate(plain, kind);
    for (const [n, frame] of wrapped.entries()) {
      const inner = plain[n]!.data.subarray(14);
      expect(toHex(frame.data.subarray(frame.data.length - inner.length))).toBe(toHex(inner));
      expect(frame.data.length).toBeGreaterThan(plain[n]!.data.length);
    }
    const macs = new Set(wrapped.map((frame) => `${frame.from} ${toHex(frame.data.subarray(0, 6))}`));
    expect(macs.size).toBe(2);
  });

  test.each(LINK_TYPES)('%s keeps the TCP streams', (kind) => {
    const plain = example();
    const moved = onLink(plain, kind);
    expect(streams(moved, 'client')).toEqual(streams(plain, 'client'));
    expect(new Set(moved.map((frame) => frame.linkType)).size).toBe(1);
  });
});

describe('capture files', () => {
  const frames = example().map((frame, n) => ({ ...frame, nanos: n % 1000 }));
  const kinds = (['pcap', 'pcapng'] as const).flatMap((format) =>
    [false, true].flatMap((nanoseconds) => [false, true].map((bigEndian) => ({ format, nanoseconds, bigEndian }))),
  );
  test.each(kinds)('$format, nanoseconds $nanoseconds, big-endian $bigEndian: read back as written', (options) => {
    const back = readPcap(writePcap(frames, options));
    const plain = (frame: RawFrame, nanos: boolean): unknown[] => [
      frame.time,
      nanos ? frame.nanos : 0,
      frame.from,
      frame.linkType,
      toHex(frame.data),
    ];
    expect(back.map((frame) => plain(frame, true))).toEqual(frames.map((frame) => plain(frame, options.nanoseconds)));
  });

  test('the snap length survives', () => {
    const back = readPcap(writePcap(snap(frames, 40)));
    expect(back.map((frame) => frame.wireLength)).toEqual(frames.map((frame) => frame.data.length));
  });
});

describe('pieces', () => {
  test('random numbers repeat with the seed and keep their distribution', () => {
    expect(createRandom(3).hex(16)).toBe(createRandom(3).hex(16));
    expect(createRandom(3).hex(16)).not.toBe(createRandom(4).hex(16));
    const times = poissonTimes(createRandom(5), 0, 100_000, () => 20);
    expect(Math.abs(times.length - 5000)).toBeLessThan(4 * Math.sqrt(5000));
  });

  test.each([
    ['10.1.2.3', '0a010203'],
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['::1', '00000000000000000000000000000001'],
    ['fe80::', 'fe800000000000000000000000000000'],
  ])('address %s', (text, hex) => {
    expect(toHex(addressBytes(text))).toBe(hex);
  });

  test('the previous hash in Stratum order: the words of the genesis block hash turned round', () => {
    const genesis = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f';
    const turned = '0a8ce26f72b3f1b646a2a6c14ff763ae65831e939c085ae10019d66800000000';
    expect(stratumPreviousHash(genesis)).toBe(turned);
  });

  test('targets of known difficulties', () => {
    // Worked examples: 10000 and 15000 seen at pools as b88d0600 and 7b5e0400 (rounded down there too).
    expect(cryptonoteTarget(10000)).toBe('b88d0600');
    expect(cryptonoteTarget(15000)).toBe('7b5e0400');
  });

  test('a coinbase has the height of BIP 34 and a script as long as it says', () => {
    const halves = coinbase(840001, START, '/Example Pool/', 12, '00'.repeat(32));
    const first = fromHex(halves.first);
    expect(toHex(first.subarray(42, 46))).toBe('0341d10c');
    expect(first[41]).toBe(first.length - 42 + 12);
  });

  test('an address of the right shape', () => {
    // Hash of twenty zero bytes: the well-known address nobody holds the key of.
    expect(base58Address([0], 0)).toBe('1111111111111111111114oLvT2');
  });

  test('a masked WebSocket frame is the example of RFC 6455 section 5.7 once the mask is the same', () => {
    const fixed = { ...createRandom(1), bytes: () => fromHex('37fa213d') };
    expect(toHex(webSocketFrame('Hello', { rng: fixed }))).toBe('818537fa213d7f9f4d5158');
    expect(toHex(webSocketFrame('Hello'))).toBe('810548656c6c6f');
  });

  test('Stratum V2 frames have the lengths of the specification', () => {
    const setup = { flags: 1, host: 'h', port: 1, vendor: 'v', hardware: 'hw', firmware: 'f', device: '' };
    const bytes = setupConnection(setup);
    expect(toHex(bytes.subarray(0, 13))).toBe('00000015000000020002000100');
    expect(bytes.length).toBe(6 + 21);
    const share = { channel: 1, sequence: 2, job: 3, nonce: 4, time: 5, version: 6 };
    expect(toHex(submitSharesStandard(share)).startsWith('00801a180000')).toBe(true);
    expect(newMiningJob(1, 1, null, 0, new Uint8Array(32)).length).toBe(6 + 4 + 4 + 1 + 4 + 32);
    expect(newMiningJob(1, 1, 5, 0, new Uint8Array(32)).length).toBe(6 + 4 + 4 + 5 + 4 + 32);
  });
});
