/** Seeded mutations of bytes, captures, texts and JSON values. Everything is a function of the generator given. */
import type { Random } from '../generate/index.ts';

/** Values at which length and sign tests break. */
const INTERESTING_8 = [
  0, 1, 2, 3, 4, 7, 8, 14, 16, 20, 32, 40, 45, 64, 69, 96, 100, 126, 127, 128, 129, 130, 192, 254, 255,
];
const INTERESTING_16 = [0, 1, 19, 20, 127, 128, 255, 256, 1500, 0x0800, 0x05ff, 0x7fff, 0x8000, 0x86dd, 0xfffe, 0xffff];
const INTERESTING_32 = [
  0, 1, 12, 255, 65_535, 65_536, 262_144, 262_145, 0x00ffffff, 0x01000000, 0x7fffffff, 0x80000000, 0xfffffffe,
  0xffffffff,
];
const TOKENS = ['\r\n', '\n', '\r\n\r\n', '{', '}', '[', ']', '"', ':', ',', '\0', '\\u0000', 'HTTP/1.1 ', 'GET / '];

export interface MutateOptions {
  /** Longest result, in bytes. */
  readonly max: number;
  /** Another input to splice with. */
  readonly other?: Uint8Array;
  /** Offsets of length fields, where they are known. */
  readonly lengths?: readonly number[];
  /** Most changes to one input. */
  readonly changes?: number;
}

/** A changed copy of `input`; now and then the input itself, so that what is valid is met too. */
export function mutate(rng: Random, input: Uint8Array, options: MutateOptions): Uint8Array {
  let bytes: Uint8Array = input.slice(0, options.max);
  const changes = rng.int(0, options.changes ?? 5);
  for (let i = 0; i < changes; i++) bytes = change(rng, bytes, options);
  return bytes.length > options.max ? bytes.slice(0, options.max) : bytes;
}

function change(rng: Random, bytes: Uint8Array, options: MutateOptions): Uint8Array {
  const at = rng.int(0, Math.max(0, bytes.length - 1));
  switch (rng.int(0, 11)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << rng.int(0, 7));
      return bytes;
    case 1:
      bytes[at] = rng.int(0, 255);
      return bytes;
    case 2:
      bytes[at] = rng.pick(INTERESTING_8);
      return bytes;
    case 3:
    case 4: {
      const known = options.lengths;
      const field = known !== undefined && known.length > 0 && rng.int(0, 2) > 0 ? rng.pick(known) : at;
      return lie(rng, bytes, field);
    }
    case 5:
      return bytes.slice(0, at);
    case 6:
      return join(bytes.subarray(0, at), rng.bytes(rng.int(1, 16)), bytes.subarray(at));
    case 7:
      return join(bytes.subarray(0, at), Buffer.from(rng.pick(TOKENS)), bytes.subarray(at));
    case 8:
      return join(bytes.subarray(0, at), bytes.subarray(at + rng.int(1, Math.max(1, bytes.length >> 2))));
    case 9: {
      const range = bytes.slice(at, at + rng.int(1, 64));
      return join(bytes.subarray(0, at), ...Array<Uint8Array>(rng.int(1, 4)).fill(range), bytes.subarray(at));
    }
    case 10: {
      const range = bytes.slice(at, at + rng.int(1, 32));
      bytes.set(range, rng.int(0, bytes.length - range.length));
      return bytes;
    }
    default: {
      const other = options.other ?? bytes;
      return join(bytes.subarray(0, at), other.subarray(rng.int(0, other.length)));
    }
  }
}

/** Puts a value that cannot be right, or only nearly, into a field of 16 or 32 bits in either byte order. */
function lie(rng: Random, bytes: Uint8Array, at: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = rng.int(0, 1) === 1;
  const near = rng.int(-4, 4);
  if (rng.int(0, 1) === 0) {
    if (at + 2 > bytes.length) return bytes;
    view.setUint16(at, rng.int(0, 1) === 0 ? rng.pick(INTERESTING_16) : view.getUint16(at, little) + near, little);
  } else if (at + 4 <= bytes.length) {
    view.setUint32(at, rng.int(0, 1) === 0 ? rng.pick(INTERESTING_32) : view.getUint32(at, little) + near, little);
  }
  return bytes;
}

