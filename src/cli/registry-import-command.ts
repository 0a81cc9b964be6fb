import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import {
  fileInput,
  ImportError,
  type ImportOptions,
  importRegistry,
  LAYOUTS,
  type RegistryInput,
} from '../attribution/import/registry-import.ts';
import type { RegistryRow, RowFault, SourceShape } from '../attribution/types.ts';
import type { Ledger } from '../ledger/sqlite/ledger.ts';
import { referenceOf } from './casework.ts';
import { type Answer, type Context, checkEncoding, jsonLine, listOf, numberOf, textOf } from './context.ts';
import { EXIT_DONE, EXIT_FAILED, UsageError } from './exit.ts';
import { createImportBar } from './import-progress.ts';
import { withLedger } from './ledger-command.ts';
import { carrierOf, type Stated, statedRows } from './registry-stated.ts';
import { visible } from './text.ts';
import { formatCount } from './units.ts';

/** Rows of one transaction: each batch is kept whatever becomes of the next. */
const BATCH = 5000;
const MAX_FAULTS = 20;
const GZIP = [0x1f, 0x8b];

interface Counts {
  rows: number;
  added: number;
  unchanged: number;
  superseded: number;
  faults: number;
}

/** What became of one file. */
interface Imported {
  readonly file: string;
  readonly shapes: readonly SourceShape[];
  readonly counts: Counts;
  /** The first ones, as many as were asked for. */
  readonly faults: readonly RowFault[];
  readonly notes: readonly string[];
  readonly error: string | null;
}

/** `poolprint registry import`: one file after the other; what one cannot give does not stop the next. */
export async function importFiles(context: Context): Promise<Answer> {
  const files = listOf(context.given, 'files');
  const options = importOptions(context);
  const most = numberOf(context.given, 'max-faults', MAX_FAULTS);
  const dry = context.given['dry-run'] === true;
  const { clockError = 0, settings = {} } = options;
  const { divisions } = referenceOf(context.given, context.environment);
  const stated = statedRows({
    clockError,
    realm: settings['realm'] ?? null,
    carrier: carrierOf(context.given),
    divisions,
  });
  const done: Imported[] = [];
  const run = async (ledger: Ledger | null): Promise<void> => {
    for (const file of files) done.push(await importFile(file, ledger, options, stated, most, context));
  };
  if (dry) await run(null);
  else await withLedger(context, 'create', run);
  // Nothing taken although there was something to take: the file is not what it was held for.
  const failed = done.some(({ error, counts }) => error !== null || (counts.rows === 0 && counts.faults > 0));
  const lines = context.json ? done.map(jsonOf) : done.flatMap((one) => wordsOf(one, dry));
  return { lines, code: failed ? EXIT_FAILED : EXIT_DONE };
}

function importOptions({ given, environment }: Context): ImportOptions {
  const settings: Record<string, string> = {};
  for (const pair of listOf(given, 'set')) {
    const at = pair.indexOf('=');
    if (at <= 0) throw new UsageError(`--set: '${visible(pair)}' is not NAME=VALUE`);
    settings[pair.slice(0, at)] = pair.slice(at + 1);
  }
  const realm = textOf(given, 'realm');
  const profile = textOf(given, 'profile');
  if (realm !== null) settings['realm'] = realm;
  if (profile !== null) settings['nat-profile'] = profile;
  const layout = textOf(given, 'layout');
  if (layout !== null && !LAYOUTS.some(({ id }) => id === layout)) {
    throw new UsageError(`--layout: there is no '${visible(layout)}'; 'poolprint registry list --layouts' has them`);
  }
  const encoding = textOf(given, 'encoding');
  if (encoding !== null) checkEncoding(encoding);
  return {
    now: environment.clock(),
    clockError: numberOf(given, 'clock-error', 0),
    settings,
    ...(layout === null ? {} : { layout }),
    ...(encoding === null ? {} : { encoding }),
  };
}

