import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import type { DetectionRow, IndicationRow } from '../../src/detect/detection.ts';
import { evidencePackage, type PackageCapture, type PackageContext } from '../../src/publish/package.ts';
import { checkPackage } from '../../src/publish/package-check.ts';
import { packetComments, signaturesNamed } from '../../src/publish/package-comments.ts';
import { compareDetection, type ExcerptFacts, type Hindrance } from '../../src/publish/package-compare.ts';
import { isPackageName, openContainer, packContainer } from '../../src/publish/package-container.ts';
import { REDACTION_MARK } from '../../src/publish/package-types.ts';
import { sampleDetection } from '../cli/sample.ts';

const LEAD = { id: 'L0123456789abcdef01234567', number: null };
const capture = (id: string, bytes = [1, 2, 3]): PackageCapture => ({
  detection: sampleDetection({ id: id.repeat(64) }),
  bytes: new Uint8Array(bytes),
  digest: null,
});
const context = (captures: readonly PackageCapture[]): PackageContext => ({
  captures,
  chain: [],
  program: 'poolprint',
  version: '1.2.3',
  signatureSet: { signatures: 1, sha256: 'c'.repeat(64) },
  collector: null,
  now: 1_764_000_000_123_456,
});

describe('writing', () => {
  test('the order of captures does not matter, and one given twice stands in it once', () => {
    const [a, b] = [capture('a'), capture('b')];
    const one = evidencePackage(LEAD, context([a, b]));
    expect(evidencePackage(LEAD, context([b, a, b]))).toEqual(one);
    expect(Object.keys(unzipSync(one))).toHaveLength(7);
  });

  test('the time zone of the machine leaves no trace', () => {
    const before = process.env['TZ'];
    const one = evidencePackage(LEAD, context([capture('a')]));
    try {
      process.env['TZ'] = 'Asia/Shanghai';
      expect(evidencePackage(LEAD, context([capture('a')]))).toEqual(one);
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });

  test('each file stands in the manifest with all that the list of electronic data asks for', () => {
    const files = unzipSync(evidencePackage(LEAD, context([capture('a')])));
    const manifest = JSON.parse(new TextDecoder().decode(files['manifest.json']));
    expect(manifest.made_at).toBe('2025-11-24T16:00:00.123456Z');
    const listed = manifest.files.map(({ name }: { name: string }) => name);
    expect(listed).toEqual(
      Object.keys(files)
        .filter((name) => !name.startsWith('manifest.'))
        .sort(),
    );
    expect(manifest.files.find(({ category }: { category: string }) => category === 'packet_capture')).toMatchObject({
      ...{ format: 'pcapng', bytes: 3, captured_at: '2024-05-01T10:00:03.123456Z', tool_version: 'poolprint 1.2.3' },
      ...{
        sha256: '039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81',
        original_location: 'capture.pcap',
      },
      ...{
        rule_version: `signatures ${'c'.repeat(64)}`,
        detection: 'a'.repeat(64),
        custodian: null,
        transferred_to: null,
      },
    });
    expect(manifest.signatures).toEqual([{ id: 'stratum-v1.handshake', version: 3 }]);
    expect(new TextDecoder().decode(files['README.txt'])).toMatch(/仅为线索[\s\S]*poolprint evidence verify/);
  });

  test('names of strangers cannot lead out of the package', () => {
    const evil = {
      ...capture('a'),
      detection: sampleDetection({ pool: { ip: null, port: 1, host: '../../etc/x', name: null } }),
    };
    for (const name of Object.keys(unzipSync(evidencePackage(LEAD, context([evil]))))) {
      expect(isPackageName(name), name).toBe(true);
    }
    for (const name of [
      '',
      '/a',
      '../a',
      'a/../b',
      'a//b',
      'a\\b',
      '.a',
      'a/.b',
      'a\u0000',
      'ä',
      'a'.repeat(200),
      'C:a',
    ]) {
      expect(isPackageName(name), name).toBe(false);
    }
    expect(() => packContainer(new Map([['../a', new Uint8Array(0)]]))).toThrow(TypeError);
  });
});

describe('reading', () => {
  test('any bytes, and any damage, give a report', () => {
    const whole = evidencePackage(LEAD, context([capture('a')]));
    expect(checkPackage(openContainer(whole)).faults).toEqual([]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(checkPackage(openContainer(bytes)).faults.length).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const damaged = whole.slice();
        damaged[at] = (damaged[at] as number) ^ mask;
        expect(checkPackage(openContainer(damaged)).faults.length).toBeGreaterThan(0);
      }),
      { numRuns: 400 },
    );
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        expect(checkPackage(openContainer(whole.slice(0, length))).faults.length).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });

  test('comments of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void packetComments(bytes)),
      { numRuns: 300 },
    );
    expect(signaturesNamed('stratum.submit v2, weight 1, from the miner: x v9, weight 3\nnothing')).toEqual([
      'stratum.submit@2',
    ]);
  });

  test('the mark of an overwritten password is that of the evidence', () => {
    const source = readFileSync(join(import.meta.dirname, '..', '..', 'src', 'publish', 'evidence.ts'), 'utf8');
    expect(source).toContain(`'${REDACTION_MARK}`);
  });
});

