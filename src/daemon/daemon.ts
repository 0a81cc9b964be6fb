/** The daemon: inputs, engine, ledger and metrics of one sensor, wired together (docs/daemon.md). */
import { isClockSet } from '../common/clock.ts';
import type { CoverageRow } from '../detect/detection.ts';
import { DIALECTS } from '../dialect/index.ts';
import type { BookEntry } from '../engine/address-book.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { Checkpointer } from './checkpointer.ts';
import { type ConfigDiff, diffConfig } from './config/diff.ts';
import type { DaemonConfig, InputConfig, PointConfig } from './config/types.ts';
import { type EngineHost, InlineHost } from './engine/host.ts';
import { ShardHost } from './engine/shard-host.ts';
import { type EventLoopWatch, watchEventLoop } from './event-loop.ts';
import { Feeds } from './feeds.ts';
import { type HttpServer, startHttp } from './http.ts';
import { createCollectorInput } from './inputs/collector.ts';
import { createInput } from './inputs/create.ts';
import type { InputContext, InputDriver, Log } from './inputs/input.ts';
import { LedgerClient } from './ledger/ledger-client.ts';
import type { LeadCount } from './ledger/messages.ts';
import { Point } from './points.ts';
import { appendWhole } from './report/append.ts';
import { cutOff } from './report/key-book.ts';
import type { Reported } from './report/reporter.ts';
import { Writer } from './report/writer.ts';
import { EndpointResolver } from './resolver.ts';
import { stratumHosts } from './resolver-names.ts';
import { fingerprint, loadSources, type Sources } from './sources.ts';
import { isPoint, isReported } from './state/facts-shape.ts';
import { type SavedState, StateStore } from './state/state-store.ts';
import type { DaemonStatus } from './status.ts';
import { statusOf } from './status-of.ts';
import { Tallies } from './tallies.ts';

/** What the daemon touches outside itself. */
export interface DaemonEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly program: { readonly name: string; readonly version: string; readonly node: string; readonly pid: number };
  /** Wall clock, µs. */
  readonly clock: () => number;
  readonly random: () => number;
  /** Calls back after `seconds`; the result cancels. */
  readonly after: (seconds: number, run: () => void) => () => void;
  readonly log: Log;
  /** Least level that is logged, where a reload changes it. */
  readonly setLogLevel?: (level: DaemonConfig['log']['level']) => void;
  /** Something failed without which nothing can go on: the process should end. */
  readonly onFatal: (error: Error) => void;
}

/** Reads and checks the configuration anew; throws one line for every fault. */
export type ConfigSource = { readonly file: string; readonly read: () => DaemonConfig };

/** Seconds between looks: leads, registry, files that were changed, days that are over, overload. */
const LEADS_EVERY = 30;
const REGISTRY_EVERY = 60;
const WATCH_EVERY = 5;
const CLOSE_EVERY = 60;
const OVERLOAD_EVERY = 1;
const LEDGER_RETRY = 30;
/** µs between two writings of coverage. */
const COVERAGE_EVERY = 3600e6;
/** Seconds that a last write may take. */
const LAST_WRITE = 20;

export class Daemon {
  /** Name and number of each driver's input in records. */
  private readonly drivers: Map<string, InputDriver> = new Map();
  private readonly points: Map<string, Point> = new Map();
  private readonly tallies: Tallies = new Tallies();
  private readonly cancels: Set<() => void> = new Set();
  private readonly environment: DaemonEnvironment;
  private readonly source: ConfigSource;
  private readonly saved: SavedState;
  private readonly store: StateStore;
  private readonly host: EngineHost;
  private readonly feeds: Feeds;
  private readonly checkpointer: Checkpointer;
  private readonly writer: Writer;
  private readonly eventLoop: EventLoopWatch = watchEventLoop();
  private readonly startedAt: number;
  private readonly seed: number;
  private config: DaemonConfig;
  private sources: Sources;
  private sourcesAt: number;
  private ledger: LedgerClient | null = null;
  private ledgerProblem: string | null = null;
  private leads: readonly LeadCount[] | null = null;
  private resolver: EndpointResolver | null = null;
  private http: HttpServer | null = null;
  private reloads = 0;
  private reloadFailures = 0;
  private reloading: Promise<boolean> | null = null;
  private following: Promise<boolean> | null = null;
  /** Times and sizes of the files as they were read last. */
  private seen = '';
  private stopping = false;
  private checkpointed = false;

