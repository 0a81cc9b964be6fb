import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frame } from '../../src/capture/frame.ts';
import { ANOMALIES, createAnomalyCounters } from '../../src/common/anomaly.ts';
import { decodeFrame, decodeNetworkPayload } from '../../src/decode/decode.ts';
import { Decoded } from '../../src/decode/packet.ts';
import { CASES } from './cases.ts';
import { createPacket, decode, fieldsOf, namesOf, type Outcome } from './harness.ts';
import { ethernet, fromHex, gre, IPV4, ipv4, TCP, tcp, UDP, udp, vxlan } from './wire.ts';

const LINK_TYPES = [...new Set(CASES.map((row) => row.linkType)), 1, 1000];

describe('table', () => {
  it.each(CASES.map((row) => [row.name, row] as const))('%s', (_name, row) => {
    const outcome = decode(row.hex, row.linkType);
    expect(outcome.decoded).toBe(row.decoded);
    expect(outcome.fields).toMatchObject(row.fields);
    expect(outcome.anomalies).toEqual(row.anomalies);
    expect(ANOMALIES[outcome.fields['anomaly']!]).toBe(row.anomalies[0] ?? 'none');
  });

  it('has names that differ', () => {
    expect(new Set(CASES.map((row) => row.name)).size).toBe(CASES.length);
  });
});

/** 0 without IP, else 1 and one more for each IP header around. */
function level(outcome: Outcome): number {
  return outcome.decoded === Decoded.None ? 0 : 1 + outcome.fields['depth']!;
}

const HIDDEN = ['vxlan.truncated', 'geneve.truncated', 'gtpu.truncated', 'l2tp.truncated', 'teredo.bad_header'];

/** UDP on a tunnel's port may hide a tunnel once it is cut; beyond that it must decode as the whole does. */
function withoutHiddenTunnel(outcome: Outcome): Outcome {
  if (outcome.anomalies.length !== 1 || !HIDDEN.includes(outcome.anomalies[0]!)) return outcome;
  return { ...outcome, anomalies: [], fields: { ...outcome.fields, anomaly: 0 } };
}

describe('every truncation', () => {
  it.each(CASES.map((row) => [row.name, row] as const))('%s', (_name, row) => {
    const bytes = fromHex(row.hex);
    const whole = decode(bytes, row.linkType);
    let before = 0;
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      const outcome = decode(cut, row.linkType, createPacket(), bytes.length, 0x00);
      // What lies behind the cut is not read.
      expect(decode(cut, row.linkType, createPacket(), bytes.length, 0xff)).toEqual(outcome);
      // A longer piece never loses a layer that a shorter one had.
      expect(level(outcome)).toBeGreaterThanOrEqual(before);
      before = level(outcome);
      if (whole.decoded === Decoded.Transport && length >= whole.fields['payload']!) {
        const { payloadEnd, networkEnd } = whole.fields;
        const ends = { payloadEnd: Math.min(payloadEnd!, length), networkEnd: Math.min(networkEnd!, length) };
        const expected = { ...whole, fields: { ...whole.fields, ...ends } };
        expect(withoutHiddenTunnel(outcome)).toEqual(expected);
      }
    }
    expect(level(whole)).toBeGreaterThanOrEqual(before);
  });

  it('says which header was cut off', () => {
    const frame = fromHex(ethernet(IPV4, ipv4(TCP, tcp('00'))));
    const names = (length: number) => decode(frame.subarray(0, length), 1, createPacket(), frame.length).anomalies;
    expect([0, 13].map(names)).toEqual([['link.truncated'], ['link.truncated']]);
    expect([14, 33].map(names)).toEqual([['ipv4.truncated_header'], ['ipv4.truncated_header']]);
    expect([34, 53].map(names)).toEqual([['tcp.truncated_header'], ['tcp.truncated_header']]);
    expect([54, 55].map(names)).toEqual([[], []]);
  });

  it('counts a tunnel header hidden by the snap length, not a short datagram', () => {
    const frame = fromHex(ethernet(IPV4, ipv4(UDP, udp(vxlan(1, '00'.repeat(60)), 4789))));
    const cut = decode(frame.subarray(0, 46), 1, createPacket(), frame.length);
    expect(cut).toMatchObject({ decoded: Decoded.Transport, anomalies: ['vxlan.truncated'] });
    const short = decode(ethernet(IPV4, ipv4(UDP, udp('08000000', 4789))));
    expect(short).toMatchObject({ decoded: Decoded.Transport, anomalies: [] });
  });
});

