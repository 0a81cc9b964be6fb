import { createHash } from 'node:crypto';
import { ANOMALIES } from '../common/anomaly.ts';
import { type BuildContext, buildDetections, isoTime } from '../detect/build.ts';
import type { Activity, Confidence, DetectionRow, InputRow } from '../detect/detection.ts';
import { addFacts, type KeyFacts, keyOf } from '../detect/key-facts.ts';
import type { SignatureSet } from '../signature/types.ts';
import { byTime } from './evidence-order.ts';
import type { EvidenceFrame, ReplayResult } from './options.ts';
import type { PipelineCounts } from './pipeline.ts';

/** What one thread found. */
export interface ShardResult {
  readonly finished: readonly KeyFacts[];
  /** Frames by key (`keyOf`), where evidence was wanted. */
  readonly evidence: ReadonlyMap<string, readonly EvidenceFrame[]>;
  readonly counts: PipelineCounts;
}

export interface RunFacts {
  readonly rows: InputRow[];
  readonly problems: readonly { readonly line: string; readonly fatal: boolean }[];
  readonly interrupted: boolean;
  readonly fileOf: (input: number) => string;
  readonly home: readonly string[];
  readonly signatures: SignatureSet;
}

const SENSOR = 'replay';
/** Frames of one detection in its evidence file. */
const MAX_EVIDENCE = 256;

/** Puts the results of all shards together; the order of shards does not matter. */
export function assemble(shards: readonly ShardResult[], run: RunFacts): ReplayResult {
  const first = Math.min(...shards.map((s) => s.counts.firstTime));
  const last = Math.max(...shards.map((s) => s.counts.lastTime));
  const seen = last >= first;
  const context: BuildContext = {
    sensor: SENSOR,
    realm: null,
    nat: 'none',
    clockError: 0,
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
  return {
    detections,
    evidence: evidenceOf(detections, shards),
    coverage: {
      type: 'coverage',
      version: 1,
      sensor: SENSOR,
      from: seen ? isoTime(first) : null,
      to: seen ? isoTime(last) : null,
      customer_prefixes: run.home.map((prefix, i) => ({ prefix, flows: total((c) => c.homeFlows[i] ?? 0) })),
      loss: {
        inputs_cut_short: cut,
        flows_evicted: total((c) => c.evictions),
        stream_gaps: anomalies['stream.gap'] ?? 0,
      },
    },
    summary: {
      type: 'summary',
      version: 1,
      sensor: SENSOR,
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
    const key = keyOf({
      miner: d.miner.ip,
      pool: d.pool.ip,
      keyHost: d.pool.host,
      poolPort: d.pool.port,
      dialect: d.dialect,
    });
    const frames = shards.flatMap((shard) => shard.evidence.get(key) ?? []);
    if (frames.length === 0) continue;
    const proving = new Set(d.indications.map((i) => `${i.file}\n${i.packet}`));
    const proves = (f: EvidenceFrame): boolean => proving.has(`${f.file}\n${f.packet}`);
    // Packets that an indication names come first; the others fill what room is left, in order of time.
    const chosen = frames.filter(proves).sort(byTime).slice(0, MAX_EVIDENCE);
    const others = frames.filter((f) => !proves(f)).sort(byTime);
    evidence.set(d.id, [...chosen, ...others.slice(0, MAX_EVIDENCE - chosen.length)].sort(byTime));
  }
  return evidence;
}
