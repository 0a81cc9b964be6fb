/**
 * Tokens: what leads have in common. Those of kind `join` make one lead of several addresses, `ip` and `report_ip` bring
 * reports and traffic together, the others link leads for a person to look at.
 */
import { canonicalJson } from '../common/canonical-json.ts';
import { sortedUnique } from './combine.ts';
import type { ReportRecord } from './decisions.ts';
import { accountsOf, type NodeFacts } from './node-facts.ts';
import { prefixOf } from './prefix.ts';
import type { LeadSettings } from './services.ts';
import type { Lead } from './types.ts';

export interface Token {
  readonly kind: string;
  readonly value: string;
}

/** Accounts shorter than this are no names that only one miner has. */
const MIN_ACCOUNT = 6;
/** An address with more workers than this is a proxy of strangers: it joins nothing. So many tokens link a lead, too. */
const MAX_TOKENS = 512;

/** The worker without its numbers and separators, lower case: `Rig-07` is `rig`. */
function baseOf(worker: string): string {
  return worker.toLowerCase().replace(/[\s\d._#-]+/gu, '');
}

/** A name that many use, or no name at all. */
export function isGenericWorker(worker: string, settings: LeadSettings): boolean {
  const base = baseOf(worker);
  return base.length < 2 || settings.genericWorkers.includes(base);
}

/** The worker with each run of digits as `#`: `farm3-017` and `farm3-018` are one pattern, `farm#-#`. */
export function workerPattern(worker: string): string {
  return worker.toLowerCase().replace(/\d+/gu, '#');
}

/** When an address worked with one account and worker: [from, to] as ISO times. */
export interface JoinTimes {
  readonly token: string;
  readonly from: string;
  readonly to: string;
}

/**
 * What an unattributed address shows of account and worker, to be recognised under another address. Behind an address
 * translation seen from outside an address is many subscribers: nothing joins there.
 */
export function joinTimes(node: NodeFacts, settings: LeadSettings): JoinTimes[] {
  const { key } = node;
  if (key.kind !== 'address' || key.nat === 'outside') return [];
  const times = node.items.flatMap((item) =>
    item.placement.shared
      ? []
      : accountsOf(item).flatMap(({ account, worker }) => {
          if (worker === null || account.length < MIN_ACCOUNT || isGenericWorker(worker, settings)) return [];
          const token = canonicalJson([key.nat, key.realm, account, worker]);
          return [{ token, from: item.row.first_seen, to: item.row.last_seen }];
        }),
  );
  return new Set(times.map(({ token }) => token)).size > MAX_TOKENS ? [] : times;
}

/** Tokens by which leads are put together: all of them, so that the order of arrival does not matter. */
export function bindingTokens(
  nodes: readonly NodeFacts[],
  reports: Iterable<ReportRecord>,
  settings: LeadSettings,
): Token[] {
  const joins = nodes.flatMap((node) => joinTimes(node, settings).map(({ token }) => token));
  const ips = nodes.flatMap((node) => node.items.map(({ row }) => row.miner.ip));
  const reported = [...reports].flatMap(({ ip }) => ip ?? []);
  return [
    ...sortedUnique(ips).map((value) => ({ kind: 'ip', value })),
    ...sortedUnique(joins).map((value) => ({ kind: 'join', value })),
    ...sortedUnique(reported).map((value) => ({ kind: 'report_ip', value })),
  ];
}

/** Tokens that link leads: what a lead shows of itself, bounded for each kind. */
export function linkTokens(lead: Lead, settings: LeadSettings): Token[] {
  const workers = lead.accounts.flatMap((account) => account.workers);
  const values: Readonly<Record<string, readonly string[]>> = {
    wallet: lead.accounts.flatMap(({ wallet }) => wallet?.address ?? []),
    account: lead.accounts.flatMap(({ account, wallet }) =>
      wallet === null && account.length >= MIN_ACCOUNT ? account : [],
    ),
    worker: workers.filter((worker) => !isGenericWorker(worker, settings)).map(workerPattern),
    pool: lead.detections.flatMap(({ pool, pool_port }) => (pool_port === null ? [] : pool)),
    range: lead.addresses.flatMap(({ ip, realm }) => {
      const prefix = prefixOf(ip, ip.includes(':') ? 48 : 24);
      return prefix === null ? [] : canonicalJson([realm, prefix]);
    }),
  };
  return Object.entries(values).flatMap(([kind, list]) =>
    sortedUnique(list)
      .slice(0, MAX_TOKENS)
      .map((value) => ({ kind, value })),
  );
}
