/**
 * Evidence captures: for each detection the packets behind it as pcapng, with a manifest that ties each file by its
 * SHA-256 to detection, signatures and source.
 */
import { createHash, type Hash, randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errorCode, OutputError, oneLine } from '../capture/capture-error.ts';
import { Frame } from '../capture/frame.ts';
import { PcapngWriter } from '../capture/writer.ts';
import type { DetectionRow, IndicationRow, SummaryRow } from '../detect/detection.ts';
import { writeReason } from './write-reason.ts';

/** A captured frame kept as evidence; times in microseconds since the epoch, with the nanoseconds beyond. */
export interface KeptFrame {
  readonly file: string;
  readonly packet: number;
  readonly time: number;
  readonly nanos: number;
  readonly linkType: number;
  readonly originalLength: number;
  readonly bytes: Uint8Array;
  /** A password in it was overwritten; absent counts as no. */
  readonly redacted?: boolean;
}

/** What evidence is made from; the engine's result is one. */
export interface EvidenceSource {
  readonly detections: readonly DetectionRow[];
  /** Frames by detection id, in order of time. */
  readonly evidence: ReadonlyMap<string, readonly KeptFrame[]>;
  readonly summary: Pick<SummaryRow, 'sensor' | 'signature_set'>;
}

export interface EvidenceContext {
  /** Name and version of the program that writes. */
  readonly program: string;
  readonly version: string;
  /** Most bytes of one file (default 64 MiB) and of all together (default 1 GiB); packets beyond are counted. */
  readonly maxFileBytes?: number;
  readonly maxTotalBytes?: number;
}

/** One file in `manifest.json`. */
interface ManifestEntry {
  readonly file: string;
  readonly detection: string;
  readonly miner: string;
  readonly pool: string;
  readonly dialect: string | null;
  readonly confidence: string;
  readonly activity: string;
  readonly sha256: string;
  readonly size: number;
  readonly packets: number;
  /** Packets that were kept but did not fit into the size allowed. */
  readonly packets_left_out: number;
  readonly first_time: string | null;
  readonly last_time: string | null;
  readonly sources: readonly string[];
  readonly signatures: readonly { readonly id: string; readonly version: number }[];
}

const MANIFEST = 'manifest.json';
const REDACTED = 'A password in this packet was overwritten with *; checksums are as captured.';
const MEBIBYTE = 1024 * 1024;
const MAX_FILE = 64 * MEBIBYTE;
const MAX_TOTAL = 1024 * MEBIBYTE;
/** Longest part of a file name: address, pool and dialect together stay far below the 255 bytes of file systems. */
const MAX_PART = 64;

/**
 * Writes `<miner>_<pool>_<dialect>_<id>.pcapng` for each detection and `manifest.json` into `folder`, which is made if
 * need be. Everything goes to temporary names first, so that a full disk leaves the folder as it was; then files of the
 * same name are replaced, the manifest last. The same source gives the same bytes. Files are readable by their owner
 * alone, for they hold other people's traffic. Throws OutputError, one clear line.
 */
export async function writeEvidence(folder: string, source: EvidenceSource, context: EvidenceContext): Promise<void> {
  const written: [temporary: string, final: string][] = [];
  try {
    await makeFolder(resolve(folder), MAX_PARENTS);
    const entries: ManifestEntry[] = [];
    const withoutPackets: string[] = [];
    let left = context.maxTotalBytes ?? MAX_TOTAL;
    for (const row of source.detections) {
      const frames = source.evidence.get(row.id) ?? [];
      if (frames.length === 0) {
        withoutPackets.push(row.id);
        continue;
      }
      const name = evidenceName(row);
      const temporary = temporaryName(folder);
      written.push([temporary, join(folder, name)]);
      const limit = Math.min(context.maxFileBytes ?? MAX_FILE, left);
      const entry = await writeCapture(temporary, name, row, frames, source, context, limit);
      left = Math.max(0, left - entry.size);
      entries.push(entry);
    }
    const temporary = temporaryName(folder);
    written.push([temporary, join(folder, MANIFEST)]);
    await writeWhole(temporary, manifestText(entries, withoutPackets, source, context));
    for (const [from, to] of written) await rename(from, to);
  } catch (error) {
    for (const [temporary] of written) await rm(temporary, { force: true }).catch(() => undefined);
    throw new OutputError(`cannot write evidence to ${folder}: ${writeReason(error)}`);
  }
}