  /** Opens everything and starts the inputs. Rejects with one line where something cannot be used. */
  static async start(source: ConfigSource, environment: DaemonEnvironment): Promise<Daemon> {
    const config = source.read();
    const sources = await loadSources(config);
    const store = new StateStore(config.stateDirectory);
    let daemon: Daemon | null = null;
    try {
      daemon = new Daemon(source, environment, config, sources, store);
      await daemon.begin();
      return daemon;
    } catch (error) {
      await daemon?.abandon();
      store.close();
      throw error;
    }
  }

  private constructor(
    source: ConfigSource,
    environment: DaemonEnvironment,
    config: DaemonConfig,
    sources: Sources,
    store: StateStore,
  ) {
    const { clock, log, after, program, random } = environment;
    this.source = source;
    this.environment = environment;
    this.config = config;
    this.sources = sources;
    this.store = store;
    this.startedAt = clock();
    this.sourcesAt = this.startedAt;
    this.seed = random();
    const saved = store.load();
    this.saved = saved;
    if (saved.damaged > 0) log.warn({ rows: saved.damaged }, 'rows of the saved state cannot be read');
    this.host = this.createHost();
    this.feeds = new Feeds(this.host, (name) => this.point(name).records, clock, saved.inputs);
    for (const { name } of config.points) this.point(name);
    for (const { point } of config.inputs) this.point(point);
    for (const name of saved.books.keys()) this.point(name);
    this.checkpointer = new Checkpointer({
      host: this.host,
      store,
      feeds: this.feeds,
      point: (name) => this.point(name),
      points: () => this.points.values(),
      drivers: () => this.drivers,
      values: () => [
        ...(this.resolver === null ? [] : [['resolver', this.resolver.exportState()] as const]),
        // A point that is no longer configured goes on to stand for what was seen there.
        ...[...this.points.values()].map((point) => [`point ${point.config.name}`, point.config] as const),
        // What was watched and stands in no ledger yet.
        ...[...this.points.values()].map((point) => [`watched ${point.config.name}`, point.coverage()] as const),
      ],
      clock,
      log,
    });
    this.writer = new Writer({
      ledger: config.ledger === null ? null : async (request) => await this.ledgerAsk(request),
      append: (lines) => this.append(lines),
      evidence: config.ledger?.evidence === true ? async (point, keys) => await this.host.evidence(point, keys) : null,
      vantage: (name) => this.point(name).config,
      onWritten: (name, reports) => this.point(name).reporter.written(reports.map(({ row }) => row.id)),
      signatureSet: () => ({ signatures: this.sources.set.signatures.length, sha256: this.sources.sha256 }),
      program: { program: program.name, version: program.version },
      clock,
      after,
      log,
    });
  }

  /** Coverage that an earlier process watched and may not have written; the ledger takes what it knows once. */
  private get watchedBefore(): (readonly [point: string, rows: CoverageRow[]])[] {
    return [...this.points.keys()].flatMap((name) => {
      const rows = this.saved.values.get(`watched ${name}`);
      return Array.isArray(rows) && rows.length > 0 ? [[name, rows as CoverageRow[]] as const] : [];
    });
  }

