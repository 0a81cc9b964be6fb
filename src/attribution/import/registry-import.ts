/**
 * The registry's door for files: finds out container, encoding and layout, and gives rows and faults as they come. Memory
 * stays bounded whatever the size of the input; nothing but `ImportError` and what the sink throws comes out.
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { namedEncoding } from './decode-text.ts';
import { ImportError, shown } from './import-error.ts';
import type { Layout } from './layout.ts';
import { LAYOUTS } from './layouts.ts';
import { BytePart, type ImportSink, type PartSetting, SheetPart } from './part.ts';
import { type ConvertXls, convertXls } from './xls.ts';
import { isWorkbook, sheetsOf } from './xlsx.ts';
import { ZIP_LIMITS, type ZipEntry, zipEntries } from './zip.ts';

export { ImportError } from './import-error.ts';
export { LAYOUTS } from './layouts.ts';
export type { ImportSink } from './part.ts';

export interface RegistryInput {
  readonly name: string;
  /** Bytes, for a progress bar; null where unknown. */
  readonly size: number | null;
  open(): AsyncIterable<Uint8Array>;
  /** The file itself, where it is one: LibreOffice reads no streams. */
  readonly path: string | null;
}

export interface ImportOptions {
  /** Id of a layout; otherwise the input decides. */
  readonly layout?: string;
  readonly encoding?: string;
  readonly now: number;
  /** Error of the source's clock, seconds; 0 by default. */
  readonly clockError?: number;
  /** Settings of single layouts by name. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly convertXls?: ConvertXls;
  readonly layouts?: readonly Layout[];
}

/** Archives inside archives, and files that another program must read, go through memory. */
const NESTED = 64 << 20;

/** A file as input. Throws `ImportError` where it cannot be read. */
export async function fileInput(path: string): Promise<RegistryInput> {
  const name = basename(path);
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  if (found.isDirectory()) throw new ImportError(`${shown(name)} is a folder: name the files in it`);
  return { name, size: found.size, open: () => createReadStream(path), path };
}

/** Imports one input. Throws `ImportError`, one line, where nothing of it can be taken. */
export async function importRegistry(input: RegistryInput, options: ImportOptions, sink: ImportSink): Promise<void> {
  const guard = new Guard(sink);
  const setting: PartSetting = {
    layouts: options.layouts ?? LAYOUTS,
    forced: options.layout ?? null,
    encoding: options.encoding === undefined ? null : namedEncoding(options.encoding),
    now: options.now,
    clockError: options.clockError ?? 0,
    settings: options.settings ?? {},
    sink: guard,
  };
  if (setting.forced !== null && !setting.layouts.some(({ id }) => id === setting.forced)) {
    const ids = setting.layouts.map(({ id }) => id).join(', ');
    throw new ImportError(`unknown layout "${shown(setting.forced, 40)}"; there are ${ids}`);
  }
  await new Import(input, setting, options.convertXls ?? convertXls, guard).run();
}

class Import {
  readonly #input: RegistryInput;
  readonly #setting: PartSetting;
  readonly #convert: ConvertXls;
  readonly #guard: Guard;

  constructor(input: RegistryInput, setting: PartSetting, convert: ConvertXls, guard: Guard) {
    this.#input = input;
    this.#setting = setting;
    this.#convert = convert;
    this.#guard = guard;
  }

