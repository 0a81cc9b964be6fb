/** Writes the evidence package of a lead: packets, detections, signatures, manifest and an extract of the history. */
import { canonicalJson } from '../common/canonical-json.ts';
import type { DetectionRow } from '../detect/detection.ts';
import type { DossierLead } from './dossier-types.ts';
import { digestsOf, packContainer } from './package-container.ts';
import { packageReadme } from './package-readme.ts';
import {
  CHAIN_NAME,
  CHECK_NAME,
  DETECTIONS_NAME,
  DOSSIER_NAME,
  MANIFEST_NAME,
  type ManifestFile,
  type PackageContext,
  type PackageManifest,
  README_NAME,
} from './package-types.ts';

export type {
  ChainExtract,
  ChainHead,
  ManifestFile,
  PackageCapture,
  PackageContext,
  PackageManifest,
} from './package-types.ts';

/** What a file is, besides its bytes. */
type About = Partial<Omit<ManifestFile, 'name' | 'bytes' | 'sha256' | 'sm3'>> &
  Pick<ManifestFile, 'category' | 'format'>;

/**
 * The package as the bytes of a ZIP file (docs/evidence.md). The same input gives the same bytes, in whatever order captures
 * come. Captures of detections that are the same stand in it once.
 */
export function evidencePackage(lead: DossierLead, context: PackageContext): Uint8Array {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const files = new Map<string, Uint8Array>();
  const about = new Map<string, About>();
  const add = (name: string, bytes: Uint8Array, what: About): void => {
    files.set(name, bytes);
    about.set(name, what);
  };
  const rows = new Map<string, DetectionRow>();
  // By content, so that neither order nor repetition of what was given shows.
  const captures = new Map(
    context.captures.map(({ detection, bytes, digest }) => {
      const content = digestsOf(encode(canonicalJson(detection))).sha256;
      const key = [detection.id, content, digestsOf(bytes).sha256].join(' ');
      return [key, { detection, bytes, digest, content }] as const;
    }),
  );
  for (const [, { detection, bytes, digest, content }] of [...captures].sort(([a], [b]) => order(a, b))) {
    const name = freeName(`captures/${captureName(detection)}`, files);
    rows.set(content, detection);
    add(name, bytes, {
      category: 'packet_capture',
      format: 'pcapng',
      captured_at: detection.first_seen,
      original_location: places(detection),
      detection: detection.id,
      detection_digest: content,
      ledger_digest: digest,
    });
  }
  add(DETECTIONS_NAME, encode([...rows.values()].map((row) => `${canonicalJson(row)}\n`).join('')), {
    category: 'log_line',
    format: 'jsonl',
  });
  add(CHAIN_NAME, encode(chainText(context)), { category: 'log_line', format: 'jsonl' });
  for (const { id, version, text } of context.signatures ?? []) {
    const name = `signatures/${id.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 120)}-v${version}.yaml`;
    if (!files.has(name))
      add(name, encode(text), { category: 'document', format: 'yaml', rule_version: `${id} v${version}` });
  }
  if (typeof context.dossier === 'string') {
    add(DOSSIER_NAME, encode(context.dossier), { category: 'document', format: 'html' });
  }
  add(README_NAME, encode(packageReadme(lead, context, captures.size)), { category: 'document', format: 'txt' });
  const manifest = manifestOf(lead, context, files, about, [...rows.values()]);
  const manifestBytes = encode(`${JSON.stringify(manifest, null, 2)}\n`);
  files.set(MANIFEST_NAME, manifestBytes);
  files.set(CHECK_NAME, encode(checkText(manifestBytes)));
  return packContainer(files);
}

/** Digests of the manifest, in the lines that `sha256sum --tag` and `openssl dgst -sm3` print. */
export function checkText(manifest: Uint8Array): string {
  const { sha256, sm3 } = digestsOf(manifest);
  return `SHA256 (${MANIFEST_NAME}) = ${sha256}\nSM3 (${MANIFEST_NAME}) = ${sm3}\n`;
}