async function importFile(
  file: string,
  ledger: Ledger | null,
  options: ImportOptions,
  stated: Stated,
  most: number,
  { actor, given, environment }: Context,
): Promise<Imported> {
  const bar = createImportBar(
    given['quiet'] === true ? { write: () => true } : environment.stderr,
    environment.now,
    environment.env,
  );
  const counts: Counts = { rows: 0, added: 0, unchanged: 0, superseded: 0, faults: 0 };
  const shapes: SourceShape[] = [];
  const faults: RowFault[] = [];
  const notes: string[] = [];
  let waiting: { row: number; value: RegistryRow }[] = [];
  let bytes = 0;
  let size: number | null = null;
  let name = file;
  const flush = (): void => {
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    if (ledger === null) return;
    const { added, unchanged, superseded } = ledger.registry.addRows(name, batch, options.now);
    counts.added += added;
    counts.unchanged += unchanged;
    counts.superseded += superseded;
  };
  let error: string | null = null;
  let sha256 = '';
  try {
    const { input, digest } = hashed(await inputOf(file));
    name = input.name;
    size = input.size;
    try {
      await importRegistry(input, options, {
        shape: (shape) => shapes.push(shape),
        row: (row, value) => {
          counts.rows++;
          waiting.push({ row, value: stated(value) });
          if (waiting.length >= BATCH) flush();
        },
        fault: (fault) => {
          counts.faults++;
          if (faults.length < most) faults.push(fault);
        },
        progress: (more) => {
          bytes += more;
          bar.update({ name, bytes, total: size, rows: counts.rows });
        },
        note: (text) => notes.push(text),
      });
    } finally {
      // What was read before a damaged end is as good as any.
      flush();
      sha256 = digest();
    }
  } catch (thrown) {
    if (!(thrown instanceof ImportError)) throw thrown;
    error = thrown.message;
  } finally {
    bar.clear();
  }
  if (ledger !== null && counts.rows > 0) {
    const shape = shapes[0] ?? { layout: 'unknown', encoding: 'unknown', because: '' };
    ledger.leads.transaction(() => {
      ledger.registry.putSource({ name, shape, sha256, importedAt: options.now, actor, ...counts });
      ledger.leads.append({
        time: environment.clock(),
        actor,
        action: 'registry.imported',
        lead: null,
        detail: { source: name, layout: shape.layout, sha256, ...counts },
        personal: null,
      });
    });
  }
  return { file, shapes, counts, faults, notes, error };
}

/** A file, unpacked where it is gzip. */
async function inputOf(file: string): Promise<RegistryInput> {
  const input = await fileInput(file);
  const head = await open(file).then(async (handle) => {
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(2), 0, 2, 0);
      return bytesRead === 2 ? [...buffer] : [];
    } finally {
      await handle.close();
    }
  });
  if (head[0] !== GZIP[0] || head[1] !== GZIP[1]) return input;
  return { name: input.name.replace(/\.gz$/i, ''), size: null, path: null, open: () => gunzipped(file) };
}

async function* gunzipped(file: string): AsyncIterable<Uint8Array> {
  const source = createReadStream(file);
  const unpacked = createGunzip({ chunkSize: 1 << 20 });
  source.on('error', (error) => unpacked.destroy(error));
  source.pipe(unpacked);
  try {
    for await (const piece of unpacked) yield piece as Uint8Array;
  } catch (error) {
    throw new ImportError(
      `${file}: the gzip data is damaged or cut off (${(error as Error).message}); rows before it are kept`,
    );
  } finally {
    source.destroy();
  }
}

/** The same input, and the SHA-256 of the bytes that went through it. */
function hashed(input: RegistryInput): { input: RegistryInput; digest: () => string } {
  const hash = createHash('sha256');
  async function* through(): AsyncIterable<Uint8Array> {
    for await (const piece of input.open()) {
      hash.update(piece);
      yield piece;
    }
  }
  return { input: { ...input, open: through }, digest: () => hash.copy().digest('hex') };
}

function jsonOf({ file, shapes, counts, faults, notes, error }: Imported): string {
  return jsonLine({
    type: 'registry_import',
    version: 1,
    file,
    shapes,
    ...counts,
    listed_faults: faults,
    notes,
    error,
  });
}

function wordsOf({ file, shapes, counts, faults, notes, error }: Imported, dry: boolean): string[] {
  const lines = shapes.map(({ layout, encoding, because }) => `${file}: layout ${layout}, ${encoding} (${because})`);
  lines.push(...notes.map((note) => `${file}: ${note}`));
  lines.push(
    ...faults.map(({ row, code, message }) => `${file}: row ${row}: ${code === null ? '' : `${code} `}${message}`),
  );
  if (counts.faults > faults.length)
    lines.push(`${file}: ${formatCount(counts.faults - faults.length)} more bad rows (--max-faults)`);
  if (error !== null) lines.push(error);
  if (error !== null && counts.rows === 0) return lines.map(visible);
  const { rows, added, unchanged, superseded } = counts;
  const fate = dry
    ? 'nothing imported (--dry-run)'
    : `${formatCount(added)} added, ${formatCount(unchanged)} unchanged, ${formatCount(superseded)} superseded`;
  lines.push(`${file}: ${formatCount(rows)} rows, ${formatCount(counts.faults)} bad: ${fate}`);
  return lines.map(visible);
}
