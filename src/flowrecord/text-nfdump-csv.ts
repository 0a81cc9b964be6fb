import { BAD_FIELD, BAD_LINE, BAD_TIME, BLANK, type Output, PASSED } from './text-output.ts';
import { protocolOf } from './text-protocol.ts';
import type { EntryParser } from './text-reader.ts';
import { countOf, epochTime, flagsOf, numberOf, timeOf } from './text-value.ts';

/** What a column holds. */
type Column =
  | 'start'
  | 'end'
  | 'duration'
  | 'source'
  | 'destination'
  | 'sourcePort'
  | 'destinationPort'
  | 'protocol'
  | 'flags'
  | 'packets'
  | 'bytes'
  | 'outPackets'
  | 'outBytes'
  | 'vlan'
  | 'vrf'
  | 'router'
  | 'endReason'
  | 'biflow';

/**
 * Headings of nfdump up to 1.7.2 (all columns, short names) and from 1.7.3 on (those asked for, long names; also of
 * `csv-fast`). https://github.com/phaag/nfdump, src/output/output_csv.c and its predecessors.
 */
const COLUMNS: ReadonlyMap<string, Column> = new Map([
  ['ts', 'start'],
  ['te', 'end'],
  ['td', 'duration'],
  ['sa', 'source'],
  ['da', 'destination'],
  ['sp', 'sourcePort'],
  ['dp', 'destinationPort'],
  ['pr', 'protocol'],
  ['flg', 'flags'],
  ['ipkt', 'packets'],
  ['ibyt', 'bytes'],
  ['opkt', 'outPackets'],
  ['obyt', 'outBytes'],
  ['svln', 'vlan'],
  ['ra', 'router'],
  ['firstSeen', 'start'],
  ['lastSeen', 'end'],
  ['duration', 'duration'],
  ['srcAddr', 'source'],
  ['dstAddr', 'destination'],
  ['srcPort', 'sourcePort'],
  ['dstPort', 'destinationPort'],
  ['proto', 'protocol'],
  ['flags', 'flags'],
  ['packets', 'packets'],
  ['inPackets', 'packets'],
  ['bytes', 'bytes'],
  ['inBytes', 'bytes'],
  ['outPackets', 'outPackets'],
  ['outBytes', 'outBytes'],
  ['srcVlan', 'vlan'],
  ['ingressVrfID', 'vrf'],
  ['routerIP', 'router'],
  ['endReason', 'endReason'],
  ['biDirection', 'biflow'],
]);
const NEEDED: readonly Column[] = ['start', 'source', 'destination', 'protocol', 'packets', 'bytes'];

/** More columns than any version prints. */
const MAX_COLUMNS = 128;
/** RFC 5102 §5.11.3. */
const ACTIVE_TIMEOUT = 2;
/** RFC 5103 §6.3: the source began the conversation. */
const INITIATOR = 1;
const SECOND = 1e6;

/**
 * `nfdump -o csv`, and `-o 'csv:…'` of later versions. The heading decides which column is what, and may come again. Times
 * are in the zone in which nfdump ran and carry none: taken as UTC. Packets and bytes were multiplied by the sampling rate
 * when nfcapd stored them, where it knew the rate.
 */
export class NfdumpCsvParser implements EntryParser {
  readonly title = 'nfdump CSV';
  private columns: ReadonlyMap<Column, number> | null = null;
  private width = 0;
  /** A table of something else (a summary, statistics) goes on to the next heading. */
  private passing = false;

  read(text: string, output: Output): number {
    const cells = text.split(',', MAX_COLUMNS);
    const first = (cells[0] as string).trim();
    if (first === '') return text.trim() === '' ? BLANK : BAD_LINE;
    if (cells.length > 1 && isHeading(cells)) return this.heading(cells);
    if (this.passing) return PASSED;
    if (cells.length === 1 && (first === 'Summary' || first.startsWith('No match'))) {
      this.passing = true;
      return PASSED;
    }
    // A row that was cut off is no row, even if it has all that is needed: its last number may be half of one.
    if (this.columns === null || cells.length !== this.width) return BAD_LINE;
    return readRow(cells, this.columns, output);
  }

  private heading(cells: readonly string[]): number {
    const columns = new Map<Column, number>();
    for (const [index, cell] of cells.entries()) {
      const column = COLUMNS.get(cell.trim());
      if (column !== undefined && !columns.has(column)) columns.set(column, index);
    }
    this.passing = !NEEDED.every((column) => columns.has(column));
    if (this.passing) return PASSED;
    this.columns = columns;
    this.width = cells.length;
    return PASSED;
  }
}

/** Headings are words; the first cell of a row is a time or a number. */
function isHeading(cells: readonly string[]): boolean {
  let known = 0;
  for (const cell of cells) {
    const name = cell.trim();
    if (name !== '' && !/^[a-zA-Z][\w %-]*$/.test(name)) return false;
    if (COLUMNS.has(name) || name === 'flows') known++;
  }
  return known > 1;
}

function readRow(cells: readonly string[], columns: ReadonlyMap<Column, number>, output: Output): number {
  const cell = (column: Column): string => {
    const index = columns.get(column);
    return index === undefined ? '' : (cells[index] ?? '').trim();
  };
  if (!output.addresses(cell('source'), cell('destination'))) return BAD_FIELD;
  if (!output.transport(protocolOf(cell('protocol')), cell('sourcePort'), cell('destinationPort'))) return BAD_FIELD;
  if (!output.forward(countOf(cell('packets')), countOf(cell('bytes')))) return BAD_FIELD;
  const start = tableTime(cell('start'));
  const end = tableTime(cell('end'));
  const duration = durationOf(cell('duration'));
  // Versions that print whole seconds print the duration with milliseconds: together they tell more.
  const exact = Number.isFinite(end) && duration > 0 ? Math.max(start, end - duration) : start;
  if (!output.times(exact, Math.max(start + Math.max(0, duration), Number.isFinite(end) ? end : 0))) return BAD_TIME;
  output.tcpFlags(flagsOf(cell('flags')));
  const r = output.record;
  const outPackets = countOf(cell('outPackets'));
  if (outPackets > 0) {
    r.reversePackets = outPackets;
    r.reverseBytes = Math.max(0, countOf(cell('outBytes')));
  }
  output.vlan(cell('vlan'));
  r.vrf = Math.max(0, countOf(cell('vrf')));
  output.exporter(cell('router'));
  r.goesOn = countOf(cell('endReason')) === ACTIVE_TIMEOUT;
  r.oriented = countOf(cell('biflow')) === INITIATOR;
  return output.give();
}

/** Date and time, or seconds with or without fraction, or milliseconds, since the epoch. */
function tableTime(text: string): number {
  return text.includes('-') ? timeOf(text) : epochTime(numberOf(text));
}

/** `22.896` or `1d 02:03:04.567` as µs; 0 where it is neither. */
function durationOf(text: string): number {
  const m = /^(?:(\d{1,5})d )?(\d{1,5}):(\d\d):(\d\d(?:\.\d{1,9})?)$/.exec(text);
  const seconds =
    m === null ? numberOf(text) : Number(m[1] ?? 0) * 86_400 + Number(m[2]) * 3600 + Number(m[3]) * 60 + Number(m[4]);
  return seconds > 0 && seconds < 1e9 ? Math.round(seconds * SECOND) : 0;
}
