// hot: one call per datagram.
import type { Peer } from './domain.ts';
import { sinceUptime } from './exporter-time.ts';
import { Fault } from './faults.ts';
import { followSequence, type HeaderForm, readHeader } from './message.ts';
import type { RecordSink } from './record.ts';
import { soundRate } from './sampling.ts';
import type { SetReader } from './set-reader.ts';

/**
 * NetFlow v5 (Cisco, "NetFlow Export Datagram Formats": header of 24 bytes, records of 48). All numbers big endian.
 *
 *     0 version  2 count  4 uptime ms  8 seconds  12 nanoseconds  16 flow sequence  20 engine type  21 engine id
 *     22 sampling: 2 bits mode, 14 bits interval
 *
 *     0 source  4 destination  8 next hop  12 in  14 out  16 packets  20 bytes  24 first ms  28 last ms  32 source port
 *     34 destination port  36 pad  37 TCP flags  38 protocol  39 TOS  40 AS  42 AS  44 masks  46 pad
 */
const HEADER: HeaderForm = { length: 24, uptime: 4, seconds: 8, nanoseconds: 12, sequence: 16 };
const RECORD = 48;

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
  if (!readHeader(reader, view, off, end, HEADER, time)) return;
  const count = view.getUint16(off + 2);
  const present = Math.floor((end - off - HEADER.length) / RECORD);
  if (count === 0) {
    reader.fault(Fault.bad_count);
    return;
  }
  if (count > present) reader.fault(Fault.truncated);
  const { uptime, exportTime } = reader;
  const domain = peer.domain(view.getUint16(off + 20), time);
  // Each header tells for itself: 0 after a rate means that sampling ended. Some tell an interval without a mode.
  const rate = soundRate(view.getUint16(off + 22) & 0x3fff) || reader.defaultRate;
  followSequence(reader, view, off, HEADER, domain, peer, port, count, time);
  const r = reader.record;
  r.clear();
  r.exporter = reader.exporter;
  r.input = reader.input;
  r.samplingRate = rate;
  const records = Math.min(count, present);
  for (let i = 0, at = off + HEADER.length; i < records; i++, at += RECORD) {
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
