import { readEveDns } from './text-eve-dns.ts';
import { BAD_FIELD, BAD_LINE, BAD_TIME, type Output, PASSED, TAKEN } from './text-output.ts';
import { protocolOf, TCP } from './text-protocol.ts';
import { type EntryParser, parseObject } from './text-reader.ts';
import {
  commonNameOf,
  countOf,
  field,
  ipBytes,
  type JsonObject,
  nameOf,
  objectOf,
  textOf,
  timeOf,
} from './text-value.ts';

/** Events that tell something; of all others the line is not even parsed. */
const EVENTS: ReadonlySet<string> = new Set(['flow', 'dns', 'tls', 'http', 'quic']);
const SYN = 2;
/** Names of one certificate. */
const MAX_NAMES = 32;

/**
 * Suricata EVE (https://docs.suricata.io/en/latest/output/eve/eve-json-format.html), one object a line: flow events give
 * records (its bytes are those of whole frames, ours from the IP header on), dns, tls, quic and http events names; all others are passed over. The source is
 * the client: the address that sent the first packet seen, with the exceptions below.
 */
export class EveParser implements EntryParser {
  readonly title = 'Suricata EVE';

  read(text: string, output: Output): number {
    // Suricata writes no blanks, and quotes within strings come with a backslash: this cannot be found inside one.
    const told = /"event_type":"([a-z_0-9]{1,32})"/.exec(text.length > 512 ? text.slice(0, 512) : text);
    if (told !== null && !EVENTS.has(told[1] as string) && text.startsWith('{')) return PASSED;
    const event = parseObject(text);
    if (event === null) return BAD_LINE;
    switch (field(event, 'event_type')) {
      case 'flow':
        return readFlow(event, output);
      case 'dns':
        return readEveDns(event, output);
      case 'tls':
        return readTls(event, output);
      case 'quic':
        return readQuic(event, output);
      case 'http':
        return readHttp(event, output);
    }
    return typeof field(event, 'event_type') === 'string' ? PASSED : BAD_FIELD;
  }
}

function readFlow(event: JsonObject, output: Output): number {
  const flow = objectOf(event, 'flow');
  if (flow === null) return BAD_FIELD;
  if (!output.addresses(textOf(field(event, 'src_ip')), textOf(field(event, 'dest_ip')))) return BAD_FIELD;
  const protocol = protocolOf(field(event, 'proto'));
  if (!output.transport(protocol, field(event, 'src_port'), field(event, 'dest_port'))) return BAD_FIELD;
  const vlan = field(event, 'vlan');
  const tags = Array.isArray(vlan) ? vlan.length : 0;
  const packets = countOf(field(flow, 'pkts_toserver'));
  if (!output.forward(packets, ipBytes(packets, countOf(field(flow, 'bytes_toserver')), tags))) return BAD_FIELD;
  const r = output.record;
  r.reversePackets = countOf(field(flow, 'pkts_toclient'));
  if (r.reversePackets >= 0) {
    r.reverseBytes = Math.max(0, ipBytes(r.reversePackets, countOf(field(flow, 'bytes_toclient')), tags));
  }
  if (!output.times(timeOf(textOf(field(flow, 'start'))), timeOf(textOf(field(flow, 'end'))))) return BAD_TIME;
  const tcp = objectOf(event, 'tcp');
  const flags = Number.parseInt(textOf(tcp === null ? '' : field(tcp, 'tcp_flags')), 16);
  output.tcpFlags(flags > 0 ? flags & 0xff : -1);
  // Of a TCP connection whose opening was not seen, Suricata knows only who spoke first.
  r.oriented = protocol !== TCP || tcp === null || (flags > 0 && (flags & SYN) !== 0);
  output.vlan(Array.isArray(vlan) ? vlan.at(-1) : vlan);
  return output.give();
}

/** A name of the server in a conversation: the event has the addresses of the flow. */
function serverName(
  source: 'sni' | 'certificate' | 'http-host',
  name: string | null,
  event: JsonObject,
  output: Output,
): boolean {
  const time = timeOf(textOf(field(event, 'timestamp')));
  const client = textOf(field(event, 'src_ip'));
  const server = textOf(field(event, 'dest_ip'));
  if (server === '') return false;
  return output.name(
    source,
    name,
    client,
    server,
    countOf(field(event, 'src_port')),
    countOf(field(event, 'dest_port')),
    time,
    0,
  );
}

function readTls(event: JsonObject, output: Output): number {
  const tls = objectOf(event, 'tls');
  if (tls === null) return BAD_FIELD;
  const sni = serverName('sni', nameOf(field(tls, 'sni')), event, output);
  // Some services repeat the subject among the alternative names.
  const names = new Set([commonNameOf(field(tls, 'subject'))]);
  const alternatives = field(tls, 'subjectaltname');
  if (Array.isArray(alternatives)) for (const name of alternatives.slice(0, MAX_NAMES)) names.add(nameOf(name));
  let certificate = false;
  for (const name of names) if (serverName('certificate', name, event, output)) certificate = true;
  return sni || certificate ? TAKEN : PASSED;
}

function readQuic(event: JsonObject, output: Output): number {
  const quic = objectOf(event, 'quic');
  return quic !== null && serverName('sni', nameOf(field(quic, 'sni')), event, output) ? TAKEN : PASSED;
}

function readHttp(event: JsonObject, output: Output): number {
  const http = objectOf(event, 'http');
  if (http === null) return BAD_FIELD;
  // CONNECT names where the proxy is to go, not who the server is.
  if (textOf(field(http, 'http_method')).toUpperCase() === 'CONNECT') return PASSED;
  return serverName('http-host', nameOf(field(http, 'hostname')), event, output) ? TAKEN : PASSED;
}
