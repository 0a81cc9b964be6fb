import type { Output } from './output.ts';
import { shorten, visible } from './text.ts';
import { formatBytes, formatCount, formatDuration, formatRate } from './units.ts';

const INTERVAL_MS = 100;
const SETTLE_MS = 500;
const BAR = 20;

export interface ImportProgress {
  readonly name: string;
  readonly bytes: number;
  /** Size of the file; null where it is packed or a pipe. */
  readonly total: number | null;
  readonly rows: number;
}

/** One line of at most `width` columns about an import that has taken `elapsed` milliseconds. */
export function importLine({ name, bytes, total, rows }: ImportProgress, elapsed: number, width: number): string {
  const seconds = Math.max(elapsed, 1) / 1000;
  const parts: string[] = [];
  if (total !== null && total > 0) {
    const share = Math.min(1, bytes / total);
    const filled = Math.round(share * BAR);
    parts.push(
      `[${'='.repeat(filled)}${' '.repeat(BAR - filled)}]`,
      `${Math.floor(share * 100)} % of ${formatBytes(total)}`,
    );
  } else {
    parts.push(formatBytes(bytes));
  }
  parts.push(`${formatCount(rows)} rows`, formatRate(rows / seconds, ' rows/s'));
  if (total !== null && bytes > 0 && elapsed >= SETTLE_MS) {
    parts.push(`${formatDuration(Math.max(0, (total - bytes) / bytes) * seconds)} left`);
  }
  return shorten(`${parts.join('  ')}  ${visible(name)}`, width, 0);
}

/** A bar on a terminal; nothing anywhere else. */
export function createImportBar(
  output: Output,
  now: () => number,
  env: Readonly<Record<string, string | undefined>>,
): { update(progress: ImportProgress): void; clear(): void } {
  if (output.isTTY !== true || env['TERM'] === 'dumb') return { update() {}, clear() {} };
  const start = now();
  let last = Number.NEGATIVE_INFINITY;
  let drawn = false;
  return {
    update(progress) {
      const time = now();
      if (time - last < INTERVAL_MS) return;
      last = time;
      output.write(`\r${importLine(progress, time - start, Math.max(10, (output.columns ?? 80) - 1))}\x1b[K`);
      drawn = true;
    },
    clear() {
      if (drawn) output.write('\r\x1b[K');
      drawn = false;
    },
  };
}
