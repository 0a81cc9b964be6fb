/** Headers that came alone become captures that the engine reads. */
import { expect, test } from 'vitest';
import { CaptureReader } from '../../src/capture/reader.ts';
import { HeaderCapture } from '../../src/daemon/inputs/header-capture.ts';
import type { Feed } from '../../src/daemon/inputs/input.ts';

interface Read {
  linkType: number;
  readonly seen: { bytes: number[]; time: number; originalLength: number; linkType: number }[];
  ended: boolean;
  readonly release: (() => void)[];
}

/** `slow`: each piece is taken only when the test says so. */
function capture(slow = false): { readonly headers: HeaderCapture; readonly reads: Read[] } {
  const reads: Read[] = [];
  const headers = new HeaderCapture((linkType) => {
    const reader = new CaptureReader(reads.length + 1);
    const read: Read = { linkType, seen: [], ended: false, release: [] };
    reads.push(read);
    const take = (bytes: Uint8Array, off: number, end: number): void => {
      reader.feed(bytes, new DataView(bytes.buffer), off, end, {
        onFrame: ({ bytes: all, offset, end: to, time, originalLength, linkType: link }) =>
          void read.seen.push({ bytes: [...all.subarray(offset, to)], time, originalLength, linkType: link }),
      });
    };
    const feed: Pick<Feed, 'feed' | 'end'> = {
      feed: (bytes, off, end) => {
        if (!slow) return take(bytes, off, end) as undefined;
        return new Promise((resolve) => {
          read.release.push(() => {
            take(bytes, off, end);
            resolve();
          });
        });
      },
      end: async () => {
        read.ended = true;
        reader.finish();
        expect(reader.failure).toBeNull();
        return { packets: reader.packets, records: 0, damage: reader.damage, failure: null };
      },
    };
    return feed as Feed;
  });
  return { headers, reads };
}

const bytes = (n: number, fill: number): Uint8Array => new Uint8Array(n).fill(fill);
const TIME = 1_700_000_000_123_456;

test('headers with their time and length on the wire, by link type', async () => {
  const { headers, reads } = capture();
  headers.add(bytes(100, 7), 10, 74, 1, 1500, TIME);
  headers.add(bytes(40, 8), 0, 40, 101, 20, TIME + 1);
  headers.flush();
  headers.add(bytes(20, 9), 0, 20, 1, 20, TIME + 2);
  await headers.end();
  expect(headers).toMatchObject({ packets: 3, dropped: 0 });
  expect(reads.map(({ linkType, ended }) => [linkType, ended])).toEqual([
    [1, true],
    [101, true],
  ]);
  expect(reads[0]?.seen).toEqual([
    { bytes: Array(64).fill(7), time: TIME, originalLength: 1500, linkType: 1 },
    { bytes: Array(20).fill(9), time: TIME + 2, originalLength: 20, linkType: 1 },
  ]);
  // A length on the wire shorter than what was sent is a lie.
  expect(reads[1]?.seen[0]?.originalLength).toBe(40);
});

test('what comes while the engine is behind waits in a second buffer, then is dropped and counted', async () => {
  const { headers, reads } = capture(true);
  headers.add(bytes(1000, 1), 0, 1000, 1, 1000, TIME);
  headers.flush();
  for (let i = 0; i < 400; i++) headers.add(bytes(1000, 2), 0, 1000, 1, 1000, TIME);
  expect(headers.dropped).toBe(400 - Math.floor((256 * 1024) / 1016));
  const kept = headers.packets;
  const ended = headers.end();
  // What waited behind the piece that was being taken is handed on before the end.
  const [read] = reads;
  for (let i = 0; i < 10 && read?.ended === false; i++) {
    read.release.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await ended;
  expect(read?.seen.length).toBe(kept);
  expect(kept + headers.dropped).toBe(401);
});

test('more link types than exporters send, and headers of any length, cost a counter', async () => {
  const { headers, reads } = capture();
  for (let link = 0; link < 10; link++) headers.add(bytes(60, 1), 0, 60, link, 60, TIME);
  expect([headers.packets, headers.dropped, reads.length]).toEqual([4, 6, 4]);
  headers.add(bytes(5000, 1), 0, 5000, 1, 5000, TIME);
  headers.add(bytes(0, 1), 0, 0, 1, 0, TIME);
  await headers.end();
  expect(reads[1]?.seen.map(({ bytes: all }) => all.length)).toEqual([60, 2048, 0]);
});
