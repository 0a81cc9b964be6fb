import { BAD_FIELD, BAD_LINE, BAD_TIME, type Output, PASSED } from './text-output.ts';
import { protocolOf } from './text-protocol.ts';
import { type EntryParser, parseObject } from './text-reader.ts';
import { countOf, field, flagsOf, type JsonObject, numberOf, scaledTime, textOf, timeOf } from './text-value.ts';

const MILLISECOND = 1000;
/** Octets of the shortest IP packet: a header of IPv4 (RFC 791 §3.1). */
const SHORTEST = 20;

/**
 * `nfdump -o json` (one array) and `-o ndjson` or `json-log` (one object a line).
 * https://github.com/phaag/nfdump, src/output/output_json.c and output_ndjson.c; bin/output_json.c of 1.6, which has other names
 * for the times and nothing else that is read here. Times without zone are taken as UTC.
 */
export class NfdumpJsonParser implements EntryParser {
  readonly title = 'nfdump JSON';

  read(text: string, output: Output): number {
    const flow = parseObject(text);
    if (flow === null) return BAD_LINE;
    const type = textOf(field(flow, 'type'));
    // Firewall events (NSEL, NEL) count no packets.
    if (type !== '' && type !== 'FLOW') return type === 'EVENT' || type === 'STAT' ? PASSED : BAD_FIELD;
    return readFlow(flow, output);
  }
}

function readFlow(flow: JsonObject, output: Output): number {
  const source = textOf(field(flow, 'src4_addr') ?? field(flow, 'src6_addr'));
  const destination = textOf(field(flow, 'dst4_addr') ?? field(flow, 'dst6_addr'));
  if (!output.addresses(source, destination)) return BAD_FIELD;
  if (!output.transport(protocolOf(field(flow, 'proto')), field(flow, 'src_port'), field(flow, 'dst_port')))
    return BAD_FIELD;
  const packets = countOf(field(flow, 'in_packets'));
  const bytes = countOf(field(flow, 'in_bytes'));
  if (!output.forward(packets, bytes)) return BAD_FIELD;
  // Some builds print the packets in place of the bytes (https://github.com/phaag/nfdump/pull/571).
  if (bytes > 0 && bytes < packets * SHORTEST) return BAD_FIELD;
  if (!output.times(timeIn(flow, 'first'), timeIn(flow, 'last'))) return BAD_TIME;
  output.tcpFlags(flagsOf(field(flow, 'tcp_flags')));
  const r = output.record;
  const outPackets = countOf(field(flow, 'out_packets'));
  if (outPackets > 0) {
    r.reversePackets = outPackets;
    r.reverseBytes = Math.max(0, countOf(field(flow, 'out_bytes')));
  }
  output.vlan(field(flow, 'src_vlan'));
  r.vrf = Math.max(0, countOf(field(flow, 'ingress_vrf')));
  // Counts of sampled records were multiplied when they were stored.
  if (countOf(field(flow, 'sampled')) === 1) r.samplingRate = 1;
  output.exporter(textOf(field(flow, 'ip4_router') ?? field(flow, 'ip6_router')));
  return output.give();
}

/** Time of the first or last packet: text, or milliseconds since the epoch. 1.6 has another name for it. */
function timeIn(flow: JsonObject, name: 'first' | 'last'): number {
  const value = field(flow, name);
  if (value === undefined) return paddedTime(textOf(field(flow, `t_${name}`)));
  return typeof value === 'string' ? timeOf(value) : scaledTime(numberOf(value), MILLISECOND);
}

/** 1.6 prints milliseconds without leading zeros, `.7` for 7 ms (https://github.com/phaag/nfdump/issues/294). */
function paddedTime(text: string): number {
  return timeOf(text.replace(/\.(\d{1,2})$/, (_, digits: string) => `.${digits.padStart(3, '0')}`));
}
