// hot: one call per message.
import type { Peer } from './domain.ts';
import { Fault } from './faults.ts';
import { followSequence, type HeaderForm, readHeader, readSets, type SetFormat } from './message.ts';
import type { RecordSink } from './record.ts';
import type { SetReader } from './set-reader.ts';

/**
 * IPFIX (RFC 7011 §3.1): version 10, length, export time in seconds, sequence, observation domain; then sets of number and
 * length, 2 = templates, 3 = options templates, from 256 data.
 */
export const IPFIX_HEADER = 16;
export const IPFIX_VERSION = 10;
const LENGTH = 2;
const DOMAIN = 12;
const HEADER: HeaderForm = { length: IPFIX_HEADER, uptime: -1, seconds: 4, nanoseconds: -1, sequence: 8 };
const SETS: SetFormat = {
  templates: [null, null, { v9: false, options: false }, { v9: false, options: true }],
  overlong: Fault.bad_length,
};

/**
 * Reads one message, bytes [off, end). `withdrawals`: templates may be withdrawn (files and streams; not over UDP,
 * RFC 7011 §8.4).
 */
export function readIpfix(
  reader: SetReader,
  view: DataView,
  off: number,
  end: number,
  peer: Peer,
  port: number,
  time: number,
  withdrawals: boolean,
  sink: RecordSink,
): void {
  if (!readHeader(reader, view, off, end, HEADER, time)) return;
  const stated = view.getUint16(off + LENGTH);
  if (stated < IPFIX_HEADER) {
    reader.fault(Fault.bad_length);
    return;
  }
  const cut = stated > end - off;
  if (cut) reader.fault(Fault.truncated);
  else {
    if (stated < end - off) reader.fault(Fault.bad_length);
    end = off + stated;
  }
  const domain = peer.domain(view.getUint32(off + DOMAIN), time);
  const records = readSets(reader, view, off + IPFIX_HEADER, end, SETS, domain, peer, time, cut, withdrawals, sink);
  followSequence(reader, view, off, HEADER, domain, peer, port, records, time);
}
