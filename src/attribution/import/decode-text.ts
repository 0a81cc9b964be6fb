/**
 * Bytes of an operator's file as text. The encoding is found out from the first 64 KiB; lines that do not fit it later are
 * tried in the other one that is usual here (exports glued together), and what fits neither is replaced and counted.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { ImportError, shown } from './import-error.ts';

export const ENCODINGS = ['utf-8', 'gb18030', 'utf-16le', 'utf-16be'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface Detected {
  readonly encoding: Encoding;
  /** Length of the byte order mark. */
  readonly bom: number;
  /** Too many control characters for a text. */
  readonly binary: boolean;
}

/** A line longer than this is cut for decoding; the table and line readers have smaller limits of their own. */
const LINE_LIMIT = 1 << 20;
const NEWLINE = 10;

const ALIASES: Readonly<Record<string, Encoding>> = {
  utf8: 'utf-8',
  utf8bom: 'utf-8',
  ascii: 'utf-8',
  gbk: 'gb18030',
  gb2312: 'gb18030',
  cp936: 'gb18030',
  gb18030: 'gb18030',
  utf16: 'utf-16le',
  utf16le: 'utf-16le',
  unicode: 'utf-16le',
  utf16be: 'utf-16be',
};

/** The encoding that a person names. Throws `ImportError` for one that is not known. */
export function namedEncoding(name: string): Encoding {
  const found = ALIASES[name.toLowerCase().replace(/[^a-z0-9]/g, '')];
  if (found) return found;
  throw new ImportError(`unknown encoding "${shown(name, 40)}"; use utf-8, gb18030 (also gbk), utf-16le or utf-16be`);
}

/** Encoding of the text that begins with `head` (at most the first 64 KiB are looked at). `whole`: nothing follows. */
export function detectEncoding(head: Uint8Array, whole: boolean): Detected {
  const bytes = head.subarray(0, 1 << 16);
  const marked = markOf(bytes);
  if (marked) return { ...marked, binary: isBinary(bytes.subarray(marked.bom), marked.encoding) };
  const wide = wideOf(bytes);
  if (wide) return { encoding: wide, bom: 0, binary: false };
  const cut = whole && head.length <= bytes.length ? bytes : wholeCharacters(bytes);
  if (isUtf8(cut)) return { encoding: 'utf-8', bom: 0, binary: isBinary(cut, 'utf-8') };
  if (mostlyUtf8(cut)) return { encoding: 'utf-8', bom: 0, binary: isBinary(cut, 'utf-8') };
  if (fatal('gb18030', cut) !== null) return { encoding: 'gb18030', bom: 0, binary: isBinary(cut, 'gb18030') };
  // Neither fits: the one with less damage.
  const losses = (encoding: Encoding): number => replaced(new TextDecoder(encoding).decode(cut));
  const encoding = losses('utf-8') <= losses('gb18030') ? 'utf-8' : 'gb18030';
  return { encoding, bom: 0, binary: isBinary(cut, encoding) };
}

/** A byte order mark, which is never part of the text. */
export function markOf(bytes: Uint8Array): { encoding: Encoding; bom: number } | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return { encoding: 'utf-8', bom: 3 };
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { encoding: 'utf-16le', bom: 2 };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { encoding: 'utf-16be', bom: 2 };
  return null;
}

/** UTF-16 without a mark: separators and digits leave zero bytes on one side only. */
function wideOf(bytes: Uint8Array): Encoding | null {
  const units = bytes.length >> 1;
  if (units < 4) return null;
  const zeros: [number, number] = [0, 0];
  for (let i = 0; i < units * 2; i++) if (bytes[i] === 0) zeros[i & 1] = (zeros[i & 1] as number) + 1;
  const [even, odd] = zeros;
  const encoding = odd > even ? 'utf-16le' : 'utf-16be';
  if (Math.max(even, odd) < units * 0.05 || Math.min(even, odd) > units * 0.01) return null;
  return isBinary(bytes.subarray(0, units * 2), encoding, 0.01) ? null : encoding;
}

