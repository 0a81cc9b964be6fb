import { describe, expect, test } from 'vitest';
import { CaptureReader } from '../../src/capture/reader.ts';
import { DEFAULT_LIMITS, Pipeline } from '../../src/engine/pipeline.ts';
import {
  conversation,
  createRandom,
  duplicate,
  type RawFrame,
  reorder,
  segment,
  writePcapng,
} from '../generate/index.ts';
import { ENDPOINTS, SIGNATURES } from './run.ts';

const PASSWORD = 'correct-horse-9';

function evidenceOf(frames: readonly RawFrame[]): { text: string; redacted: number; frames: number } {
  const pipeline = new Pipeline({
    ...DEFAULT_LIMITS,
    capacity: 64,
    signatures: SIGNATURES,
    endpoints: ENDPOINTS,
    home: [],
    keepEvidence: true,
    filterFor: null,
    fileOf: () => 'f',
    shard: 0,
    shards: 1,
    seed: 7,
  });
  const bytes = writePcapng(frames);
  const reader = new CaptureReader(0);
  reader.feed(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, pipeline);
  reader.finish();
  pipeline.finish();
  const kept = [...pipeline.evidence.values()].flat();
  return {
    text: kept.map((f) => Buffer.from(f.bytes).toString('latin1')).join(''),
    redacted: kept.filter((f) => f.redacted).length,
    frames: kept.length,
  };
}

function login(text: string): RawFrame[] {
  return conversation({
    client: { ip: '10.0.0.1', port: 40000 },
    server: { ip: '192.0.2.1', port: 3333 },
    start: 1.7e15,
    messages: [
      { from: 'client', at: 0, text: '{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}\n' },
      { from: 'client', at: 0.1, text },
      { from: 'server', at: 0.2, text: '{"id":2,"result":true,"error":null}\n' },
    ],
  });
}

describe('evidence frames hold no password', () => {
  const authorize = `{"id":2,"method":"mining.authorize","params":["account.rig","${PASSWORD}"]}\n`;

  test('a password in one packet is overwritten, the rest stays', () => {
    const found = evidenceOf(login(authorize));
    expect(found.text).not.toContain(PASSWORD);
    expect(found.text).toContain(`"account.rig","${'*'.repeat(PASSWORD.length)}"`);
    expect(found.redacted).toBe(1);
  });

  test.each([1, 2, 3, 4, 5])('a password cut over packets goes with them (seed %i)', (seed) => {
    const found = evidenceOf(segment(login(authorize), createRandom(seed), { min: 1, max: 9 }));
    expect(found.frames).toBeGreaterThan(5);
    for (let length = 6; length <= PASSWORD.length; length++) {
      expect(found.text).not.toContain(PASSWORD.slice(0, length));
    }
  });

  test('an escaped password goes with its packet', () => {
    const escaped = authorize.replace(PASSWORD, `\\u0063${PASSWORD.slice(1)}`);
    const found = evidenceOf(login(escaped));
    expect(found.text).not.toContain(PASSWORD.slice(1));
    expect(found.frames).toBe(3);
  });

  test.each([1, 2, 3, 4, 5])('sent twice, cut and out of order, it is found nowhere (seed %i)', (seed) => {
    const rng = createRandom(seed);
    const cut = segment(login(authorize), rng, { min: 5, max: 60 });
    const found = evidenceOf(reorder(duplicate(cut, rng, 0.7), rng, 4));
    for (let length = 6; length <= PASSWORD.length; length++) {
      expect(found.text).not.toContain(PASSWORD.slice(0, length));
    }
  });

  test('a log-in that is cut off before its end goes as a whole', () => {
    const frames = login(authorize);
    const at = frames.findIndex((f) => Buffer.from(f.data).includes('mining.authorize'));
    const half = frames[at] as RawFrame;
    const cut: RawFrame = { ...half, data: half.data.slice(0, half.data.length - 3) };
    const found = evidenceOf([...frames.slice(0, at), cut]);
    expect(found.frames).toBe(2);
    expect(found.text).not.toContain(PASSWORD);
    expect(found.text).toContain('mining.subscribe');
  });

  test('a number as password, and the third parameter of a log-in', () => {
    const found = evidenceOf(login('{"id":2,"method":"mining.authorize","params":["account", 77665544]}\n'));
    expect(found.text).not.toContain('77665544');
    const third = evidenceOf(login(`{"id":2,"method":"mining.authorize","params":["xel:a","rig","${PASSWORD}"]}\n`));
    expect(third.text).not.toContain(PASSWORD);
  });

  test('a Basic credential is overwritten', () => {
    const credential = Buffer.from(`account.rig:${PASSWORD}`).toString('base64');
    const body = '{"method": "getwork", "params": [], "id":0}';
    const frames = conversation({
      client: { ip: '10.0.0.1', port: 40000 },
      server: { ip: '192.0.2.1', port: 8332 },
      start: 1.7e15,
      messages: [
        {
          from: 'client',
          at: 0,
          text: `POST / HTTP/1.1\r\nAuthorization: Basic ${credential}\r\nX-Mining-Extensions: longpoll\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        },
      ],
    });
    const found = evidenceOf(frames);
    expect(found.frames).toBe(1);
    expect(found.text).not.toContain(credential);
    expect(found.text).toContain('X-Mining-Extensions');
  });
});
