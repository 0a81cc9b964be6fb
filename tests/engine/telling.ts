/** Which messages of a generated conversation say by themselves that somebody mines. Written from the protocols' pages. */
import { type RawFrame, tcpLayout } from '../generate/index.ts';

export interface Piece {
  /** One message: its flow and its number in it. */
  readonly key: string;
  readonly payload: Uint8Array;
}

/** The payload of every frame with the message it belongs to; null for frames without payload. */
export function pieceOf(frame: RawFrame): Piece | null {
  const layout = tcpLayout(frame);
  if (layout === null || layout.payload === layout.end) return null;
  const flow = [layout.source, layout.destination].sort().join('-');
  return { key: `${flow}#${frame.message}`, payload: frame.data.subarray(layout.payload, layout.end) };
}

/** Messages by key, each with how many frames carry it. */
export function messagesOf(frames: readonly RawFrame[]): Map<string, { payload: Uint8Array; frames: number }> {
  const messages = new Map<string, { payload: Uint8Array; frames: number }>();
  for (const frame of frames) {
    const piece = pieceOf(frame);
    if (piece === null) continue;
    const known = messages.get(piece.key);
    if (known === undefined) messages.set(piece.key, { payload: piece.payload, frames: 1 });
    else {
      known.payload = Buffer.concat([known.payload, piece.payload]);
      known.frames++;
    }
  }
  return messages;
}

const METHODS = [
  ...['mining.subscribe', 'mining.authorize', 'mining.submit', 'mining.notify', 'mining.configure', 'mining.hello'],
  ...['mining.set_difficulty', 'mining.set_target', 'mining.set', 'mining.hashrate', 'mining.extranonce.subscribe'],
  ...['eth_submitLogin', 'eth_getWork', 'eth_submitWork', 'eth_submitHashrate', 'login', 'job', 'submit'],
  ...['getwork', 'getblocktemplate', 'submitblock', 'getjobtemplate', 'solution'],
  ...['mining.subscribed', 'mining.submitted'],
  ...['ckb_submitLogin', 'ckb_getWork', 'ckb_submitWork', 'ckb_submitHashrate'],
];
/** What `npm run new:dialect` begins with. */
const SCAFFOLD = /^[a-z0-9-]+\.(?:login|job|submit)$/;
const TYPES = ['job', 'submit'];
/** Nimiq's. */
const MESSAGES = ['register', 'settings', 'new-block', 'share'];
/** CoinHive's log-in and acceptance: words that others use too, with members that hardly anybody else has. Grin's answers. */
const HINTS = /"type":"(?:auth|authed|hash_accepted)"|"method":"submit","(?:result|error)"/;

/** True where nothing but mining looks like this message. */
export function tells(payload: Uint8Array): boolean {
  if (payload.length >= 6 && payload[1] === 0 && payload[2]! < 0x40 && payload[0] === 0) return true;
  if (payload.length >= 6 && payload[1] === 0x80 && payload[0] === 0) return true;
  const text = Buffer.from(textOf(payload)).toString('utf8');
  const head = text.indexOf('\r\n\r\n');
  const body = head < 0 ? text : text.slice(head + 4);
  return body.split('\n').some((line) => tellsLine(line));
}

function tellsLine(line: string): boolean {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return false;
  }
  const method = value['method'];
  // Grin's answers repeat the method: there the result tells, as it does without one.
  if (typeof method === 'string' && !('result' in value) && !('error' in value)) {
    const { params } = value;
    // Bytom's log-in is a list of texts, as any service's may be; Beam's answers have the prefix of the nonce once.
    if (method === 'login' && Array.isArray(params)) return typeof params[0] === 'object';
    if (method === 'result') return 'nonceprefix' in value;
    return METHODS.includes(method) || SCAFFOLD.test(method);
  }
  if (typeof value['message'] === 'string') return MESSAGES.includes(value['message']);
  const payload = value['payload'];
  if (typeof payload === 'object' && payload !== null) return 'launcher_id' in payload;
  if (typeof value['type'] === 'string') return TYPES.includes(value['type']);
  const result = value['result'];
  // The answer to a subscription names the method of the jobs to come.
  if (Array.isArray(result) && JSON.stringify(result[0] ?? null).includes('"mining.notify"')) return true;
  // Bytom's job; Zano's; the answers of Aleo (address of the pool) and Xelis (extra nonce of 32 bytes).
  if (Array.isArray(result) && result.length === 11) return true;
  if (Array.isArray(result) && result.length === 4 && /^0x0{8}[0-9a-f]{8}$/.test(String(result[3]))) return true;
  if (Array.isArray(result) && (/^aleo1/.test(String(result[2])) || result[2] === 32)) return true;
  if (Array.isArray(result)) return result.length === 3 && result.every((r) => /^0x[0-9a-f]{64}$/.test(String(r)));
  if (typeof result !== 'object' || result === null) return false;
  if (
    'version-rolling' in result ||
    String((result as Record<string, unknown>)['proto']).startsWith('EthereumStratum/')
  )
    return true;
  if ('pre_pow' in result || 'sealHash' in result || 'pow_hash' in result) return true;
  return 'job' in result || ('data' in result && 'target' in result) || 'previousblockhash' in result;
}

/** True where a message may pass for mining and need not. */
export function hints(payload: Uint8Array): boolean {
  return HINTS.test(Buffer.from(textOf(payload)).toString('utf8'));
}

/** A WebSocket frame without its mask; other payloads as they are. */
function textOf(payload: Uint8Array): Uint8Array {
  if ((payload[0]! & 0x70) !== 0 || (payload[0]! & 0x8f) !== 0x81) return payload;
  const short = payload[1]! & 0x7f;
  const masked = (payload[1]! & 0x80) !== 0;
  let at = short === 126 ? 4 : short === 127 ? 10 : 2;
  const mask = payload.subarray(at, at + 4);
  if (masked) at += 4;
  return payload.subarray(at).map((byte, n) => (masked ? byte ^ mask[n % 4]! : byte));
}
