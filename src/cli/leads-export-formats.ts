import type { IndicationRow } from '../detect/detection.ts';
import type { Lead } from '../ledger/types.ts';
import type { RegionNames } from '../publish/columns.ts';
import { leadsCsv } from '../publish/csv.ts';
import { carrierCsv } from '../publish/csv-carrier.ts';
import { dossierHtml, type EvidenceListRow } from '../publish/dossier.ts';
import { eveAlerts } from '../publish/eve.ts';
import type { FieldSets } from '../publish/field-sets.ts';
import { leadJsonLine } from '../publish/lead-json.ts';
import { evidencePackage, type PackageCapture } from '../publish/package.ts';
import { stixBundle } from '../publish/stix.ts';
import { TLP_LEVELS } from '../publish/stix-marking.ts';
import { ledgerWorkbook } from '../publish/workbook.ts';
import type { SignatureSet } from '../signature/types.ts';
import type { Casework } from './casework.ts';
import { hintSource } from './casework.ts';
import { type Context, isoOf, listOf, safeJson, textOf } from './context.ts';
import { UsageError } from './exit.ts';
import { changeOf } from './leads-common.ts';
import type { EXPORT_FORMATS } from './leads-options.ts';
import { programVersion } from './version.ts';

export interface ExportFile {
  /** Name within a folder. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** One line worth saying. */
  readonly remark?: string;
}

export interface ExportJob {
  readonly context: Context;
  readonly casework: Casework;
  readonly format: (typeof EXPORT_FORMATS)[number];
  /** The leads as the ledger has them, and as they go out, in the same order. */
  readonly originals: readonly Lead[];
  readonly leads: readonly Lead[];
  readonly handOver: {
    readonly department: string;
    readonly document: string | null;
    readonly recipient: string;
  } | null;
  readonly fieldSets: FieldSets | null;
}

/** One file for each lead or network, into a folder. */
export function isFolderFormat(format: ExportJob['format']): boolean {
  return format === 'dossier' || format === 'evidence' || format === 'shadowserver';
}

type Make = (job: ExportJob) => ExportFile[] | Promise<ExportFile[]>;

const MAKERS: Readonly<Record<ExportJob['format'], Make>> = {
  json: ({ leads }) => [file('leads.jsonl', lines(leads.map(leadJsonLine)))],
  csv,
  xlsx,
  stix,
  shadowserver,
  eve: ({ leads }) => [file('leads.eve.jsonl', lines([...eveAlerts(leads)]))],
  dossier: dossiers,
  evidence: packages,
};

/** The files of an export, in memory: what is noted is what is written. */
export async function exportFiles(job: ExportJob): Promise<ExportFile[]> {
  return MAKERS[job.format](job);
}

function file(name: string, content: string | Uint8Array, remark?: string): ExportFile {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  return { name, bytes, ...(remark === undefined ? {} : { remark }) };
}

function lines(list: readonly string[]): string {
  return list.map((line) => `${line}\n`).join('');
}

/** Today in China. */
function today({ context }: ExportJob): string {
  return new Date(changeOf(context).time / 1000 + 8 * 3_600_000).toISOString().slice(0, 10);
}

function unitOf({ context }: ExportJob): string {
  return textOf(context.given, 'unit') ?? 'poolprint';
}

function regionNames({ casework }: ExportJob): (code: string) => RegionNames | null {
  const { divisions } = casework.reference;
  return (code) => {
    if (divisions.byCode(code) === null) return null;
    const name = (own: string): string | null => divisions.nameOf(own);
    return {
      province: name(`${code.slice(0, 2)}0000`),
      city: code.slice(2, 4) === '00' ? null : name(`${code.slice(0, 4)}00`),
      county: code.endsWith('00') ? null : name(code),
    };
  };
}

/** What is said of the hand-over in tables and dossiers; null for the house. */
function fieldSetNote({ handOver, fieldSets }: ExportJob): string | null {
  if (handOver === null || fieldSets === null) return null;
  const document = handOver.document === null ? '' : `；文号 ${handOver.document}`;
  return `字段集 ${handOver.department} ${fieldSets.version}；接收单位 ${handOver.recipient}${document}`;
}

function csv(job: ExportJob): ExportFile[] {
  const encoding = textOf(job.context.given, 'encoding') === 'gb18030' ? 'gb18030' : 'utf-8';
  const { bytes, replaced } = leadsCsv(job.leads, {
    encoding,
    headings: job.context.language,
    context: { day: today(job), unit: unitOf(job), regionNames: regionNames(job) },
  });
  return [
    file(
      'leads.csv',
      bytes,
      replaced === 0 ? undefined : `${replaced} characters that ${encoding} does not have were replaced`,
    ),
  ];
}

