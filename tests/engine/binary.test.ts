/** Protocols known by their first message or by lengths: what must hold whatever the road, and what must not be claimed. */
import { describe, expect, test } from 'vitest';
import { binaryCaptures } from '../generate/catalogue/binary.ts';
import { conversation, encapsulate, onlyFrom, type RawFrame } from '../generate/index.ts';
import { detectFrames } from './run.ts';

const CAPTURES = new Map(binaryCaptures().map((c) => [c.file, c.frames]));
const POOL = { ip: '203.0.113.9', port: 9999 };
const framesOf = (file: string): readonly RawFrame[] => CAPTURES.get(file) as readonly RawFrame[];
const rows = (frames: readonly RawFrame[]): [string | null, string, number][] =>
  detectFrames(frames).detections.map((d) => [d.dialect, d.confidence, d.shares.submitted]);

describe('DATUM and zk.work', () => {
  test.each([
    ['datum.pcap', 'datum'],
    ['zkwork.pcap', 'zkwork'],
  ])('%s is known by what the miner sends, and by nothing else', (file, dialect) => {
    expect(rows(framesOf(file))).toEqual([[dialect, 'probable', 0]]);
    expect(rows(onlyFrom(framesOf(file), 'client'))).toEqual([[dialect, 'probable', 0]]);
    expect(rows(onlyFrom(framesOf(file), 'server'))).toEqual([]);
  });

  test.each(['vlan', 'gre', 'vxlan', 'gtpu'] as const)('both are found in %s', (kind) => {
    for (const file of ['datum.pcap', 'zkwork.pcap']) {
      expect(rows(encapsulate(framesOf(file), kind))).toEqual(rows(framesOf(file)));
    }
  });

  test('a byte of the DATUM header changed, and it is nothing', () => {
    for (const at of [2, 3]) {
      const frames = framesOf('datum.pcap').map((f, n) => {
        // Packet 4 carries the hello: 14 + 20 + 32 bytes of headers before it.
        if (n !== 3) return f;
        const data = f.data.slice();
        data[66 + at] = (data[66 + at] as number) ^ 0x10;
        return { ...f, data };
      });
      expect(rows(frames)).toEqual([]);
    }
  });
});

describe('Stratum V2 behind Noise', () => {
  const all = framesOf('stratum-v2-noise.pcap');
  // The look-up over UDP: question and answer.
  const unnamed = all.filter((f) => f.data[23] === 6);

  test('is probable with a name, and its lengths count the shares', () => {
    expect(unnamed.length).toBe(all.length - 2);
    expect(rows(all)).toEqual([['stratum-v2', 'probable', 30]]);
  });

  test('is nothing without a second sign', () => {
    expect(rows(unnamed)).toEqual([]);
  });

  test('is the same in a tunnel', () => {
    expect(rows(encapsulate(all, 'vlan'))).toEqual(rows(all));
    expect(rows(encapsulate(all, 'gre'))).toEqual(rows(all));
  });
});

describe('a signature on how a connection begins', () => {
  const says = (bytes: Uint8Array): ReturnType<typeof rows> => {
    const messages = [{ from: 'client' as const, at: 0.1, bytes }];
    return rows(conversation({ client: { ip: '10.0.0.1', port: 40000 }, server: POOL, start: 1.7e15, messages }));
  };
  const padded = Buffer.from('P128-------\u0001\u0002\u0003', 'latin1');

  test('holds in the first payload of a direction', () => {
    expect(says(padded)).toEqual([[null, 'suspected', 0]]);
    expect(says(Buffer.from('STR3\u0002SCHSSAGS', 'latin1'))).toEqual([['stratum-v2', 'probable', 0]]);
  });

  test('holds nowhere else', () => {
    expect(says(Buffer.concat([Buffer.from('x'), padded]))).toEqual([]);
    expect(says(Buffer.from('SSH-2.0-OpenSSH_9.7\r\n'))).toEqual([]);
    expect(says(Buffer.concat([Buffer.from('STR3'), Buffer.alloc(200)]))).toEqual([]);
  });
});