/** A record of a capture: its header, its data, and where the next one begins. */
interface CaptureRecord {
  readonly header: number;
  readonly data: number;
  readonly dataEnd: number;
}

/** Packet records of a sound capture that this project's own writers made. */
export function recordsOf(bytes: Uint8Array): CaptureRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: CaptureRecord[] = [];
  if (bytes.length < 24) return records;
  if (view.getUint32(0) === 0x0a0d0d0a) {
    const little = view.getUint32(8, true) === 0x1a2b3c4d;
    for (let at = 0; at + 32 <= bytes.length; ) {
      const length = view.getUint32(at + 4, little);
      if (length < 12) break;
      const captured = view.getUint32(at + 20, little);
      if (view.getUint32(at, little) === 6 && captured <= length - 32 && at + length <= bytes.length) {
        records.push({ header: at, data: at + 28, dataEnd: at + 28 + captured });
      }
      at += length;
    }
    return records;
  }
  const magic = view.getUint32(0, true);
  const little = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
  for (let at = 24; at + 16 <= bytes.length; ) {
    const captured = view.getUint32(at + 8, little);
    if (captured > bytes.length - at - 16) break;
    records.push({ header: at, data: at + 16, dataEnd: at + 16 + captured });
    at += 16 + captured;
  }
  return records;
}

/** A capture whose frames changed inside while every record header stays true. */
export function mutateFrames(rng: Random, capture: Uint8Array): Uint8Array {
  const bytes = capture.slice();
  const records = recordsOf(bytes);
  for (let i = rng.int(1, 6); i > 0 && records.length > 0; i--) {
    const record = rng.pick(records);
    const length = record.dataEnd - record.data;
    if (length === 0) continue;
    // Headers lie in front: half of the changes go there.
    const reach = rng.int(0, 1) === 0 ? Math.min(length, 80) : length;
    const at = record.data + rng.int(0, reach - 1);
    const kind = rng.int(0, 4);
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << rng.int(0, 7));
    else if (kind === 1) bytes[at] = rng.pick(INTERESTING_8);
    else if (kind === 2) lie(rng, bytes.subarray(record.data, record.dataEnd), at - record.data);
    else if (kind === 3) bytes.set(rng.bytes(Math.min(8, record.dataEnd - at)), at);
    else {
      const other = rng.pick(records);
      const from = other.data + rng.int(0, Math.max(0, other.dataEnd - other.data - 1));
      bytes.set(bytes.slice(from, Math.min(other.dataEnd, from + record.dataEnd - at)), at);
    }
  }
  return bytes;
}

/** A capture whose record headers lie: times, captured and original lengths, block types and lengths. */
export function mutateHeaders(rng: Random, capture: Uint8Array): Uint8Array {
  const bytes = capture.slice();
  const records = recordsOf(bytes);
  for (let i = rng.int(1, 3); i > 0 && records.length > 0; i--) {
    const record = rng.pick(records);
    const size = record.data - record.header;
    lie(rng, bytes.subarray(record.header, record.data), rng.int(0, (size >> 2) - 1) << 2);
  }
  return bytes;
}

/** The records of a capture in another order, some twice, some not at all. */
export function shuffleRecords(rng: Random, capture: Uint8Array): Uint8Array {
  const records = recordsOf(capture);
  const first = records[0];
  if (first === undefined) return capture.slice();
  const whole = (record: CaptureRecord, index: number): Uint8Array =>
    capture.subarray(record.header, records[index + 1]?.header ?? capture.length);
  const pieces = records.map(whole);
  for (let i = rng.int(1, 6); i > 0; i--) {
    const at = rng.int(0, Math.max(0, pieces.length - 1));
    const [piece] = pieces.splice(at, 1);
    if (piece === undefined) break;
    for (let n = rng.int(0, 2); n > 0; n--)
      pieces.splice(rng.int(Math.max(0, at - 5), Math.min(pieces.length, at + 5)), 0, piece);
  }
  return join(capture.subarray(0, first.header), ...pieces);
}

