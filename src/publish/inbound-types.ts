/** Reports of others as they come in, before the ledger takes them. */
import type { RowFault } from '../attribution/types.ts';

export const INBOUND_KINDS = ['ip_list', 'hotline', 'shadowserver', 'xarf', 'eve'] as const;
export type InboundKind = (typeof INBOUND_KINDS)[number];

/** One report about one address, or about a place without address. Times are microseconds since the epoch. */
export interface InboundReport {
  readonly kind: InboundKind;
  /** Who reports; with `reference` the key by which the same report is known again. */
  readonly source: string;
  /** The report's own number there, else `h-` and 24 hex digits of the SHA-256 of what it says. */
  readonly reference: string;
  /** When it was made, where it says so. */
  readonly received: number | null;
  readonly ip: string | null;
  readonly port: number | null;
  readonly protocol: 'tcp' | 'udp' | null;
  readonly first: number | null;
  readonly last: number | null;
  /** Host, address or name of the pool as given, with its port where one is given. */
  readonly pool: string | null;
  readonly coin: string | null;
  /** An enterprise; a natural person's name stands in `sealed`. */
  readonly subject: { readonly name: string | null; readonly uscc: string | null } | null;
  readonly place: string | null;
  /** GB/T 2260, two to six digits. */
  readonly region: string | null;
  /** How often it was handed down or seen. */
  readonly count: number | null;
  /** What else it says, with phone and id numbers blanked out. */
  readonly text: string | null;
  /** What points to natural persons: the reporter, the legal representative, contacts, texts as written. */
  readonly sealed: Readonly<Record<string, string>> | null;
}

export interface InboundResult {
  /** Null where the input is none of the known kinds. */
  readonly kind: InboundKind | null;
  readonly reports: readonly InboundReport[];
  /** At most 1000, in order of rows; a last one says how many more there were. */
  readonly faults: readonly RowFault[];
  /** Records that were understood and left out because they do not speak of mining (EVE alone). */
  readonly skipped: number;
}

export interface InboundOptions {
  /** Name of the reporting office; what the file says, or the kind, without it. */
  readonly source?: string;
  /** Taken for this kind whatever it looks like. */
  readonly kind?: InboundKind;
}

/** Bounds of one input. */
export const MAX_BYTES: number = 64 * 1024 * 1024;
export const MAX_REPORTS = 500_000;
export const MAX_TEXT = 4096;
const MAX_FAULTS = 1000;

/** Faults in order, the first thousand of them. */
export class Faults {
  readonly #list: RowFault[] = [];
  #more = 0;

  add(row: number, reason: string, message: string): void {
    if (this.#list.length < MAX_FAULTS) this.#list.push({ row, reason, code: null, message });
    else this.#more++;
  }

  all(): RowFault[] {
    if (this.#more === 0) return this.#list;
    const message = `${this.#more} more rows have faults: correct these first and read the file again`;
    return [...this.#list, { row: 0, reason: 'more_faults', code: null, message }];
  }
}

/** A piece of input as it is shown in a fault: short, on one line. */
export function shown(text: string, limit = 40): string {
  const line = text
    .slice(0, limit * 2)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .toWellFormed()
    .trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}
