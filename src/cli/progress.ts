import type { ReplayProgress } from '../engine/options.ts';
import type { Output } from './output.ts';
import { shorten, textWidth } from './text.ts';
import { formatBytes, formatRate } from './units.ts';

/** Redrawn at most ten times a second: more is not seen, and costs the reading. */
const INTERVAL_MS = 100;
const BAR = 20;
/** No guess of the time left in the first moments, when the rate means nothing. */
const SETTLE_MS = 500;

export interface ProgressBar {
  update(progress: ReplayProgress): void;
  /** Takes the bar off the screen; results may be printed after it. */
  clear(): void;
}

export interface ProgressOptions {
  readonly output: Output;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const SILENT: ProgressBar = { update() {}, clear() {} };

/** A progress bar on a terminal; anything else gets one that draws nothing. */
export function createProgressBar({ output, now, env }: ProgressOptions): ProgressBar {
  if (output.isTTY !== true || env['TERM'] === 'dumb') return SILENT;
  const start = now();
  let last = Number.NEGATIVE_INFINITY;
  let drawn = false;
  return {
    update(progress) {
      const time = now();
      if (time - last < INTERVAL_MS) return;
      last = time;
      // One column is left free, for a terminal may wrap as soon as the last one is written.
      const width = Math.max(10, (output.columns ?? 80) - 1);
      output.write(`\r${progressLine(progress, time - start, width)}\x1b[K`);
      drawn = true;
    },
    clear() {
      if (drawn) output.write('\r\x1b[K');
      drawn = false;
    },
  };
}

/** One line of at most `width` columns about a run that has taken `elapsed` milliseconds. */
export function progressLine(progress: ReplayProgress, elapsed: number, width: number): string {
  const { bytesRead, bytesTotal, packets, detections } = progress;
  const seconds = Math.max(elapsed, 1) / 1000;
  const parts: string[] = [];
  if (bytesTotal !== null && bytesTotal > 0) {
    const share = Math.min(1, Math.max(0, bytesRead / bytesTotal));
    const filled = Math.round(share * BAR);
    parts.push(`[${'='.repeat(filled)}${' '.repeat(BAR - filled)}]`);
    parts.push(`${Math.floor(share * 100)} % of ${formatBytes(bytesTotal)}`);
  } else {
    parts.push(formatBytes(bytesRead));
  }
  if (progress.fileCount > 1) parts.push(`file ${progress.fileIndex + 1}/${progress.fileCount}`);
  parts.push(formatRate(bytesRead / seconds, 'B/s'), formatRate(packets / seconds, ' packets/s'));
  if (bytesTotal !== null && bytesRead > 0 && elapsed >= SETTLE_MS) {
    parts.push(`${clockTime(((bytesTotal - bytesRead) / bytesRead) * seconds)} left`);
  }
  if (detections > 0) parts.push(`${detections} found`);
  while (parts.length > 1 && textWidth(parts.join('  ')) > width) parts.shift();
  return shorten(parts.join('  '), width);
}

function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  const tail = `${String(minutes % 60).padStart(minutes >= 60 ? 2 : 1, '0')}:${String(whole % 60).padStart(2, '0')}`;
  return minutes >= 60 ? `${Math.floor(minutes / 60)}:${tail}` : tail;
}
