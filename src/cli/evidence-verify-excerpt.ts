import type { Frame } from '../capture/frame.ts';
import { CaptureReader } from '../capture/reader.ts';
import { ANOMALIES } from '../common/anomaly.ts';
import { decodeFrame } from '../decode/decode.ts';
import { Decoded, Packet, PROTOCOL_TCP, TCP_SYN } from '../decode/packet.ts';
import { packetComments, signaturesNamed } from '../publish/package-comments.ts';
import type { ExcerptFacts } from '../publish/package-compare.ts';
import { REDACTION_MARK } from '../publish/package-types.ts';

/** What an excerpt holds and shows. Total: of a damaged capture what was read. */
export function excerptFacts(bytes: Uint8Array): ExcerptFacts {
  const fragments = new Set<number>();
  let opening = false;
  const empty = new Uint8Array(0);
  const packet = new Packet(empty, new DataView(empty.buffer));
  const counters = new Float64Array(ANOMALIES.length);
  const reader = new CaptureReader(0);
  reader.feed(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length, {
    onFrame: (frame: Frame) => {
      const decoded = decodeFrame(frame, packet, counters);
      if (decoded === Decoded.Fragment) fragments.add(frame.number);
      if (decoded === Decoded.Transport && packet.protocol === PROTOCOL_TCP && (packet.tcpFlags & TCP_SYN) !== 0) {
        opening = true;
      }
    },
  });
  reader.finish();
  const named = new Map<string, number[]>();
  const redacted = new Set<number>();
  for (const [at, comment] of packetComments(bytes).entries()) {
    if (comment.includes(REDACTION_MARK)) redacted.add(at + 1);
    for (const signature of signaturesNamed(comment)) {
      named.set(signature, [...(named.get(signature) ?? []), at + 1]);
    }
  }
  return { named, redacted, fragments, opening, packets: reader.packets };
}
