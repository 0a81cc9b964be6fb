import { basename } from 'node:path';
import type { Sealed } from '../attribution/types.ts';
import { DEPARTMENT_TERMS } from '../common/terms.ts';
import type { ReadOptions } from '../ledger/casebook.ts';
import { goesOut } from '../ledger/strength.ts';
import type { Lead } from '../ledger/types.ts';
import { departmentOf, type FieldSets, parseFieldSets } from '../publish/field-sets.ts';
import { applyFieldSet, type HandOverLead } from '../publish/hand-over.ts';
import { type HandOverRecord, handOverRecord } from '../publish/hand-over-record.ts';
import { digestsOf } from '../publish/package-container.ts';
import type { Casework } from './casework.ts';
import { type Answer, type Context, dayOf, jsonLine, listOf, textOf, timeOf } from './context.ts';
import { EXIT_DONE, UsageError } from './exit.ts';
import { changeOf, filterOf, mustLead, readSealed, withCasework } from './leads-common.ts';
import { placeFiles, refuseExisting } from './leads-export-files.ts';
import { checkEvidence, type ExportFile, type ExportJob, exportFiles, isFolderFormat } from './leads-export-formats.ts';
import { EXPORT_FORMATS } from './leads-options.ts';
import { sealedReason } from './registry-command.ts';
import { visible } from './text.ts';
import { formatBytes, formatCount } from './units.ts';

/** Region in a display number where nobody knows one. */
const NO_REGION = '000000';
/** Bytes of the secret with which names are hashed in one hand-over. */
const SALT_BYTES = 16;
/** Characters of purpose and recipient, as the record takes them. */
const MAX_WORDS = 200;

type Format = (typeof EXPORT_FORMATS)[number];

/** What a hand-over rests on. */
interface HandOver {
  readonly department: string;
  readonly purpose: string;
  readonly document: string | null;
  readonly recipient: string;
  readonly feedback: string | null;
}

/**
 * `poolprint leads export`. Without `--for` leads go out whole, for the house; with it as the field set of the department
 * allows, numbered, and noted with recipient, purpose, document and hash. Either is an entry of the ledger, written before
 * the file gets its name.
 */
export async function exportLeads(context: Context): Promise<Answer> {
  const { given } = context;
  const format = EXPORT_FORMATS.find((known) => known === (textOf(given, 'format') ?? 'json')) as Format;
  const out = textOf(given, 'out');
  if (out === '') throw new UsageError('--out: a file or folder is needed');
  if (out === null && (isFolderFormat(format) || format === 'xlsx'))
    throw new UsageError(`--format ${format} needs --out`);
  checkFormatOptions(given, format, out);
  const handOver = handOverOf(context);
  const sealed = sealedReason(given);
  if (sealed !== null && handOver?.department !== 'police') {
    throw new UsageError('--sealed: fields of natural persons go to the police alone (--for police)');
  }
  if (out !== null && !isFolderFormat(format)) await refuseExisting(out);
  return withCasework(context, 'write', async (casework) => {
    const { chosen, leftOut } = chooseLeads(handOver !== null, context, casework);
    const { leads, fieldSets } =
      handOver === null
        ? { leads: chosen, fieldSets: null }
        : reduce(chosen, handOver, format, sealed, context, casework);
    const job: ExportJob = { context, casework, format, originals: chosen, leads, handOver, fieldSets };
    const files = await exportFiles(job);
    const placed = out === null ? null : await placeFiles(out, files, isFolderFormat(format));
    try {
      const record = note(files, leads, chosen, format, handOver, fieldSets, context, casework);
      await placed?.commit();
      return answerOf(files, record, out, leftOut, context);
    } finally {
      await placed?.discard();
    }
  });
}

