/** Checks of a package that need nothing but the package: digests, completeness, detections, the extract of the history. */
import * as v from 'valibot';
import { canonicalJson } from '../common/canonical-json.ts';
import type { DetectionRow } from '../detect/detection.ts';
import { checkText } from './package.ts';
import { type Container, digestsOf } from './package-container.ts';
import {
  CHAIN_NAME,
  CHECK_NAME,
  type ChainExtract,
  type ChainHead,
  DETECTIONS_NAME,
  MANIFEST_NAME,
  type PackageManifest,
} from './package-types.ts';

export interface PackageFault {
  readonly file: string | null;
  readonly code: string;
  readonly text: string;
}

/** A capture with the detections that the manifest ties to it. */
export interface CheckedCapture {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly row: DetectionRow;
}

export interface CheckedPackage {
  readonly manifest: PackageManifest | null;
  readonly captures: readonly CheckedCapture[];
  readonly chain: readonly ChainExtract[];
  readonly head: ChainHead | null;
  /** Files whose digests agree. */
  readonly agreed: number;
  readonly faults: readonly PackageFault[];
}

const MAX_FAULTS = 1000;
const MAX_LINES = 20_000;
const MAX_LINE = 8 * 1024 * 1024;

const hex: v.GenericSchema<string> = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const digests: v.GenericSchema<{ sha256: string; sm3: string }> = v.object({ sha256: hex, sm3: hex });
const count: v.GenericSchema<number> = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const textOrNull: v.GenericSchema<string | null> = v.nullable(v.string());

const MANIFEST = v.looseObject({
  type: v.literal('evidence_package'),
  version: v.literal(1),
  lead: textOrNull,
  number: textOrNull,
  made_at: v.string(),
  program: v.string(),
  program_version: v.string(),
  signature_set: v.object({ signatures: count, sha256: v.string() }),
  signatures: v.array(v.object({ id: v.string(), version: count })),
  ledger: textOrNull,
  files: v.array(
    v.looseObject({
      name: v.string(),
      bytes: count,
      sha256: hex,
      sm3: hex,
      category: v.string(),
      detection: textOrNull,
    }),
  ),
});

const DETECTION = v.looseObject({
  type: v.literal('detection'),
  id: v.string(),
  sensor: v.string(),
  vantage: v.object({ nat: v.picklist(['inside', 'outside', 'none']), realm: textOrNull, clock_error_s: v.number() }),
  miner: v.object({ ip: v.string() }),
  pool: v.object({ ip: textOrNull, port: v.nullable(count), host: textOrNull, name: textOrNull }),
  via: v.nullable(v.object({ kind: v.string(), ip: v.string(), port: count })),
  dialect: textOrNull,
  activity: v.picklist(['mining', 'attempt', 'probe', 'proxy']),
  confidence: v.picklist(['confirmed', 'probable', 'suspected']),
  score: v.number(),
  picked_up: v.string(),
  indications: v.array(
    v.looseObject({
      signature: v.string(),
      version: count,
      kind: v.picklist(['payload', 'tls', 'dns', 'http', 'endpoint', 'behaviour']),
    }),
  ),
});

const ENTRY = v.looseObject({
  type: v.literal('chain_entry'),
  seq: count,
  time: v.number(),
  actor: v.string(),
  action: v.string(),
  lead: textOrNull,
  detail: v.record(v.string(), v.unknown()),
  sha256: hex,
  sm3: hex,
  previous: v.optional(v.nullable(digests)),
  parts: v.optional(
    v.nullable(v.object({ detail: digests, personal: v.nullable(digests), content: v.nullable(digests) })),
  ),
  detail_salt: v.optional(v.nullable(v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{2}){0,64}$/)))),
});
const HEAD = v.looseObject({ type: v.literal('chain_head'), seq: count, sha256: hex, sm3: hex });

/** Checks an opened container. Total. */
export function checkPackage({ files, faults: opened }: Container): CheckedPackage {
  const faults: PackageFault[] = [...opened];
  const fault: AddFault = (file, code, text) => {
    if (faults.length < MAX_FAULTS) faults.push({ file, code, text });
  };
  const manifest = readManifest(files, fault);
  if (manifest === null) return { manifest, captures: [], chain: [], head: null, agreed: 0, faults };
  const agreed = checkFiles(manifest, files, fault);
  const rows = new Map<string, DetectionRow>();
  for (const row of lines(files, DETECTIONS_NAME, DETECTION, fault) as unknown as DetectionRow[]) {
    rows.set(digestsOf(new TextEncoder().encode(canonicalJson(row))).sha256, row);
  }
  const { entries, head } = readChain(files, fault);
  return { manifest, captures: tieCaptures(manifest, files, rows, fault), chain: entries, head, agreed, faults };
}

