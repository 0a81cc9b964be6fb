import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ANOMALIES } from '../../src/common/anomaly.ts';
import { probeSv2, SV2_MAX_PAYLOAD, type Sv2Handler, Sv2Parser } from '../../src/protocol/sv2.ts';
import * as messages from '../../src/protocol/sv2-messages.ts';
import { Sv2Type, targetToDifficulty } from '../../src/protocol/sv2-messages.ts';
import { cuttings, embed, feed, hex, join, randomBytes } from './stream-cases.ts';

class Recorder implements Sv2Handler {
  readonly events: string[] = [];
  onSv2Frame(extension: number, channel: boolean, type: number, bytes: Uint8Array, off: number, end: number): void {
    this.events.push(`${extension} ${channel} ${type} ${Buffer.from(bytes.slice(off, end)).toString('hex')}`);
  }
  onSv2Anomaly(anomaly: number): void {
    this.events.push(`! ${ANOMALIES[anomaly]}`);
  }
}

function u16(n: number): Uint8Array {
  return Uint8Array.of(n & 255, n >> 8);
}
function u32(n: number): Uint8Array {
  return Uint8Array.of(n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24);
}
function f32(n: number): Uint8Array {
  return new Uint8Array(new Float32Array([n]).buffer);
}
function str(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return join(Uint8Array.of(bytes.length), bytes);
}
function frame(extension: number, type: number, ...parts: Uint8Array[]): Uint8Array {
  const payload = join(...parts);
  const n = payload.length;
  return join(u16(extension), Uint8Array.of(type, n & 255, (n >> 8) & 255, n >> 16), payload);
}

const HASH = hex('6f7e3d2c1b0a99887766554433221100ffeeddccbbaa99887766554433221100');
const TARGET = join(new Uint8Array(26), hex('ffff 0000 0000'));
const CHANNEL = 0x8000;
const TIME = 1_700_000_000;
const VERSION = 0x20000000;

const SETUP = frame(
  0,
  Sv2Type.SetupConnection,
  Uint8Array.of(0),
  u16(2),
  u16(2),
  u32(5),
  str('pool.example.com'),
  u16(34254),
  str('Bitmain'),
  str('S9i 13.5'),
  str('braiins-os-2018-09-22-1-hash'),
  str('some-uuid'),
);
const SETUP_OK = frame(0, Sv2Type.SetupConnectionSuccess, u16(2), u32(0));
const SETUP_ERROR = frame(0, Sv2Type.SetupConnectionError, u32(2), str('unsupported-feature-flags'));
const OPEN = frame(0, 0x10, u32(1), str('braiinstest.worker1'), f32(1.4e14), TARGET);
const OPEN_OK = frame(0, 0x11, u32(1), u32(7), TARGET, str('abcd'), u32(9));
const OPEN_EXTENDED = frame(0, 0x13, u32(2), str('farm.proxy'), f32(5e15), TARGET, u16(8));
const OPEN_EXTENDED_OK = frame(0, 0x14, u32(2), u32(8), TARGET, u16(8), str('abcd'), u32(9));
const OPEN_ERROR = frame(0, 0x12, u32(1), str('unknown-user'));
const JOB = frame(CHANNEL, 0x15, u32(7), u32(100), hex('00'), u32(VERSION), HASH);
const JOB_NOW = frame(CHANNEL, 0x15, u32(7), u32(101), hex('01'), u32(TIME), u32(VERSION), HASH);
const EXTENDED_JOB = frame(
  CHANNEL,
  0x1f,
  ...[u32(8), u32(102), hex('00'), u32(VERSION), hex('01'), hex('02'), HASH, HASH],
  ...[u16(5), hex('0102030405'), u16(3), hex('060708')],
);
const PREV_HASH = frame(CHANNEL, 0x20, u32(7), u32(100), HASH, u32(TIME), u32(0x17034219));
const SET_TARGET = frame(CHANNEL, 0x21, u32(7), TARGET);
const UPDATE = frame(CHANNEL, 0x16, u32(7), f32(9e13), TARGET);
const SUBMIT = frame(CHANNEL, 0x1a, u32(7), u32(3), u32(100), u32(0xdeadbeef), u32(TIME + 9), u32(VERSION));
const SUBMIT_EXTENDED = frame(
  CHANNEL,
  0x1b,
  ...[u32(8), u32(4), u32(102), u32(0xfeedface), u32(TIME + 9), u32(0x3fffe000), str('12345678')],
);
const SUBMIT_OK = frame(CHANNEL, 0x1c, u32(7), u32(3), u32(1), u32(65536), u32(1));
const SUBMIT_ERROR = frame(CHANNEL, 0x1d, u32(7), u32(4), str('stale-share'));
const RECONNECT = frame(0, 0x04, str('v2.example.com'), u16(3336));
const CUSTOM_JOB = frame(
  0,
  0x22,
  ...[u32(8), u32(1), str('token'), u32(VERSION), HASH, u32(TIME), u32(0x17034219), u32(2), str('hgt'), u32(0)],
  ...[u16(4), hex('01020304'), u32(0), hex('01'), HASH],
);
const CLOSE = frame(CHANNEL, 0x18, u32(7), str('client gone'));