describe('the same detection', () => {
  const sign = (signature: string, kind: IndicationRow['kind'] = 'payload'): IndicationRow => ({
    ...(sampleDetection().indications[0] as IndicationRow),
    ...{ signature, kind, version: 1 },
  });
  const row = (change: Partial<DetectionRow> = {}): DetectionRow =>
    sampleDetection({ via: null, indications: [sign('a'), sign('b')], ...change });
  const facts = (change: Partial<ExcerptFacts> = {}): ExcerptFacts => ({
    named: new Map(['a', 'b', 'c'].map((id, at) => [`${id}@1`, [at + 1]])),
    ...{ redacted: new Set<number>(), fragments: new Set<number>(), opening: true, packets: 9 },
    ...change,
  });
  const installed = (id: string): { version: number; needsStart: boolean } | null =>
    id === 'gone' ? null : { version: 1, needsStart: id === 'b' };
  const compare = (before: DetectionRow, again: DetectionRow[], excerpt = facts()): [string, string] => {
    const { verdict, reason } = compareDetection(before, again, excerpt, installed);
    return [verdict, reason];
  };

  test('everything again is the same, and so is more', () => {
    expect(compare(row(), [row()])).toEqual(['same', '']);
    expect(compare(row(), [row({ indications: [sign('a'), sign('b'), sign('c')] })])).toEqual(['same', '']);
    expect(compare(row({ activity: 'probe' }), [row({ activity: 'attempt' })])).toEqual(['same', '']);
    expect(compare(row({ activity: 'proxy' }), [row()])).toEqual(['same', '']);
    expect(compare(row({ confidence: 'probable' }), [row()])).toEqual(['same', '']);
  });

  test('less, without a reason, is different', () => {
    const less = row({ indications: [sign('a')] });
    expect(compare(row(), [less])).toEqual(['different', 'not found again: b']);
    expect(compare(row(), [row({ confidence: 'probable' })])).toEqual(['different', 'probable instead of confirmed']);
    expect(compare(row(), [row({ activity: 'attempt' })])).toEqual(['different', 'attempt, not mining']);
    expect(compare(row({ activity: 'attempt' }), [row()])).toEqual(['different', 'mining, not attempt']);
    expect(compare(row(), [])).toEqual(['different', 'nothing was found']);
    expect(compare(row({ indications: [] }), [])).toEqual(['different', 'nothing was found']);
    expect(compare(row(), [row({ dialect: 'grin' })])[0]).toBe('different');
  });

  test.each<[Hindrance, DetectionRow, ExcerptFacts]>([
    ['behaviour', row({ indications: [sign('a'), sign('x', 'behaviour')] }), facts()],
    ['look_up', row({ indications: [sign('a'), sign('x', 'dns')] }), facts()],
    ['redacted', row(), facts({ redacted: new Set([2]) })],
    ['fragment', row(), facts({ fragments: new Set([2]) })],
    ['opening', row(), facts({ opening: false })],
    ['not_installed', row({ indications: [sign('a'), sign('gone')] }), facts()],
    ['left_out', row({ indications: [sign('a'), sign('z')] }), facts()],
  ])('less, for the reason %s, is weaker', (why, before, excerpt) => {
    const now = row({ indications: [sign('a')], confidence: 'suspected', activity: 'attempt' });
    expect(compare(before, [now], excerpt)).toEqual(['weaker', why]);
  });

  test('nothing, for a reason, is not reproducible', () => {
    const named = row({ indications: [sign('a', 'tls'), sign('x', 'behaviour')] });
    expect(compare(named, [])).toEqual(['not_reproducible', 'behaviour']);
    expect(compare(row({ indications: [sign('b')] }), [], facts({ opening: false }))).toEqual([
      'not_reproducible',
      'opening',
    ]);
    // A message that can be read again has to be.
    const told = row({ indications: [sign('a'), sign('x', 'behaviour')] });
    expect(compare(told, [])).toEqual(['different', 'nothing was found']);
    expect(compare(named, [row({ miner: { ip: '10.0.0.9' } })])[0]).toBe('different');
  });

  test('a pool behind a proxy may be known by the proxy', () => {
    const before = row({ via: { kind: 'socks5', ip: '192.0.2.80', port: 1080 } });
    const pool = { ip: '192.0.2.80', port: 1080, host: null, name: null };
    expect(compare(before, [row({ pool })])).toEqual(['same', '']);
    expect(compare(row(), [row({ pool })])[0]).toBe('different');
  });
});
