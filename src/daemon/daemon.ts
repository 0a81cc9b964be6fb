/** The daemon: inputs, engine, ledger and metrics of one sensor, wired together (docs/daemon.md). */
import { DIALECTS } from '../dialect/index.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { Checkpointer } from './checkpointer.ts';
import type { DaemonConfig } from './config/types.ts';
import { type EngineHost, InlineHost } from './engine/host.ts';
import { ShardHost } from './engine/shard-host.ts';
import { type EventLoopWatch, watchEventLoop } from './event-loop.ts';
import { Feeds } from './feeds.ts';
import { type HttpServer, startHttp } from './http.ts';
import { InputSet } from './input-set.ts';
import type { Log } from './inputs/input.ts';
import { LedgerLink } from './ledger/ledger-link.ts';
import { PointSet } from './point-set.ts';
import { type ConfigSource, Reloader } from './reloader.ts';
import { appendWhole } from './report/append.ts';
import { cutOff } from './report/key-book.ts';
import { Writer } from './report/writer.ts';
import { ResolverLink } from './resolver/resolver-link.ts';
import { Rounds } from './rounds.ts';
import { type InUse, loadSources, type Sources } from './sources.ts';
import { type SavedState, StateStore } from './state/state-store.ts';
import type { DaemonStatus } from './status.ts';
import { statusOf } from './status-of.ts';
import { Tallies } from './tallies.ts';
import { Timers } from './timers.ts';

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

/** Seconds between looks: leads, registry, files that were changed, days that are over, overload. */
const LEADS_EVERY = 30;
const REGISTRY_EVERY = 60;
const WATCH_EVERY = 5;
const CLOSE_EVERY = 60;
const SOON = 0.2;
const OVERLOAD_EVERY = 1;
/** Seconds that a last write may take. */
const LAST_WRITE = 20;

