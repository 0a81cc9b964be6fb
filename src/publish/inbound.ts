/**
 * Reports that others send: lists of addresses from national and provincial platforms, hotline reports, CSV of Shadowserver,
 * X-ARF, alerts of Suricata. They become leads that wait for traffic. docs/exchange.md has the formats.
 */
import type { Report } from '../ledger/reports-in.ts';
import { EveReports, isObject, isXarf, type Json, readXarf } from './inbound-json.ts';
import { readReportRows } from './inbound-table.ts';
import { csvRows, decodeText } from './inbound-text.ts';
import {
  Faults,
  type InboundKind,
  type InboundOptions,
  type InboundReport,
  type InboundResult,
  MAX_BYTES,
  MAX_REPORTS,
  shown,
} from './inbound-types.ts';

export { readReportRows } from './inbound-table.ts';
export type { InboundKind, InboundOptions, InboundReport, InboundResult } from './inbound-types.ts';

/**
 * Reads a file of reports whatever its kind: CSV in UTF-8, GB18030 or UTF-16, JSON, or JSON lines. `name` stands in messages
 * alone. Total: any bytes give a result, whose faults say by row what could not be taken and what to do. At most 64 MiB and
 * 500,000 reports.
 */
export function readReports(name: string, input: Uint8Array | string, options: InboundOptions = {}): InboundResult {
  const file = shown(name, 80);
  if (input.length > MAX_BYTES) return nothing('too_large', `${file} is larger than 64 MiB: split it`);
  if (typeof input !== 'string' && input[0] === 0x50 && input[1] === 0x4b && input[2] === 3 && input[3] === 4) {
    return nothing('spreadsheet', `${file} is a spreadsheet (or ZIP): give its rows, or save it as CSV`);
  }
  const text = (typeof input === 'string' ? input : decodeText(input)).replace(/^\ufeff/, '');
  const start = /\S/.exec(text)?.[0];
  if (start === undefined) return nothing('empty', `${file} is empty`);
  if (start === '{' || start === '[') return readJson(text, options);
  if (/^(?:Return-Path|Received|From|Delivered-To|MIME-Version|Date|Subject|Message-ID): /im.test(text.slice(0, 200))) {
    return nothing('mail', `${file} is a mail: save the JSON part of the X-ARF report in it and give that`);
  }
  const broken: { readonly row: number; readonly message: string }[] = [];
  const result = readReportRows(
    csvRows(text, (row, message) => broken.push({ row, message })),
    options,
  );
  if (broken.length === 0) return result;
  const faults = new Faults();
  const all = [...broken.map((each) => ({ ...each, reason: 'bad_record' })), ...result.faults];
  for (const { row, reason, message } of all.sort((a, b) => a.row - b.row)) faults.add(row, reason, message);
  return { ...result, faults: faults.all() };
}

function nothing(reason: string, message: string): InboundResult {
  return { kind: null, reports: [], faults: [{ row: 0, reason, code: null, message }], skipped: 0 };
}

/** One JSON value (an object or a list of them), else one a line. */
function readJson(text: string, options: InboundOptions): InboundResult {
  const faults = new Faults();
  const eve = new EveReports(options, faults);
  const reports: InboundReport[] = [];
  let kind: InboundKind | null = null;
  const add = (value: unknown, row: number): void => {
    if (!isObject(value)) {
      faults.add(row, 'no_object', 'not a JSON object: a report is one');
    } else if (Object.hasOwn(value, 'event_type')) {
      kind ??= 'eve';
      eve.add(value, row);
    } else if (isXarf(value)) {
      kind ??= 'xarf';
      addXarf(value, row);
    } else {
      faults.add(
        row,
        'unknown_record',
        'neither an X-ARF report (xarf_version, or Report) nor an EVE line (event_type)',
      );
    }
  };
  const addXarf = (value: Json, row: number): void => {
    if (reports.length === MAX_REPORTS) faults.add(row, 'too_many', `more than ${MAX_REPORTS} reports: split the file`);
    if (reports.length >= MAX_REPORTS) return;
    const report = readXarf(value, options);
    if ('fault' in report) faults.add(row, 'bad_report', report.fault);
    else reports.push(report);
  };
  const all = parsed(text);
  if (all !== undefined)
    for (const [index, value] of (Array.isArray(all) ? all : [all]).entries()) add(value, index + 1);
  else eachLine(text, add, faults);
  return { kind, reports: [...reports, ...eve.reports()], faults: faults.all(), skipped: eve.skipped };
}

/** Lines that are no JSON before the rest of a file is given up. */
const MAX_BAD_LINES = 20_000;

function eachLine(text: string, add: (value: unknown, row: number) => void, faults: Faults): void {
  let row = 0;
  let bad = 0;
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 ? text.length : newline;
    const line = text.slice(from, to).trim();
    const alone = from === 0 && to === text.length;
    from = to + 1;
    row++;
    if (line === '') continue;
    // The only line was tried already.
    const value = alone ? undefined : parsed(line);
    if (value !== undefined) add(value, row);
    else {
      faults.add(row, 'bad_json', 'the line is no JSON: it may be cut off');
      if (++bad < MAX_BAD_LINES) continue;
      faults.add(row, 'given_up', `${MAX_BAD_LINES} lines are no JSON: the rest was not read`);
      return;
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * A report as the ledger takes it in. Its text and when it was made go with the sealed fields, beside the chain.
 */
export function ledgerReport(report: InboundReport): Report {
  const { source, reference, ip, port, first, last, subject, place, region, sealed } = report;
  const { pool, coin, protocol, count, text, received } = report;
  const more = Object.entries({ text, received }).flatMap(([name, value]) =>
    value === null ? [] : [[name, String(value)] as const],
  );
  const personal = Object.fromEntries([...more, ...Object.entries(sealed ?? {})]);
  const said = Object.entries({ pool, coin, protocol, count }).filter(([, value]) => value !== null);
  return {
    source,
    reference,
    ...(ip === null ? {} : { ip }),
    ...(ip === null || port === null ? {} : { port }),
    ...(first === null && last === null ? {} : { from: (first ?? last) as number }),
    ...(last === null ? {} : { to: last }),
    ...Object.fromEntries(said),
    ...(subject === null ? {} : { subject }),
    ...(place === null && region === null ? {} : { place: { region, text: place } }),
    ...(Object.keys(personal).length === 0 ? {} : { personal }),
  };
}
