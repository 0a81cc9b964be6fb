import { ANOMALIES } from '../common/anomaly.ts';
import { isClockSet } from '../common/clock.ts';
import { type BuildContext, isoTime } from '../detect/build.ts';
import { DAY } from '../detect/day.ts';
import type { CoverageRow } from '../detect/detection.ts';
import { AddressBook, type BookEntry } from '../engine/names/address-book.ts';
import { Naming } from '../engine/names/naming.ts';
import { RecordPipeline } from '../engine/records/record-pipeline.ts';
import type { Stretch } from '../engine/records/watch.ts';
import type { EndpointIndex } from '../signature/endpoints.ts';
import type { SignatureSet } from '../signature/types.ts';
import type { DaemonConfig, PointConfig } from './config/types.ts';
import type { PointTold } from './engine/core.ts';
import { Overload } from './overload.ts';
import { KeyBook } from './report/key-book.ts';
import type { Reported } from './report/report-log.ts';
import { Reporter } from './report/reporter.ts';
import type { PointStatus } from './status.ts';

/** What is new waits so long before it is written down, µs. */
const PATIENCE = 10e6;
/** Names of each kind that survive the process. */
const MAX_EXPORTED = 20_000;

/** What another process or a configuration without a word about it gives. */
const PLAIN: Omit<PointConfig, 'name'> = { nat: 'none', realm: null, clockError: 0, home: [] };

const LATE_COVERAGE = 600e6;

/** What a point is made with. */
export interface PointOptions {
  readonly sensor: string;
  readonly config: PointConfig;
  readonly limits: DaemonConfig['limits'];
  readonly timeouts: DaemonConfig['timeouts'];
  readonly overload: DaemonConfig['overload'];
  readonly fileOf: (input: number) => string;
  readonly signatures: () => { readonly set: SignatureSet; readonly endpoints: EndpointIndex };
  /** Decides where conversations of flow records stand in their table. */
  readonly seed: number;
  /** Wall clock, µs: records of times beyond it are not believed. */
  readonly clock?: () => number;
  readonly reported: Iterable<readonly [string, Reported]>;
  /** What `exportRecordNames` of an earlier process gave. */
  readonly recordNames: unknown;
  /** What the resolver knows of addresses, and addresses of this machine, for pipelines that are made later. */
  readonly resolved?: () => readonly BookEntry[];
  readonly ownAddresses?: () => ReadonlySet<string>;
}

/** One observation point: what is known of its traffic, whatever inputs show it. */
export class Point {
  readonly config: PointConfig;
  /** Name of the sensor in detections: every point is a sensor of its own. */
  readonly sensor: string;
  readonly book: KeyBook;
  readonly reporter: Reporter;
  readonly overload: Overload;
  /** Newest news of the engine. */
  last: PointTold | null = null;
  /** Wall clock, µs, at which coverage was written last. */
  coverageAt = 0;
  /** Days before this one (since the epoch) were over at the last look. */
  private over = 0;
  /** Packets lost and seen at the last look for overload. */
  lost = 0;
  seen = 0;
  private recordPipeline: RecordPipeline | null = null;
  private recordNaming: Naming | null = null;
  private readonly options: PointOptions;

  constructor(options: PointOptions) {
    this.options = options;
    this.config = options.config;
    this.sensor = `${options.sensor}/${options.config.name}`;
    this.book = new KeyBook(options.limits.keys);
    this.reporter = new Reporter(this.book, () => this.context(), options.reported, PATIENCE);
    this.overload = new Overload(options.overload);
  }

  /** A point of which the configuration says nothing: no NAT, no realm, no addresses of customers. */
  static plain(name: string): PointConfig {
    return { ...PLAIN, name };
  }

  private context(): BuildContext {
    const { nat, realm, clockError } = this.config;
    // Windows are days, which the facts themselves name.
    return { sensor: this.sensor, nat, realm, clockError, from: 0, to: 0, fileOf: this.options.fileOf };
  }

  /** The pipeline of flow records; made when the first are to come. */
  get records(): RecordPipeline {
    if (this.recordPipeline === null) {
      const { limits, timeouts, signatures, seed, config } = this.options;
      const { set, endpoints } = signatures();
      this.recordNaming = new Naming(endpoints, new AddressBook());
      this.recordNaming.importState(this.options.recordNames);
      this.learnAddresses(this.options.resolved?.() ?? []);
      this.recordPipeline = new RecordPipeline({
        signatures: set,
        endpoints,
        naming: this.recordNaming,
        capacity: limits.recordConversations,
        idleTimeout: timeouts.recordConversationIdle * 1e6,
        home: config.home,
        daily: true,
        seed,
        ...(this.options.clock === undefined ? {} : { now: this.options.clock }),
      });
      this.recordPipeline.ignoreLookups(this.options.ownAddresses?.() ?? new Set());
    }
    return this.recordPipeline;
  }

  /** Other signatures and another endpoint list for flow records from now on. */
  setSignatures(set: SignatureSet, endpoints: EndpointIndex): void {
    if (this.recordNaming === null) return;
    this.recordNaming.setEndpoints(endpoints);
    this.recordPipeline?.setSignatures(set, endpoints, this.recordNaming);
  }

  /** Addresses of listed names that were learnt elsewhere. */
  learnAddresses(entries: readonly BookEntry[]): void {
    this.recordNaming?.book?.merge(entries);
  }

  /** What the pipeline of packets of this point knows of names (`exportNames`): flow records meet the same servers. */
  learnFromPackets(names: unknown): void {
    if (typeof names !== 'object' || names === null) return;
    this.recordNaming?.book?.importState((names as { readonly book?: unknown }).book);
  }

