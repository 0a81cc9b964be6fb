/** Reads a whole log, in pieces of a given size, into plain objects. */

import { createRecordReader } from '../../src/flowrecord/readers.ts';
import { FlowRecord, type LogFormat, type RecordName, type RecordReader } from '../../src/flowrecord/record.ts';

export interface ReadLog {
  readonly records: FlowRecord[];
  readonly names: RecordName[];
  readonly reader: RecordReader;
}

export function readLog(
  format: LogFormat,
  log: string | Uint8Array,
  piece: number = Number.MAX_SAFE_INTEGER,
  options: { readonly samplingRate?: number | null; readonly input?: number; readonly time?: number } = {},
): ReadLog {
  const { samplingRate = null, input = 3, time = 1e15 } = options;
  const reader = createRecordReader(format, { input, samplingRate, time });
  const records: FlowRecord[] = [];
  const names: RecordName[] = [];
  const sink = {
    onRecord: (record: FlowRecord): void => void records.push(Object.assign(new FlowRecord(), record)),
    onName: (name: RecordName): void => void names.push(name),
  };
  const bytes = typeof log === 'string' ? new TextEncoder().encode(log) : log;
  // Surroundings that are not part of the piece, and bytes that do not outlive the call.
  for (let at = 0; at < bytes.length; at += piece) {
    const part = bytes.subarray(at, Math.min(bytes.length, at + piece));
    const buffer = new Uint8Array(part.length + 4).fill(0x0a);
    buffer.set(part, 2);
    reader.feed(buffer, 2, 2 + part.length, sink);
    buffer.fill(0x7b);
  }
  reader.finish(sink);
  return { records, names, reader };
}

/** An IPv4 address as the word of a record. */
export function word(address: string): number {
  return address.split('.').reduce((all, octet) => (all << 8) | Number(octet), 0);
}

/** Microseconds since the epoch. */
export const at = (iso: string): number => Date.parse(iso) * 1000;

/** Faults by name, those that are not 0. */
export { faultsOf } from './faults-helper.ts';
