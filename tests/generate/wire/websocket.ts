/** WebSocket handshake and frames (RFC 6455 §4, §5.2). */
import type { Random } from '../random.ts';
import { concat, u8, u16be, utf8 } from './bytes.ts';

export const TEXT = 1;
export const CONTINUATION = 0;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** Upgrade request; the key is the example of RFC 6455 §1.3. */
export function upgradeRequest(host: string, target: string, origin: string): string {
  return (
    `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: ${origin}\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  );
}

export const UPGRADE_RESPONSE: string =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';

/** One frame; with `rng` the payload is masked, as every frame from a client must be. */
export function webSocketFrame(
  payload: string | Uint8Array,
  options: { readonly rng?: Random; readonly opcode?: number; readonly final?: boolean } = {},
): Uint8Array {
  const body = typeof payload === 'string' ? utf8(payload) : payload;
  const first = (options.final === false ? 0 : 0x80) | (options.opcode ?? TEXT);
  const masked = options.rng === undefined ? 0 : 0x80;
  const length =
    body.length < 126 ? u8(first, masked | body.length) : concat(u8(first, masked | 126), u16be(body.length));
  if (options.rng === undefined) return concat(length, body);
  const mask = options.rng.bytes(4);
  return concat(
    length,
    mask,
    body.map((byte, index) => byte ^ mask[index & 3]!),
  );
}
