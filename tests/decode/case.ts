import { ethernet, IPV4, type Ipv4Options, ipv4, ipv6, TCP, tcp } from './wire.ts';

export interface Case {
  readonly name: string;
  readonly linkType: number;
  readonly hex: string;
  readonly decoded: number;
  /** Fields that must have these values; offsets relative to the frame. */
  readonly fields: Readonly<Record<string, number>>;
  readonly anomalies: readonly string[];
}

export const NONE = 0;
export const NETWORK = 1;
export const TRANSPORT = 2;
export const FRAGMENT = 3;

export const PAYLOAD = '7b226964223a317d0a';
export const TCP4: string = ipv4(TCP, tcp(PAYLOAD));
export const TCP6: string = ipv6(TCP, tcp(PAYLOAD));
/** Inner packet with other addresses than the outer ones. */
export const INNER: Ipv4Options = { source: '0a000001', destination: '0a000002' };
export const INNER4: string = ipv4(TCP, tcp(PAYLOAD), INNER);
export const FRAME4: string = ethernet(IPV4, INNER4);

export const FOUR: Readonly<Record<string, number>> = {
  ipVersion: 4,
  source0: 0xc0000201 | 0,
  destination0: 0xc6336402 | 0,
  source1: 0,
  source3: 0,
  destination3: 0,
};
export const SIX: Readonly<Record<string, number>> = {
  ipVersion: 6,
  source0: 0x20010db8,
  source1: 1,
  source2: 0,
  source3: 1,
  destination0: 0x20010db8,
  destination1: 2,
  destination2: 8,
  destination3: 0x80000002 | 0,
};
export const TEN: Readonly<Record<string, number>> = { ipVersion: 4, source0: 0x0a000001, destination0: 0x0a000002 };
export const FLOW: Readonly<Record<string, number>> = {
  protocol: TCP,
  sourcePort: 0xc001,
  destinationPort: 3333,
  tcpFlags: 0x18,
  sequence: 0xfedcba98 | 0,
  acknowledgment: 0x01234567,
  payloadLength: 9,
};
export const SEEN: Readonly<Record<string, number>> = { ...FOUR, ...FLOW };
export const INSIDE: Readonly<Record<string, number>> = { ...TEN, ...FLOW, depth: 1 };

export function row(
  name: string,
  hex: string,
  decoded: number,
  fields: Record<string, number> = {},
  anomalies: string[] = [],
  linkType = 1,
): Case {
  return { name, linkType, hex, decoded, fields, anomalies };
}

/** A link type whose frame carries TCP over IPv4. */
export function link(name: string, linkType: number, hex: string, fields: Record<string, number> = {}): Case {
  return row(name, hex, TRANSPORT, { ...SEEN, ...fields }, [], linkType);
}
