/** Reads comments out of a pcapng file that this program wrote: little-endian Enhanced Packet Blocks (draft-ietf-opsawg-pcapng §4.3). */

const ENHANCED_PACKET = 6;
const OPT_COMMENT = 1;
const OPT_END = 0;
/** Type, length, interface, two halves of a time, two lengths. */
const PACKET_HEADER = 28;
const MAX_COMMENT = 65_535;

/** Comments of the packets in order, '' where a packet has none. Total: stops where blocks no longer make sense. */
export function packetComments(bytes: Uint8Array, most = 100_000): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const comments: string[] = [];
  for (let at = 0; at + 12 <= bytes.length && comments.length < most; ) {
    const length = view.getUint32(at + 4, true);
    if (length < 12 || length % 4 !== 0 || at + length > bytes.length) break;
    if (view.getUint32(at, true) === ENHANCED_PACKET && length >= PACKET_HEADER + 4) {
      const options = PACKET_HEADER + 4 * Math.ceil(view.getUint32(at + 20, true) / 4);
      comments.push(commentOf(bytes, view, at + options, at + length - 4));
    }
    at += length;
  }
  return comments;
}

function commentOf(bytes: Uint8Array, view: DataView, from: number, end: number): string {
  const found: string[] = [];
  for (let at = from; at + 4 <= end; ) {
    const code = view.getUint16(at, true);
    const length = view.getUint16(at + 2, true);
    if (code === OPT_END || at + 4 + length > end) break;
    if (code === OPT_COMMENT && length <= MAX_COMMENT) {
      found.push(new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + length)));
    }
    at += 4 + 4 * Math.ceil(length / 4);
  }
  return found.join('\n');
}

/** `id@version` of the signatures that a comment of `evidence.ts` names, one a line. */
export function signaturesNamed(comment: string): string[] {
  return comment.split('\n').flatMap((line) => {
    const parts = /^([a-z0-9][a-z0-9.-]{0,119}) v(\d{1,9}), weight /.exec(line);
    return parts === null ? [] : [`${parts[1]}@${parts[2]}`];
  });
}
