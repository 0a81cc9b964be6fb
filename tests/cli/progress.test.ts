import { expect, test } from 'vitest';
import { createProgressBar, progressLine } from '../../src/cli/progress.ts';
import type { ReplayProgress } from '../../src/engine/options.ts';

const half: ReplayProgress = {
  file: 'a.pcap',
  fileIndex: 1,
  fileCount: 3,
  bytesRead: 500_000_000,
  bytesTotal: 1_000_000_000,
  packets: 4_000_000,
  detections: 2,
};

function screen(isTTY: boolean): { written: string[]; columns: number; isTTY: boolean; write(text: string): boolean } {
  const written: string[] = [];
  return { written, columns: 120, isTTY, write: (text) => written.push(text) > 0 };
}

test('a line with everything', () => {
  expect(progressLine(half, 2000, 119)).toBe(
    '[==========          ]  50 % of 1.00 GB  file 2/3  250 MB/s  2.00 M packets/s  0:02 left  2 found',
  );
});

test('unknown size, first moment, narrow terminal', () => {
  const pipe = { ...half, bytesTotal: null, fileCount: 1, detections: 0 };
  expect(progressLine(pipe, 2000, 119)).toBe('500 MB  250 MB/s  2.00 M packets/s');
  expect(progressLine({ ...half, bytesRead: 0 }, 0, 119)).not.toContain('left');
  for (let width = 1; width < 119; width++) expect(progressLine(half, 2000, width).length).toBeLessThanOrEqual(width);
});

test('drawn at most ten times a second, and cleared', () => {
  const output = screen(true);
  let now = 0;
  const bar = createProgressBar({ output, now: () => now, env: {} });
  for (; now < 1000; now++) bar.update(half);
  expect(output.written.length).toBe(10);
  bar.clear();
  bar.clear();
  expect(output.written.length).toBe(11);
  expect(output.written.at(-1)).toBe('\r\x1b[K');
});

test('nothing is drawn outside a terminal', () => {
  for (const [isTTY, env] of [
    [false, {}],
    [true, { TERM: 'dumb' }],
  ] as const) {
    const output = screen(isTTY);
    const bar = createProgressBar({ output, now: () => 0, env });
    bar.update(half);
    bar.clear();
    expect(output.written).toEqual([]);
  }
});
