import { createHash } from 'node:crypto';
import { ANOMALIES } from '../common/anomaly.ts';
import { type BuildContext, buildDetections, isoTime } from '../detect/build.ts';
import { DAY, dayOf } from '../detect/day.ts';
import type { Activity, Confidence, CoverageRow, DetectionRow, InputRow } from '../detect/detection.ts';
import { addFacts, type KeyFacts, keyOf } from '../detect/key-facts.ts';
import type { SignatureSet } from '../signature/types.ts';
import { ofDetection } from './evidence/order.ts';
import type { EvidenceFrame, ReplayResult, RunVantage } from './options.ts';
import type { PipelineCounts } from './pipeline.ts';

/** What one thread found. */
export interface ShardResult {
  readonly finished: readonly KeyFacts[];
  /** Frames by key (`keyOf`), where evidence was wanted. */
  readonly evidence: ReadonlyMap<string, readonly EvidenceFrame[]>;
  /** Likewise what shows their conversations: openings, look-ups, lengths. */
  readonly surroundings?: ReadonlyMap<string, readonly EvidenceFrame[]>;
  readonly counts: PipelineCounts;
}

export interface RunFacts {
  readonly rows: InputRow[];
  readonly problems: readonly { readonly line: string; readonly fatal: boolean }[];
  readonly interrupted: boolean;
  readonly fileOf: (input: number) => string;
  readonly home: readonly string[];
  readonly signatures: SignatureSet;
  readonly vantage?: RunVantage | undefined;
  readonly sensor?: string | undefined;
}

const SENSOR = 'replay';
const VANTAGE: RunVantage = { nat: 'none', realm: null, clockError: 0 };
/** Frames of one detection in its evidence file. */
const MAX_EVIDENCE = 256;

/** Puts the results of all shards together; the order of shards does not matter. */
export function assemble(shards: readonly ShardResult[], run: RunFacts): ReplayResult {
  const first = Math.min(...shards.map((s) => s.counts.firstTime));
  const last = Math.max(...shards.map((s) => s.counts.lastTime));
  const seen = last >= first;
  const sensor = run.sensor ?? SENSOR;
  const context: BuildContext = {
    sensor,
    ...(run.vantage ?? VANTAGE),
    from: seen ? first : 0,
    to: seen ? last : 0,
    fileOf: run.fileOf,
  };
  const keys = new Map<string, KeyFacts>();
  for (const shard of shards) for (const facts of shard.finished) addFacts(keys, facts);
  const detections = buildDetections([...keys.values()], context);
  const counts = shards[0]?.counts as PipelineCounts;
  const anomalies: Record<string, number> = {};
  for (let i = 1; i < ANOMALIES.length; i++) {
    let n = 0;
    for (const s of shards) n += (s.counts.decodeAnomalies[i] as number) + (s.counts.streamAnomalies[i] as number);
    if (n > 0) anomalies[ANOMALIES[i] as string] = n;
  }
  const total = (pick: (c: PipelineCounts) => number): number => shards.reduce((n, s) => n + pick(s.counts), 0);
  const cut = run.rows.filter((r) => r.cut_short !== null).length;
  const covered = (
    from: string | null,
    to: string | null,
    flows: (c: PipelineCounts, prefix: number) => number | undefined,
  ): CoverageRow => ({
    type: 'coverage',
    version: 1,
    sensor,
    from,
    to,
    customer_prefixes: run.home.map((prefix, i) => ({ prefix, flows: total((c) => flows(c, i) ?? 0) })),
    loss: {
      inputs_cut_short: cut,
      flows_evicted: total((c) => c.evictions),
      stream_gaps: anomalies['stream.gap'] ?? 0,
    },
  });
  return {
    detections,
    evidence: evidenceOf(detections, shards),
    coverage: covered(seen ? isoTime(first) : null, seen ? isoTime(last) : null, (c, prefix) => c.homeFlows[prefix]),
    // Every shard sees every packet's time.
    coverageDays: counts.watched.map((s, n) =>
      covered(isoTime(s.from), isoTime(s.to), (c, prefix) => c.watched[n]?.flows[prefix]),
    ),
    summary: {
      type: 'summary',
      version: 1,
      sensor,
      packets: counts.packets,
      bytes: counts.bytes,
      flows: total((c) => c.flows),
      seconds: seen ? Math.round(last - first) / 1e6 : 0,
      first_seen: seen ? isoTime(first) : null,
      last_seen: seen ? isoTime(last) : null,
      anomalies,
      evictions: total((c) => c.evictions),
      inputs: run.rows,
      inputs_cut_short: cut,
      detections: {
        total: detections.length,
        by_confidence: tally<Confidence>(
          ['confirmed', 'probable', 'suspected'],
          detections.map((d) => d.confidence),
        ),
        by_activity: tally<Activity>(
          ['mining', 'attempt', 'probe', 'proxy'],
          detections.map((d) => d.activity),
        ),
      },
      signature_set: { signatures: run.signatures.signatures.length, sha256: setDigest(run.signatures) },
      interrupted: run.interrupted,
    },
    problems: run.problems,
  };
}

function tally<K extends string>(keys: readonly K[], values: readonly K[]): Record<K, number> {
  const counts = Object.fromEntries(keys.map((k) => [k, 0])) as Record<K, number>;
  for (const v of values) counts[v]++;
  return counts;
}

/** SHA-256 over id, version and meaning of every signature, so that a run can be repeated with the same set. */
export function setDigest(set: SignatureSet): string {
  const hash = createHash('sha256');
  for (const s of set.signatures)
    hash.update(
      JSON.stringify([
        s.id,
        s.version,
        s.status,
        s.weight,
        s.family,
        s.against,
        s.from,
        s.dialect,
        s.transports,
        s.match,
      ]),
    );
  return hash.digest('hex');
}

function evidenceOf(
  detections: readonly DetectionRow[],
  shards: readonly ShardResult[],
): Map<string, readonly EvidenceFrame[]> {
  const evidence = new Map<string, readonly EvidenceFrame[]>();
  for (const d of detections) {
    const day = d.window.kind === 'day' ? (Date.parse(d.window.from) * 1000) / DAY : null;
    const key = keyOf({
      miner: d.miner.ip,
      pool: d.pool.ip,
      keyHost: d.pool.host,
      poolPort: d.pool.port,
      dialect: d.dialect,
      day,
    });
    const proving = new Set(d.indications.map((i) => `${i.file}\n${i.packet}`));
    const proves = (f: EvidenceFrame): boolean => proving.has(`${f.file}\n${f.of ?? f.packet}`);
    // Of the days before a day has what its indications name, and no more.
    const frames = shards
      .flatMap((shard) => [...(shard.evidence.get(key) ?? []), ...(shard.surroundings?.get(key) ?? [])])
      .filter((f) => day === null || dayOf(f.time) === day || proves(f));
    if (frames.length === 0) continue;
    evidence.set(d.id, ofDetection(frames, proves, MAX_EVIDENCE));
  }
  return evidence;
}
