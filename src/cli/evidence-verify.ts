import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson } from '../common/canonical-json.ts';
import type { ReplayOptions, ReplayResult } from '../engine/options.ts';
import { GENESIS, link, partDigests } from '../ledger/chain.ts';
import { type CheckedCapture, checkPackage, type PackageFault } from '../publish/package-check.ts';
import { compareDetection, type InstalledSignature } from '../publish/package-compare.ts';
import { digestsOf, MAX_PACKAGE_BYTES, openContainer } from '../publish/package-container.ts';
import type { PackageReport } from '../publish/package-report.ts';
import { CHAIN_NAME, type ChainExtract, type ChainHead } from '../publish/package-types.ts';
import type { EndpointIndex, EndpointOptions } from '../signature/endpoints.ts';
import type { Signature, SignatureSet } from '../signature/types.ts';
import { excerptFacts } from './evidence-verify-excerpt.ts';

export { type PackageReport, renderPackageReport } from '../publish/package-report.ts';

/** What the check needs of the program; loaded only when the package can be read. */
export interface VerifyTools {
  readonly loadSignatures: () => Promise<SignatureSet>;
  readonly loadEndpoints: (options: EndpointOptions) => Promise<EndpointIndex>;
  readonly replay: (options: ReplayOptions) => Promise<ReplayResult>;
  /** Folder for the captures while they are read; default the system's. They are removed again. */
  readonly temporary?: string;
}

/** Captures of one package that are read again; each costs a run of the engine. */
const MAX_CAPTURES = 4096;
const ENDPOINTS: EndpointOptions = { low: false, extra: [] };

/**
 * Checks an evidence package: the container, SHA-256 and SM3 of every file, the manifest, the extract of the history, and
 * whether the installed signatures find the same detections in the packets (docs/evidence.md). Exit code 0 where `ok`,
 * else 1. Never throws for what is in the file, nor for a file that cannot be read: that is a fault of the report. What
 * `loadSignatures` throws passes through.
 */
export async function verifyPackage(path: string, tools: VerifyTools): Promise<PackageReport> {
  const read = await readPackage(path);
  if (typeof read === 'string') return unreadable(path, read);
  const container = openContainer(read);
  const checked = checkPackage(container);
  const faults: PackageFault[] = [...checked.faults];
  const chain = checkChain(checked.chain, checked.head, checked.captures, faults);
  const signatures = await tools.loadSignatures();
  const named = new Map<string, PackageReport['signatures'][number]>();
  for (const { row } of checked.captures) {
    for (const { signature: id, version } of row.indications) {
      const installed = signatures.byId(id)?.version ?? null;
      if (installed !== version) named.set(`${id} ${version}`, { id, package: version, installed });
    }
  }
  const detections = checked.captures.length === 0 ? [] : await readAgain(checked.captures, signatures, tools, faults);
  const remarks = container.repacked
    ? [
        'packed again by another program: the files count, the digests of the package itself are not those of the original',
      ]
    : [];
  return {
    ...{ type: 'evidence_report', version: 1, file: path },
    ok: faults.length === 0 && detections.every(({ verdict }) => verdict !== 'different'),
    ...digestsOf(read),
    bytes: read.length,
    lead: checked.manifest?.number ?? checked.manifest?.lead ?? null,
    made_at: checked.manifest?.made_at ?? null,
    program: checked.manifest === null ? null : `${checked.manifest.program} ${checked.manifest.program_version}`,
    files: { listed: checked.manifest?.files.length ?? 0, agreed: checked.agreed },
    chain,
    signatures: [...named.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
    detections,
    faults,
    remarks,
  };
}

/** The whole file, or why it cannot be read. */
async function readPackage(path: string): Promise<Uint8Array | string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      // Headers and names come on top of the files.
      if (size > MAX_PACKAGE_BYTES * 1.1) return `is ${size} bytes long, more than a package may have`;
      return new Uint8Array(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === 'ENOENT') return 'does not exist';
    if (code === 'EISDIR') return 'is a folder; name the package, a ZIP file';
    return `cannot be read (${String(code ?? error).slice(0, 100)})`;
  }
}

function unreadable(path: string, text: string): PackageReport {
  return {
    ...{ type: 'evidence_report', version: 1, file: path, ok: false, sha256: null, sm3: null, bytes: 0 },
    ...{ lead: null, made_at: null, program: null, files: { listed: 0, agreed: 0 } },
    chain: { entries: 0, linked: 0, captures_named: 0, head: null },
    ...{ signatures: [], detections: [], faults: [{ file: null, code: 'unreadable', text }], remarks: [] },
  };
}

