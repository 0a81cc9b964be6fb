import { type BehaviourView, bytesPerPacket } from '../../detect/behaviour/behaviour-test.ts';
import { BEHAVIOUR_TESTS } from '../../detect/behaviour/index.ts';
import { fits, WIDE } from '../../detect/behaviour/ratios.ts';
import type { Indication } from '../../detect/facts.ts';
import type { EndpointFacts, Message, NameMessage, NameSource, Place } from '../../protocol/message.ts';
import { WEB_PORTS } from '../../signature/endpoint-entries.ts';
import type { Signature, SignatureSet } from '../../signature/types.ts';
import { indicationOf } from '../names/lookups.ts';

/** A name under which the client of a conversation knows its server. */
export interface RecordServerName {
  readonly source: NameSource;
  readonly name: string;
  readonly endpoint: EndpointFacts;
}

/** Where a sign is placed before the day on which it is told is known. */
const NOWHERE: Place = { input: 0, packet: 0, time: 0, from: 0, to: 0 };
/** Bytes of a packet without payload: IPv4 and TCP headers with the option of time stamps (RFC 7323). */
const BARE = 52;
/** The same without the option. */
const BARER = 40;
/** Payload of a short message of a mining protocol, and of a usual one. */
const MESSAGE = 20;
const USUAL = 100;
/** Mean above which a direction carried data, as a SYN with all its options does not; packets that no scanner sends. */
const EMPTY = 64;
const SEVERAL = 20;
/** Fewer packets looked at say nothing of how many there were. */
const FEW = 5;

/** Whether something was said, not only tried. */
export function hasData(v: BehaviourView): boolean {
  const header = v.version === 6 ? 20 : 0;
  const told = (d: 0 | 1): boolean =>
    v.raw[d] > 0 && (v.raw[d] >= SEVERAL || v.bytes[d] > (EMPTY + header) * v.packets[d]);
  return told(0) || told(1);
}

/** Something names the server of a conversation as a mining endpoint. */
export function isNamed(address: EndpointFacts, port: number, names: readonly RecordServerName[]): boolean {
  // Who asks for another server by name means that one, or hides: neither is told by the address.
  if (names.some(({ source }) => source === 'sni-other')) return false;
  if (address.evidence === 'stratum' && address.ownPort && !WEB_PORTS.has(port)) return true;
  return names.some(({ endpoint: e }) => e.evidence === 'stratum' && (e.ownPort || !e.ambiguous));
}

/**
 * What a conversation of flow records says by now, weighed by the signatures: its server's address and names in the list, how
 * long and in which shape it went. `proof` is never set. Time and record of the indications are 0: the day gives them.
 */
export function signsOf(
  v: BehaviourView,
  server: string,
  address: EndpointFacts,
  names: readonly RecordServerName[],
  signatures: SignatureSet,
): Indication[] {
  const found: Indication[] = [];
  const hits: Signature[] = [];
  const port = v.serverPort;
  const figures = figuresOf(v);
  const weigh = (m: Message, text: string): void => {
    hits.length = 0;
    signatures.match(m, hits);
    for (const hit of hits) {
      if (!found.some((i) => i.signature === hit.id)) found.push(indicationOf(hit, m as NameMessage, text));
    }
  };
  const named = (source: NameSource, name: string, endpoint: EndpointFacts, text: string): void => {
    const common = { side: source === 'certificate' ? 1 : 0, place: NOWHERE, transport: 'tcp' } as const;
    weigh({ kind: 'name', ...common, source, name, port, endpoint, text }, text);
  };
  if (address.evidence !== 'none' && hasData(v)) {
    const text = `address of ${address.pool ?? 'an unnamed pool'}, port ${port}, by the endpoint list; ${figures}`;
    named('address', 'flow-record:address', address, text);
    named('address', server, address, text);
  }
  for (const { source, name, endpoint } of names) {
    const whose = endpoint.evidence === 'none' ? 'not listed' : (endpoint.pool ?? 'an unnamed pool');
    named(source, name, endpoint, `${NAME_TEXTS[source] ?? source} ${name} (${whose}), port ${port}; ${figures}`);
  }
  // Under a listed name pages may be served: on their ports the shape has to agree.
  const pages = WEB_PORTS.has(port) && !fits(v, WIDE);
  const [sent, received] = [messages(v, 0), messages(v, 1)];
  const text = `conversation of ${figures}`;
  const flow = { seconds: Math.floor(v.active), sent, received, named: v.named && !pages };
  weigh({ kind: 'flow', side: 0, place: NOWHERE, transport: 'tcp', ...flow, text }, text);
  for (const test of BEHAVIOUR_TESTS) {
    const verdict = test.judge(v);
    if (verdict !== null) named('address', verdict.sign, address, `${verdict.text}; ${figures}`);
  }
  return found;
}

/** Packets with payload that a direction had at least, by its bytes. */
function messages(v: BehaviourView, d: 0 | 1): number {
  if (v.raw[d] < FEW) return 0;
  const mean = bytesPerPacket(v, d);
  // Below the mean of the longer header all may be acknowledgments with time stamps, or messages between shorter ones.
  if (mean <= BARE) return Math.floor((v.packets[d] * Math.max(0, mean - BARER)) / USUAL);
  return Math.floor(v.packets[d] * Math.min(1, (mean - BARE) / MESSAGE));
}

const NAME_TEXTS: Partial<Record<NameSource, string>> = {
  sni: 'TLS server name',
  'sni-other': 'server that the client asked for:',
  certificate: 'certificate for',
  'http-host': 'HTTP Host',
  dns: 'address looked up as',
};

function figuresOf(v: BehaviourView): string {
  const count = (n: number): string => Math.round(n).toLocaleString('en-US');
  const mean = (d: 0 | 1): string => (v.packets[d] > 0 ? String(Math.round(v.bytes[d] / v.packets[d])) : '-');
  const parts = [
    span(v.seconds),
    `${count(v.packets[0])} packets out, ${count(v.packets[1])} in`,
    `${mean(0)} and ${mean(1)} bytes a packet`,
    `${count(v.records[0])} and ${count(v.records[1])} records`,
  ];
  if (v.samplingRate > 1) parts.push(`1 of ${v.samplingRate} sampled`);
  return parts.join(', ');
}

function span(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.round(seconds)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
