import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderPackageReport, type VerifyTools, verifyPackage } from '../../src/cli/evidence-verify.ts';
import { loadSelectedSignatures } from '../../src/cli/signatures.ts';
import { canonicalJson } from '../../src/common/canonical-json.ts';
import type { DetectionRow } from '../../src/detect/detection.ts';
import type { ReplayResult } from '../../src/engine/options.ts';
import { replay } from '../../src/engine/replay.ts';
import { GENESIS, link, partDigests } from '../../src/ledger/chain.ts';
import { evidenceName, writeEvidence } from '../../src/publish/evidence.ts';
import {
  type ChainExtract,
  type ChainHead,
  evidencePackage,
  type PackageCapture,
  type PackageContext,
} from '../../src/publish/package.ts';
import { openContainer, packContainer } from '../../src/publish/package-container.ts';
import { loadEndpoints } from '../../src/signature/endpoints.ts';
import type { SignatureSet } from '../../src/signature/types.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'captures');
const endpointOptions = { low: false, extra: [] };
const endpoints = loadEndpoints(undefined, endpointOptions);
const NOW = 1_764_000_000_000_000;

let folder: string;
let signatures: SignatureSet;
let tools: VerifyTools;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'poolprint-package-'));
  signatures = await loadSelectedSignatures({ directory: null, only: [], without: [] });
  tools = { loadSignatures: async () => signatures, loadEndpoints: async () => endpoints, replay, temporary: folder };
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Detections of a bundled capture with their evidence, as `replay --evidence` writes it. */
async function capturesOf(name: string): Promise<PackageCapture[]> {
  const result = await replay({
    ...{ inputs: [join(CAPTURES, name)], filter: null, threads: 1, home: [], evidence: true },
    ...{ signatures, endpoints, endpointOptions },
  });
  const out = mkdtempSync(join(folder, 'evidence-'));
  await writeEvidence(out, result, { program: 'poolprint', version: '1.2.3' });
  return result.detections.flatMap((detection) => {
    const file = join(out, evidenceName(detection));
    return existsSync(file) ? [{ detection, bytes: new Uint8Array(readFileSync(file)), digest: null }] : [];
  });
}

function contextOf(captures: readonly PackageCapture[], change: Partial<PackageContext> = {}): PackageContext {
  return {
    captures,
    chain: chainOf(captures),
    head: headOf(chainOf(captures)),
    ledgerId: 'ab'.repeat(16),
    dossier: '<!DOCTYPE html><title>x</title>',
    signatures: [{ id: 'stratum.subscribe', version: 2, text: '- id: stratum.subscribe\n  version: 2\n' }],
    program: 'poolprint',
    version: '1.2.3',
    signatureSet: { signatures: 3, sha256: 'c'.repeat(64) },
    collector: 'Sensor desk (invented)',
    now: NOW,
    ...change,
  };
}

/** A history that names each capture, linked as the ledger links. */
function chainOf(captures: readonly PackageCapture[]): ChainExtract[] {
  let state: { sha256: string; sm3: string } = GENESIS;
  return captures.map(({ detection, bytes }, at) => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const sm3 = createHash('sm3').update(bytes).digest('hex');
    const detail = { detection: detection.id, sha256, sm3, bytes: bytes.length, packets: 1 };
    const salt = Buffer.alloc(16, at);
    const parts = { detail: partDigests({ salt, text: canonicalJson(detail) }), personal: null, content: null };
    const plain = { seq: at + 1, time: NOW, actor: 'desk', action: 'evidence.recorded', lead: 'L1' };
    const head = link(state, { ...plain, ...parts });
    const entry = {
      ...{ ...plain, detail, sha256: head.sha256, sm3: head.sm3, parts, detail_salt: salt.toString('hex') },
      previous: { sha256: state.sha256, sm3: state.sm3 },
    };
    state = head;
    return entry;
  });
}

function headOf(chain: readonly ChainExtract[]): ChainHead | null {
  const last = chain.at(-1);
  return last === undefined ? null : { seq: last.seq, sha256: last.sha256, sm3: last.sm3 };
}

const LEAD = { id: 'L0123456789abcdef01234567', number: 'L-640502-2026-000123' };

function saved(bytes: Uint8Array, name = 'package.zip'): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const verify = (bytes: Uint8Array): ReturnType<typeof verifyPackage> => verifyPackage(saved(bytes), tools);

/** A package whose manifest was made anew after a file was changed: what a forger would hand over. */
function forged(captures: readonly PackageCapture[], change: (row: DetectionRow) => DetectionRow): Uint8Array {
  return evidencePackage(LEAD, contextOf(captures.map((each) => ({ ...each, detection: change(each.detection) }))));
}

