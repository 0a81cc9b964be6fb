/** Other signatures and another endpoint list while conversations go on. */
import { describe, expect, test } from 'vitest';
import { CaptureReader } from '../../src/capture/reader.ts';
import { KeyBook } from '../../src/daemon/report/key-book.ts';
import { buildDetections } from '../../src/detect/build.ts';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { DEFAULT_LIMITS, Pipeline } from '../../src/engine/pipeline.ts';
import { loadEndpoints } from '../../src/signature/endpoints.ts';
import { createSignatureSet } from '../../src/signature/set.ts';
import type { SignatureSet } from '../../src/signature/types.ts';
import { miningMessages } from '../daemon/mining.ts';
import { conversation, writePcap } from '../generate/index.ts';
import { ENDPOINTS, SIGNATURES } from './run.ts';

const without = (prefix: string): SignatureSet =>
  createSignatureSet(SIGNATURES.signatures.filter(({ id }) => !id.startsWith(prefix)));
const NONE = createSignatureSet([]);

const frames = conversation({
  client: { ip: '192.0.2.7', port: 40_000 },
  server: { ip: '203.0.113.5', port: 3333 },
  start: 1_714_557_603_000_000,
  messages: miningMessages(40),
});
const bytes = writePcap(frames);

class Run {
  readonly book = new KeyBook(100);
  readonly pipeline: Pipeline;
  private readonly reader = new CaptureReader(0);
  private at = 0;

  constructor(signatures: SignatureSet) {
    this.pipeline = new Pipeline({
      ...DEFAULT_LIMITS,
      capacity: 1024,
      signatures,
      endpoints: ENDPOINTS,
      home: [],
      keepEvidence: false,
      filterFor: null,
      fileOf: () => 'f',
      daily: true,
      endless: true,
      shard: 0,
      shards: 1,
      seed: 7,
    });
  }

  /** Reads up to a share of the capture, and asks for news. */
  to(share: number): this {
    const end = Math.floor(bytes.length * share);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.reader.feed(bytes, view, this.at, end, this.pipeline);
    this.at = end;
    this.book.apply(this.pipeline.tell(), 0);
    return this;
  }

  swap(signatures: SignatureSet): this {
    this.pipeline.setSignatures(signatures, ENDPOINTS);
    return this;
  }

  rows(): DetectionRow[] {
    const facts = [...this.book.days()].flatMap(([key]) => this.book.facts(key) ?? []);
    const from = { sensor: 's', nat: 'none', realm: null, clockError: 0, from: 0, to: 0, fileOf: () => 'f' } as const;
    return buildDetections(facts, from);
  }

  finish(): DetectionRow[] {
    this.pipeline.finish();
    this.book.apply(this.pipeline.tell(), 0);
    return this.rows();
  }
}

const signs = (row: DetectionRow | undefined): string[] =>
  (row?.indications ?? []).map(({ signature }) => signature).sort();
const whole = new Run(SIGNATURES).to(1).finish();

describe('in the middle of a conversation', () => {
  test('the same set again changes nothing, however often', () => {
    const run = new Run(SIGNATURES);
    for (let share = 0.05; share < 1; share += 0.05) run.to(share).swap(createSignatureSet(SIGNATURES.signatures));
    expect(run.to(1).finish()).toEqual(whole);
  });

  test('a signature that was missing detects from the next message on', () => {
    const run = new Run(without('stratum')).to(0.2);
    expect(run.rows().filter(({ confidence }) => confidence === 'confirmed')).toEqual([]);
    const { packets } = run.pipeline;
    const [row] = run.swap(SIGNATURES).to(1).finish();
    expect(row).toMatchObject({ confidence: 'confirmed', miner: { ip: '192.0.2.7' }, dialect: 'stratum-v1' });
    for (const { packet } of row?.indications ?? []) expect(packet).toBeGreaterThan(packets);
    // What was read before counts: the session is the same.
    expect(row?.shares.submitted).toBe(whole[0]?.shares.submitted);
  });

  test('what was found stays found when its signature goes', () => {
    const run = new Run(SIGNATURES).to(0.5);
    const before = run.rows();
    expect(before).toHaveLength(1);
    const [row] = run.swap(NONE).to(1).finish();
    expect(signs(row)).toEqual(signs(before[0]));
    expect(row?.confidence).toBe('confirmed');
  });

  test('no set at all at first: found as long as the conversation is still read', () => {
    for (const share of [0, 0.05, 0.1, 0.2]) {
      const [row] = new Run(NONE).to(share).swap(SIGNATURES).to(1).finish();
      expect([share, row?.confidence]).toEqual([share, 'confirmed']);
    }
    // Later it was given up like any that says nothing; it is looked at afresh after `flow_active`.
    for (const share of [0.5, 0.9, 1]) new Run(NONE).to(share).swap(SIGNATURES).to(1).finish();
  });

  test('another version of a signature stands in what it finds', () => {
    const newer = createSignatureSet(
      SIGNATURES.signatures.map((s) => (s.id === 'stratum.submit' ? { ...s, version: s.version + 1 } : s)),
    );
    const version = (row: DetectionRow | undefined): number | undefined =>
      row?.indications.find(({ signature }) => signature === 'stratum.submit')?.version;
    const [early] = new Run(SIGNATURES).swap(newer).to(1).finish();
    expect(version(early)).toBe((version(whole[0]) ?? 0) + 1);
    const [late] = new Run(SIGNATURES).to(0.9).swap(newer).to(1).finish();
    expect(version(late)).toBe(version(whole[0]));
  });
});

test('another endpoint list names the pool from then on', () => {
  const run = new Run(SIGNATURES);
  run.pipeline.setSignatures(SIGNATURES, loadEndpoints(undefined, {}));
  expect(run.to(1).finish()).toEqual(whole);
});