  private createHost(): EngineHost {
    const { limits, timeouts, points, threads, ledger } = this.config;
    const { set, endpoints, endpointOptions } = this.sources;
    const common = {
      seed: this.seed,
      points: points.map(({ name, home }) => ({ name, home })),
      limits: {
        flows: limits.flows,
        conversations: limits.conversations,
        reassemblyBytes: limits.reassembly * 2 ** 20,
        idleTimeout: timeouts.flowIdle * 1e6,
        activeTimeout: timeouts.flowActive * 1e6,
      },
      evidence: ledger?.evidence === true,
      signatures: set,
    };
    if (threads === 1) return new InlineHost({ ...common, endpoints });
    return new ShardHost({ ...common, threads, endpointOptions }, this.environment.onFatal);
  }

  private point(name: string): Point {
    const known = this.points.get(name);
    if (known !== undefined) return known;
    const { sensor, limits, timeouts, overload, points } = this.config;
    const mark = `reported ${name} `;
    const reported: [string, Reported][] = [];
    for (const [key, value] of this.saved.values) {
      if (!key.startsWith(mark)) continue;
      if (isReported(value)) reported.push([key.slice(mark.length), value]);
    }
    const before = this.saved.values.get(`point ${name}`);
    const point = new Point({
      sensor,
      config: points.find((p) => p.name === name) ?? (isPoint(before, name) ? before : Point.plain(name)),
      limits,
      timeouts,
      overload,
      fileOf: (input) => this.feeds.nameOf(input),
      signatures: () => ({ set: this.sources.set, endpoints: this.sources.endpoints }),
      seed: this.seed,
      clock: this.environment.clock,
      reported,
      recordNames: this.saved.values.get(`record names ${name}`),
      resolved: () => this.resolver?.exportState().entries ?? [],
      ownAddresses: () => this.resolver?.ownAddresses() ?? new Set(),
    });
    const book = this.saved.books.get(name);
    if (book !== undefined) point.book.restore(book.ended, book.open);
    this.points.set(name, point);
    this.host.send({ kind: 'point', name, home: point.config.home }).catch(() => undefined);
    // What was resolved before there was this point.
    const entries = this.resolver?.exportState().entries ?? [];
    if (entries.length > 0) this.host.send({ kind: 'learn', entries }).catch(() => undefined);
    return point;
  }

  private async begin(): Promise<void> {
    const { config, environment } = this;
    if (config.ledger !== null) this.ledger = await this.openLedger(config.ledger);
    if (config.http !== null) this.http = await this.openHttp(config.http);
    await this.host.send({ kind: 'recall', names: this.saved.values.get('names') ?? null });
    this.startResolver();
    // Whether the state can be written shows before anything is read.
    await this.checkpoint();
    for (const [name, rows] of this.watchedBefore) this.writer.add(name, [], rows);
    for (const input of config.inputs) await this.startInput(input);
    this.repeat(() => this.checkpoint());
    this.every(
      () => this.config.report.interval,
      () => this.report(),
    );
    this.every(
      () => OVERLOAD_EVERY,
      () => this.lookForOverload(),
    );
    this.every(
      () => CLOSE_EVERY,
      () => this.closeDays(),
    );
    if (config.ledger !== null) {
      await this.countLeads();
      this.every(
        () => LEADS_EVERY,
        () => this.countLeads(),
      );
      this.every(
        () => REGISTRY_EVERY,
        () => this.refreshRegistry(),
      );
    }
    this.seen = fingerprint(config, this.source.file);
    this.every(
      () => WATCH_EVERY,
      async () => {
        if (this.config.watch && fingerprint(this.config, this.source.file) !== this.seen) await this.reload();
      },
    );
    environment.log.info(
      { sensor: config.sensor, inputs: config.inputs.length, signatures: this.sources.set.signatures.length },
      'running',
    );
  }

  /** What was opened, where starting failed in the middle. */
  private async abandon(): Promise<void> {
    this.stopping = true;
    for (const cancel of this.cancels) cancel();
    this.resolver?.stop();
    this.writer.close();
    await Promise.all([...this.drivers.values()].map((driver) => driver.stop()));
    await this.http?.close();
    await this.ledger?.close();
    await this.host.close();
    this.eventLoop.stop();
  }