function manifestOf(
  lead: DossierLead,
  context: PackageContext,
  files: ReadonlyMap<string, Uint8Array>,
  about: ReadonlyMap<string, About>,
  rows: readonly DetectionRow[],
): PackageManifest {
  const tool = `${context.program} ${context.version}`;
  const named = new Map<string, { id: string; version: number }>();
  for (const { indications } of rows) {
    for (const { signature: id, version } of indications) named.set(`${id} ${version}`, { id, version });
  }
  const listed = [...files.keys()].sort().map((name): ManifestFile => {
    const bytes = files.get(name) as Uint8Array;
    const digests = digestsOf(bytes);
    const what = about.get(name) as About;
    return {
      name,
      bytes: bytes.length,
      ...digests,
      evidence_id: `E-${digests.sha256.slice(0, 16)}`,
      captured_at: null,
      clock_source: what.category === 'packet_capture' ? (context.clockSource ?? null) : null,
      collector: context.collector,
      tool_version: tool,
      rule_version: what.category === 'packet_capture' ? `signatures ${context.signatureSet.sha256}` : null,
      original_location: null,
      copy_of: null,
      custodian: context.custodian ?? null,
      transferred_to: null,
      transferred_at: null,
      purpose: null,
      detection: null,
      detection_digest: null,
      ledger_digest: null,
      ...what,
    };
  });
  return {
    type: 'evidence_package',
    version: 1,
    lead: lead.id ?? null,
    number: lead.number ?? null,
    made_at: isoTime(context.now),
    program: context.program,
    program_version: context.version,
    signature_set: { signatures: context.signatureSet.signatures, sha256: context.signatureSet.sha256 },
    signatures: [...named.values()].sort((a, b) => order(a.id, b.id) || a.version - b.version),
    ledger: context.ledgerId ?? null,
    files: listed,
  };
}

function chainText({ chain, head, ledgerId }: PackageContext): string {
  const entries = [...chain].sort((a, b) => a.seq - b.seq);
  const lines = entries.map((entry) => canonicalJson({ type: 'chain_entry', version: 1, ...entry }));
  if (head) {
    const { seq, sha256, sm3 } = head;
    lines.push(canonicalJson({ type: 'chain_head', version: 1, ledger: ledgerId ?? null, seq, sha256, sm3 }));
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** `<miner>_<pool>_<dialect>_<id>.pcapng`: letters, digits, dots and dashes only, whatever the network said. */
function captureName(row: DetectionRow): string {
  const pool = `${safePart(row.pool.host ?? row.pool.ip ?? '')}-${row.pool.port ?? 'dns'}`;
  return `${safePart(row.miner.ip)}_${pool}_${safePart(row.dialect ?? '')}_${safePart(row.id.slice(0, 12))}.pcapng`;
}

function safePart(text: string): string {
  const safe = text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[.-]+|[.-]+$/g, '');
  return safe === '' ? 'unknown' : safe.slice(0, 40);
}

/** The name, numbered where it is taken. */
function freeName(name: string, files: ReadonlyMap<string, Uint8Array>): string {
  let free = name;
  for (let n = 2; files.has(free); n++) free = name.replace(/\.pcapng$/, `-${n}.pcapng`);
  return free;
}

/** Names of the captures that the packets came from, without their folders. */
function places({ indications }: DetectionRow): string | null {
  const names = new Set(indications.map(({ file }) => file.split(/[\\/]/).at(-1) ?? ''));
  return names.size === 0 ? null : [...names].sort().slice(0, 8).join(', ').slice(0, 400);
}

function order(a: string | null, b: string | null): number {
  return (a ?? '') < (b ?? '') ? -1 : (a ?? '') > (b ?? '') ? 1 : 0;
}

/** ISO 8601 UTC with microseconds. */
function isoTime(microseconds: number): string {
  const milliseconds = Math.floor(microseconds / 1000);
  const rest = Math.floor(microseconds) - milliseconds * 1000;
  return new Date(milliseconds).toISOString().replace('Z', `${String(rest).padStart(3, '0')}Z`);
}