/** Digests of the extract as far as they go: a link needs the state before it and the digests of the entry's parts. */
function checkChain(
  entries: readonly ChainExtract[],
  head: ChainHead | null,
  captures: readonly CheckedCapture[],
  faults: PackageFault[],
): PackageReport['chain'] {
  const fault = (seq: number, text: string): void => {
    faults.push({ file: CHAIN_NAME, code: 'chain', text: `entry ${seq}: ${text}` });
  };
  let linked = 0;
  let before: ChainExtract | null = null;
  for (const entry of entries) {
    const { seq, time, actor, action, lead, parts, previous } = entry;
    const neighbour: { sha256: string; sm3: string } | null =
      seq === 1 ? GENESIS : before !== null && before.seq === seq - 1 ? before : null;
    if (neighbour !== null && previous && !agree(neighbour, previous))
      fault(seq, 'does not follow the entry before it');
    const state = previous ?? neighbour;
    if (parts && state !== null) {
      const found = link(state, { seq, time, actor, action, lead, ...parts });
      if (agree(found, entry)) linked += 1;
      else fault(seq, 'its digests are not those of its content');
    }
    if (parts && typeof entry.detail_salt === 'string') {
      const opened = partDigests({ salt: Buffer.from(entry.detail_salt, 'hex'), text: canonicalJson(entry.detail) });
      if (!agree(opened, parts.detail)) fault(seq, 'the digest of its detail does not agree');
    }
    before = entry;
  }
  if (head !== null && before !== null) {
    if (head.seq < before.seq) fault(before.seq, `comes after the head, which is entry ${head.seq}`);
    if (head.seq === before.seq && !agree(head, before)) fault(head.seq, 'the head has other digests');
  }
  return {
    entries: entries.length,
    linked,
    captures_named: capturesNamed(entries, captures, fault),
    head: head === null ? null : { seq: head.seq, sha256: head.sha256, sm3: head.sm3 },
  };
}

function agree(a: { sha256: string; sm3: string }, b: { sha256: string; sm3: string }): boolean {
  return a.sha256 === b.sha256 && a.sm3 === b.sm3;
}

/** Captures whose digests the history names. A detection that it names with other digests only is a contradiction. */
function capturesNamed(
  entries: readonly ChainExtract[],
  captures: readonly CheckedCapture[],
  fault: (seq: number, text: string) => void,
): number {
  const digests = captures.map(({ bytes, row }) => ({ id: row.id, ...digestsOf(bytes) }));
  const agreed = new Set<string>();
  const known = new Map<string, number>();
  for (const { action, detail, seq } of entries) {
    if (action !== 'evidence.recorded' || typeof detail['detection'] !== 'string') continue;
    known.set(detail['detection'], seq);
    for (const { id, sha256, sm3 } of digests) {
      if (id === detail['detection'] && detail['sha256'] === sha256 && detail['sm3'] === sm3)
        agreed.add(`${id} ${sha256}`);
    }
  }
  for (const { id, sha256 } of digests) {
    const seq = known.get(id);
    if (seq !== undefined && !agreed.has(`${id} ${sha256}`)) {
      fault(seq, `names other digests for the packets of detection ${id.slice(0, 64)} than those in the package`);
    }
  }
  return agreed.size;
}

async function readAgain(
  captures: readonly CheckedCapture[],
  signatures: SignatureSet,
  tools: VerifyTools,
  faults: PackageFault[],
): Promise<PackageReport['detections']> {
  if (captures.length > MAX_CAPTURES) {
    faults.push({
      file: null,
      code: 'too_many',
      text: `more than ${MAX_CAPTURES} captures; the rest was not read again`,
    });
  }
  const endpoints = await tools.loadEndpoints(ENDPOINTS);
  const installed = installedIn(signatures);
  const folder = await mkdtemp(join(tools.temporary ?? tmpdir(), 'poolprint-verify-'));
  const rows: PackageReport['detections'][number][] = [];
  try {
    for (const { name, bytes, row } of captures.slice(0, MAX_CAPTURES)) {
      const file = join(folder, 'excerpt.pcapng');
      await writeFile(file, bytes, { mode: 0o600 });
      const result = await tools.replay({
        ...{ inputs: [file], filter: null, threads: 1, home: [], evidence: false, sensor: row.sensor },
        vantage: { nat: row.vantage.nat, realm: row.vantage.realm, clockError: row.vantage.clock_error_s },
        ...{ signatures, endpoints, endpointOptions: ENDPOINTS },
      });
      const [problem] = result.problems;
      if (problem !== undefined) {
        const text = `cannot be read to its end: ${problem.line.replaceAll(file, 'the capture')}`;
        faults.push({ file: name, code: 'capture', text });
      }
      const { id, miner, pool, dialect, confidence, activity } = row;
      rows.push({
        ...{ id, capture: name, miner: miner.ip, dialect, confidence, activity },
        pool: `${pool.host ?? pool.ip ?? '?'}${pool.port === null ? '' : `:${pool.port}`}`,
        ...compareDetection(row, result.detections, excerptFacts(bytes), installed),
      });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return rows;
}

function installedIn(signatures: SignatureSet): (id: string) => InstalledSignature | null {
  return (id) => {
    const found = signatures.byId(id);
    if (found === undefined || found.status === 'retired') return null;
    return { version: found.version, needsStart: needsStart(found) };
  };
}

/** Binary protocols are told by the first bytes of a connection; in the middle of it those could be anything. */
function needsStart({ match }: Signature): boolean {
  return [...match.all, ...match.any].some((condition) => 'start' in condition || 'binary' in condition);
}