/** An option that the format has no use for is a slip: somebody expects what does not happen. */
function checkFormatOptions(given: Context['given'], format: Format, out: string | null): void {
  const uses: readonly (readonly [name: string, formats: readonly Format[]])[] = [
    ['encoding', ['csv']],
    ['tlp', ['stix', 'shadowserver']],
    ['mmdb', ['stix', 'shadowserver']],
  ];
  for (const [name, formats] of uses) {
    if (given[name] !== undefined && !formats.includes(format))
      throw new UsageError(`--${name} goes with --format ${formats.join(' or ')}`);
  }
  if (out === null && textOf(given, 'encoding') === 'gb18030') throw new UsageError('--encoding gb18030 needs --out');
}

function handOverOf({ given }: Context): HandOver | null {
  const department = textOf(given, 'for');
  if (department === null) {
    for (const name of ['purpose', 'feedback', 'recipient']) {
      if (given[name] !== undefined && given['sealed'] !== true) throw new UsageError(`--${name} goes with --for`);
    }
    return null;
  }
  const purpose = textOf(given, 'purpose')?.trim() ?? '';
  if (purpose === '') throw new UsageError('--for needs --purpose: what it is handed over for, with the article');
  const recipient = (textOf(given, 'recipient') ?? DEPARTMENT_TERMS[departmentOf(department)]?.zh ?? department).trim();
  if (recipient === '') throw new UsageError('--recipient: an office is needed');
  for (const [name, text] of Object.entries({ purpose, recipient })) {
    if (text.length > MAX_WORDS) throw new UsageError(`--${name}: at most ${MAX_WORDS} characters`);
  }
  return { department, purpose, document: textOf(given, 'document'), recipient, feedback: dayOf(given, 'feedback') };
}

function readOptions({ given }: Context): ReadOptions {
  return { history: given['no-history'] !== true, observedAt: timeOf(given, 'observed-at') };
}

/**
 * The leads to export. A department is sent what may go out; what waits for a person goes only where one names it, and what
 * was judged not true never.
 */
function chooseLeads(
  toDepartment: boolean,
  context: Context,
  casework: Casework,
): { readonly chosen: Lead[]; readonly leftOut: number } {
  const options = readOptions(context);
  const references = listOf(context.given, 'ids');
  if (references.length === 0) {
    const all = [...casework.casebook.exportLeads(filterOf(context.given), options)];
    const chosen = toDepartment ? all.filter(goesOut) : all;
    return { chosen, leftOut: all.length - chosen.length };
  }
  const ids = [...new Set(references.map((reference) => mustLead(casework, reference, false).id))].sort();
  const chosen = ids.flatMap((id) => casework.casebook.lead(id, options) ?? []);
  const untrue = toDepartment ? chosen.find(({ status }) => status === 'not_true') : undefined;
  if (untrue !== undefined) {
    const name = untrue.number ?? untrue.id;
    throw new UsageError(
      `${name}: was judged not true (不属实) and goes to no department; leave it out or judge it anew`,
    );
  }
  return { chosen, leftOut: 0 };
}

/** Gives each lead its number and takes away what the department may not have. */
function reduce(
  chosen: Lead[],
  handOver: HandOver,
  format: Format,
  sealed: { document: string; purpose: string } | null,
  context: Context,
  casework: Casework,
): { leads: HandOverLead[]; fieldSets: FieldSets } {
  const { casebook, ledger, reference } = casework;
  const { text, fileName } = reference.text('field-sets.csv');
  const fieldSets = parseFieldSets(text, fileName);
  const change = changeOf(context);
  const year = new Date(change.time / 1000 + 8 * 3_600_000).getUTCFullYear();
  const options = readOptions(context);
  if (format === 'evidence') checkEvidence(handOver.department, fieldSets);
  const salt = Buffer.from(context.environment.random(SALT_BYTES)).toString('hex');
  const fields: Record<string, Sealed> = {};
  if (sealed !== null) {
    for (const lead of chosen) {
      if (lead.subject?.person === true) fields[lead.subject.key] = readSealed(casework, lead, sealed, context);
    }
  }
  // Where one lead may not go, nothing is numbered: a hand-over is made as a whole or not at all.
  return ledger.leads.transaction(() => {
    for (const lead of chosen) {
      if (lead.number === null) casebook.giveNumber(lead.id, lead.region ?? NO_REGION, year, change);
    }
    const numbered = chosen.flatMap(({ id }) => casebook.lead(id, options) ?? []);
    chosen.splice(0, chosen.length, ...numbered);
    const leads = numbered.map((lead) =>
      applyFieldSet(lead, handOver.department, {
        fieldSets,
        documentNumber: handOver.document,
        salt,
        numberOf: (id) => ledger.leads.lead(id)?.number ?? null,
        ...(sealed === null ? {} : { sealed: fields }),
        evidence: ({ detections }) =>
          detections.flatMap(({ id }) => ledger.leads.evidence(id).map(({ sha256, sm3 }) => ({ sha256, sm3 }))),
      }),
    );
    return { leads, fieldSets };
  });
}

