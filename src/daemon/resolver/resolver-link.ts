import type { BookEntry } from '../../engine/names/address-book.ts';
import type { EndpointIndex } from '../../signature/endpoints.ts';
import type { DaemonConfig } from '../config/types.ts';
import type { EngineHost } from '../engine/host.ts';
import type { Log } from '../inputs/input.ts';
import type { Point } from '../points.ts';
import type { DaemonStatus } from '../status.ts';
import { stratumHosts } from './names.ts';
import { EndpointResolver, type ResolverState } from './resolver.ts';

/** What the resolver is made with, and who is told of what it learns. */
export interface ResolverLinkOptions {
  /** The settings that hold now; null: nothing is looked up. */
  readonly settings: () => DaemonConfig['resolver'];
  /** The endpoint list in use: its names are asked for, and nothing else. */
  readonly endpoints: () => EndpointIndex;
  /** What `exportState` of an earlier process gave. */
  readonly state: unknown;
  readonly host: Pick<EngineHost, 'send'>;
  readonly points: () => Iterable<Point>;
  readonly seed: number;
  /** Wall clock, µs. */
  readonly clock: () => number;
  /** Calls back after `seconds`; the result cancels. */
  readonly after: (seconds: number, run: () => void) => () => void;
  readonly log: Log;
}

/** The resolver, where one is configured: what it learns goes to the engine and to every point. */
export class ResolverLink {
  private readonly options: ResolverLinkOptions;
  private resolver: EndpointResolver | null = null;
  private state: unknown;

  constructor(options: ResolverLinkOptions) {
    this.options = options;
    this.state = options.state;
  }

  /** Addresses that are known now; empty where nothing is looked up. */
  get entries(): readonly BookEntry[] {
    return this.resolver?.exportState().entries ?? [];
  }

  /** Addresses of this machine, whose look-ups tell of no customer; empty where nothing is looked up. */
  get ownAddresses(): ReadonlySet<string> {
    return this.resolver?.ownAddresses() ?? new Set();
  }

  /** What is kept over a restart; null where nothing is looked up. */
  exportState(): ResolverState | null {
    return this.resolver?.exportState() ?? null;
  }

  /** Counters; null where nothing is looked up. */
  status(): DaemonStatus['resolver'] | null {
    return this.resolver?.status() ?? null;
  }

  /** Begins to ask, where a resolver is configured. Throws a ResolverError where its servers are none. */
  start(): void {
    const settings = this.options.settings();
    if (settings === null) return;
    const { endpoints, host, points, seed, clock, after, log } = this.options;
    this.resolver = new EndpointResolver({
      ...settings,
      names: stratumHosts(endpoints()),
      seed,
      clock,
      after,
      log,
      onEntries: (entries) => {
        host.send({ kind: 'learn', entries }).catch(() => undefined);
        for (const point of points()) point.learnAddresses(entries);
      },
      onOwnAddresses: (addresses) => {
        host.send({ kind: 'ignore', clients: [...addresses] }).catch(() => undefined);
        for (const { recordsIfAny } of points()) recordsIfAny?.ignoreLookups(addresses);
      },
    });
    this.resolver.importState(this.state);
    this.resolver.start();
  }

  /** Begins anew with the settings that hold now; what is known stays known. Throws as `start` does. */
  restart(): void {
    this.resolver?.stop();
    if (this.resolver !== null) this.state = this.resolver.exportState();
    this.resolver = null;
    this.start();
  }

  /** The endpoint list was replaced by another. */
  refreshNames(): void {
    this.resolver?.setNames(stratumHosts(this.options.endpoints()));
  }

  /** Ends what is on its way and asks no more. */
  stop(): void {
    this.resolver?.stop();
  }
}
