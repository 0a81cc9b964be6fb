/** Community ID version 1 (https://github.com/corelight/community-id-spec): one name of a flow for all sensors. */
import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';

/** IANA numbers of the protocols with ports. */
const NUMBERS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132 };

export interface FlowTuple {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly srcIp: string;
  readonly srcPort: number;
  readonly dstIp: string;
  readonly dstPort: number;
}

/**
 * `1:` and the base64 of SHA-1 over seed, addresses, protocol, a zero byte and ports, the lower end first, so that both
 * directions have one id. Null where an address or port is none or the families differ. `seed`: 0 to 65535.
 */
export function communityId({ protocol, srcIp, srcPort, dstIp, dstPort }: FlowTuple, seed = 0): string | null {
  const [source, destination] = [addressBytes(srcIp), addressBytes(dstIp)];
  const number = NUMBERS[protocol];
  if (source === null || destination === null || source.length !== destination.length || number === undefined) {
    return null;
  }
  if (![srcPort, dstPort, seed].every((value) => Number.isInteger(value) && value >= 0 && value <= 65_535)) return null;
  const order = Buffer.compare(source, destination);
  const forward = order < 0 || (order === 0 && srcPort <= dstPort);
  const [lower, upper] = forward ? [source, destination] : [destination, source];
  const [lowerPort, upperPort] = forward ? [srcPort, dstPort] : [dstPort, srcPort];
  const hash = createHash('sha1')
    .update(bigEndian(seed))
    .update(lower)
    .update(upper)
    .update(Buffer.from([number, 0]))
    .update(bigEndian(lowerPort))
    .update(bigEndian(upperPort));
  return `1:${hash.digest('base64')}`;
}

function bigEndian(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function addressBytes(ip: string): Buffer | null {
  if (ip.includes('%') || (!ip.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(ip))) return null;
  try {
    return Buffer.from(ipaddr.parse(ip).toByteArray());
  } catch {
    return null;
  }
}