/** Files glued together: GBK text is hardly ever valid UTF-8 by chance, so lines that are speak for it. */
function mostlyUtf8(bytes: Uint8Array): boolean {
  let fits = 0;
  let others = 0;
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from);
    const to = newline < 0 ? bytes.length : newline + 1;
    const line = bytes.subarray(from, to);
    if (isUtf8(line)) fits += isAscii(line) ? 0 : 1;
    else others++;
    from = to;
  }
  return fits > others;
}

function isBinary(bytes: Uint8Array, encoding: Encoding, share: number = 0.1): boolean {
  const text = new TextDecoder(encoding).decode(bytes);
  let strange = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if ((c < 32 && c !== 9 && c !== 10 && c !== 13) || c === 0xfffd) strange++;
  }
  return strange > text.length * share;
}

/** Without the end that may be cut inside a character: both encodings begin anew after a byte below 0x30. */
function wholeCharacters(bytes: Uint8Array): Uint8Array {
  for (let end = bytes.length; end > 0 && end > bytes.length - 4096; end--) {
    if ((bytes[end - 1] as number) < 0x30) return bytes.subarray(0, end);
  }
  return bytes;
}

const DECODERS = new Map<Encoding, InstanceType<typeof TextDecoder>>();

function fatal(encoding: Encoding, bytes: Uint8Array): string | null {
  let decoder = DECODERS.get(encoding);
  if (!decoder) DECODERS.set(encoding, (decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })));
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

function replaced(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at + 1)) count++;
  return count;
}

/** Bytes in, text out; at most a line is held back. Feed it from behind the byte order mark. */
export class TextStream {
  readonly encoding: Encoding;
  /** All text up to some line was ASCII, and what follows is in this encoding instead. */
  switched: Encoding | null = null;
  /** Lines that fitted only the other of UTF-8 and GB18030. */
  otherLines: number = 0;
  /** Characters that fitted nothing and became U+FFFD. */
  replaced: number = 0;
  readonly #out: (text: string) => void;
  readonly #wide: InstanceType<typeof TextDecoder> | null;
  #carry: Uint8Array = new Uint8Array(0);
  #asciiOnly = true;
  #current: Encoding;

  constructor(encoding: Encoding, out: (text: string) => void) {
    this.encoding = encoding;
    this.#current = encoding;
    this.#out = out;
    this.#wide = encoding.startsWith('utf-16') ? new TextDecoder(encoding, { ignoreBOM: true }) : null;
  }

  push(chunk: Uint8Array): void {
    if (this.#wide) {
      this.#give(this.#wide.decode(chunk, { stream: true }));
      return;
    }
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    let end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end === 0 && bytes.length > LINE_LIMIT) end = wholeCharacters(bytes).length;
    this.#block(bytes.subarray(0, end));
    // A copy: the caller may use its buffer again.
    this.#carry = new Uint8Array(bytes.subarray(end));
  }

  end(): void {
    if (this.#wide) {
      this.#give(this.#wide.decode());
      return;
    }
    this.#block(this.#carry);
    this.#carry = new Uint8Array(0);
  }

  #block(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (isAscii(bytes)) {
      this.#out(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'));
      return;
    }
    const text = fatal(this.#current, bytes);
    if (text !== null) {
      this.#asciiOnly = false;
      this.#out(text);
      return;
    }
    for (let from = 0; from < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, from);
      const to = newline < 0 ? bytes.length : newline + 1;
      this.#line(bytes.subarray(from, to));
      from = to;
    }
  }

  #line(line: Uint8Array): void {
    const text = fatal(this.#current, line);
    if (text !== null) {
      this.#asciiOnly &&= isAscii(line);
      this.#out(text);
      return;
    }
    const other = this.#current === 'utf-8' ? 'gb18030' : 'utf-8';
    const second = fatal(other, line);
    if (second === null) {
      this.#give(new TextDecoder(this.#current, { ignoreBOM: true }).decode(line));
      return;
    }
    // Nothing before it spoke for the one or the other.
    if (this.#asciiOnly) this.switched = this.#current = other;
    else this.otherLines++;
    this.#asciiOnly = false;
    this.#out(second);
  }

  #give(text: string): void {
    if (text === '') return;
    this.replaced += replaced(text);
    this.#out(text);
  }
}
