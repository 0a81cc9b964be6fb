// hot: one call per datagram.
import type { Peer } from './domain.ts';
import { Fault } from './faults.ts';
import type { RecordSink } from './record.ts';
import { type SetReader, sinceUptime } from './set-reader.ts';

/**
 * NetFlow v5 (Cisco, "NetFlow Export Datagram Formats": header of 24 bytes, records of 48). All numbers big endian.
 *
 *     0 version  2 count  4 uptime ms  8 seconds  12 nanoseconds  16 flow sequence  20 engine type  21 engine id
 *     22 sampling: 2 bits mode, 14 bits interval
 *
 *     0 source  4 destination  8 next hop  12 in  14 out  16 packets  20 bytes  24 first ms  28 last ms  32 source port
 *     34 destination port  36 pad  37 TCP flags  38 protocol  39 TOS  40 AS  42 AS  44 masks  46 pad
 */
export const V5_HEADER = 24;
export const V5_RECORD = 48;

const ICMP = 1;
const TCP = 6;

/** Reads one datagram of NetFlow v5, bytes [off, end). Its sequence is checked and its records go to the sink. */
export function readNetflow5(
  reader: SetReader,
  view: DataView,
  off: number,
  end: number,
  peer: Peer,
  port: number,
  time: number,
  sink: RecordSink,
): void {
  if (end - off < V5_HEADER) {
    reader.fault(Fault.truncated);
    return;
  }
  const count = view.getUint16(off + 2);
  const present = Math.floor((end - off - V5_HEADER) / V5_RECORD);
  if (count === 0) {
    reader.fault(Fault.bad_count);
    return;
  }
  if (count > present) reader.fault(Fault.truncated);
  const uptime = view.getUint32(off + 4);
  const seconds = view.getUint32(off + 8);
  const exportTime = seconds > 0 ? seconds * 1e6 + Math.round(view.getUint32(off + 12) / 1000) : time;
  const domain = peer.domain(view.getUint16(off + 20), time);
  const interval = view.getUint16(off + 22) & 0x3fff;
  if (interval > 0) domain.sampling.set(-1, interval);
  const rate = domain.sampling.rateOf(-1) || reader.defaultRate;
  peer.lost += domain.sequence(port).observe(view.getUint32(off + 16), count, uptime, time, reader.counts);
  reader.exportTime = exportTime;
  reader.uptime = uptime;
  const r = reader.record;
  r.clear();
  r.exporter = reader.exporter;
  r.input = reader.input;
  r.samplingRate = rate;
  const records = Math.min(count, present);
  for (let i = 0, at = off + V5_HEADER; i < records; i++, at += V5_RECORD) {
    r.source0 = view.getInt32(at);
    r.destination0 = view.getInt32(at + 4);
    r.packets = view.getUint32(at + 16);
    r.bytes = view.getUint32(at + 20);
    const protocol = view.getUint8(at + 38);
    r.protocol = protocol;
    r.sourcePort = protocol === ICMP ? 0 : view.getUint16(at + 32);
    r.destinationPort = protocol === ICMP ? 0 : view.getUint16(at + 34);
    r.tcpFlags = protocol === TCP ? view.getUint8(at + 37) : -1;
    reader.setStartEnd(
      exportTime - sinceUptime(uptime, view.getUint32(at + 24)) * 1000,
      exportTime - sinceUptime(uptime, view.getUint32(at + 28)) * 1000,
    );
    reader.give(r, peer, sink);
  }
}
