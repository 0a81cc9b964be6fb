/** Runs one layout, or the whole importer, over invented input and collects what comes out. */
import type { Layout } from '../../../src/attribution/import/layout.ts';
import { importRegistry } from '../../../src/attribution/import/registry-import.ts';
import type { AddressRow, RegistryRow, RowFault, SourceShape } from '../../../src/attribution/types.ts';

/** 2026-11-22T00:00:00Z in microseconds. */
export const NOW: number = Date.UTC(2026, 10, 22) * 1000;

export interface Result {
  readonly rows: AddressRow[];
  readonly faults: RowFault[];
  readonly notes: string[];
}

/** Microseconds of an ISO time. */
export function at(iso: string): number {
  return Date.parse(iso) * 1000;
}

/** Feeds a layout: `pieces` are lines, rows after the headings, or bytes, as the layout wants them. */
export function runLayout(
  layout: Layout,
  pieces: readonly unknown[],
  options: { header?: readonly string[]; settings?: Readonly<Record<string, string>>; clockError?: number } = {},
): Result {
  const rows: AddressRow[] = [];
  const faults: RowFault[] = [];
  const notes: string[] = [];
  const header = options.header ?? [];
  const reader = layout.open({
    head: { name: 'sample', bytes: new Uint8Array(0), text: null, encoding: 'utf-8', rows: [] },
    header,
    now: NOW,
    clockError: options.clockError ?? 0,
    settings: options.settings ?? {},
    row: (_row, value: RegistryRow) => {
      if (value.family === 'address') rows.push(value);
    },
    fault: (fault) => faults.push(fault),
    note: (text) => notes.push(text),
  });
  const first = header.length > 0 ? 2 : 1;
  for (const [index, piece] of pieces.entries()) reader.feed(piece as never, first + index);
  reader.end();
  return { rows, faults, notes };
}

/** Feeds a layout of lines with a text. */
export function runLines(layout: Layout, text: string, settings: Readonly<Record<string, string>> = {}): Result {
  return runLayout(layout, text.split('\n'), { settings });
}

/** Feeds a table layout with comma-separated text; the first line is the headings. */
export function runTable(layout: Layout, text: string, settings: Readonly<Record<string, string>> = {}): Result {
  const [header = [], ...rows] = text.split('\n').map((line) => line.split(','));
  return runLayout(layout, rows, { header, settings });
}

/** The whole importer with detection, over bytes. */
export async function importBytes(
  bytes: Uint8Array,
  options: { settings?: Readonly<Record<string, string>>; layout?: string } = {},
): Promise<Result & { shapes: SourceShape[] }> {
  const rows: AddressRow[] = [];
  const faults: RowFault[] = [];
  const notes: string[] = [];
  const shapes: SourceShape[] = [];
  await importRegistry(
    {
      name: 'sample',
      size: bytes.length,
      path: null,
      open: async function* () {
        for (let from = 0; from < bytes.length; from += 1000) yield bytes.subarray(from, from + 1000);
      },
    },
    { now: NOW, ...options },
    {
      shape: (shape) => shapes.push(shape),
      row: (_row, value) => {
        if (value.family === 'address') rows.push(value);
      },
      fault: (fault) => faults.push(fault),
      progress: () => undefined,
      note: (text: string) => notes.push(text),
    },
  );
  return { rows, faults, notes, shapes };
}

/** A row in short: kind first[-last][:ports][/protocol] from–to[~] → account or inside. */
export function brief(row: AddressRow): string {
  const time = (us: number | null): string =>
    us === null ? 'open' : new Date(us / 1000).toISOString().replace('.000Z', 'Z');
  const range = row.first === row.last ? row.first : `${row.first}-${row.last}`;
  const ports = row.ports === null ? '' : `:${row.ports[0]}-${row.ports[1]}`;
  const realm = row.realm === null ? '' : `@${row.realm}`;
  const inside =
    row.inside === null ? '' : ` ${row.inside.address}${row.inside.realm === null ? '' : `@${row.inside.realm}`}`;
  const account = row.account === null ? '' : ` ${row.account}`;
  const protocol = row.protocol === null ? '' : `/${row.protocol}`;
  return `${row.kind} ${range}${ports}${protocol}${realm} ${time(row.valid.from)} ${time(row.valid.to)}${row.endInferred ? '~' : ''}${inside}${account}`;
}

/** All rows in short, sorted. */
export function briefs(result: { rows: readonly AddressRow[] }): string[] {
  return result.rows.map(brief).sort();
}