  /** Repeats something; it never overlaps itself, and what it throws is logged. */
  private every(seconds: () => number, run: () => void | Promise<void>): void {
    const cancel = this.environment.after(seconds(), async () => {
      this.cancels.delete(cancel);
      try {
        await run();
      } catch (error) {
        this.environment.log.error({ error: String(error) }, 'a task of the daemon failed');
      }
      if (!this.stopping) this.every(seconds, run);
    });
    this.cancels.add(cancel);
  }

  private repeat(run: () => Promise<number>): void {
    let pause = this.config.checkpoint.interval;
    this.every(
      () => pause,
      async () => {
        pause = await run();
      },
    );
  }

  private async checkpoint(): Promise<number> {
    const began = this.environment.clock();
    await this.checkpointer.run();
    this.checkpointed = true;
    return this.checkpointer.pause(this.config.checkpoint.interval, (this.environment.clock() - began) / 1e6);
  }

  /** Hands new and changed detections to the writer. */
  private report(all = false): void {
    if (this.writer.full) return;
    const now = this.environment.clock();
    for (const point of this.points.values()) {
      try {
        const reports = point.reporter.due(now, all);
        const coverage = all || now - point.coverageAt > COVERAGE_EVERY ? point.coverage() : [];
        if (coverage.length > 0) point.coverageAt = now;
        this.hand(point, reports, coverage);
      } catch (error) {
        // What one point cannot tell must not keep the others, or the end of the process, from theirs.
        this.environment.log.error({ point: point.config.name, error }, 'detections of a point cannot be told');
      }
    }
  }

  private hand(
    point: Point,
    reports: ReturnType<Point['reporter']['due']>,
    coverage: ReturnType<Point['coverage']>,
  ): void {
    for (const report of reports) {
      this.tallies.add(point.config.name, report);
      if (!report.surer) continue;
      const { row } = report;
      this.environment.log.info(
        {
          detection: row.id,
          point: point.config.name,
          confidence: row.confidence,
          activity: row.activity,
          dialect: row.dialect,
          miner: row.miner.ip,
          pool: row.pool.host ?? row.pool.ip,
          port: row.pool.port,
        },
        report.fresh ? 'detection' : 'detection is surer',
      );
    }
    if (reports.length > 0 || coverage.length > 0) this.writer.add(point.config.name, reports, coverage);
  }

  private async closeDays(): Promise<void> {
    const now = this.environment.clock();
    for (const point of this.points.values()) {
      const { reports, keys, day } = point.reporter.close(
        isClockSet(now) ? Math.min(point.lastTime, now) : point.lastTime,
        now,
      );
      // When those days were watched is written before the engine lets go of it.
      const over = point.endsDays(day, now);
      this.hand(point, reports, over ? point.coverage() : []);
      await this.host.send({ kind: 'forget', point: point.config.name, keys, day, watched: over ? day : 0 });
      point.recordsIfAny?.settleDays(day);
      point.recordsIfAny?.forgetWatched(over ? day : 0);
    }
  }

  private async lookForOverload(): Promise<void> {
    const live = new Map<string, { lost: number; seen: number }>();
    for (const driver of this.drivers.values()) {
      const { kind, point, kernelDrops, packets } = driver.status();
      if (kind !== 'live') continue;
      const known = live.get(point) ?? { lost: 0, seen: 0 };
      live.set(point, { lost: known.lost + kernelDrops, seen: known.seen + packets });
    }
    const lags = await this.feeds.takeLags();
    for (const [name, point] of this.points) {
      const { lost, seen } = live.get(name) ?? { lost: 0, seen: 0 };
      const shed = point.overload.look(lags.get(name) ?? 0, lost - point.lost, Math.max(0, seen - point.seen));
      point.lost = lost;
      point.seen = seen;
      if (shed === null) continue;
      await this.host.send({ kind: 'shed', point: name, ...shed });
      this.environment.log.warn(
        { point: name, share: shed.share, patience: shed.patience / 1e6 },
        shed.patience === Number.POSITIVE_INFINITY ? 'overload is over: all flows are looked at' : 'overload',
      );
    }
  }

