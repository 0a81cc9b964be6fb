import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { detectEncoding, namedEncoding, TextStream } from '../attribution/import/decode-text.ts';
import { ImportError } from '../attribution/import/import-error.ts';
import { isWorkbook, sheetsOf } from '../attribution/import/xlsx.ts';
import { zipEntries } from '../attribution/import/zip.ts';
import type { StoredEntry } from '../ledger/store.ts';
import { type CarrierFeedback, type Feedback, type FeedbackRow, readFeedback } from '../publish/feedback.ts';
import { ledgerReport, readReports } from '../publish/inbound.ts';
import { readReportRows } from '../publish/inbound-table.ts';
import type { InboundResult } from '../publish/inbound-types.ts';
import { writeReason } from '../publish/write-reason.ts';
import type { Casework } from './casework.ts';
import { type Answer, type Context, checkEncoding, jsonLine, listOf, textOf } from './context.ts';
import { EXIT_DONE, EXIT_FAILED } from './exit.ts';
import { type AttributedRows, attributedRows } from './feedback-rows.ts';
import { changeOf, withCasework } from './leads-common.ts';
import { visible } from './text.ts';
import { formatCount } from './units.ts';

const MAX_FILE = 64 * 1024 * 1024;
const MAX_SHOWN = 20;

type RegistryEntry = AttributedRows['rows'][number];

interface Fault {
  readonly row: number;
  readonly message: string;
}

/** What became of one file. */
interface Taken {
  readonly file: string;
  readonly kind: string | null;
  readonly rows: number;
  /** Reports or answers that were new. */
  readonly added: number;
  readonly faults: readonly Fault[];
  readonly leads: readonly string[];
  readonly notes: readonly string[];
  readonly error: string | null;
}

/** `poolprint leads import`: lists and reports become leads to be verified; answers go to the leads they name. */
export function importReports(context: Context): Promise<Answer> {
  const dry = context.given['dry-run'] === true;
  const encoding = textOf(context.given, 'encoding');
  if (encoding !== null) checkEncoding(encoding);
  return withCasework(context, dry ? 'read' : 'create', async (casework) => {
    const taken: Taken[] = [];
    for (const file of listOf(context.given, 'files')) taken.push(await takeFile(file, dry, context, casework));
    const failed = taken.some(({ error, rows, faults }) => error !== null || (rows === 0 && faults.length > 0));
    const lines = context.json
      ? taken.map((one) => jsonLine({ type: 'leads_import', version: 1, ...one }))
      : taken.flatMap((one) => wordsOf(one, dry));
    return { lines, code: failed ? EXIT_FAILED : EXIT_DONE };
  });
}

async function takeFile(file: string, dry: boolean, context: Context, casework: Casework): Promise<Taken> {
  const nothing: Taken = { file, kind: null, rows: 0, added: 0, faults: [], leads: [], notes: [], error: null };
  try {
    const bytes = await bytesOf(file);
    const input = contentOf(bytes, file, textOf(context.given, 'encoding'));
    const leadOf = (reference: string): string | null => casework.ledger.leads.lead(reference.trim())?.id ?? null;
    const feedback = readFeedback(input, { leadOf });
    if (feedback.kind !== null) return takeFeedback(file, bytes, feedback, dry, context, casework);
    const source = textOf(context.given, 'source');
    const options = source === null ? {} : { source };
    const result =
      typeof input === 'string' ? readReports(basename(file), input, options) : readReportRows(input, options);
    if (result.kind === null) return { ...nothing, faults: result.faults, error: unknownFile(file, result) };
    return takeReports(file, result, dry, context, casework);
  } catch (error) {
    if (error instanceof ImportError) return { ...nothing, error: `${file}: ${error.message}` };
    throw error;
  }
}

function unknownFile(file: string, { faults }: InboundResult): string {
  return `${file}: ${faults[0]?.message ?? 'no known kind of list, report or feedback; docs/exchange.md has their columns'}`;
}

async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE) throw new ImportError(`larger than ${MAX_FILE} bytes: split it`);
    return await readFile(file);
  } catch (error) {
    if (error instanceof ImportError) throw error;
    throw new ImportError(`cannot be read: ${writeReason(error)}`);
  }
}

/** Text, or the rows of the first sheet that has any. Throws ImportError. */
function contentOf(bytes: Uint8Array, file: string, encoding: string | null): string | string[][] {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    const entries = zipEntries(bytes, basename(file));
    if (!isWorkbook(entries)) throw new ImportError('an archive: unpack it and name its files');
    for (const sheet of sheetsOf(entries, basename(file))) {
      const rows: string[][] = [];
      sheet.read({ row: (cells) => rows.push(cells), bad: () => undefined });
      if (rows.length > 1) return rows;
    }
    throw new ImportError('its sheets are empty');
  }
  const detected = detectEncoding(bytes, true);
  if (encoding === null && detected.binary) throw new ImportError('is neither text nor a workbook');
  let text = '';
  const stream = new TextStream(encoding === null ? detected.encoding : namedEncoding(encoding), (piece) => {
    text += piece;
  });
  stream.push(bytes.subarray(detected.bom));
  stream.end();
  return text;
}

function takeReports(file: string, result: InboundResult, dry: boolean, context: Context, casework: Casework): Taken {
  const { casebook, ledger } = casework;
  const change = changeOf(context);
  const leads = new Set<string>();
  let added = 0;
  if (!dry) {
    ledger.leads.transaction(() => {
      for (const report of result.reports) {
        const taken = casebook.recordReport(ledgerReport(report), change);
        leads.add(taken.lead);
        if (taken.added) added += 1;
      }
    });
  }
  const notes = result.skipped === 0 ? [] : [`${formatCount(result.skipped)} records do not speak of mining`];
  const { kind, faults, reports } = result;
  return { file, kind, rows: reports.length, added, faults, leads: [...leads].sort(), notes, error: null };
}