  /** Names learnt from flow logs, as plain data; null without flow records. */
  exportRecordNames(): unknown {
    // Before the first record of this process those of the earlier one stand.
    return this.recordNaming?.exportState(this.lastTime, MAX_EXPORTED) ?? this.options.recordNames ?? null;
  }

  /** Addresses of pools learnt from DNS that was observed, in packets or in logs. */
  get learntAddresses(): number {
    return Math.max(this.last?.state.learntAddresses ?? 0, this.recordNaming?.learnt ?? 0);
  }

  get recordsIfAny(): RecordPipeline | null {
    return this.recordPipeline;
  }

  /** Newest capture time of packets and records, µs; 0 before the first. */
  get lastTime(): number {
    const records = this.recordPipeline?.counts().lastTime ?? 0;
    return Math.max(0, this.last?.counts.lastTime ?? 0, Number.isFinite(records) ? records : 0);
  }

  /**
   * Whether coverage is to be written now because days before `day` are over and the engine will let go of it: once for each day,
   * and for what comes late not more often than every ten minutes. `now`: wall clock, µs.
   */
  endsDays(day: number, now: number): boolean {
    const stretches = [...(this.last?.counts.watched ?? []), ...(this.recordPipeline?.counts().stretches ?? [])];
    const old = stretches.some(({ from }) => from < day * DAY);
    if (!old || (day <= this.over && now - this.coverageAt < LATE_COVERAGE)) return false;
    this.over = day;
    this.coverageAt = now;
    return true;
  }

  /** When this point was watched: stretches of packets and of flow records, each within a day. */
  coverage(): CoverageRow[] {
    const counts = this.last?.counts;
    const records = this.recordPipeline?.counts();
    const gaps = counts === undefined ? 0 : anomalyCount(counts, 'stream.gap');
    const now = this.options.clock?.() ?? 0;
    // Nobody has watched tomorrow, whatever the time of a packet says.
    const latest = isClockSet(now) ? now + DAY : Number.POSITIVE_INFINITY;
    return [
      ...(counts?.watched ?? [])
        .filter(({ from }) => from < latest)
        .map((s) => this.coverageRow(s, counts?.evictions ?? 0, gaps)),
      ...(records?.stretches ?? []).map((s) => this.coverageRow(s, records?.evicted ?? 0, 0)),
    ];
  }

  private coverageRow({ from, to, flows }: Stretch, evicted: number, gaps: number): CoverageRow {
    return {
      type: 'coverage',
      version: 1,
      sensor: this.sensor,
      from: isoTime(from),
      to: isoTime(to),
      customer_prefixes: this.config.home.map((prefix, i) => ({ prefix, flows: flows[i] ?? 0 })),
      loss: { inputs_cut_short: 0, flows_evicted: evicted, stream_gaps: gaps },
    };
  }

  /** Its part of the status, as of the last news of the engine. */
  status(): PointStatus {
    const { counts, state } = this.last ?? { counts: null, state: null };
    const records = this.recordPipeline?.counts() ?? null;
    const decodeErrors: Record<string, number> = {};
    if (counts !== null) {
      for (let i = 1; i < ANOMALIES.length; i++) {
        const n = (counts.decodeAnomalies[i] as number) + (counts.streamAnomalies[i] as number);
        if (n > 0) decodeErrors[ANOMALIES[i] as string] = n;
      }
    }
    const { limits } = this.options;
    return {
      name: this.config.name,
      packets: counts?.packets ?? 0,
      bytes: counts?.bytes ?? 0,
      flows: counts?.flows ?? 0,
      flowsActive: state?.flowsActive ?? 0,
      flowsCapacity: state?.flowsCapacity ?? limits.flows,
      flowsExpired: state?.flowsExpired ?? 0,
      evictedFlows: state?.evictedFlows ?? 0,
      evictedConversations: state?.evictedConversations ?? 0,
      evictedKeys: (state?.evictedKeys ?? 0) + this.book.dropped,
      evictedLookups: (state?.evictedLookups ?? 0) + (records?.droppedLookups ?? 0),
      conversations: state?.conversations ?? 0,
      conversationsMatched: state?.conversationsMatched ?? 0,
      conversationsCapacity: limits.conversations,
      inspected: state?.inspected ?? 0,
      followed: state?.followed ?? 0,
      matched: state?.matched ?? 0,
      reassemblyBytes: state?.reassemblyBytes ?? 0,
      reassemblyLimit: state?.reassemblyLimit ?? limits.reassembly * 2 ** 20,
      shedPackets: state?.shedPackets ?? 0,
      shedFlows: state?.shedFlows ?? 0,
      keptShare: state?.keptShare ?? 1,
      recordConversations: records?.conversations ?? 0,
      recordConversationsCapacity: records?.capacity ?? 0,
      recordConversationsEvicted: records?.evicted ?? 0,
      recordConversationsSeen: records?.created ?? 0,
      recordConversationsMatched: records?.matched ?? 0,
      recordsImplausible: records?.implausible ?? 0,
      probesLeftOut: this.reporter.probesLeftOut,
      recordConversationsUnwatched: records?.unwatched ?? 0,
      records: records?.records ?? 0,
      keys: this.book.size,
      decodeErrors,
    };
  }
}

function anomalyCount(counts: PointTold['counts'], name: (typeof ANOMALIES)[number]): number {
  const i = ANOMALIES.indexOf(name);
  return (counts.decodeAnomalies[i] ?? 0) + (counts.streamAnomalies[i] ?? 0);
}
