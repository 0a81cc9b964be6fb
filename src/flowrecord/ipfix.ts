// hot: one call per message.
import type { Peer } from './domain.ts';
import { Fault } from './faults.ts';
import type { RecordSink } from './record.ts';
import type { SetReader } from './set-reader.ts';
import { readIpfixTemplates } from './template-sets.ts';

/**
 * IPFIX (RFC 7011 §3.1): version 10, length, export time in seconds, sequence, observation domain; then sets of number and
 * length, 2 = templates, 3 = options templates, from 256 data.
 */
export const IPFIX_HEADER = 16;
export const IPFIX_VERSION = 10;
const TEMPLATE_SET = 2;
const OPTIONS_TEMPLATE_SET = 3;
const FIRST_DATA_SET = 256;

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
  if (end - off < IPFIX_HEADER) {
    reader.fault(Fault.truncated);
    return;
  }
  const stated = view.getUint16(off + 2);
  if (stated < IPFIX_HEADER) {
    reader.fault(Fault.bad_length);
    return;
  }
  let known = true;
  if (stated > end - off) {
    reader.fault(Fault.truncated);
    known = false;
  } else {
    if (stated < end - off) reader.fault(Fault.bad_length);
    end = off + stated;
  }
  const seconds = view.getUint32(off + 4);
  const domain = peer.domain(view.getUint32(off + 12), time);
  reader.uptime = -1;
  reader.exportTime = seconds > 0 ? seconds * 1e6 : time;
  let at = off + IPFIX_HEADER;
  let records = 0;
  while (end - at >= 4) {
    const id = view.getUint16(at);
    const length = view.getUint16(at + 2);
    if (length < 4 || length > end - at) {
      // In a message cut short the fault is counted already.
      if (length < 4 || known) reader.fault(Fault.bad_length);
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
    } else if (id === TEMPLATE_SET || id === OPTIONS_TEMPLATE_SET)
      readIpfixTemplates(reader, view, from, at, id === OPTIONS_TEMPLATE_SET, withdrawals, domain, time);
    else reader.fault(Fault.unsupported);
  }
  const sequence = domain.sequence(port);
  peer.lost += sequence.observe(view.getUint32(off + 8), known ? records : -1, -1, time, reader.counts);
}