/** One sensor at work: `start` opens everything that its configuration names, `stop` ends it. */
export class Daemon {
  private readonly environment: DaemonEnvironment;
  private readonly inUse: InUse;
  private readonly saved: SavedState;
  private readonly store: StateStore;
  private readonly timers: Timers;
  private readonly host: EngineHost;
  private readonly points: PointSet;
  private readonly inputs: InputSet;
  private readonly resolver: ResolverLink;
  private readonly checkpointer: Checkpointer;
  private readonly ledger: LedgerLink;
  private readonly writer: Writer;
  private readonly tallies: Tallies = new Tallies();
  private readonly rounds: Rounds;
  private readonly reloader: Reloader;
  private readonly eventLoop: EventLoopWatch = watchEventLoop();
  private readonly startedAt: number;
  private readonly seed: number;
  private http: HttpServer | null = null;
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
    const { clock, log, after, env, random, setLogLevel = () => undefined } = environment;
    this.environment = environment;
    this.store = store;
    this.startedAt = clock();
    this.inUse = { config, sources, sourcesAt: this.startedAt };
    this.seed = random();
    const { inUse, seed } = this;
    const saved = store.load();
    this.saved = saved;
    if (saved.damaged > 0) log.warn({ rows: saved.damaged }, 'rows of the saved state cannot be read');
    this.timers = new Timers({ after, log });
    const host = this.createHost();
    this.host = host;
    const feeds = new Feeds(host, (name) => this.points.get(name).records, clock, saved.inputs);
    this.resolver = new ResolverLink({
      settings: () => inUse.config.resolver,
      endpoints: () => inUse.sources.endpoints,
      state: saved.values.get('resolver'),
      points: () => this.points.values(),
      ...{ host, seed, clock, after, log },
    });
    const { resolver } = this;
    this.points = new PointSet({ inUse, saved, host, resolver, fileOf: (input) => feeds.nameOf(input), seed, clock });
    const { points } = this;
    for (const { name } of config.points) points.get(name);
    for (const { point } of config.inputs) points.get(point);
    for (const name of saved.books.keys()) points.get(name);
    this.inputs = new InputSet({
      point: (name) => points.get(name),
      saved: saved.values,
      checkpoint: () => this.checkpointer.run(),
      ...{ feeds, host, clock, after, log },
    });
    const { inputs } = this;
    this.checkpointer = new Checkpointer({
      point: (name) => points.get(name),
      points: () => points.values(),
      drivers: () => inputs.drivers,
      values: () => {
        const resolved = resolver.exportState();
        return [...(resolved === null ? [] : [['resolver', resolved] as const]), ...points.stateValues()];
      },
      ...{ host, store, feeds, clock, log },
    });
    this.ledger = new LedgerLink({ settings: () => inUse.config.ledger, env, after, log });
    const { ledger } = this;
    this.writer = this.createWriter();
    this.rounds = new Rounds({
      points: () => points.values(),
      drivers: () => inputs.drivers.values(),
      ...{ feeds, host, writer: this.writer, tallies: this.tallies, clock, log },
    });
    this.reloader = new Reloader({ source, inUse, points, inputs, ledger, resolver, host, setLogLevel, clock, log });
  }

  private createHost(): EngineHost {
    const { limits, timeouts, points, threads, ledger } = this.inUse.config;
    const { set, endpoints, endpointOptions } = this.inUse.sources;
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

  private createWriter(): Writer {
    const { inUse, host, points, ledger } = this;
    const { clock, after, log, program } = this.environment;
    const { config } = inUse;
    return new Writer({
      ledger: config.ledger === null ? null : (request) => ledger.ask(request),
      append: (lines) => {
        const { detectionsFile } = inUse.config;
        if (detectionsFile !== null) appendWhole(detectionsFile, lines);
      },
      evidence: config.ledger?.evidence === true ? (point, keys) => host.evidence(point, keys) : null,
      vantage: (name) => points.get(name).config,
      onWritten: (name, reports) => points.get(name).reporter.written(reports.map(({ row }) => row.id)),
      signatureSet: () => ({ signatures: inUse.sources.set.signatures.length, sha256: inUse.sources.sha256 }),
      program: { program: program.name, version: program.version },
      clock,
      after,
      log,
    });
  }

  private async begin(): Promise<void> {
    const { environment, saved, host, resolver, points, inputs, ledger, writer } = this;
    const { config, sources } = this.inUse;
    await ledger.open();
    if (config.http !== null) this.http = await this.openHttp(config.http);
    await host.send({ kind: 'recall', names: saved.values.get('names') ?? null });
    saved.values.delete('names');
    resolver.start();
    // Whether the state can be written shows before anything is read.
    await this.checkpoint();
    for (const [name, rows] of points.watchedBefore()) writer.add(name, [], rows);
    for (const input of config.inputs) inputs.start(input);
    await this.startRounds();
    environment.log.info(
      { sensor: config.sensor, inputs: config.inputs.length, signatures: sources.set.signatures.length },
      'running',
    );
  }

  private async startRounds(): Promise<void> {
    const { timers, rounds, ledger, reloader, inUse } = this;
    let pause = inUse.config.checkpoint.interval;
    const checkpoint = async (): Promise<void> => {
      pause = await this.checkpoint();
    };
    timers.every(() => pause, checkpoint);
    // One look takes so many; where more is due the rest follows soon, and others get their turn between.
    const interval = (): number => (rounds.moreToReport ? SOON : inUse.config.report.interval);
    const closing = (): number => (rounds.moreToClose ? SOON : CLOSE_EVERY);
    timers.every(interval, () => rounds.report());
    timers.every(OVERLOAD_EVERY, () => rounds.lookForOverload());
    timers.every(closing, () => rounds.closeDays());
    if (inUse.config.ledger !== null) {
      await ledger.countLeads();
      timers.every(LEADS_EVERY, () => ledger.countLeads());
      timers.every(REGISTRY_EVERY, () => ledger.refresh());
    }
    reloader.begin();
    timers.every(WATCH_EVERY, () => reloader.look());
  }

  /** What was opened, where starting failed in the middle. */
  private async abandon(): Promise<void> {
    this.stopping = true;
    this.timers.stop();
    this.ledger.stop();
    this.resolver.stop();
    this.writer.close();
    await this.inputs.stop();
    await this.http?.close();
    await this.ledger.close();
    await this.host.close();
    this.eventLoop.stop();
  }

  /** Seconds until the next one. */
  private async checkpoint(): Promise<number> {
    const { clock } = this.environment;
    const began = clock();
    await this.checkpointer.run();
    this.checkpointed = true;
    return this.checkpointer.pause(this.inUse.config.checkpoint.interval, (clock() - began) / 1e6);
  }

  private async openHttp(settings: NonNullable<DaemonConfig['http']>): Promise<HttpServer> {
    const { log } = this.environment;
    const metrics = createMetrics(() => this.status(), {
      dialects: DIALECTS.map(({ id }) => id),
      signatures: () => this.inUse.sources.set.signatures.map(({ id }) => id),
      regions: [],
    });
    const server = await startHttp({ ...settings, metrics, status: () => this.status(), log });
    log.info({ address: settings.address, port: server.port }, 'metrics are served');
    return server;
  }

  /**
   * Reads configuration, signatures, registry and tables anew. All of it is checked before any of it takes effect;
   * where something is wrong everything stays as it was. Says whether it took effect, which it does not where the daemon is
   * ending; never rejects.
   */
  reload(): Promise<boolean> {
    if (this.stopping) return Promise.resolve(false);
    return this.reloader.reload();
  }

  /** Takes no more input, ends what is open, writes all of it down. Settles when that is done, or cannot be. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    const { log } = this.environment;
    this.timers.stop();
    this.ledger.stop();
    await this.reloader.settled();
    // Only now: a reload that was under way may have started it again.
    this.resolver.stop();
    await this.inputs.stop();
    await this.endAll();
    await this.writeLast();
    await this.checkpointer.run();
    this.writer.close();
    const { pending } = this.writer;
    if (pending > 0) log.warn({ detections: pending }, 'not written down; they are in the state and will be');
    await this.http?.close();
    await this.ledger.close();
    await this.host.close();
    this.store.close();
    this.eventLoop.stop();
    log.info({}, 'stopped');
  }

  /** Everything that is open ends: what it came to takes the place of what was told of it. */
  private async endAll(): Promise<void> {
    await this.checkpointer.run();
    const told = await this.host.finish();
    // The connections may go on: met again in the middle they are the same ones.
    const points = told.points.map((each) => ({
      ...each,
      told: { ...each.told, ended: each.told.ended.map(cutOff) },
    }));
    this.checkpointer.write({ ...told, points });
    for (const { recordsIfAny } of this.points.values()) recordsIfAny?.finish();
    await this.checkpointer.run();
  }

  /** Tells everything, and waits until it is written, or cannot be, or takes too long. */
  private async writeLast(): Promise<void> {
    await this.rounds.report(true);
    let late = (): void => undefined;
    const deadline = new Promise<void>((resolve) => {
      late = this.environment.after(LAST_WRITE, resolve);
    });
    await Promise.race([this.writer.drained(), deadline]);
    late();
  }

  /**
   * Whether every thread answers, for the watchdog: one check for the engine, one for the ledger. Each gives true once it
   * is answered, and rejects where the thread is gone.
   */
  checks(): readonly (() => Promise<boolean>)[] {
    return [
      async () => {
        await this.host.ping();
        return true;
      },
      async () => {
        await this.ledger.ping();
        return true;
      },
    ];
  }

  /** Port on which metrics are served; 0 where they are not. */
  get httpPort(): number {
    return this.http?.port ?? 0;
  }

  /** What the daemon says of itself, as of now. */
  status(): DaemonStatus {
    const { environment, reloader, ledger } = this;
    const { config, sources, sourcesAt } = this.inUse;
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
        loadedAt: sourcesAt,
        reloads: reloader.reloads,
        reloadFailures: reloader.failures,
      },
      inputs: this.inputs.status(),
      points: [...this.points.values()],
      tallies: this.tallies,
      leads: ledger.leads,
      writer: this.writer,
      ledgerProblem: ledger.problem,
      ledgerHeap: ledger.heap,
      checkpointer: this.checkpointer,
      resolver: this.resolver.status(),
      eventLoop: this.eventLoop.read(),
    });
  }
}
