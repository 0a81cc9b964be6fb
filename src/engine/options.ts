import type { CoverageRow, DetectionRow, SummaryRow } from '../detect/detection.ts';
import type { EndpointIndex, EndpointOptions } from '../signature/endpoints.ts';
import type { SignatureSet } from '../signature/types.ts';

/** What is fused into one detection: the whole run, or what was captured on one UTC day. */
export type WindowKind = DetectionRow['window']['kind'];

/** Where the packets were captured, as the user states it. */
export interface RunVantage {
  readonly nat: DetectionRow['vantage']['nat'];
  /** Realm of private addresses (BNG, VRF, city), or null. */
  readonly realm: string | null;
  /** Error of the sensor's clock, seconds. */
  readonly clockError: number;
}

export interface ReplayOptions {
  /** Inputs as the user named them: files, folders, globs, '-'. */
  readonly inputs: readonly string[];
  /** BPF expression, or null. */
  readonly filter: string | null;
  /** Worker threads; 1 = everything in this thread. */
  readonly threads: number;
  /** Customer prefixes in CIDR form, already validated. */
  readonly home: readonly string[];
  /** Keep the packets that prove each detection (for --evidence). */
  readonly evidence: boolean;
  /** By default `run`. With `day` inputs are read in the order of their first packets. */
  readonly window?: WindowKind;
  /** By default no translation, no realm, a right clock; and `replay`. */
  readonly vantage?: RunVantage;
  readonly sensor?: string;
  readonly signatures: SignatureSet;
  /** The list of known endpoints, and what it was loaded with, for the threads that load it again. */
  readonly endpoints: EndpointIndex;
  readonly endpointOptions: EndpointOptions;
  /** Ends the run early; what was found so far is still returned. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ReplayProgress) => void;
}

export interface ReplayProgress {
  readonly file: string;
  readonly fileIndex: number;
  readonly fileCount: number;
  /** Bytes of all inputs read so far and in total (null where an input's size is unknown, e.g. a pipe). */
  readonly bytesRead: number;
  readonly bytesTotal: number | null;
  readonly packets: number;
  readonly detections: number;
}

/** A captured frame kept as evidence. */
export interface EvidenceFrame {
  readonly file: string;
  readonly packet: number;
  /** Microseconds since the epoch and nanoseconds beyond. */
  readonly time: number;
  readonly nanos: number;
  readonly linkType: number;
  readonly originalLength: number;
  readonly bytes: Uint8Array;
  /** A password in it was overwritten with `*`; checksums are as they were. */
  readonly redacted: boolean;
  /**
   * `proof`: an indication rests on it; `opening`: of its connection, before any payload; `look_up`: a name; `sample`: its
   * headers, which show that the conversation goes on; `payload`: any other.
   */
  readonly kind?: 'proof' | 'opening' | 'look_up' | 'sample' | 'payload';
  /** A fragment: the packet that made its datagram whole. */
  readonly of?: number;
  /** Conversation it belongs to: time, input and packet from which on that was read. */
  readonly begun?: readonly [time: number, input: number, packet: number];
}

export interface ReplayResult {
  /** Sorted: surest first, then by first_seen, then by id. */
  readonly detections: readonly DetectionRow[];
  /** Evidence frames by detection id, in order of time; empty unless asked for. */
  readonly evidence: ReadonlyMap<string, readonly EvidenceFrame[]>;
  /** The whole run, from its first packet to its last. */
  readonly coverage: CoverageRow;
  /**
   * With windows by day: a row for each stretch of time within a day in which packets came without a silence of more than 10
   * minutes, in order of time. `loss` is that of the run. Empty or absent otherwise.
   */
  readonly coverageDays?: readonly CoverageRow[];
  readonly summary: SummaryRow;
  /** One line per input that could not be read or was cut short, for standard error. */
  readonly problems: readonly { readonly line: string; readonly fatal: boolean }[];
}
