import { BAD_FIELD, BAD_LINE, BAD_TIME, type Output, PASSED } from './text-output.ts';
import { protocolOf } from './text-protocol.ts';
import { type EntryParser, parseObject } from './text-reader.ts';
import { countOf, field, flagsOf, type JsonObject, numberOf, scaledTime, textOf, timeOf } from './text-value.ts';

const MILLISECOND = 1000;

/**
 * `nfdump -o json` (one array) and `-o ndjson` or `json-log` (one object a line).
 * https://github.com/phaag/nfdump, src/output/output_json.c and output_ndjson.c. Times without zone are taken as UTC.
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
  if (!output.forward(countOf(field(flow, 'in_packets')), countOf(field(flow, 'in_bytes')))) return BAD_FIELD;
  if (!output.times(jsonTime(field(flow, 'first')), jsonTime(field(flow, 'last')))) return BAD_TIME;
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

function jsonTime(value: unknown): number {
  return typeof value === 'string' ? timeOf(value) : scaledTime(numberOf(value), MILLISECOND);
}
