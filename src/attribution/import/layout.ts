/**
 * What one kind of input file is: how it is recognised and how its pieces become rows. A further layout is one file that
 * exports such an object and one line in `layouts.ts`.
 */
import type { RegistryRow, RowFault } from '../types.ts';

/** What is known of an input before its first row. */
export interface Head {
  /** Last part of the file's name, for the wording only: names decide nothing. */
  readonly name: string;
  /** The first bytes, at most 64 KiB. */
  readonly bytes: Uint8Array;
  /** The same as text without a byte order mark; null where the input is binary. */
  readonly text: string | null;
  readonly encoding: string;
  /** First rows as a table with its separator found out, at most 10; empty where the input is no table. Cells are trimmed. */
  readonly rows: readonly (readonly string[])[];
}

/** How well an input fits. */
export interface Verdict {
  /** 0: not this; 1 – 49: near, but `missing` says what lacks; 50 – 100: fits. The highest wins, equals are ambiguous. */
  readonly score: number;
  /** The header cells or marks that decided; one line. */
  readonly because: string;
  /** Index in `Head.rows` of the row with the headings; null where the table has none. Absent for inputs that are no table. */
  readonly header?: number | null;
  readonly missing?: readonly string[];
}

/** What a reader has around it. Times are microseconds since the epoch. */
export interface Context {
  readonly head: Head;
  /** Heading cells as written, trimmed; empty where the input has none. */
  readonly header: readonly string[];
  readonly now: number;
  /** Error of the source's clock in seconds, for `AddressRow.clockError`. */
  readonly clockError: number;
  /** Settings of single layouts by name, e.g. `nat-profile`, `interim-interval`, `realm`; unknown names are nobody's. */
  readonly settings: Readonly<Record<string, string>>;
  row(row: number, value: RegistryRow): void;
  fault(fault: RowFault): void;
  /** One line that a person should see and that is no fault: a profile found out, records counted but not taken. */
  note(text: string): void;
}

/** Takes the pieces in order. `row` counts from 1 with the headings (lines: the line's number); pieces never throw. */
export interface Reader<Piece> {
  feed(piece: Piece, row: number): void;
  /** Nothing follows: give out what is held back. */
  end(): void;
}

interface Common {
  /** Kebab-case, shown and used with `--layout`. */
  readonly id: string;
  /** What it is, one line. */
  readonly title: string;
  detect(head: Head): Verdict;
}

/** CSV, XLSX, XLS: one piece per row, cells trimmed; rows up to the headings are not fed. Blank rows are not fed. */
export interface TableLayout extends Common {
  readonly input: 'table';
  open(context: Context): Reader<readonly string[]>;
}

/** One piece per line without its ending; longer lines than 64 KiB become faults and are not fed. Blank lines are fed. */
export interface LineLayout extends Common {
  readonly input: 'lines';
  open(context: Context): Reader<string>;
}

/** Text in pieces of any length (XML). `row` is 0. */
export interface TextLayout extends Common {
  readonly input: 'text';
  open(context: Context): Reader<string>;
}

/** The bytes as they are, in pieces of any length. `row` is 0. */
export interface BytesLayout extends Common {
  readonly input: 'bytes';
  open(context: Context): Reader<Uint8Array>;
}

export type Layout = TableLayout | LineLayout | TextLayout | BytesLayout;

/** The score from which an input counts as fitting. */
export const FITS = 50;