  async run(): Promise<void> {
    const { name } = this.#input;
    let begin: Uint8Array = new Uint8Array(0);
    let part: BytePart | null = null;
    let whole: Uint8Array[] | null = null;
    let size = 0;
    for await (const chunk of this.#chunks()) {
      if (whole !== null) {
        whole.push(new Uint8Array(chunk));
        if ((size += chunk.length) > ZIP_LIMITS.archive) {
          throw new ImportError(
            `${shown(name)} is larger than ${ZIP_LIMITS.archive >> 20} MiB: unpack it, or save it as CSV UTF-8`,
          );
        }
        continue;
      }
      if (part === null) {
        begin = begin.length === 0 ? new Uint8Array(chunk) : Buffer.concat([begin, chunk]);
        if (begin.length < 8) continue;
        if (containerOf(begin) !== null) {
          whole = [begin];
          size = begin.length;
          continue;
        }
        part = new BytePart(name, null, this.#setting);
        this.#run(() => part?.push(begin));
        this.#guard.progress(begin.length);
        continue;
      }
      const open = part;
      this.#run(() => open.push(chunk));
      this.#guard.progress(chunk.length);
    }
    if (whole !== null) return this.#container(Buffer.concat(whole), name);
    const last = part ?? new BytePart(name, null, this.#setting);
    this.#run(() => {
      if (part === null) last.push(begin);
      last.end();
    });
  }

  async *#chunks(): AsyncIterable<Uint8Array> {
    const source = this.#input.open()[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await source.next().catch((error: unknown) => {
          throw unreadable(this.#input.name, error);
        });
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await source.return?.();
    }
  }

  /** Runs one step; what the sink threw comes out, even where a library caught it. */
  #run<T>(step: () => T): T {
    try {
      return step();
    } finally {
      this.#guard.check();
    }
  }

  async #container(bytes: Uint8Array, name: string): Promise<void> {
    if (containerOf(bytes) === 'ole') {
      this.#guard.progress(bytes.length);
      return this.#binary(bytes, name, this.#input.path, null);
    }
    const entries = zipEntries(bytes, name, (packed) => this.#guard.progress(packed));
    if (isWorkbook(entries)) return this.#workbook(entries, name, null);
    await this.#several(
      entries
        .filter((entry) => !/(?:^|\/)(?:__MACOSX\/|\.)/.test(entry.name))
        .map((entry) => ({ label: entry.name, take: () => this.#entry(entry) })),
      `${shown(name)}: nothing in the archive can be imported`,
    );
  }

  /** One file of an archive. Archives in it are opened once, not deeper. */
  async #entry(entry: ZipEntry): Promise<void> {
    const start: Uint8Array[] = [];
    let known = 0;
    let part: BytePart | null = null;
    let nested: Uint8Array[] | null = null;
    this.#run(() =>
      entry.read((piece) => {
        if (nested !== null) {
          known += piece.length;
          if (known > NESTED)
            throw new ImportError(`${shown(entry.name)} is too large inside an archive: unpack it first`);
          nested.push(new Uint8Array(piece));
        } else if (part !== null) part.push(piece);
        else {
          start.push(new Uint8Array(piece));
          known += piece.length;
          if (known < 8) return;
          const begin = Buffer.concat(start);
          if (containerOf(begin) !== null) nested = [begin];
          else (part = new BytePart(entry.name, entry.name, this.#setting)).push(begin);
        }
      }),
    );
    if (nested !== null) {
      const bytes = Buffer.concat(nested);
      if (containerOf(bytes) === 'ole') return this.#binary(bytes, entry.name, null, entry.name);
      const entries = zipEntries(bytes, entry.name);
      if (!isWorkbook(entries))
        throw new ImportError(`${shown(entry.name)} is an archive inside an archive: unpack it first`);
      return this.#workbook(entries, entry.name, entry.name);
    }
    const last = (part ?? new BytePart(entry.name, entry.name, this.#setting)) as BytePart;
    this.#run(() => {
      if (part === null) last.push(Buffer.concat(start));
      last.end();
    });
  }

  async #workbook(entries: readonly ZipEntry[], name: string, label: string | null): Promise<void> {
    const sheets = sheetsOf(entries, name);
    const single = sheets.length === 1;
    const parts = sheets.map((sheet) => ({
      label: sheet.name,
      take: async (): Promise<void> => {
        const own = label === null ? (single ? null : sheet.name) : `${label} ${sheet.name}`;
        const part = new SheetPart(name, own, this.#setting);
        this.#run(() => {
          sheet.read(part);
          part.end();
        });
        if (!part.filled) throw new ImportError(`${shown(name)}: the sheet is empty`);
      },
    }));
    await this.#several(parts, `${shown(name)}: no sheet can be imported`);
  }

  /** Binary XLS; bytes that are no file of their own are written to one for LibreOffice. */
  async #binary(bytes: Uint8Array, name: string, path: string | null, label: string | null): Promise<void> {
    const folder = path === null ? await mkdtemp(join(tmpdir(), 'poolprint-xls-')) : null;
    try {
      const file = path ?? join(folder as string, 'book.xls');
      if (path === null) await writeFile(file, bytes, { mode: 0o600 });
      const { files, dispose } = await this.#convert(file);
      try {
        const setting: PartSetting = { ...this.#setting, encoding: 'utf-8' };
        const parts = files.map((sheet) => ({
          label: sheet.name,
          take: async (): Promise<void> => {
            const own = label === null ? (files.length === 1 ? null : sheet.name) : `${label} ${sheet.name}`;
            const part = new BytePart(name, own, setting, 'xls');
            for await (const chunk of createReadStream(sheet.path)) this.#run(() => part.push(chunk as Uint8Array));
            this.#run(() => part.end());
          },
        }));
        await this.#several(parts, `${shown(name)}: no sheet can be imported`);
      } finally {
        await dispose();
      }
    } finally {
      if (folder !== null) await rm(folder, { recursive: true, force: true });
    }
  }

  /** Several parts: those that fit nothing are named and left out; when none fits, the first reason is the error. */
  async #several(parts: readonly { label: string; take(): Promise<void> }[], failure: string): Promise<void> {
    const reasons: string[] = [];
    let taken = 0;
    for (const { label, take } of parts) {
      try {
        await take();
        taken++;
      } catch (error) {
        if (!(error instanceof ImportError)) throw error;
        reasons.push(error.message);
        if (parts.length > 1 && reasons.length <= 20)
          this.#guard.note(`left out ${shown(label, 60)}: ${error.message}`);
      }
    }
    if (taken > 0) return;
    throw new ImportError(
      parts.length === 1 && reasons[0] ? reasons[0] : `${failure}: ${reasons[0] ?? 'it holds no files'}`,
    );
  }
}