async function xlsx(job: ExportJob): Promise<ExportFile[]> {
  const note = fieldSetNote(job);
  const bytes = await ledgerWorkbook(job.leads, {
    day: today(job),
    unit: unitOf(job),
    regionNames: regionNames(job),
    ...(note === null ? {} : { notes: [note] }),
  });
  return [file('leads.xlsx', bytes)];
}

/** Autonomous system of an address from the databases named with --mmdb; null where none knows. */
function asnOf({ context }: ExportJob): (ip: string) => number | null {
  const sources = listOf(context.given, 'mmdb').map(hintSource);
  return (ip) => {
    for (const source of sources) {
      const asn = source(ip)?.asn ?? null;
      if (asn !== null) return asn;
    }
    return null;
  };
}

function tlpOf({ context }: ExportJob): (typeof TLP_LEVELS)[number] {
  return TLP_LEVELS.find((level) => level === textOf(context.given, 'tlp')) ?? 'amber';
}

function stix(job: ExportJob): ExportFile[] {
  const find = asnOf(job);
  const bundle = stixBundle(job.leads, {
    tlp: tlpOf(job),
    producer: { name: unitOf(job) },
    placeNames: (region) => {
      const names = regionNames(job)(region);
      const area = job.casework.reference.provinces.get(region)?.iso ?? names?.province ?? null;
      return names === null ? null : { area, city: names.city, name: job.casework.regionName(region) };
    },
    asn: (ip) => {
      const number = find(ip);
      return number === null ? null : { number };
    },
  });
  return [file('leads.stix.json', `${safeJson(JSON.stringify(bundle, null, 1))}\n`)];
}

function shadowserver(job: ExportJob): ExportFile[] {
  const files = carrierCsv(job.leads, { day: today(job), asnOf: asnOf(job), tlp: tlpOf(job) });
  return files.map(({ name, bytes }) => file(name, bytes));
}

/** File name of a lead: its number or id, letters, digits and dashes alone. */
function stem(lead: Lead): string {
  return (lead.number ?? lead.id).replace(/[^A-Za-z0-9-]/g, '-');
}

async function signaturesOf({ environment }: Context): Promise<SignatureSet> {
  return environment.loadSignatures({ directory: null, only: [], without: [] });
}

async function dossiers(job: ExportJob): Promise<ExportFile[]> {
  const set = await signaturesOf(job.context);
  return job.leads.map((lead, at) => file(`${stem(lead)}.html`, dossierOf(job, lead, job.originals[at] ?? lead, set)));
}

function dossierOf(job: ExportJob, lead: Lead, original: Lead, set: SignatureSet): string {
  const { context, casework, fieldSets, handOver } = job;
  const full = handOver === null || fieldSets === null;
  const level = full ? 'full' : fieldSets.departments[handOver.department as keyof FieldSets['departments']].evidence;
  const language = textOf(context.given, 'lang');
  return dossierHtml(lead, {
    history: lead.history ?? [],
    evidence: level === 'none' ? [] : evidenceRows(job, original).map(level === 'full' ? (row) => row : hashesAlone),
    lang: language === 'en' || language === 'zh' ? language : 'both',
    generatedAt: isoOf(changeOf(context).time),
    actor: context.actor,
    producer: unitOf(job),
    explain: (id) => {
      const signature = set.byId(id);
      return signature === undefined ? null : { title: signature.title, description: null };
    },
    regionName: casework.regionName,
    fieldSetNote: fieldSetNote(job),
    indications: level === 'full' ? indicationsOf(job, original) : [],
    observed: observedSpans(job, original),
  });
}

function indicationsOf({ casework }: ExportJob, lead: Lead): { id: string; indications: IndicationRow[] }[] {
  return lead.detections.flatMap(({ id, shared }) => {
    // Excerpts of a shared detection may be another subscriber's words.
    const rows = shared ? [] : casework.ledger.leads.parts(id);
    return rows.map(({ row }) => ({ id, indications: [...row.indications] }));
  });
}

/** Spans in which sensors of this lead's detections looked, from the ledger's coverage. */
function observedSpans({ casework }: ExportJob, lead: Lead): { from: string; to: string }[] {
  const sensors = new Set(lead.detections.map(({ sensor }) => sensor));
  return [...casework.ledger.leads.coverage()].flatMap(({ sensor, from, to }) =>
    sensors.has(sensor) && from !== null && to !== null ? [{ from, to }] : [],
  );
}