const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  1e298,
  1e77,
  1e308,
  -1e308,
  1e-320,
  2 ** 53,
  4294967296,
  '',
  '0',
  '0x',
  '1e308',
  '0x0',
  'ffffffff',
  '00000000',
  'NaN',
  'Infinity',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  '\ud800',
  'é矿',
  [],
  {},
  [[]],
  [null],
  [{}],
  { toString: 1, valueOf: 1 },
  { length: 5 },
  { 0: 1 },
];
const ODD_KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'length',
  'method',
  'params',
  'result',
  'id',
  'error',
  'job',
  'pass',
  'type',
  'login',
  'worker',
  'status',
  'body',
];

/** A JSON value with types confused, members moved, and numbers out of range. Only what JSON can hold comes out. */
export function mutateJson(rng: Random, value: unknown): unknown {
  const copy = structuredClone(value);
  const root = { value: copy };
  for (let i = rng.int(0, 4); i > 0; i--) {
    const places: [holder: Record<string, unknown>, key: string][] = [];
    collect(root as Record<string, unknown>, places);
    if (places.length === 0) break;
    const [holder, key] = rng.pick(places);
    switch (rng.int(0, 8)) {
      case 0:
        delete holder[key];
        break;
      case 1:
        holder[key] = [holder[key]];
        break;
      case 2:
        holder[key] = { [rng.pick(ODD_KEYS)]: holder[key] };
        break;
      case 3: {
        const [from, name] = rng.pick(places);
        set(holder, key, structuredClone(from[name]));
        break;
      }
      case 4:
        if (!Array.isArray(holder)) set(holder, rng.pick(ODD_KEYS), holder[key]);
        break;
      case 5: {
        const text = holder[key];
        holder[key] = typeof text === 'string' ? mutateText(rng, text) : typeof text === 'number' ? String(text) : 7;
        break;
      }
      case 6:
        holder[key] =
          typeof holder[key] === 'string' ? (holder[key] as string).repeat(rng.int(0, 40)).slice(0, 4096) : rng.u32();
        break;
      default:
        set(holder, key, structuredClone(rng.pick(ODD_VALUES)));
    }
    if (places.length > 2000) break;
  }
  return root.value ?? null;
}

/** Sets an own member, `__proto__` included, as JSON.parse does. */
function set(holder: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function collect(holder: Record<string, unknown>, places: [Record<string, unknown>, string][]): void {
  for (const key of Object.keys(holder)) {
    places.push([holder, key]);
    const value = holder[key];
    if (typeof value === 'object' && value !== null && places.length < 400)
      collect(value as Record<string, unknown>, places);
  }
}

/** A text with characters, words or lines moved, doubled, cut or exchanged. */
export function mutateText(rng: Random, text: string): string {
  let result = text;
  for (let i = rng.int(1, 4); i > 0; i--) {
    const at = rng.int(0, result.length);
    const to = Math.min(result.length, at + rng.int(1, 12));
    const kind = rng.int(0, 6);
    if (kind === 0) result = result.slice(0, at) + result.slice(to);
    else if (kind === 1) result = result.slice(0, to) + result.slice(at);
    else if (kind === 2)
      result =
        result.slice(0, at) + String.fromCharCode(rng.int(0, rng.int(0, 3) === 0 ? 0xffff : 127)) + result.slice(at);
    else if (kind === 3)
      result =
        result.slice(0, at) +
        rng.pick([
          '-',
          ':',
          '\n',
          '  ',
          '[',
          '{',
          '}',
          ']',
          '&a',
          '*a',
          '!!x',
          '"',
          "'",
          '#',
          '|',
          '>',
          '4294967296',
          '-1',
          '\t',
          '.',
          ',',
          '/',
          '+',
        ]) +
        result.slice(at);
    else if (kind === 4) result = result.replace(/\d+/, () => String(rng.pick(INTERESTING_32)));
    else {
      const lines = result.split('\n');
      const line = rng.int(0, lines.length - 1);
      const [taken] = lines.splice(line, 1);
      for (let n = rng.int(0, 2); n > 0; n--) lines.splice(rng.int(0, lines.length), 0, taken ?? '');
      result = lines.join('\n');
    }
  }
  return result;
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