const CLIENT = join(SETUP, OPEN, OPEN_EXTENDED, SUBMIT, SUBMIT_EXTENDED, UPDATE, CLOSE);
const SERVER = join(SETUP_OK, OPEN_OK, OPEN_EXTENDED_OK, JOB, PREV_HASH, EXTENDED_JOB, SUBMIT_OK, SET_TARGET, JOB_NOW);

function run(bytes: Uint8Array, cuts: readonly number[] = []): string[] {
  const recorder = new Recorder();
  const parser = new Sv2Parser(recorder);
  feed(parser, bytes, cuts);
  parser.finish();
  return recorder.events;
}
function event(bytes: Uint8Array): string {
  const channel = (bytes[1] as number) >= 0x80;
  const extension = (bytes[0] as number) | (((bytes[1] as number) & 0x7f) << 8);
  return `${extension} ${channel} ${bytes[2]} ${Buffer.from(bytes.subarray(6)).toString('hex')}`;
}
function probe(bytes: Uint8Array, filler = 0): number {
  const piece = embed(bytes, filler);
  return probeSv2(piece.bytes, piece.off, piece.end);
}

describe('Sv2Parser', () => {
  test('reports every frame', () => {
    expect(run(CLIENT)).toEqual([SETUP, OPEN, OPEN_EXTENDED, SUBMIT, SUBMIT_EXTENDED, UPDATE, CLOSE].map(event));
    expect(run(SERVER)).toHaveLength(9);
  });

  test('gives the same frames however the stream is cut', () => {
    const long = frame(CHANNEL, 0x1f, u32(1), new Uint8Array(SV2_MAX_PAYLOAD + 10 - 4));
    for (const stream of [CLIENT, SERVER, join(SUBMIT, frame(0x4001, 9, HASH), SUBMIT_OK), join(long, SUBMIT)]) {
      const whole = run(stream);
      for (const cuts of cuttings(stream.length)) expect(run(stream, cuts)).toEqual(whole);
    }
  });

  test('a truncated stream gives the frames before the cut and no anomaly', () => {
    const whole = run(SERVER);
    for (let n = 0; n < SERVER.length; n++) {
      const events = run(SERVER.subarray(0, n));
      expect(events).toEqual(whole.slice(0, events.length));
      expect(events.length).toBeLessThan(whole.length);
    }
  });

  test('a frame over 64 KiB is passed over without being held', () => {
    const recorder = new Recorder();
    const parser = new Sv2Parser(recorder);
    const claimed = 0xffffff;
    parser.push(join(u16(CHANNEL), hex('1f ffffff')), 0, 6);
    const filler = new Uint8Array(65536);
    for (let sent = 0; sent < claimed; sent += filler.length) {
      parser.push(filler, 0, Math.min(filler.length, claimed - sent));
      expect(parser.heldBytes).toBe(0);
    }
    parser.push(SUBMIT, 0, SUBMIT.length);
    expect(recorder.events).toEqual(['! sv2.frame_too_long', event(SUBMIT)]);
  });

  test.each([
    ['unknown type', frame(0, 0x30, HASH)],
    ['unknown extension', frame(0x2001, 0x10, HASH)],
    ['share of 5 MB', join(u16(CHANNEL), hex('1a 404b4c'), HASH)],
    ['target too short', frame(CHANNEL, 0x21, u32(1))],
    ['text', Buffer.from('{"id":1,"method":"mining.subscribe"}\n')],
  ])('%s: one anomaly, then back in step at the next piece that begins with a frame', (_name, bad) => {
    const recorder = new Recorder();
    const parser = new Sv2Parser(recorder);
    parser.push(SUBMIT, 0, SUBMIT.length);
    parser.push(bad, 0, bad.length);
    expect(parser.inStep).toBe(false);
    parser.push(HASH, 0, HASH.length);
    expect(parser.inStep).toBe(false);
    const next = join(SUBMIT_OK, JOB);
    parser.push(next, 0, next.length);
    expect(recorder.events).toEqual([event(SUBMIT), '! sv2.malformed', event(SUBMIT_OK), event(JOB)]);
  });

  test('a gap inside a frame costs that frame only, wherever it begins and ends', () => {
    const stream = join(SUBMIT, EXTENDED_JOB, SET_TARGET, SUBMIT_OK);
    const first = SUBMIT.length + 6;
    const last = SUBMIT.length + EXTENDED_JOB.length;
    for (let from = first; from < last; from += 3) {
      for (let to = from + 1; to <= last; to += 5) {
        const recorder = new Recorder();
        const parser = new Sv2Parser(recorder);
        parser.push(stream, 0, from);
        parser.gap(to - from);
        parser.push(stream, to, stream.length);
        expect(recorder.events).toEqual([event(SUBMIT), event(SET_TARGET), event(SUBMIT_OK)]);
      }
    }
  });

  test.each([-1, 1_000_000])('a gap of %i bytes: in step again where a piece begins with a frame', (lost) => {
    const recorder = new Recorder();
    const parser = new Sv2Parser(recorder);
    parser.push(EXTENDED_JOB, 0, 40);
    parser.gap(lost);
    parser.push(EXTENDED_JOB, 60, EXTENDED_JOB.length);
    parser.push(SET_TARGET, 0, SET_TARGET.length);
    expect(recorder.events).toEqual([event(SET_TARGET)]);
  });

  test('arbitrary and damaged input: no throw, bounded memory', () => {
    const edit = fc.tuple(fc.nat(CLIENT.length - 1), fc.nat(255));
    const damaged = fc.array(edit, { maxLength: 6 }).map((edits) => {
      const copy = join(CLIENT, SERVER);
      for (const [at, value] of edits) copy[at] = value;
      return copy;
    });
    const input = fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged);
    fc.assert(
      fc.property(input, fc.array(fc.nat(900), { maxLength: 5 }), fc.integer({ min: -1, max: 400 }), (b, at, lost) => {
        const recorder = new Recorder();
        const parser = new Sv2Parser(recorder);
        const cuts = at.filter((n) => n < b.length).sort((x, y) => x - y);
        feed(parser, b, cuts);
        parser.gap(lost);
        feed(parser, b, []);
        expect(parser.heldBytes).toBeLessThanOrEqual(SV2_MAX_PAYLOAD + 6);
        expect(recorder.events.length).toBeLessThanOrEqual(2 + b.length);
        parser.finish();
        expect(parser.heldBytes).toBe(0);
        expect([-1, 0, 1]).toContain(probe(b));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('probeSv2', () => {
  test.each([
    ['setup', SETUP],
    ['setup and open', join(SETUP, OPEN)],
    ['setup answer', SETUP_OK],
    ['setup answer and open answer', join(SETUP_OK, OPEN_OK)],
    ['setup error', SETUP_ERROR],
    ['open', OPEN],
    ['open answer', OPEN_OK],
    ['open extended', OPEN_EXTENDED],
    ['open extended answer', OPEN_EXTENDED_OK],
    ['open extended answer, older form', frame(0, 0x14, u32(2), u32(8), TARGET, u16(8), str('abcd'))],
    ['open error', OPEN_ERROR],
    ['share', SUBMIT],
    ['extended share', SUBMIT_EXTENDED],
    ['share accepted', SUBMIT_OK],
    ['share refused', SUBMIT_ERROR],
    ['jobs', join(JOB, JOB_NOW)],
    ['job without the channel bit', frame(0, 0x15, u32(7), u32(100), hex('00'), u32(VERSION), HASH)],
    ['extended job', EXTENDED_JOB],
    ['custom job', CUSTOM_JOB],
    ['previous hash and target', join(PREV_HASH, SET_TARGET)],
    ['update and close', join(UPDATE, CLOSE)],
  ])('%s: yes; every truncation: not yet', (_name, bytes) => {
    expect(probe(bytes)).toBe(1);
    expect(probe(bytes, 0xff)).toBe(1);
    for (let n = 0; n < bytes.length; n++) expect(probe(bytes.subarray(0, n))).not.toBe(-1);
    expect(probe(bytes.subarray(0, 5))).toBe(0);
  });

  test.each([
    ['zeros', new Uint8Array(64)],
    ['close alone', CLOSE],
    ['reconnect alone', RECONNECT],
    ['share and a stray byte', join(SUBMIT, hex('01'))],
    ['share without channel bit', frame(0, 0x1a, SUBMIT.subarray(6))],
    ['share with no time', frame(CHANNEL, 0x1a, new Uint8Array(24))],
    ['HTTP/2 settings', hex('000012040000000000000300000064000400000000000600004000')],
    ['HTTP/2 window update', hex('00000408000000000000 0f0001')],
    ['TLS client hello', hex('16030100c8010000c40303')],
    ['JSON', Buffer.from('{"id":1}')],
    ['DNS over TCP', hex('001c1234010000010000000000000765 78616d706c6503636f6d0000010001')],
    ['setup of version 1', frame(0, 0, hex('00 0100 0100 00000000 00 0000 00 00 00 00'))],
  ])('%s: no', (_name, bytes) => {
    expect(probe(bytes)).toBe(-1);
  });

  test('random bytes, also with a plausible header before them, are refused', () => {
    let yes = 0;
    for (let seed = 1; seed <= 60_000; seed++) {
      const bytes = randomBytes(seed, 6 + (seed % 90));
      if (probe(bytes) === 1) yes++;
      bytes.set([0, seed & 0x80, seed & 0x3f]);
      if (probe(bytes) === 1) yes++;
    }
    expect(yes).toBe(0);
  });
});

describe('readers', () => {
  type Read = (bytes: Uint8Array, off: number, end: number) => object | null;
  const cases: readonly [string, Read, Uint8Array, object][] = [
    [
      'SetupConnection',
      messages.readSetupConnection,
      SETUP,
      {
        ...{ protocol: 0, minVersion: 2, maxVersion: 2, flags: 5, endpointHost: 'pool.example.com' },
        ...{ endpointPort: 34254, vendor: 'Bitmain', hardwareVersion: 'S9i 13.5' },
        ...{ firmware: 'braiins-os-2018-09-22-1-hash', deviceId: 'some-uuid' },
      },
    ],
    ['SetupConnection.Success', messages.readSetupConnectionSuccess, SETUP_OK, { usedVersion: 2, flags: 0 }],
    [
      'SetupConnection.Error',
      messages.readSetupConnectionError,
      SETUP_ERROR,
      { flags: 2, errorCode: 'unsupported-feature-flags' },
    ],
    ['Reconnect', messages.readReconnect, RECONNECT, { newHost: 'v2.example.com', newPort: 3336 }],
    [
      'OpenStandardMiningChannel',
      messages.readOpenStandardMiningChannel,
      OPEN,
      { requestId: 1, userIdentity: 'braiinstest.worker1', nominalHashRate: Math.fround(1.4e14), maxTarget: TARGET },
    ],
    [
      'OpenStandardMiningChannel.Success',
      messages.readOpenStandardMiningChannelSuccess,
      OPEN_OK,
      { requestId: 1, channelId: 7, target: TARGET, extranoncePrefix: hex('61626364'), groupChannelId: 9 },
    ],
    [
      'OpenExtendedMiningChannel',
      messages.readOpenExtendedMiningChannel,
      OPEN_EXTENDED,
      {
        ...{ requestId: 2, userIdentity: 'farm.proxy', nominalHashRate: Math.fround(5e15) },
        ...{ maxTarget: TARGET, minExtranonceSize: 8 },
      },
    ],
    [
      'OpenMiningChannel.Error',
      messages.readOpenMiningChannelError,
      OPEN_ERROR,
      { requestId: 1, errorCode: 'unknown-user' },
    ],
    [
      'UpdateChannel',
      messages.readUpdateChannel,
      UPDATE,
      { channelId: 7, nominalHashRate: Math.fround(9e13), maximumTarget: TARGET },
    ],
    [
      'SubmitSharesStandard',
      messages.readSubmitSharesStandard,
      SUBMIT,
      { channelId: 7, sequenceNumber: 3, jobId: 100, nonce: 0xdeadbeef, ntime: TIME + 9, version: VERSION },
    ],
    [
      'SubmitSharesExtended',
      messages.readSubmitSharesExtended,
      SUBMIT_EXTENDED,
      {
        ...{ channelId: 8, sequenceNumber: 4, jobId: 102, nonce: 0xfeedface, ntime: TIME + 9, version: 0x3fffe000 },
        extranonce: hex('3132333435363738'),
      },
    ],
    [
      'SubmitShares.Success',
      messages.readSubmitSharesSuccess,
      SUBMIT_OK,
      { channelId: 7, lastSequenceNumber: 3, newSubmitsAcceptedCount: 1, newSharesSum: 65536 + 2 ** 32 },
    ],
    [
      'SubmitShares.Error',
      messages.readSubmitSharesError,
      SUBMIT_ERROR,
      { channelId: 7, sequenceNumber: 4, errorCode: 'stale-share' },
    ],
    [
      'NewMiningJob, future',
      messages.readNewMiningJob,
      JOB,
      { channelId: 7, jobId: 100, minNtime: null, version: VERSION, merkleRoot: HASH },
    ],
    [
      'NewMiningJob, active',
      messages.readNewMiningJob,
      JOB_NOW,
      { channelId: 7, jobId: 101, minNtime: TIME, version: VERSION, merkleRoot: HASH },
    ],
    [
      'NewExtendedMiningJob',
      messages.readNewExtendedMiningJob,
      EXTENDED_JOB,
      {
        ...{ channelId: 8, jobId: 102, minNtime: null, version: VERSION, versionRollingAllowed: true },
        ...{ merklePathLength: 2, coinbaseTxPrefix: hex('0102030405'), coinbaseTxSuffix: hex('060708') },
      },
    ],
    [
      'SetNewPrevHash',
      messages.readSetNewPrevHash,
      PREV_HASH,
      { channelId: 7, jobId: 100, prevHash: HASH, minNtime: TIME, nbits: 0x17034219 },
    ],
    ['SetTarget', messages.readSetTarget, SET_TARGET, { channelId: 7, maximumTarget: TARGET }],
  ];

  test.each(cases)('%s: fields, longer payload, every truncation', (_name, read, bytes, expected) => {
    const payload = embed(bytes.subarray(6), 0x11);
    expect(read(payload.bytes, payload.off, payload.end)).toEqual(expected);
    expect(read(payload.bytes, payload.off, payload.end + 9)).toEqual(expected);
    for (let end = payload.off; end < payload.end; end++) expect(read(payload.bytes, payload.off, end)).toBeNull();
  });

  test('OpenExtendedMiningChannel.Success with and without its group channel', () => {
    const read = messages.readOpenExtendedMiningChannelSuccess;
    const end = OPEN_EXTENDED_OK.length;
    expect(read(OPEN_EXTENDED_OK, 6, end)?.groupChannelId).toBe(9);
    expect(read(OPEN_EXTENDED_OK, 6, end - 4)).toMatchObject({ channelId: 8, extranonceSize: 8, groupChannelId: null });
    for (let n = 6; n < end - 4; n++) expect(read(OPEN_EXTENDED_OK, 6, n)).toBeNull();
  });

  test('arbitrary payloads never throw, and no length byte of B0_32 passes 32', () => {
    const reads = Object.entries(messages).filter(([name]) => name.startsWith('read')) as [string, Read][];
    expect(reads).toHaveLength(18);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        for (const [, read] of reads) read(bytes, 0, bytes.length);
      }),
      { numRuns: 1000 },
    );
    expect(
      messages.readSubmitSharesExtended(join(new Uint8Array(24), hex('21'), new Uint8Array(33)), 0, 58),
    ).toBeNull();
  });

  test.each([
    ['difficulty 1 of Bitcoin', join(new Uint8Array(26), hex('ffff 00000000')), 4295032833.000015],
    ['2^224', join(new Uint8Array(28), hex('01 000000')), 2 ** 32],
    ['all ones', new Uint8Array(32).fill(0xff), 1],
    ['one', join(hex('01'), new Uint8Array(31)), 2 ** 256],
    ['zero', new Uint8Array(32), Number.POSITIVE_INFINITY],
  ])('hashes per share: %s', (_name, target, expected) => {
    if (Number.isFinite(expected)) expect(targetToDifficulty(target) / expected).toBeCloseTo(1, 12);
    else expect(targetToDifficulty(target)).toBe(expected);
  });
});