type AddFault = (file: string | null, code: string, text: string) => void;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readManifest(files: ReadonlyMap<string, Uint8Array>, fault: AddFault): PackageManifest | null {
  const bytes = files.get(MANIFEST_NAME);
  if (bytes === undefined) {
    fault(MANIFEST_NAME, 'missing', 'there is no manifest: this is no evidence package, or a part of one');
    return null;
  }
  const check = files.get(CHECK_NAME);
  if (check === undefined) fault(CHECK_NAME, 'missing', 'the check values of the manifest are not there');
  else if (new TextDecoder().decode(check) !== checkText(bytes)) {
    fault(MANIFEST_NAME, 'digest', `its check values are not those in ${CHECK_NAME}: one of the two was changed`);
  }
  const read = v.safeParse(MANIFEST, parse(new TextDecoder().decode(bytes)));
  if (read.success) return read.output as unknown as PackageManifest;
  const [issue] = read.issues;
  const where = v.getDotPath(issue) ?? 'the whole';
  fault(
    MANIFEST_NAME,
    'manifest',
    `not a manifest that can be read: ${where.slice(0, 80)}: ${issue.message.slice(0, 160)}`,
  );
  return null;
}

function checkFiles(manifest: PackageManifest, files: ReadonlyMap<string, Uint8Array>, fault: AddFault): number {
  const listed = new Set<string>([MANIFEST_NAME, CHECK_NAME]);
  let agreed = 0;
  for (const { name, bytes, sha256, sm3 } of manifest.files) {
    const shown = JSON.stringify(name.slice(0, 100)).slice(1, -1);
    if (listed.has(name)) {
      fault(shown, 'twice', 'stands in the manifest twice');
      continue;
    }
    listed.add(name);
    const content = files.get(name);
    if (content === undefined) {
      fault(shown, 'missing', 'stands in the manifest but is not in the package');
      continue;
    }
    const found = digestsOf(content);
    const wrong = [
      content.length === bytes ? '' : `${content.length} bytes, the manifest says ${bytes}`,
      found.sha256 === sha256 ? '' : `SHA-256 is ${found.sha256}, the manifest says ${sha256}`,
      found.sm3 === sm3 ? '' : `SM3 is ${found.sm3}, the manifest says ${sm3}`,
    ].filter((text) => text !== '');
    if (wrong.length === 0) agreed += 1;
    else fault(name, 'digest', wrong.join('; '));
  }
  for (const name of files.keys()) {
    if (!listed.has(name)) fault(name, 'extra', 'is in the package but not in the manifest');
  }
  return agreed;
}

/** Lines of JSON that fit a shape; those that do not are faults. */
function lines(
  files: ReadonlyMap<string, Uint8Array>,
  name: string,
  schema: v.GenericSchema,
  fault: AddFault,
): unknown[] {
  const bytes = files.get(name);
  if (bytes === undefined) {
    fault(name, 'missing', 'is not in the package');
    return [];
  }
  const rows: unknown[] = [];
  let from = 0;
  for (let number = 1; from < bytes.length; number++) {
    const next = bytes.indexOf(10, from);
    const end = next < 0 ? bytes.length : next;
    if (number > MAX_LINES || end - from > MAX_LINE) {
      fault(name, 'too_large', `line ${number}: more or longer lines than are read`);
      break;
    }
    const read = v.safeParse(schema, parse(new TextDecoder().decode(bytes.subarray(from, end))));
    if (read.success) rows.push(read.output);
    else {
      const [issue] = read.issues;
      fault(name, 'line', `line ${number} cannot be read: ${(v.getDotPath(issue) ?? 'no JSON object').slice(0, 80)}`);
    }
    from = end + 1;
  }
  return rows;
}

function tieCaptures(
  manifest: PackageManifest,
  files: ReadonlyMap<string, Uint8Array>,
  rows: ReadonlyMap<string, DetectionRow>,
  fault: AddFault,
): CheckedCapture[] {
  const captures: CheckedCapture[] = [];
  const tied = new Set<string>();
  for (const { name, category, detection, detection_digest: digest } of manifest.files) {
    if (category !== 'packet_capture') continue;
    const bytes = files.get(name);
    const row = digest === null ? undefined : rows.get(digest);
    if (row === undefined || row.id !== detection) {
      fault(name, 'detection', `${DETECTIONS_NAME} has no detection that these packets belong to`);
    } else if (bytes !== undefined) {
      tied.add(digest as string);
      captures.push({ name, bytes, row });
    }
  }
  for (const [digest, { id }] of rows) {
    if (!tied.has(digest))
      fault(DETECTIONS_NAME, 'no_capture', `detection ${id.slice(0, 64)} has no packets in the package`);
  }
  return captures;
}

function readChain(
  files: ReadonlyMap<string, Uint8Array>,
  fault: AddFault,
): { entries: ChainExtract[]; head: ChainHead | null } {
  const read = lines(files, CHAIN_NAME, v.union([ENTRY, HEAD]), fault) as (ChainExtract & { type: string })[];
  const entries = read.filter(({ type }) => type === 'chain_entry');
  const heads = read.filter(({ type }) => type === 'chain_head') as unknown as ChainHead[];
  if (heads.length > 1) fault(CHAIN_NAME, 'chain', 'has several heads');
  for (const [at, entry] of entries.entries()) {
    const before = entries[at - 1];
    if (before !== undefined && before.seq >= entry.seq) {
      fault(
        CHAIN_NAME,
        'chain',
        `entry ${entry.seq} comes after entry ${before.seq}: the order is not that of the ledger`,
      );
    }
  }
  return { entries, head: heads[0] ?? null };
}
