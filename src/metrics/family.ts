/** One metric of the table: its name, what it means, and how it is read from a status. */
import type { DaemonStatus, LatencyHistogram } from '../daemon/status.ts';
import type { Labels } from './labels.ts';

/** Adds one value under the values of the labels, in the order of `labels`. */
export type Put = (value: number, ...labels: readonly string[]) => void;

export interface Family {
  /** Without the prefix `poolprint_`. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels: readonly string[];
  /** What becomes of several values with equal labels (those under `other`); the sum where nothing is said. */
  readonly merge?: 'sum' | 'max' | 'min';
  /** Counters of things that may leave the status stay as they were. */
  readonly stays?: boolean;
  readonly read: (status: DaemonStatus, put: Put, labels: Labels) => void;
}

export interface LatencyFamily {
  readonly name: string;
  readonly help: string;
  /** Null = there is no such thing in this daemon. */
  readonly read: (status: DaemonStatus) => LatencyHistogram | null;
}

/** Microseconds since the epoch as seconds; 0 stays 0, which is "never". */
export function seconds(microseconds: number): number {
  return microseconds / 1e6;
}