describe('wire length', () => {
  const offloaded = ethernet(IPV4, ipv4(TCP, tcp('aabb'), { total: 0 }));

  it.each([
    ['what the capture says where the packet says nothing', 1000, 1000 - 54],
    ['what was captured where the capture says less', 10, 2],
    ['what was captured where the capture says nonsense', 0xffff_ffff, 2],
  ])('%s', (_name, originalLength, payloadLength) => {
    const outcome = decode(offloaded, 1, createPacket(), originalLength);
    expect(outcome).toMatchObject({
      decoded: Decoded.Transport,
      fields: { payloadLength, payload: 54, payloadEnd: 56 },
    });
  });
});

describe('nothing of one packet shows in the next', () => {
  it.each(CASES.map((row) => [row.name, row] as const))('after %s', (_name, first) => {
    for (const second of CASES) {
      const packet = createPacket();
      decode(first.hex, first.linkType, packet);
      const outcome = decode(second.hex, second.linkType, packet);
      if (JSON.stringify(outcome) !== JSON.stringify(alone(second))) {
        expect(outcome, second.name).toEqual(alone(second));
      }
    }
  });

  it('nor after a packet cut off anywhere', () => {
    const last = CASES[0]!;
    for (const first of CASES) {
      const bytes = fromHex(first.hex);
      const packet = createPacket();
      for (let length = 0; length < bytes.length; length += 3) {
        decode(bytes.subarray(0, length), first.linkType, packet, bytes.length);
      }
      expect(decode(last.hex, last.linkType, packet), first.name).toEqual(alone(last));
    }
  });
});

const aloneCache = new Map<string, Outcome>();
function alone(row: (typeof CASES)[number]): Outcome {
  let outcome = aloneCache.get(row.name);
  if (outcome === undefined) aloneCache.set(row.name, (outcome = decode(row.hex, row.linkType)));
  return outcome;
}

/** Decodes with bytes of two kinds around, and with no bytes around at all: reading one of them throws or differs. */
function decodeAlone(bytes: Uint8Array, linkType: number, originalLength: number): Outcome {
  const outcome = decode(bytes, linkType, createPacket(), originalLength, 0x00);
  expect(decode(bytes, linkType, createPacket(), originalLength, 0xff)).toEqual(outcome);
  const exact = Uint8Array.from(bytes);
  const frame = new Frame(exact, new DataView(exact.buffer));
  frame.end = exact.length;
  frame.originalLength = originalLength;
  frame.linkType = linkType;
  const packet = createPacket();
  const counters = createAnomalyCounters();
  expect(decodeFrame(frame, packet, counters)).toBe(outcome.decoded);
  expect(namesOf(counters)).toEqual(outcome.anomalies);
  return outcome;
}