/** Passes everything on until the sink throws; that error is kept, since XML libraries catch what comes through them. */
class Guard implements ImportSink {
  readonly #sink: ImportSink;
  #failed: { readonly error: unknown } | null = null;

  constructor(sink: ImportSink) {
    this.#sink = sink;
  }

  check(): void {
    if (this.#failed) throw this.#failed.error;
  }

  shape: ImportSink['shape'] = (shape) => this.#call(() => this.#sink.shape(shape));
  row: ImportSink['row'] = (row, value) => {
    if (this.#failed) return;
    try {
      this.#sink.row(row, value);
    } catch (error) {
      this.#failed = { error };
      throw error;
    }
  };
  fault: ImportSink['fault'] = (fault) => this.#call(() => this.#sink.fault(fault));
  progress: ImportSink['progress'] = (bytes) => this.#call(() => this.#sink.progress(bytes));
  note: (text: string) => void = (text) => this.#call(() => this.#sink.note?.(text));

  #call(step: () => void): void {
    if (this.#failed) return;
    try {
      step();
    } catch (error) {
      this.#failed = { error };
      throw error;
    }
  }
}

/** ZIP (also XLSX) or OLE (binary XLS) by the first bytes. */
function containerOf(bytes: Uint8Array): 'zip' | 'ole' | null {
  if (
    bytes[0] === 0x50 &&
    bytes[1] === 0x4b &&
    (bytes[2] === 3 || bytes[2] === 5) &&
    (bytes[3] === 4 || bytes[3] === 6)
  )
    return 'zip';
  const ole = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
  return ole.every((byte, i) => bytes[i] === byte) ? 'ole' : null;
}

function unreadable(name: string, error: unknown): ImportError {
  const code = (error as { code?: unknown } | null)?.code;
  return new ImportError(
    `${shown(name)} cannot be read (${typeof code === 'string' ? code : 'input error'}): is the path right, may you read it?`,
  );
}
