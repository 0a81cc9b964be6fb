import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import type { HttpHead } from './message.ts';

/** Most bytes of a body that are handed on, and of a compressed body that are gathered. */
export const MAX_BODY: number = 256 * 1024;
export const MAX_CODED_BODY: number = 64 * 1024;

/** What is done with a body. */
export const Capture = {
  /** Passed over. */
  Drop: 0,
  /** Gathered and handed on. */
  Keep: 1,
  /** Gathered if its first byte that is no white space opens a JSON value. */
  Look: 2,
} as const;
export type Capture = (typeof Capture)[keyof typeof Capture];

export const Coding = { None: 0, Gzip: 1, Deflate: 2 } as const;
export type Coding = (typeof Coding)[keyof typeof Coding];

/** How the end of a body is found (RFC 9112 §6.3). `length` counts with `Length` only. */
export const Framing = { None: 0, Length: 1, Chunked: 2, Close: 3, Bad: 4 } as const;
export type Framing = (typeof Framing)[keyof typeof Framing];

export interface BodyPlan {
  readonly framing: Framing;
  readonly length: number;
  readonly capture: Capture;
  readonly coding: Coding;
  /** May be JSON, but is announced longer than MAX_BODY. */
  readonly tooLong: boolean;
}

/** Reads from a head how its body is framed and whether it is worth gathering. */
export function planBody(head: HttpHead): BodyPlan {
  let framing: Framing = head.kind === 'request' ? Framing.None : Framing.Close;
  let length = 0;
  const transfer = head.headers.get('transfer-encoding')?.toLowerCase() ?? '';
  const announced = head.headers.get('content-length');
  if (head.kind === 'response' && (head.status < 200 || head.status === 204 || head.status === 304)) {
    framing = Framing.None;
  } else if (transfer !== '') {
    framing = /(?:^|[ ,])chunked$/.test(transfer) ? Framing.Chunked : Framing.Close;
  } else if (announced !== undefined) {
    length = contentLength(announced);
    framing = length < 0 ? Framing.Bad : length === 0 ? Framing.None : Framing.Length;
  }
  let coding = codingOf(head.headers.get('content-encoding'));
  // A coding applied by the transfer is as good as one of the content.
  if (coding === Coding.None && framing === Framing.Chunked) coding = codingOf(beforeChunked(transfer));
  const type = head.headers.get('content-type')?.toLowerCase() ?? '';
  let capture: Capture = captureOf(type);
  if (coding === null) capture = Capture.Drop;
  else if (coding !== Coding.None) capture = type === '' || type.includes('json') ? Capture.Keep : Capture.Drop;
  const limit = coding === Coding.None ? MAX_BODY : MAX_CODED_BODY;
  const tooLong = framing === Framing.Length && length > limit;
  return {
    framing,
    length,
    capture: tooLong ? Capture.Drop : capture,
    coding: coding ?? Coding.None,
    tooLong: tooLong && capture === Capture.Keep,
  };
}

/** A compressed body [0, length) in clear, at most MAX_BODY bytes; null where it is damaged or larger. */
export function decodeBody(coding: Coding, bytes: Uint8Array, length: number): Uint8Array | null {
  const input = bytes.subarray(0, length);
  const options = { maxOutputLength: MAX_BODY };
  try {
    if (coding === Coding.Gzip) return gunzipSync(input, options);
    // "deflate" means the zlib format, but bare deflate is sent under that name too (RFC 9110 §8.4.1.2).
    try {
      return inflateSync(input, options);
    } catch {
      return inflateRawSync(input, options);
    }
  } catch {
    return null;
  }
}

/** Types that carry JSON in the field (no type, plain text, curl's default form type); others must look like it. */
function captureOf(type: string): Capture {
  if (type === '' || type.includes('json')) return Capture.Keep;
  if (type.startsWith('text/plain') || type.startsWith('application/x-www-form-urlencoded')) return Capture.Keep;
  return Capture.Look;
}

/** Transfer codings before the final `chunked`. By hand: `/[ ,]*chunked$/` takes quadratic time on a run of blanks. */
function beforeChunked(transfer: string): string {
  let end = transfer.length - 'chunked'.length;
  while (end > 0 && (transfer[end - 1] === ' ' || transfer[end - 1] === ',')) end--;
  return transfer.slice(0, end);
}

/** null = a coding we do not undo. */
function codingOf(value: string | undefined): Coding | null {
  const coding = value?.trim().toLowerCase() ?? '';
  if (coding === '' || coding === 'identity') return Coding.None;
  if (coding === 'gzip' || coding === 'x-gzip') return Coding.Gzip;
  return coding === 'deflate' ? Coding.Deflate : null;
}

/** Content-Length: one number, or the same one repeated (RFC 9110 §8.6); -1 otherwise. */
function contentLength(value: string): number {
  const parts = value.split(',').map((part) => part.trim());
  const first = parts[0] as string;
  if (!/^\d{1,15}$/.test(first) || parts.some((part) => part !== first)) return -1;
  return Number(first);
}
