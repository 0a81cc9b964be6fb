import { Anomaly } from '../common/anomaly.ts';
import type { HttpHead, JsonMessage, Place, Side, Transport } from './message.ts';

/** Characters of a message kept as text. */
export const MAX_TEXT = 4096;
/** Elements of a JSON-RPC batch that are looked at. */
const MAX_BATCH = 64;
/** Levels of objects and arrays in one message; real ones have fewer than ten, and what walks a value is recursive. */
const MAX_DEPTH = 64;

/**
 * Parses one JSON object, or a JSON-RPC batch of them, and appends a message for each to `out`.
 * Returns 0, or the index of an anomaly; never throws. `text` is bounded by the caller.
 */
export function jsonMessages(
  text: string,
  side: Side,
  place: Place,
  transport: Transport,
  http: HttpHead | null,
  wsPath: string | null,
  out: JsonMessage[],
): number {
  if (isTooDeep(text)) return Anomaly['json.too_deep'];
  const value = parseJson(text);
  if (value === undefined || value === null || typeof value !== 'object') return Anomaly['json.malformed'];
  const batch: unknown[] = Array.isArray(value) ? value.slice(0, MAX_BATCH) : [value];
  for (const item of batch) {
    if (item === null || typeof item !== 'object' || Array.isArray(item)) continue;
    const record = item as Record<string, unknown>;
    out.push({
      kind: 'json',
      side,
      place,
      transport,
      value: record,
      method: typeof record['method'] === 'string' ? record['method'] : null,
      id: idOf(record['id']),
      http,
      wsPath,
      text: batch.length === 1 ? text.slice(0, MAX_TEXT) : JSON.stringify(item).slice(0, MAX_TEXT),
    });
  }
  return 0;
}

/** Whether brackets outside strings stand deeper than MAX_DEPTH; needs no valid JSON. */
function isTooDeep(text: string): boolean {
  if (text.length <= 2 * MAX_DEPTH) return false;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > MAX_DEPTH) return true;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return false;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `id` in a form that keeps 1 and "1" apart; null where it is missing or of no use for pairing. */
function idOf(id: unknown): string | null {
  if (typeof id === 'number') return `n:${id}`;
  if (typeof id === 'string') return `s:${id.slice(0, 128)}`;
  return null;
}