function evidenceRows({ casework, context }: ExportJob, lead: Lead): EvidenceListRow[] {
  return lead.detections.flatMap((detection) =>
    casework.ledger.leads.evidence(detection.id).map(
      (record): EvidenceListRow => ({
        evidence_id: `${detection.id.slice(0, 12)}-${record.digest.slice(0, 8)}`,
        category: 'packet_capture',
        format: 'pcapng',
        bytes: record.bytes,
        sha256: record.sha256,
        sm3: record.sm3,
        captured_at: detection.first_seen,
        clock_source: null,
        collector: detection.sensor,
        tool_version: `poolprint ${programVersion()}`,
        rule_version: detection.signatures.map(({ id, version }) => `${id} v${version}`).join(', '),
        custodian: context.actor,
      }),
    ),
  );
}

/** Of evidence that a department gets reduced: what it is and its hashes, so that it can be recognised later. */
function hashesAlone({ category, format, bytes, sha256, sm3 }: EvidenceListRow, at: number): EvidenceListRow {
  const unknown = { captured_at: null, clock_source: null, collector: null, tool_version: null };
  return {
    ...{ evidence_id: String(at + 1), category, format, bytes, sha256, sm3 },
    ...unknown,
    rule_version: null,
    custodian: null,
  };
}

/**
 * Entries whose words speak of traffic and evidence alone; of others, which name subjects and sites, a package that leaves
 * the house has the link.
 */
const OPEN_ACTIONS = new Set(['detection.recorded', 'evidence.recorded']);

/** Throws a UsageError for a department that gets no packets. */
export function checkEvidence(department: string, fieldSets: FieldSets): void {
  const level = fieldSets.departments[department as keyof FieldSets['departments']].evidence;
  if (level === 'full') return;
  const what = level === 'none' ? 'no evidence' : 'the hashes of evidence alone, which its dossier lists';
  throw new UsageError(`--format evidence: ${department} gets ${what}`);
}

async function packages(job: ExportJob): Promise<ExportFile[]> {
  const { context, casework, handOver } = job;
  const set = await signaturesOf(context);
  const { setDigest } = await import('../engine/result.ts');
  const signatureSet = { signatures: set.signatures.length, sha256: setDigest(set) };
  const act = changeOf(context);
  const head = casework.ledger.anchor({ now: act.time, actor: act.actor });
  return job.leads.map((lead, at) => {
    const original = job.originals[at] ?? lead;
    const captures = capturesOf(job, original);
    const missing = original.detections.length - new Set(captures.map(({ detection }) => detection.id)).size;
    const entries = [...casework.ledger.leads.entries({ leads: [original.id, ...original.aliases] })];
    const links = casework.ledger.links(entries.map(({ seq }) => seq));
    const bytes = evidencePackage(lead, {
      captures,
      chain: entries.map(({ seq, time, actor, action, lead: of, detail, sha256, sm3 }) => {
        const open = handOver === null || OPEN_ACTIONS.has(action);
        const entry = {
          seq,
          time,
          actor,
          action,
          lead: of,
          detail: open ? detail : {},
          sha256,
          sm3,
          ...links.get(seq),
        };
        return open ? entry : { ...entry, detail_salt: null };
      }),

      head: { seq: head.seq, sha256: head.sha256, sm3: head.sm3 },
      ledgerId: casework.ledger.id,
      dossier: dossierOf(job, lead, original, set),
      signatures: signatureTexts(set, original),
      program: 'poolprint',
      version: programVersion(),
      signatureSet,
      collector: original.detections.at(-1)?.sensor ?? null,
      custodian: context.actor,
      now: act.time,
    });
    const remark =
      missing === 0
        ? undefined
        : `${stem(lead)}: ${missing} detections come without packets (shared with other subscribers, purged, or none were kept)`;
    return file(`${stem(lead)}.zip`, bytes, remark);
  });
}

function capturesOf({ casework: { ledger }, handOver }: ExportJob, lead: Lead): PackageCapture[] {
  return lead.detections.flatMap(({ id, shared }) => {
    // The packets of a shared detection are another subscriber's too: they do not leave the house.
    if (shared && handOver !== null) return [];
    const parts = new Map(ledger.leads.parts(id).map((part) => [part.digest, part.row]));
    return ledger.leads.evidence(id).flatMap(({ digest, capture }) => {
      const detection = parts.get(digest);
      return capture === null || detection === undefined ? [] : [{ detection, bytes: capture, digest }];
    });
  });
}

function signatureTexts(set: SignatureSet, lead: Lead): { id: string; version: number; text: string }[] {
  const named = new Map(
    lead.detections.flatMap(({ signatures }) => signatures.map((one) => [`${one.id} ${one.version}`, one] as const)),
  );
  return [...named.values()].flatMap(({ id, version }) => {
    const signature = set.byId(id);
    if (signature === undefined || signature.version !== version) return [];
    const { file: _file, line: _line, ...rest } = signature;
    return [{ id, version, text: `${JSON.stringify(rest, null, 2)}\n` }];
  });
}