/** Missing folders above the wanted one that are made too. */
const MAX_PARENTS = 32;

/** Makes a folder and those above it. Not `mkdir` with `recursive`: in /proc and its like that never comes to an end. */
async function makeFolder(folder: string, left: number): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    const parent = dirname(folder);
    if (code !== 'ENOENT' || parent === folder || left === 0) throw error;
    await makeFolder(parent, left - 1);
    await mkdir(folder, { mode: 0o700 });
  }
}

function temporaryName(folder: string): string {
  return join(folder, `.poolprint-${randomBytes(8).toString('hex')}.tmp`);
}

/** File name of a detection's evidence: letters, digits, dots and dashes only, whatever the network said. */
export function evidenceName(row: DetectionRow): string {
  const pool = `${safePart(row.pool.host ?? row.pool.ip ?? row.pool.name ?? '')}-${row.pool.port ?? 'dns'}`;
  return `${safePart(row.miner.ip)}_${pool}_${safePart(row.dialect ?? '')}_${safePart(row.id.slice(0, 12))}.pcapng`;
}

function safePart(text: string): string {
  const safe = text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[.-]+|[.-]+$/g, '');
  return safe === '' ? 'unknown' : safe.slice(0, MAX_PART);
}

async function writeCapture(
  path: string,
  name: string,
  row: DetectionRow,
  frames: readonly KeptFrame[],
  source: EvidenceSource,
  context: EvidenceContext,
  limit: number,
): Promise<ManifestEntry> {
  const comments = packetComments(row.indications);
  const application = `${context.program} ${context.version}`;
  const writer = new PcapngWriter({ comment: sectionComment(row, source, application), application, maxBytes: limit });
  const frame = new Frame(new Uint8Array(0), new DataView(new ArrayBuffer(0)));
  const hash = createHash('sha256');
  const sources = new Set<string>();
  let first: KeptFrame | null = null;
  let last: KeptFrame | null = null;
  const file = await open(path, 'wx', 0o600);
  try {
    let taken = 0;
    for (const kept of frames) {
      fillFrame(frame, kept);
      const notes = [comments.get(placeKey(kept.file, kept.packet)), kept.redacted === true ? REDACTED : undefined];
      if (!writer.add(frame, notes.filter((note) => note !== undefined).join('\n'))) continue;
      sources.add(kept.file);
      first ??= kept;
      last = kept;
      if (writer.size - taken < MEBIBYTE) continue;
      taken = writer.size;
      await append(file, hash, writer.take());
    }
    await append(file, hash, writer.take());
    await file.sync();
  } finally {
    await file.close();
  }
  const ids = new Map(
    row.indications.map(({ signature, version }) => [`${signature} ${version}`, { signature, version }]),
  );
  return {
    file: name,
    detection: row.id,
    miner: row.miner.ip,
    pool: `${row.pool.host ?? row.pool.ip ?? ''}${row.pool.port === null ? '' : `:${row.pool.port}`}`,
    dialect: row.dialect,
    confidence: row.confidence,
    activity: row.activity,
    sha256: hash.digest('hex'),
    size: writer.size,
    packets: writer.packets,
    packets_left_out: writer.refused,
    first_time: first === null ? null : isoTime(first.time),
    last_time: last === null ? null : isoTime(last.time),
    sources: [...sources],
    signatures: [...ids.values()].map(({ signature, version }) => ({ id: signature, version })),
  };
}

/**
 * The packets behind one detection as a pcapng file in memory, with the same comments as the files of `writeEvidence`; at
 * most `limit` bytes, what does not fit is left out. Null without packets.
 */
