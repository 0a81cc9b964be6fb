/**
 * Binary XLS by way of LibreOffice, the one maintained reader of that format that needs no code of its own: in a profile
 * of its own, without a window, without macros, bounded in time, output and number of files.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { resolve as absolute, basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ImportError, shown } from './import-error.ts';

const SECONDS = 180;
const OUTPUT_LIMIT = 2 * 2 ** 30;
/** Comma, double quote, UTF-8, from the first row; values as stored and not as shown; every sheet (the last figure). */
const FILTER = 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1';

/** One CSV file (UTF-8, commas) per sheet; `dispose` removes them. */
export interface Converted {
  readonly files: readonly { readonly name: string; readonly path: string }[];
  dispose(): Promise<void>;
}

export type ConvertXls = (path: string) => Promise<Converted>;

/** Converts with LibreOffice. Throws `ImportError` where it is not installed, fails or takes longer than 3 minutes. */
export async function convertXls(path: string, program: string = 'soffice'): Promise<Converted> {
  const folder = await mkdtemp(join(tmpdir(), 'poolprint-xls-'));
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const name = shown(basename(path));
  try {
    const out = join(folder, 'out');
    const profile = pathToFileURL(join(folder, 'profile')).href;
    const options = ['--headless', '--norestore', '--nolockcheck', '--nodefault', '--nofirststartwizard'];
    await run(
      program,
      [`-env:UserInstallation=${profile}`, ...options, '--convert-to', FILTER, '--outdir', out, absolute(path)],
      name,
    );
    const found = (await readdir(out).catch(() => [])).filter((file) => file.endsWith('.csv')).sort();
    if (found.length === 0) throw new ImportError(`${name}: LibreOffice cannot read it: save it as XLSX or CSV`);
    let size = 0;
    for (const file of found) size += (await stat(join(out, file))).size;
    if (size > OUTPUT_LIMIT) throw new ImportError(`${name}: its sheets are larger than 2 GiB as CSV: split it`);
    return { files: found.map((file) => ({ name: sheetName(file, path), path: join(out, file) })), dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** LibreOffice names the files `BOOK-SHEET.csv`. */
function sheetName(file: string, path: string): string {
  const book = basename(path).replace(/\.[^.]*$/, '');
  const name = file.slice(0, -4);
  return name.startsWith(`${book}-`) ? name.slice(book.length + 1) : name;
}

function run(program: string, args: readonly string[], name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // A group of its own: LibreOffice's starter leaves its worker behind when it alone is ended.
    const child = spawn(program, args, { stdio: 'ignore', detached: true });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Ended by itself in this moment.
      }
    }, SECONDS * 1000);
    child.once('error', () => {
      clearTimeout(timer);
      reject(
        new ImportError(
          `${name}: binary XLS needs LibreOffice ("${program}"): install it, or save as XLSX or CSV UTF-8`,
        ),
      );
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      if (late)
        reject(new ImportError(`${name}: LibreOffice took longer than ${SECONDS} s: save it as XLSX or CSV UTF-8`));
      else if (code !== 0) reject(new ImportError(`${name}: LibreOffice failed: save it as XLSX or CSV UTF-8`));
      else resolve();
    });
  });
}