/** What was said, wherever in a file and of whatever id; what of it may point to persons lies beside the chain. */
function partsOf(answer: FeedbackRow): { said: Record<string, unknown>; personal: Record<string, string> | null } {
  const { row: _row, lead: _lead, lead_id: _reference, ...rest } = answer;
  if (rest.kind === 'carrier') {
    const { sealed, install_address: address, ...said } = rest;
    // Where a natural person lives is the person's.
    if (!rest.person || address === null) return { said: { ...said, install_address: address }, personal: sealed };
    return { said, personal: { ...sealed, install_address: address } };
  }
  const { note, ...said } = rest;
  return { said, personal: note === null ? null : { note } };
}

/**
 * Answers become history of their lead, all of a file or none; what a carrier attributed also becomes rows of the registry.
 */
function takeFeedback(
  file: string,
  bytes: Uint8Array,
  feedback: Feedback,
  dry: boolean,
  context: Context,
  casework: Casework,
): Taken {
  const { ledger, casebook } = casework;
  const change = changeOf(context);
  const leads = new Set<string>();
  const notes: string[] = [];
  const faults: Fault[] = [...feedback.faults];
  let added = 0;
  const takeIn = (): void => {
    const rows: RegistryEntry[] = [];
    for (const answer of feedback.rows) {
      const { said, personal } = partsOf(answer);
      const digest = createHash('sha256').update(JSON.stringify(said)).digest('hex');
      // Its own rows may have given the lead another id since.
      const ids = [answer.lead, ...(ledger.leads.lead(answer.lead)?.aliases ?? [])];
      const known = [...ledger.leads.entries({ leads: ids, actions: ['lead.feedback'] })];
      leads.add(answer.lead);
      if (known.some((entry) => isSame(entry, digest, personal))) continue;
      const attributed = answer.kind === 'carrier' ? rowsOf(answer, casework, change.time) : null;
      if (attributed !== null) {
        rows.push(...attributed.rows);
        if (attributed.fault !== null) faults.push({ row: answer.row, message: attributed.fault });
      }
      if (dry) continue;
      added += 1;
      const detail = { lead_id: answer.lead_id, ...said, file: basename(file), digest };
      ledger.leads.append({ ...change, action: 'lead.feedback', lead: answer.lead, personal, detail });
      if (answer.kind === 'department') {
        if (answer.note !== null) casebook.addNote(answer.lead, answer.note, change);
        if (answer.result !== null) notes.push(`row ${answer.row}: ${answer.lead_id}: ${answer.result}`);
      }
    }
    if (rows.length > 0 && !dry)
      notes.push(attributeBy(file, bytes, rows, faults.length, [...leads], casework, change));
  };
  // A kill in the middle must not leave answers noted whose rows never came.
  if (dry) takeIn();
  else ledger.leads.transaction(takeIn);
  const current = [...leads].map((id) => casebook.lead(id)?.id ?? id);
  const { kind, rows } = feedback;
  return {
    file,
    kind: `feedback_${kind}`,
    rows: rows.length,
    added,
    faults: faults.toSorted((a, b) => a.row - b.row),
    leads: [...new Set(current)].sort(),
    notes,
    error: null,
  };
}

/** The same answer taken in before; where its personal part was purged, the rest decides. */
function isSame(
  { detail, personal, purged }: StoredEntry,
  digest: string,
  own: Record<string, string> | null,
): boolean {
  return detail['digest'] === digest && (purged || isDeepStrictEqual({ ...personal }, { ...own }));
}

/** Puts a carrier's rows into the registry and asks it again about the leads. Returns one line about it. */
function attributeBy(
  file: string,
  bytes: Uint8Array,
  rows: readonly RegistryEntry[],
  faults: number,
  leads: readonly string[],
  { ledger, freshCasebook }: Casework,
  change: ReturnType<typeof changeOf>,
): string {
  const name = `feedback ${basename(file)}`;
  const counts = ledger.registry.addRows(name, rows, change.time);
  const shape = { layout: 'feedback', encoding: 'utf-8', because: 'answers of a carrier' };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const source = { name, shape, sha256, importedAt: change.time, actor: change.actor, rows: rows.length, ...counts };
  ledger.registry.putSource({ ...source, faults });
  const { moved } = freshCasebook().reattribute({ ...change, leads });
  return `${formatCount(rows.length)} rows for the registry, ${formatCount(moved)} detections belong elsewhere now`;
}

function rowsOf(answer: CarrierFeedback, { casebook }: Casework, now: number): AttributedRows {
  const lead = casebook.lead(answer.lead);
  return lead === null ? { rows: [], fault: null } : attributedRows(answer, lead, now);
}

function wordsOf({ file, kind, rows, added, faults, leads, notes, error }: Taken, dry: boolean): string[] {
  if (error !== null) return [visible(error)];
  const shown = faults.slice(0, MAX_SHOWN).map(({ row, message }) => `${file}: row ${row}: ${message}`);
  if (faults.length > shown.length)
    shown.push(`${file}: ${formatCount(faults.length - shown.length)} more bad rows (--json)`);
  const fate = dry ? 'nothing taken in (--dry-run)' : `${formatCount(added)} new, ${formatCount(leads.length)} leads`;
  return [
    ...shown,
    ...notes.map((note) => `${file}: ${note}`),
    `${file}: ${kind}, ${formatCount(rows)} rows, ${formatCount(faults.length)} bad: ${fate}`,
  ].map(visible);
}