/** The entry about the export; without a department only what went out and its hash. */
function note(
  files: readonly ExportFile[],
  leads: readonly Lead[],
  originals: readonly Lead[],
  format: Format,
  handOver: HandOver | null,
  fieldSets: FieldSets | null,
  context: Context,
  { ledger }: Casework,
): HandOverRecord | Record<string, unknown> {
  const bytes = Buffer.concat(files.map((file) => file.bytes));
  const detail =
    handOver === null || fieldSets === null
      ? { format, count: leads.length, leads: leads.map(({ id }) => id), bytes: bytes.length, ...digestsOf(bytes) }
      : handOverRecord({
          ...handOver,
          documentNumber: handOver.document,
          fieldSets,
          format,
          leads,
          bytes,
          feedbackBy: handOver.feedback,
        });
  const action = handOver === null ? 'export' : 'lead.handed_over';
  const listed = files.map((file) => ({ name: basename(file.name), ...digestsOf(file.bytes) }));
  const change = changeOf(context);
  ledger.leads.transaction(() => {
    const entry = ledger.leads.append({
      ...change,
      action,
      lead: null,
      detail: { ...detail, files: listed },
      personal: null,
    });
    if (handOver === null) return;
    const { department, recipient, purpose, document, feedback } = handOver;
    // The same in the history of each lead.
    const sent = { department, recipient, purpose, document, feedback_by: feedback, format, entry };
    for (const { id } of originals) {
      const own = { ...sent, sha256: detail['sha256'] };
      ledger.leads.append({ ...change, action: 'lead.sent', lead: id, detail: own, personal: null });
    }
  });
  return detail;
}

function answerOf(
  files: readonly ExportFile[],
  record: Readonly<Record<string, unknown>>,
  out: string | null,
  leftOut: number,
  { json }: Context,
): Answer {
  const remarks = files.flatMap(({ remark }) => remark ?? []);
  if (leftOut > 0) {
    const why = 'they wait for a person or are not true; one that waits goes where its id is named';
    remarks.push(`${formatCount(leftOut)} leads left out: ${why}`);
  }
  if (out === null) {
    const text = Buffer.concat(files.map(({ bytes }) => bytes)).toString('utf8');
    return { lines: text === '' ? [] : text.replace(/\n$/, '').split('\n'), notes: remarks, code: EXIT_DONE };
  }
  if (json) {
    const listed = files.map(({ name, bytes }) => ({ name, bytes: bytes.length, ...digestsOf(bytes) }));
    return {
      lines: [jsonLine({ type: 'export', version: 1, out, ...record, files: listed })],
      notes: remarks,
      code: EXIT_DONE,
    };
  }
  const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const count = typeof record['count'] === 'number' ? record['count'] : 0;
  const what = files.length === 1 ? '' : `, ${formatCount(files.length)} files`;
  return {
    lines: [
      visible(`${out}: ${formatCount(count)} leads, ${formatBytes(size)}${what}, sha256 ${String(record['sha256'])}`),
    ],
    notes: remarks,
    code: EXIT_DONE,
  };
}