  private async countLeads(): Promise<void> {
    if (this.ledger !== null) this.leads = await this.ledger.leads();
  }

  private async refreshRegistry(): Promise<void> {
    const answer = await this.ledger?.ask({ kind: 'refresh' });
    if (answer?.reloaded === true) this.environment.log.info({}, 'the registry was changed and is read anew');
  }

  private async ledgerAsk(request: Parameters<LedgerClient['ask']>[0]): Promise<unknown> {
    if (this.ledger === null) throw new Error(this.ledgerProblem ?? 'the ledger is not open');
    return await this.ledger.ask(request);
  }

  private async openLedger(settings: NonNullable<DaemonConfig['ledger']>): Promise<LedgerClient> {
    const { path, actor, reference, mmdb } = settings;
    const order = { path, actor, reference, mmdb, env: this.environment.env };
    return await LedgerClient.open(order, (error) => this.ledgerFailed(error));
  }

  /** The thread of the ledger died: detections wait while it is opened again. */
  private ledgerFailed(error: Error): void {
    if (this.stopping) return;
    this.ledger = null;
    this.ledgerProblem = error.message;
    this.environment.log.error({ problem: error.message }, 'the ledger failed; it is opened again');
    const cancel = this.environment.after(LEDGER_RETRY, async () => {
      this.cancels.delete(cancel);
      const settings = this.config.ledger;
      if (settings === null || this.stopping) return;
      try {
        const ledger = await this.openLedger(settings);
        if (this.stopping) return await ledger.close();
        this.ledger = ledger;
        this.ledgerProblem = null;
      } catch (again) {
        this.ledgerFailed(again instanceof Error ? again : new Error(String(again)));
      }
    });
    this.cancels.add(cancel);
  }

  private append(lines: string): void {
    if (this.config.detectionsFile !== null) appendWhole(this.config.detectionsFile, lines);
  }

  private async openHttp(settings: NonNullable<DaemonConfig['http']>): Promise<HttpServer> {
    const metrics = createMetrics(() => this.status(), {
      dialects: DIALECTS.map(({ id }) => id),
      signatures: () => this.sources.set.signatures.map(({ id }) => id),
      regions: [],
    });
    const server = await startHttp({
      ...settings,
      metrics,
      status: () => this.status(),
      log: this.environment.log,
    });
    this.environment.log.info({ address: settings.address, port: server.port }, 'metrics are served');
    return server;
  }

  private startResolver(): void {
    const { resolver } = this.config;
    if (resolver === null) return;
    const { clock, after, log } = this.environment;
    this.resolver = new EndpointResolver({
      ...resolver,
      names: stratumHosts(this.sources.endpoints),
      seed: this.seed,
      clock,
      after,
      log,
      onEntries: (entries) => this.learn(entries),
      onOwnAddresses: (addresses) => {
        this.host.send({ kind: 'ignore', clients: [...addresses] }).catch(() => undefined);
        for (const { recordsIfAny } of this.points.values()) recordsIfAny?.ignoreLookups(addresses);
      },
    });
    this.resolver.importState(this.saved.values.get('resolver'));
    this.resolver.start();
  }

  private learn(entries: readonly BookEntry[]): void {
    this.host.send({ kind: 'learn', entries }).catch(() => undefined);
    for (const point of this.points.values()) point.learnAddresses(entries);
  }

  private async startInput(input: InputConfig): Promise<void> {
    this.point(input.point);
    const { clock, after, log } = this.environment;
    const live = input.kind === 'live' || input.kind === 'pipe';
    const samplingRate = 'samplingRate' in input ? input.samplingRate : null;
    const context: InputContext = {
      log,
      clock,
      after,
      open: (format, name, resume) => this.feeds.open(format, name, resume, { point: input.point, live, samplingRate }),
    };
    const driver = createInput(input, context, {
      collector: (config, own) =>
        createCollectorInput(config, own, {
          sink: this.point(config.point).records,
          input: this.feeds.number(config.name),
        }),
    });
    this.drivers.set(input.name, driver);
    driver.start(this.saved.values.get(`position ${input.name}`) ?? null);
  }

