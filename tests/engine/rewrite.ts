/** Frames as another customer or another protocol version would have sent them. */
import { type RawFrame, tcpLayout } from '../generate/index.ts';
import { concat } from '../generate/wire/bytes.ts';
import { addressBytes, ETHERTYPE_IPV6, ethernet, ipPacket, PROTOCOL_TCP, sealTcp } from '../generate/wire/packet.ts';

/** 2001:db8::/96 with the IPv4 address in its last 32 bits. */
export function asIpv6(address: Uint8Array): Uint8Array {
  return concat(addressBytes('2001:db8::').subarray(0, 12), address);
}

/** The same TCP segments over IPv6; frames that are no plain TCP over IPv4 are left out. */
export function toIpv6(frames: readonly RawFrame[]): RawFrame[] {
  return frames.flatMap((frame) => {
    const layout = tcpLayout(frame);
    if (layout === null || layout.ipVersion !== 4) return [];
    const { data } = frame;
    const source = asIpv6(data.subarray(layout.ip + 12, layout.ip + 16));
    const destination = asIpv6(data.subarray(layout.ip + 16, layout.ip + 20));
    const segment = data.slice(layout.tcp, layout.end);
    sealTcp(source, destination, segment);
    const packet = ipPacket(source, destination, PROTOCOL_TCP, segment);
    return [{ ...frame, data: ethernet(data.subarray(0, 6), data.subarray(6, 12), ETHERTYPE_IPV6, packet) }];
  });
}

/** The same frames with all sequence numbers moved on by `shift`, as another connection has them. */
export function shiftSequences(frames: readonly RawFrame[], shift: number): RawFrame[] {
  return frames.map((frame) => {
    const layout = tcpLayout(frame);
    if (layout === null) return frame;
    const data = frame.data.slice();
    const view = new DataView(data.buffer);
    for (const at of [layout.tcp + 4, layout.tcp + 8]) view.setUint32(at, (view.getUint32(at) + shift) >>> 0);
    return { ...frame, data };
  });
}