describe('a package of real traffic', () => {
  let captures: PackageCapture[];
  let bytes: Uint8Array;
  beforeAll(async () => {
    captures = await capturesOf('example-city.pcap');
    bytes = evidencePackage(LEAD, contextOf(captures));
  });

  test('holds, and says what was checked', async () => {
    const report = await verify(bytes);
    expect(report.faults).toEqual([]);
    expect(report.ok).toBe(true);
    expect(report.files.agreed).toBe(report.files.listed);
    expect(report.files.listed).toBe(captures.length + 5);
    expect(report.chain).toMatchObject({ entries: captures.length, linked: captures.length });
    expect(report.chain.captures_named).toBe(captures.length);
    expect(report.detections).toHaveLength(captures.length);
    expect(captures.length).toBeGreaterThan(2);
    const lines = renderPackageReport(report, 'zh').join('\n');
    expect(lines).toContain('核验通过');
    expect(lines).toContain('L-640502-2026-000123');
    expect(renderPackageReport(report, 'en')[0]).toContain('everything holds');
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  test('no temporary file stays', () => {
    expect(readdirSync(folder).filter((name) => name.startsWith('poolprint-verify-'))).toEqual([]);
  });

  test('a flipped byte anywhere is found', async () => {
    const one = evidencePackage(LEAD, contextOf(captures.slice(0, 1)));
    // An engine that always finds the same: what fails then, fails by what the package says of itself.
    const found = { detections: captures.map(({ detection }) => detection), problems: [] };
    const quick: VerifyTools = { ...tools, replay: async () => found as unknown as ReplayResult };
    expect((await verifyPackage(saved(one), quick)).ok).toBe(true);
    const none: number[] = [];
    // The end is the directory of the container; in between, steps of a prime reach every kind of place.
    for (let at = 0; at < one.length; at += at < 200 || at > one.length - 700 ? 1 : 61) {
      const damaged = one.slice();
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
      const report = await verifyPackage(saved(damaged), quick);
      if (report.ok || report.faults.length === 0) none.push(at);
    }
    expect(none).toEqual([]);
  }, 240_000);

  test('the fault names the file and what is wrong with it', async () => {
    const { files } = openContainer(bytes);
    for (const [name, content] of files) {
      const changed = new Map(files);
      const flipped = content.slice();
      flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] as number) ^ 0x20;
      changed.set(name, flipped);
      const report = await verify(packContainer(changed));
      expect(report.ok).toBe(false);
      const wanted = name === 'manifest.check' ? 'manifest.json' : name;
      expect(report.faults.map(({ file }) => file)).toContain(wanted);
    }
  }, 120_000);

  test('files that are missing, extra or named twice are faults', async () => {
    const { files } = openContainer(bytes);
    for (const name of files.keys()) {
      const less = new Map(files);
      less.delete(name);
      const report = await verify(packContainer(less));
      expect(report.faults.map(({ code, file }) => `${code} ${file}`)).toContain(`missing ${name}`);
    }
    const more = await verify(packContainer(new Map([...files, ['captures/more.pcapng', new Uint8Array(4)]])));
    expect(more.faults).toEqual([
      { file: 'captures/more.pcapng', code: 'extra', text: 'is in the package but not in the manifest' },
    ]);
  }, 120_000);

  test('packed again by another program the files still count', async () => {
    const entries = Object.fromEntries(openContainer(bytes).files);
    const report = await verify(zipSync(entries, { level: 9 }));
    expect(report.ok).toBe(true);
    expect(report.remarks[0]).toContain('packed again');
  });

  test('a signature of another version is told, and need not be the same', async () => {
    const older = forged(captures, (row) => ({
      ...row,
      indications: row.indications.map((item) => ({ ...item, version: item.version + 7 })),
    }));
    const report = await verify(older);
    expect(report.signatures.length).toBeGreaterThan(2);
    expect(report.signatures.every(({ package: named, installed }) => named === (installed ?? 0) + 7)).toBe(true);
    expect(renderPackageReport(report, 'en').join('\n')).toMatch(/package names v\d+, installed v\d+/);
  });

  test.each([
    ['another miner', (row: DetectionRow) => ({ ...row, miner: { ip: '198.51.100.99' } })],
    [
      'another pool',
      (row: DetectionRow) => ({ ...row, via: null, pool: { ...row.pool, ip: '198.51.100.98', host: 'x.example' } }),
    ],
    ['another port', (row: DetectionRow) => ({ ...row, via: null, pool: { ...row.pool, port: 9 } })],
    ['another dialect', (row: DetectionRow) => ({ ...row, dialect: 'grin' })],
  ])('a forged detection is found: %s', async (_name, change) => {
    const report = await verify(forged(captures, change));
    expect(report.ok).toBe(false);
    const proved = report.detections.filter(({ confidence }) => confidence === 'confirmed');
    expect(proved.map(({ verdict }) => verdict)).toEqual(proved.map(() => 'different'));
    expect(proved.length).toBeGreaterThan(2);
  });

  test('the history names other packets', async () => {
    const chain = chainOf(captures);
    const [first] = chain;
    const detail = { ...first?.detail, sha256: 'd'.repeat(64) };
    const changed = [{ ...(first as ChainExtract), detail }, ...chain.slice(1)];
    const report = await verify(evidencePackage(LEAD, contextOf(captures, { chain: changed })));
    expect(report.faults.map(({ text }) => text)).toEqual([
      'entry 1: the digest of its detail does not agree',
      expect.stringContaining('entry 1: names other digests for the packets of detection'),
    ]);
    const renamed = chain.map((entry, at) => (at === 1 ? { ...entry, actor: 'somebody else' } : entry));
    const other = await verify(evidencePackage(LEAD, contextOf(captures, { chain: renamed })));
    expect(other.faults.map(({ text }) => text)).toEqual(['entry 2: its digests are not those of its content']);
    const short = await verify(
      evidencePackage(LEAD, contextOf(captures, { head: { seq: 1, sha256: 'e'.repeat(64), sm3: 'e'.repeat(64) } })),
    );
    expect(short.faults.map(({ text }) => text)).toEqual([
      `entry ${chain.length}: comes after the head, which is entry 1`,
    ]);
  });
});

