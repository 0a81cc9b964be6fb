// hot: one call per datagram, one round per set.
import type { Domain, Peer } from './domain.ts';
import { Fault } from './faults.ts';
import type { RecordSink } from './record.ts';
import type { SetReader } from './set-reader.ts';
import { readTemplates, type TemplateForm } from './template-sets.ts';

/** Numbers of sets from here on are those of templates, and hold data (RFC 3954 §5.3, RFC 7011 §3.3.2). */
const FIRST_DATA_SET = 256;

/** Where the header of a message has what, in bytes from its beginning; -1 = nowhere. */
export interface HeaderForm {
  readonly length: number;
  /** Milliseconds since the exporter was started. */
  readonly uptime: number;
  /** Time of export, seconds since the epoch, and nanoseconds beyond them. */
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly sequence: number;
}

/** A format of messages that consist of sets: number and length, two bytes each, then templates or data. */
export interface SetFormat {
  /** Templates by the number of their set. */
  readonly templates: readonly (TemplateForm | null)[];
  /** Fault where a set is longer than what is left. */
  readonly overlong: number;
}

/**
 * Gives uptime and time of export of the message [off, end) to `reader`; where it tells none, that is `time` (of arrival, µs).
 * False where not even the header is whole.
 */
export function readHeader(
  reader: SetReader,
  view: DataView,
  off: number,
  end: number,
  form: HeaderForm,
  time: number,
): boolean {
  if (end - off < form.length) {
    reader.fault(Fault.truncated);
    return false;
  }
  const seconds = view.getUint32(off + form.seconds);
  const nanoseconds = form.nanoseconds < 0 ? 0 : view.getUint32(off + form.nanoseconds);
  reader.uptime = form.uptime < 0 ? -1 : view.getUint32(off + form.uptime);
  reader.arrival = time;
  reader.exportTime = seconds > 0 ? seconds * 1e6 + Math.round(nanoseconds / 1000) : time;
  return true;
}

/** Checks the sequence of a message from `port` that holds so many data records; -1 = they could not be counted. */
export function followSequence(
  reader: SetReader,
  view: DataView,
  off: number,
  form: HeaderForm,
  domain: Domain,
  peer: Peer,
  port: number,
  records: number,
  time: number,
): void {
  const sequence = view.getUint32(off + form.sequence);
  peer.lost += domain.sequence(port).observe(sequence, records, reader.uptime, time, reader.counts);
}

/**
 * Reads the sets [off, end) of a message. `cut`: the message is longer than what came of it; `withdrawals`: templates may be
 * withdrawn. Returns how many data records there were, -1 where they could not be counted.
 */
export function readSets(
  reader: SetReader,
  view: DataView,
  off: number,
  end: number,
  format: SetFormat,
  domain: Domain,
  peer: Peer,
  time: number,
  cut: boolean,
  withdrawals: boolean,
  sink: RecordSink,
): number {
  let at = off;
  let records = 0;
  let known = !cut;
  while (end - at >= 4) {
    const id = view.getUint16(at);
    const length = view.getUint16(at + 2);
    if (length < 4 || length > end - at) {
      if (length < 4) reader.fault(Fault.bad_length);
      // In a message cut short the fault is counted already.
      else if (!cut) reader.fault(format.overlong);
      return -1;
    }
    const from = at + 4;
    at += length;
    if (id >= FIRST_DATA_SET) {
      const plan = domain.templates.get(id, reader.port, time);
      if (plan !== null) records += reader.readSet(view, from, at, plan, domain, peer, sink);
      else {
        reader.fault(Fault.no_template);
        known = false;
      }
      continue;
    }
    const form = format.templates[id] ?? null;
    if (form !== null) readTemplates(reader, view, from, at, form, withdrawals, domain, time);
    else reader.fault(Fault.unsupported);
  }
  return known ? records : -1;
}
