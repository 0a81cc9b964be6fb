// hot: one call per datagram.
import type { Peer } from './domain.ts';
import { Fault } from './faults.ts';
import type { RecordSink } from './record.ts';
import type { SetReader } from './set-reader.ts';
import { readV9OptionsTemplates, readV9Templates } from './template-sets.ts';

/**
 * NetFlow v9 (RFC 3954 §5.1): version, count, uptime ms, seconds, sequence, source id; then flow sets of number and length,
 * 0 = templates, 1 = options templates, from 256 data.
 */
const HEADER = 20;
const FIRST_DATA_SET = 256;

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
  if (end - off < HEADER) {
    reader.fault(Fault.truncated);
    return;
  }
  const uptime = view.getUint32(off + 4);
  const seconds = view.getUint32(off + 8);
  const domain = peer.domain(view.getUint32(off + 16), time);
  reader.uptime = uptime;
  reader.exportTime = seconds > 0 ? seconds * 1e6 : time;
  let at = off + HEADER;
  let records = 0;
  let known = true;
  while (end - at >= 4) {
    const id = view.getUint16(at);
    const length = view.getUint16(at + 2);
    if (length < 4 || length > end - at) {
      reader.fault(length < 4 ? Fault.bad_length : Fault.truncated);
      known = false;
      break;
    }
    const from = at + 4;
    at += length;
    if (id >= FIRST_DATA_SET) {
      const plan = domain.templates.get(id, time);
      if (plan !== null) records += reader.readSet(view, from, at, plan, domain, peer, sink);
      else {
        reader.fault(Fault.no_template);
        known = false;
      }
    } else if (id === 0) readV9Templates(reader, view, from, at, domain, time);
    else if (id === 1) readV9OptionsTemplates(reader, view, from, at, domain, time);
    else reader.fault(Fault.unsupported);
  }
  const sequence = domain.sequence(port);
  peer.lost += sequence.observe(view.getUint32(off + 12), known ? records : -1, uptime, time, reader.counts);
}