  /**
   * Reads configuration, signatures, registry and tables anew. All of it is checked before any of it takes effect; where
   * something is wrong everything stays as it was. Says whether it took effect; never rejects.
   */
  reload(): Promise<boolean> {
    if (this.reloading === null) {
      this.reloading = this.reloadNow().finally(() => {
        this.reloading = null;
      });
      return this.reloading;
    }
    // The one under way may have read what has changed since.
    this.following ??= this.reloading.then(() => {
      this.following = null;
      return this.reload();
    });
    return this.following;
  }

  private async reloadNow(): Promise<boolean> {
    const { log, clock } = this.environment;
    try {
      this.seen = fingerprint(this.config, this.source.file);
      const next = this.source.read();
      const diff = diffConfig(this.config, next);
      const taken = this.taken(next, diff);
      const seen = fingerprint(taken, this.source.file);
      const sources = await loadSources(taken);
      // Refused by the thread of the ledger: nothing has changed yet.
      if (taken.ledger !== null) {
        const { reference, mmdb } = taken.ledger;
        await this.ledger?.ask({ kind: 'reload', reference, mmdb });
      }
      await this.host.setSignatures(sources.set, sources.endpoints, sources.endpointOptions);
      for (const point of this.points.values()) point.setSignatures(sources.set, sources.endpoints);
      this.sources = sources;
      this.sourcesAt = clock();
      this.config = taken;
      this.seen = seen;
      for (const { overload } of this.points.values()) overload.options = taken.overload;
      this.environment.setLogLevel?.(taken.log.level);
      if (diff.live.some((key) => key.startsWith('resolver.'))) this.restartResolver();
      else this.resolver?.setNames(stratumHosts(sources.endpoints));
      await this.changeInputs(next, diff);
      this.reloads++;
      log.info(
        {
          signatures: sources.set.signatures.length,
          sha256: sources.sha256,
          added: diff.inputsAdded,
          removed: diff.inputsRemoved,
          changed: diff.inputsChanged,
        },
        'reloaded',
      );
      const known = [
        ...diff.pointsChanged,
        ...diff.pointsAdded.filter((name) => !taken.points.includes(pointOf(next, name))),
      ];
      const waiting = [...diff.restart, ...known.map((name) => `points: ${name}`)];
      if (waiting.length > 0) log.warn({ keys: waiting }, 'these changes need a restart');
      return true;
    } catch (error) {
      this.reloadFailures++;
      log.error({ problem: error instanceof Error ? error.message : String(error) }, 'reload refused; nothing changed');
      return false;
    }
  }

  /** What a reload takes over; what needs a restart stays as it is running. */
  private taken(next: DaemonConfig, diff: ConfigDiff): DaemonConfig {
    const { inputs, signatures, detectionsFile, report, checkpoint, watch, overload, resolver } = next;
    const { ledger, log, points } = this.config;
    const fresh = diff.pointsAdded.filter((name) => !this.points.has(name)).map((name) => pointOf(next, name));
    const tables = next.ledger === null ? {} : { reference: next.ledger.reference, mmdb: next.ledger.mmdb };
    return {
      ...this.config,
      ...{ inputs, signatures, detectionsFile, report, checkpoint, watch, overload, resolver },
      log: { ...log, level: next.log.level },
      ledger: ledger === null ? null : { ...ledger, ...tables },
      points: [...points, ...fresh],
    };
  }

  private restartResolver(): void {
    const { resolver } = this;
    resolver?.stop();
    if (resolver !== null) (this.saved.values as Map<string, unknown>).set('resolver', resolver.exportState());
    this.resolver = null;
    this.startResolver();
  }

