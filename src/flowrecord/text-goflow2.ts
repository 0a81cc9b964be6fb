import { BAD_FIELD, BAD_LINE, BAD_TIME, type Output, PASSED, UNSUPPORTED } from './text-output.ts';
import { protocolOf } from './text-protocol.ts';
import { type EntryParser, parseObject } from './text-reader.ts';
import {
  countOf,
  field,
  flagsOf,
  ipBytes,
  type JsonObject,
  numberOf,
  scaledTime,
  textOf,
  timeOf,
} from './text-value.ts';

const NANOSECOND = 1e-3;
const MILLISECOND = 1e3;
const SECOND = 1e6;
/** µs. A flow is exported soon after its end, and at the latest with the exporter's timeouts of some minutes. */
const HOUR = 3600e6;

/** Which field tells a time, and its unit in µs; the first that is there and not 0 counts. */
type TimeFields = readonly (readonly [name: string, unit: number])[];
const RECEIVED: TimeFields = [
  ['time_received_ns', NANOSECOND],
  ['time_received', SECOND],
  ['TimeReceivedNs', NANOSECOND],
  ['TimeReceived', SECOND],
];
const START: TimeFields = [
  ['time_flow_start_ns', NANOSECOND],
  ['time_flow_start_ms', MILLISECOND],
  ['time_flow_start', SECOND],
  ['TimeFlowStartNs', NANOSECOND],
  ['TimeFlowStartMs', MILLISECOND],
  ['TimeFlowStart', SECOND],
];
const END: TimeFields = [
  ['time_flow_end_ns', NANOSECOND],
  ['time_flow_end_ms', MILLISECOND],
  ['time_flow_end', SECOND],
  ['TimeFlowEndNs', NANOSECOND],
  ['TimeFlowEndMs', MILLISECOND],
  ['TimeFlowEnd', SECOND],
];

/**
 * JSON of goflow2 (https://github.com/netsampler/goflow2, docs/protocols.md), one object a line: fields in snake case since
 * version 2, in camel case before and in goflow. Packets and bytes are as exported, not multiplied by the sampling rate.
 */
export class Goflow2Parser implements EntryParser {
  readonly title = 'goflow2 JSON';

  read(text: string, output: Output): number {
    const flow = parseObject(text);
    if (flow === null) return BAD_LINE;
    const source = textOf(either(flow, 'src_addr', 'SrcAddr'));
    const destination = textOf(either(flow, 'dst_addr', 'DstAddr'));
    const received = timeIn(flow, RECEIVED);
    // Samples of frames without IP (ARP, spanning tree) have neither.
    if (source === '' && destination === '' && Number.isFinite(received)) return PASSED;
    if (!output.addresses(source, destination)) return BAD_FIELD;
    const proto = either(flow, 'proto', 'Proto');
    // Before pull 341 it knows the names of few protocols and prints none for all others.
    if (proto === '') return UNSUPPORTED;
    const protocol = protocolOf(proto);
    const sourcePort = either(flow, 'src_port', 'SrcPort');
    if (!output.transport(protocol, sourcePort, either(flow, 'dst_port', 'DstPort'))) return BAD_FIELD;
    const packets = countOf(either(flow, 'packets', 'Packets'));
    const octets = countOf(either(flow, 'bytes', 'Bytes'));
    // Of sFlow it gives the length of the frame, of all others that of the IP packets.
    const frames = textOf(either(flow, 'type', 'Type')).startsWith('SFLOW');
    if (!output.forward(packets, frames ? ipBytes(packets, octets, 0) : octets)) return BAD_FIELD;
    const seen = Number.isFinite(received) ? received : output.options.time;
    const start = timeIn(flow, START);
    const end = timeIn(flow, END);
    const believed = !isFarOff(start, end, received);
    const from = believed && Number.isFinite(start) ? start : seen;
    if (!output.times(from, believed && Number.isFinite(end) ? end : 0)) return BAD_TIME;
    if (!believed) output.flaw(BAD_TIME);
    const flags = either(flow, 'tcp_flags', 'TcpFlags') ?? field(flow, 'TCPFlags');
    output.tcpFlags(flagsOf(flags));
    const r = output.record;
    const rate = countOf(either(flow, 'sampling_rate', 'SamplingRate'));
    if (rate > 0 && rate <= 0xffff_ffff) r.samplingRate = rate;
    output.vlan(vlanIn(flow));
    r.vrf = Math.max(0, countOf(either(flow, 'ingress_vrf_id', 'IngressVrfId') ?? field(flow, 'IngressVrfID')));
    output.exporter(textOf(either(flow, 'sampler_address', 'SamplerAddress')));
    return output.give();
  }
}

/**
 * Whether a flow ended hours before or after it was received, or began hours after. Up to 2.1.3 goflow2 took the uptime of
 * NetFlow v9, which is in milliseconds, for seconds (https://github.com/netsampler/goflow2/pull/325); later ones go wrong where
 * the uptime begins anew (pull 431 there). Unknown times (NaN) are never far off.
 */
function isFarOff(start: number, end: number, received: number): boolean {
  const last = Number.isFinite(end) ? end : start;
  return Math.abs(last - received) > HOUR || start - received > HOUR;
}

function either(flow: JsonObject, snake: string, camel: string): unknown {
  return field(flow, snake) ?? field(flow, camel);
}

/** sFlow tells of the source's VLAN, NetFlow of the flow's. */
function vlanIn(flow: JsonObject): unknown {
  const own = either(flow, 'vlan_id', 'VlanId') ?? field(flow, 'VlanID');
  return countOf(own) > 0 ? own : either(flow, 'src_vlan', 'SrcVlan');
}

function timeIn(flow: JsonObject, fields: TimeFields): number {
  for (const [name, unit] of fields) {
    const value = field(flow, name);
    if (value === undefined) continue;
    const time = typeof value === 'string' && value.includes('T') ? timeOf(value) : scaledTime(numberOf(value), unit);
    if (Number.isFinite(time)) return time;
  }
  return Number.NaN;
}
