// hot: one call per datagram.
import type { Peer } from './domain.ts';
import { Fault } from './faults.ts';
import { followSequence, type HeaderForm, readHeader, readSets, type SetFormat } from './message.ts';
import type { RecordSink } from './record.ts';
import type { SetReader } from './set-reader.ts';

/**
 * NetFlow v9 (RFC 3954 §5.1): version, count, uptime ms, seconds, sequence, source id; then flow sets of number and length,
 * 0 = templates, 1 = options templates, from 256 data.
 */
const HEADER: HeaderForm = { length: 20, uptime: 4, seconds: 8, nanoseconds: -1, sequence: 12 };
const SOURCE_ID = 16;
const SETS: SetFormat = {
  templates: [
    { v9: true, options: false },
    { v9: true, options: true },
  ],
  // The header does not tell the length of the message.
  overlong: Fault.truncated,
};

/** Reads one datagram of NetFlow v9, bytes [off, end). */
export function readNetflow9(
  reader: SetReader,
  view: DataView,
  off: number,
  end: number,
  peer: Peer,
  port: number,
  time: number,
  sink: RecordSink,
): void {
  if (!readHeader(reader, view, off, end, HEADER, time)) return;
  const domain = peer.domain(view.getUint32(off + SOURCE_ID), time);
  const records = readSets(reader, view, off + HEADER.length, end, SETS, domain, peer, time, false, false, sink);
  followSequence(reader, view, off, HEADER, domain, peer, port, records, time);
}