  private async changeInputs(
    next: DaemonConfig,
    diff: Pick<ReturnType<typeof diffConfig>, 'inputsAdded' | 'inputsRemoved' | 'inputsChanged'>,
  ): Promise<void> {
    const gone = [...diff.inputsRemoved, ...diff.inputsChanged];
    if (gone.length > 0) {
      await Promise.all(gone.map((name) => this.drivers.get(name)?.stop()));
      // Where they stand is part of the state before they go.
      await this.checkpointer.run();
      this.refreshPositions(gone);
      for (const name of gone) this.drivers.delete(name);
    }
    const coming = new Set([...diff.inputsAdded, ...diff.inputsChanged]);
    for (const input of next.inputs) if (coming.has(input.name)) await this.startInput(input);
  }

  private refreshPositions(names: readonly string[]): void {
    const values = this.saved.values as Map<string, unknown>;
    for (const name of names) {
      const position = this.drivers.get(name)?.position((input) => this.feeds.taken(input) ?? this.host.taken(input));
      values.set(`position ${name}`, position ?? null);
    }
  }

  /** Takes no more input, ends what is open, writes all of it down. Settles when that is done, or cannot be. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    const { log, after } = this.environment;
    for (const cancel of this.cancels) cancel();
    this.resolver?.stop();
    await (this.following ?? this.reloading);
    await Promise.all([...this.drivers.values()].map((driver) => driver.stop()));
    await this.checkpointer.run();
    // Everything that is open ends: what it came to takes the place of what was told of it.
    const told = await this.host.finish();
    // The connections may go on: met again in the middle they are the same ones.
    const points = told.points.map((each) => ({
      ...each,
      told: { ...each.told, ended: each.told.ended.map(cutOff) },
    }));
    this.checkpointer.write({ ...told, points });
    for (const { recordsIfAny } of this.points.values()) recordsIfAny?.finish();
    await this.checkpointer.run();
    this.report(true);
    let late = (): void => undefined;
    const deadline = new Promise<void>((resolve) => {
      late = after(LAST_WRITE, resolve);
    });
    await Promise.race([this.writer.drained(), deadline]);
    late();
    await this.checkpointer.run();
    this.writer.close();
    const { pending } = this.writer;
    if (pending > 0) log.warn({ detections: pending }, 'not written down; they are in the state and will be');
    await this.http?.close();
    await this.ledger?.close();
    await this.host.close();
    this.store.close();
    this.eventLoop.stop();
    log.info({}, 'stopped');
  }

  /** Whether every thread answers; for the watchdog. */
  checks(): readonly (() => Promise<boolean>)[] {
    return [
      async () => {
        await this.host.ping();
        return true;
      },
      async () => {
        await this.ledger?.ask({ kind: 'ping' });
        return true;
      },
    ];
  }

  get httpPort(): number {
    return this.http?.port ?? 0;
  }

  status(): DaemonStatus {
    const { config, environment, sources } = this;
    return statusOf({
      program: environment.program,
      config,
      now: environment.clock(),
      startedAt: this.startedAt,
      checkpointed: this.checkpointed,
      threads: this.host.threads,
      signatures: {
        count: sources.set.signatures.length,
        sha256: sources.sha256,
        loadedAt: this.sourcesAt,
        reloads: this.reloads,
        reloadFailures: this.reloadFailures,
      },
      inputs: [...this.drivers.values()].map((driver) => driver.status()),
      points: [...this.points.values()],
      tallies: this.tallies,
      leads: this.leads,
      writer: this.writer,
      ledgerProblem: config.ledger === null ? null : this.ledgerProblem,
      ledgerHeap: this.ledger?.heap ?? 0,
      checkpointer: this.checkpointer,
      resolver: this.resolver?.status() ?? null,
      eventLoop: this.eventLoop.read(),
    });
  }
}

function pointOf({ points }: DaemonConfig, name: string): PointConfig {
  return points.find((point) => point.name === name) ?? Point.plain(name);
}
