/** Two kinds of no: a storage that cannot be written now takes the same later; a row that it cannot take, it never takes. */
import { LedgerError } from '../../ledger/ledger-error.ts';

/** The ledger works, and what it was given to record cannot be recorded: the same again would be refused again. One line. */
export class RowRefused extends Error {
  override readonly name = 'RowRefused';
}

/**
 * Results of SQLite that speak of the value, not of the file: too big, NULL where none may be, of a wrong type, outside of what
 * a CHECK allows (https://sqlite.org/rescode.html, extended codes).
 */
const OF_THE_VALUE: ReadonlySet<unknown> = new Set([18, 1299, 3091, 275]);

/** Longest line. */
const MAX_LINE = 500;

/** What recording threw, for the caller: a RowRefused where it is of the row, otherwise the error as it is. */
export function refusalOf(error: unknown): unknown {
  return isOfStorage(error) ? error : new RowRefused(lineOf(error));
}

/** Of disk, database, lock, or a ledger that is no longer open. */
function isOfStorage(error: unknown): boolean {
  if (error instanceof LedgerError) return !OF_THE_VALUE.has(field(error.cause, 'errcode'));
  const code = field(error, 'code');
  return code === 'ERR_SQLITE_ERROR' || code === 'ERR_INVALID_STATE' || field(error, 'errno') !== undefined;
}

function field(error: unknown, name: string): unknown {
  return error instanceof Error && name in error ? (error as unknown as Record<string, unknown>)[name] : undefined;
}

/** With the place in the program: whoever mends it has nothing else to go by. */
function lineOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, MAX_LINE);
  const text = error.message.replaceAll(/\s+/g, ' ').slice(0, MAX_LINE);
  const at = /([\w-]+\.[jt]s:\d+):\d+\)?$/m.exec(error.stack ?? '')?.[1];
  return at === undefined ? text : `${text} (${at})`;
}
