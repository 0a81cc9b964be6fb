import { type ConfigDiff, diffConfig } from './config/diff.ts';
import type { DaemonConfig, PointConfig } from './config/types.ts';
import type { EngineHost } from './engine/host.ts';
import type { InputSet } from './input-set.ts';
import type { Log } from './inputs/input.ts';
import type { LedgerLink } from './ledger/ledger-link.ts';
import type { PointSet } from './point-set.ts';
import { Point } from './points.ts';
import type { ResolverLink } from './resolver/resolver-link.ts';
import { fingerprint, type InUse, loadSources } from './sources.ts';

/** Where the configuration comes from. `read` reads and checks it anew; it throws one line for every fault. */
export interface ConfigSource {
  readonly file: string;
  readonly read: () => DaemonConfig;
}

/** What a reload reads, and what it changes. */
export interface ReloaderOptions {
  readonly source: ConfigSource;
  /** Replaced by a reload that takes effect; nothing else writes it. */
  readonly inUse: InUse;
  readonly points: Pick<PointSet, 'has' | 'values'>;
  readonly inputs: Pick<InputSet, 'change'>;
  readonly ledger: Pick<LedgerLink, 'reload'>;
  readonly resolver: Pick<ResolverLink, 'restart' | 'refreshNames'>;
  readonly host: Pick<EngineHost, 'setSignatures'>;
  readonly setLogLevel: (level: DaemonConfig['log']['level']) => void;
  /** Wall clock, µs. */
  readonly clock: () => number;
  readonly log: Log;
}

/** Puts changes of configuration, signatures, registry and tables to use while the daemon runs. */
export class Reloader {
  /** Reloads that took effect, and those that were refused. */
  reloads = 0;
  failures = 0;
  private readonly options: ReloaderOptions;
  private running: Promise<boolean> | null = null;
  private following: Promise<boolean> | null = null;
  /** Times and sizes of the files as they were read last. */
  private seen = '';

  constructor(options: ReloaderOptions) {
    this.options = options;
  }

  /** The files as they are now are what is in use: `look` goes by what changes from here on. */
  begin(): void {
    this.seen = this.fingerprint(this.options.inUse.config);
  }

  /** Reloads where a file has changed since it was read last and the configuration says that files are watched. */
  async look(): Promise<void> {
    const { config } = this.options.inUse;
    if (config.watch && this.fingerprint(config) !== this.seen) await this.reload();
  }

  /** Settles once every reload that was asked for is done. */
  async settled(): Promise<void> {
    await (this.following ?? this.running);
  }

  /**
   * Reads everything anew. All of it is checked before any of it takes effect; where something is wrong everything stays
   * as it was. Says whether it took effect; never rejects.
   */
  reload(): Promise<boolean> {
    if (this.running === null) {
      this.running = this.attempt().finally(() => {
        this.running = null;
      });
      return this.running;
    }
    // The one under way may have read what has changed since.
    this.following ??= this.running.then(() => {
      this.following = null;
      return this.reload();
    });
    return this.following;
  }

  private async attempt(): Promise<boolean> {
    try {
      await this.replace();
      this.reloads++;
      return true;
    } catch (error) {
      this.failures++;
      const problem = error instanceof Error ? error.message : String(error);
      this.options.log.error({ problem }, 'reload refused; nothing changed');
      return false;
    }
  }

  private async replace(): Promise<void> {
    const { source, inUse, points, inputs, ledger, resolver, host, setLogLevel, clock } = this.options;
    this.seen = this.fingerprint(inUse.config);
    const next = source.read();
    const diff = diffConfig(inUse.config, next);
    const taken = this.taken(next, diff);
    const seen = this.fingerprint(taken);
    const sources = await loadSources(taken);
    // Refused by the thread of the ledger: nothing has changed yet.
    if (taken.ledger !== null) await ledger.reload(taken.ledger);
    await host.setSignatures(sources.set, sources.endpoints, sources.endpointOptions);
    for (const point of points.values()) point.setSignatures(sources.set, sources.endpoints);
    inUse.sources = sources;
    inUse.sourcesAt = clock();
    inUse.config = taken;
    this.seen = seen;
    for (const { overload } of points.values()) overload.options = taken.overload;
    setLogLevel(taken.log.level);
    if (diff.live.some((key) => key.startsWith('resolver.'))) resolver.restart();
    else resolver.refreshNames();
    await inputs.change(next.inputs, diff);
    this.tell(next, diff);
  }

  /** What a reload takes over; what needs a restart stays as it is running. */
  private taken(next: DaemonConfig, diff: ConfigDiff): DaemonConfig {
    const { config } = this.options.inUse;
    const { inputs, signatures, detectionsFile, report, checkpoint, watch, overload, resolver } = next;
    const { ledger, log, points } = config;
    const fresh = diff.pointsAdded.filter((name) => !this.options.points.has(name)).map((name) => pointOf(next, name));
    const tables = next.ledger === null ? {} : { reference: next.ledger.reference, mmdb: next.ledger.mmdb };
    return {
      ...config,
      ...{ inputs, signatures, detectionsFile, report, checkpoint, watch, overload, resolver },
      log: { ...log, level: next.log.level },
      ledger: ledger === null ? null : { ...ledger, ...tables },
      points: [...points, ...fresh],
    };
  }

  private tell(next: DaemonConfig, diff: ConfigDiff): void {
    const { log, inUse } = this.options;
    const { config, sources } = inUse;
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
      ...diff.pointsAdded.filter((name) => !config.points.includes(pointOf(next, name))),
    ];
    const waiting = [...diff.restart, ...known.map((name) => `points: ${name}`)];
    if (waiting.length > 0) log.warn({ keys: waiting }, 'these changes need a restart');
  }

  private fingerprint(config: DaemonConfig): string {
    return fingerprint(config, this.options.source.file);
  }
}

function pointOf({ points }: DaemonConfig, name: string): PointConfig {
  return points.find((point) => point.name === name) ?? Point.plain(name);
}