function expectSound(outcome: Outcome, length: number): void {
  const f = outcome.fields as Record<
    'network' | 'networkEnd' | 'networkLength' | 'payload' | 'payloadEnd' | 'payloadLength' | 'depth' | 'ipVersion',
    number
  >;
  expect(Object.values(f).every(Number.isInteger)).toBe(true);
  expect(f.depth).toBeLessThan(8);
  expect(outcome.anomalies.length === 0).toBe(outcome.fields['anomaly'] === 0);
  if (outcome.decoded === Decoded.None) {
    expect([f.network, f.networkEnd, f.networkLength, f.payload, f.payloadEnd, f.payloadLength, f.ipVersion]).toEqual(
      Array<number>(7).fill(0),
    );
    return;
  }
  expect([4, 6]).toContain(f.ipVersion);
  expect(f.network).toBeLessThanOrEqual(f.networkEnd);
  expect(f.networkEnd).toBeLessThanOrEqual(length);
  expect(f.networkLength).toBeGreaterThanOrEqual(f.networkEnd - f.network);
  if (outcome.decoded !== Decoded.Transport) return;
  expect(f.network).toBeLessThan(f.payload);
  expect(f.payload).toBeLessThanOrEqual(f.payloadEnd);
  expect(f.payloadEnd).toBeLessThanOrEqual(f.networkEnd);
  expect(f.payloadLength).toBeGreaterThanOrEqual(f.payloadEnd - f.payload);
}

describe('any bytes', () => {
  it.each(LINK_TYPES)('link type %i', (linkType) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(3000), (bytes, originalLength) => {
        expectSound(decodeAlone(bytes, linkType, originalLength), bytes.length);
      }),
      { numRuns: 300 },
    );
  });

  it('frames of the table with bytes changed', () => {
    const change = fc.tuple(fc.nat(300), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...CASES),
        fc.array(change, { maxLength: 4 }),
        fc.nat(300),
        (row, changes, length) => {
          const bytes = fromHex(row.hex);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          const cut = bytes.subarray(0, length);
          expectSound(decodeAlone(cut, row.linkType, bytes.length), cut.length);
        },
      ),
      { numRuns: 4000 },
    );
  });
});

describe('decodeNetworkPayload', () => {
  const piece = { piece: 0x2000, source: '0a000009', destination: '0a00000a' };

  function reassembled(protocol: number, hex: string) {
    const frame = ethernet(0x8100, `0005${'0800'}${ipv4(protocol, '00'.repeat(8), piece)}`);
    const packet = createPacket();
    expect(decode(frame, 1, packet).decoded).toBe(Decoded.Fragment);
    const bytes = fromHex(hex);
    const view = new DataView(bytes.buffer);
    const counters = createAnomalyCounters();
    const decoded = decodeNetworkPayload(bytes, view, 0, bytes.length, protocol, packet, counters);
    expect(packet.bytes).toBe(bytes);
    expect(packet.view).toBe(view);
    return { decoded, fields: fieldsOf(packet, 0), anomalies: namesOf(counters) };
  }

  it('goes on with the transport header', () => {
    expect(reassembled(TCP, tcp('aabbcc'))).toMatchObject({
      decoded: Decoded.Transport,
      fields: {
        source0: 0x0a000009,
        vlan: 5,
        destinationPort: 3333,
        payload: 20,
        payloadEnd: 23,
        network: 0,
        networkEnd: 23,
        fragmentMore: 0,
        depth: 0,
      },
      anomalies: [],
    });
  });

  it('follows tunnels', () => {
    const inner = ethernet(IPV4, ipv4(TCP, tcp('aa')));
    expect(reassembled(UDP, udp(vxlan(7, inner), 4789))).toMatchObject({
      decoded: Decoded.Transport,
      fields: { source0: 0xc0000201 | 0, depth: 1, virtualNetwork: 7, payloadLength: 1 },
    });
  });

  it('finds fragments inside', () => {
    expect(reassembled(47, gre(IPV4, ipv4(UDP, '00'.repeat(8), { piece: 1 })))).toMatchObject({
      decoded: Decoded.Fragment,
      fields: { depth: 1, fragmentOffset: 8, fragmentMore: 0, networkLength: 8 },
    });
  });

  it('keeps the outer header where the tunnel is broken', () => {
    expect(reassembled(47, '0005')).toMatchObject({
      decoded: Decoded.Network,
      fields: { source0: 0x0a000009, depth: 0, protocol: 47, tunnels: 0 },
      anomalies: ['gre.truncated'],
    });
  });
});