/** Excerpts that show less than the whole capture did, and why. Everything else comes back in full. */
const WEAKER: Readonly<Record<string, string>> = {};
const NOT_REPRODUCIBLE: Readonly<Record<string, string>> = {
  // Of two miners the second one looked its pool up over TCP: that connection is not among the frames kept.
  'dns-then-flow.pcap': 'behaviour',
};

describe('the excerpts of all bundled captures', () => {
  test('lead to the same detection, but for what is listed', async () => {
    const weaker = new Map<string, Set<string>>();
    const not = new Map<string, Set<string>>();
    const wrong: string[] = [];
    let same = 0;
    for (const name of readdirSync(CAPTURES)
      .filter((file) => /\.pcap(ng)?$/.test(file))
      .sort()) {
      const captures = await capturesOf(name);
      if (captures.length === 0) continue;
      const report = await verify(evidencePackage(LEAD, contextOf(captures)));
      for (const fault of report.faults) wrong.push(`${name}: ${fault.text}`);
      for (const row of report.detections) {
        if (row.verdict === 'same') same += 1;
        else if (row.verdict === 'different') wrong.push(`${name}: ${row.miner} ${row.pool}: ${row.reason}`);
        else {
          const list = row.verdict === 'weaker' ? weaker : not;
          list.set(name, (list.get(name) ?? new Set()).add(row.reason));
        }
      }
    }
    expect(wrong).toEqual([]);
    const plain = (list: Map<string, Set<string>>): object =>
      Object.fromEntries([...list].map(([name, reasons]) => [name, [...reasons].sort().join(' / ')]));
    expect(plain(weaker)).toEqual(WEAKER);
    expect(plain(not)).toEqual(NOT_REPRODUCIBLE);
    expect(same).toBeGreaterThan(80);
  }, 240_000);
});

describe('hostile packages', () => {
  test.each([
    ['nothing', new Uint8Array(0)],
    ['no zip', new TextEncoder().encode('hello, this is no package at all')],
    ['names that lead outside', zipSync({ '../../evil.txt': new Uint8Array(3) })],
    ['an absolute name', zipSync({ '/etc/evil': new Uint8Array(3) })],
    ['a backslash', zipSync({ 'a\\..\\evil': new Uint8Array(3) })],
    ['a bomb', zipSync({ 'manifest.json': new Uint8Array(30_000_000) }, { level: 9 })],
    [
      'too many files',
      zipSync(Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`f${n}`, new Uint8Array(0)]))),
    ],
    ['a manifest of nonsense', zipSync({ 'manifest.json': new TextEncoder().encode('{"type":"evidence_package"}') })],
    ['a manifest deep as a well', zipSync({ 'manifest.json': new TextEncoder().encode('['.repeat(100_000)) })],
  ])('%s: a fault, no throw, nothing written', async (_name, bytes) => {
    const before = readdirSync(folder).length;
    const report = await verifyPackage(saved(bytes, 'hostile.zip'), tools);
    rmSync(join(folder, 'hostile.zip'));
    expect(report.ok).toBe(false);
    expect(report.faults.length).toBeGreaterThan(0);
    expect(report.detections).toEqual([]);
    expect(readdirSync(folder).length).toBe(before);
    expect(renderPackageReport(report, 'en').join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  test('a file that is not there, and a folder', async () => {
    expect((await verifyPackage(join(folder, 'no.zip'), tools)).faults[0]?.text).toBe('does not exist');
    expect((await verifyPackage(folder, tools)).faults[0]?.text).toContain('is a folder');
  });

  test('detections of the wrong shape and captures that are none', async () => {
    const captures = (await capturesOf('stratum-v1-bitcoin.pcap')).map((each) => ({
      ...each,
      bytes: new Uint8Array([1, 2, 3, 4, 5]),
    }));
    const report = await verify(evidencePackage(LEAD, contextOf(captures)));
    expect(report.ok).toBe(false);
    expect(report.faults[0]).toMatchObject({ code: 'capture', file: expect.stringContaining('captures/') });
    expect(report.detections[0]?.verdict).not.toBe('same');
    const rows = captures.map((each) => ({
      ...each,
      detection: { ...each.detection, indications: null as unknown as [] },
    }));
    expect(() => evidencePackage(LEAD, contextOf(rows))).toThrow(TypeError);
  });
});