export function evidenceCapture(
  row: DetectionRow,
  source: EvidenceSource,
  context: EvidenceContext,
  limit: number,
): { readonly bytes: Uint8Array; readonly packets: number } | null {
  const frames = source.evidence.get(row.id) ?? [];
  if (frames.length === 0) return null;
  const comments = packetComments(row.indications);
  const application = `${context.program} ${context.version}`;
  const writer = new PcapngWriter({ comment: sectionComment(row, source, application), application, maxBytes: limit });
  const frame = new Frame(new Uint8Array(0), new DataView(new ArrayBuffer(0)));
  for (const kept of frames) {
    fillFrame(frame, kept);
    const notes = [comments.get(placeKey(kept.file, kept.packet)), kept.redacted === true ? REDACTED : undefined];
    writer.add(frame, notes.filter((note) => note !== undefined).join('\n'));
  }
  return { bytes: writer.take(), packets: writer.packets };
}

function fillFrame(frame: Frame, kept: KeptFrame): void {
  frame.bytes = kept.bytes;
  frame.view = new DataView(kept.bytes.buffer, kept.bytes.byteOffset, kept.bytes.byteLength);
  frame.offset = 0;
  frame.end = kept.bytes.length;
  frame.originalLength = kept.originalLength;
  frame.linkType = kept.linkType;
  frame.time = kept.time;
  frame.nanos = kept.nanos;
  frame.number = kept.packet;
}

interface Appendable {
  writeFile(bytes: Uint8Array): Promise<void>;
}

async function append(file: Appendable, hash: Hash, bytes: Uint8Array): Promise<void> {
  hash.update(bytes);
  await file.writeFile(bytes);
}

async function writeWhole(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function placeKey(file: string, packet: number): string {
  return `${packet} ${file}`;
}

/** What each packet shows, by its place: the signatures that held on it, with their excerpts. */
function packetComments(indications: readonly IndicationRow[]): Map<string, string> {
  const comments = new Map<string, string>();
  for (const item of indications) {
    const key = placeKey(item.file, item.packet);
    const line = oneLine(
      `${item.signature} v${item.version}, weight ${item.weight}, from the ${item.from}: ${item.excerpt}`,
    );
    const before = comments.get(key);
    comments.set(key, before === undefined ? line : `${before}\n${line}`);
  }
  return comments;
}

function sectionComment(row: DetectionRow, source: EvidenceSource, application: string): string {
  const signatures = [...new Set(row.indications.map(({ signature, version }) => `${signature} v${version}`))];
  return [
    `Evidence of detection ${row.id}`,
    `${row.confidence} ${row.activity}, score ${row.score}: ${row.miner.ip} to ${row.pool.host ?? row.pool.ip}${row.pool.port === null ? '' : ` port ${row.pool.port}`}, ${row.dialect ?? 'no dialect'}`,
    `Signatures: ${signatures.join(', ') || 'none'}; set ${source.summary.signature_set.sha256}`,
    `Sensor: ${source.summary.sensor}; written by ${application}`,
  ]
    .map(oneLine)
    .join('\n');
}

function manifestText(
  files: readonly ManifestEntry[],
  withoutPackets: readonly string[],
  { summary }: EvidenceSource,
  context: EvidenceContext,
): string {
  const manifest = {
    type: 'evidence_manifest',
    version: 1,
    program: context.program,
    program_version: context.version,
    sensor: summary.sensor,
    signature_set: summary.signature_set,
    files,
    detections_without_packets: withoutPackets,
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** ISO 8601 UTC with microseconds; null for a time no calendar has. */
function isoTime(microseconds: number): string | null {
  const date = new Date(Math.floor(microseconds / 1000));
  if (Number.isNaN(date.getTime())) return null;
  const rest = Math.floor(microseconds) - date.getTime() * 1000;
  return date.toISOString().replace('Z', `${String(rest).padStart(3, '0')}Z`);
}
