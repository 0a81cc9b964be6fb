/**
 * Entries of a ZIP archive by its central directory (APPNOTE.TXT 4.3), inflated by fflate in pieces, so that an archive
 * that unpacks to far more than it is costs neither memory nor time.
 */
import { Inflate } from 'fflate';
import { ImportError, shown } from './import-error.ts';

/** Largest archive, largest unpacked entry, entries in an archive. */
export const ZIP_LIMITS: {
  readonly archive: number;
  readonly entry: number;
  readonly entries: number;
  readonly ratio: number;
} = {
  archive: 256 << 20,
  entry: 4 * 2 ** 30,
  entries: 10_000,
  ratio: 300,
};
/** Entries below this may shrink as they like: a small table of equal rows does. */
const RATIO_FROM = 16 << 20;
const STEP = 16 * 1024;

export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  /** Gives the content in pieces. Throws `ImportError` where it is damaged, encrypted or unpacks beyond the limits. */
  read(piece: (bytes: Uint8Array) => void, limit?: number): void;
}

/**
 * What an archive holds, folders left out; `progress` hears of packed bytes gone through. Throws `ImportError` where it is
 * cut off or no archive.
 */
export function zipEntries(archive: Uint8Array, name: string, progress?: (bytes: number) => void): ZipEntry[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = endRecord(view);
  if (end < 0) throw broken(name, 'its directory is missing, so it was cut off: copy it again');
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (at === 0xffffffff || count === 0xffff)
    throw broken(name, 'it has the ZIP64 form: unpack it and import the files');
  if (count > ZIP_LIMITS.entries) throw broken(name, `it has ${count} entries, more than ${ZIP_LIMITS.entries}`);
  const found: ZipEntry[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50)
      throw broken(name, 'its directory is damaged');
    const flags = view.getUint16(at + 8, true);
    const nameLength = view.getUint16(at + 28, true);
    const path = nameOf(archive.subarray(at + 46, at + 46 + nameLength), (flags & 0x800) !== 0);
    const entry: Raw = {
      progress: progress ?? (() => undefined),
      path,
      archive: name,
      encrypted: (flags & 1) !== 0,
      method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      header: view.getUint32(at + 42, true),
    };
    if (!path.endsWith('/')) {
      found.push({
        name: path,
        size: entry.size,
        read: (piece, limit = ZIP_LIMITS.entry) => readEntry(archive, view, entry, piece, limit),
      });
    }
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return found;
}

interface Raw {
  readonly progress: (bytes: number) => void;
  readonly path: string;
  readonly archive: string;
  readonly encrypted: boolean;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly header: number;
}

function broken(name: string, why: string): ImportError {
  return new ImportError(`${shown(name)}: the ZIP archive cannot be read: ${why}`);
}

function endRecord(view: DataView): number {
  for (let at = view.byteLength - 22; at >= 0 && at >= view.byteLength - 22 - 0xffff; at--) {
    if (view.getUint32(at, true) === 0x06054b50) return at;
  }
  return -1;
}

function nameOf(bytes: Uint8Array, utf8: boolean): string {
  return new TextDecoder(utf8 ? 'utf-8' : 'gb18030').decode(bytes);
}

function readEntry(
  archive: Uint8Array,
  view: DataView,
  entry: Raw,
  piece: (bytes: Uint8Array) => void,
  limit: number,
): void {
  const { path, header, packed } = entry;
  const fail = (why: string): ImportError => broken(entry.archive, `${shown(path)}: ${why}`);
  if (entry.encrypted) throw fail('it is encrypted: unpack it with its password and import the files');
  if (header + 30 > view.byteLength || view.getUint32(header, true) !== 0x04034b50) throw fail('its header is damaged');
  const from = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  if (from + packed > archive.length) throw fail('it is cut off');
  let size = 0;
  const give = (bytes: Uint8Array): void => {
    size += bytes.length;
    if (size > limit) throw fail(`it unpacks to more than ${Math.floor(limit / 2 ** 20)} MiB: split it`);
    if (size > RATIO_FROM && size > packed * ZIP_LIMITS.ratio) {
      throw fail(`it unpacks to more than ${ZIP_LIMITS.ratio} times its size, as only made-up archives do`);
    }
    if (bytes.length > 0) piece(bytes);
  };
  const content = archive.subarray(from, from + packed);
  if (entry.method === 0) {
    for (let at = 0; at < content.length; at += STEP) {
      const step = content.subarray(at, at + STEP);
      give(step);
      entry.progress(step.length);
    }
    return;
  }
  if (entry.method !== 8) throw fail(`it is packed by method ${entry.method}, which is not deflate: pack it again`);
  // What the receiver of a piece throws passes through; what the library throws means damage.
  let thrown: unknown = null;
  const inflate = new Inflate((bytes) => {
    if (thrown !== null) return;
    try {
      give(bytes);
    } catch (error) {
      thrown = error;
    }
  });
  for (let at = 0; thrown === null && (at < content.length || at === 0); at += STEP) {
    const step = content.subarray(at, at + STEP);
    entry.progress(step.length);
    try {
      inflate.push(step, at + STEP >= content.length);
    } catch {
      throw fail('its content is damaged: copy it again');
    }
  }
  if (thrown !== null) throw thrown;
  if (size !== entry.size) throw fail('its content is damaged: copy it again');
}
