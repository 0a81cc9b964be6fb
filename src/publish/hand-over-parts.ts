/** The parts of a hand-over that speak of traffic and of what was done: accounts, reports, detections, links, history. */
import { STATUS_TERMS } from '../common/terms.ts';
import type { HistoryEntry, Lead, LeadAccount, LeadDetection } from '../ledger/types.ts';
import type { FieldSet } from './field-sets.ts';
import { dayOf, saltedHash } from './hand-over-reduce.ts';

/** What of the options the parts need. */
export interface PartOptions {
  /** Number of the document the hand-over rests on; needed for natural persons and for hashed worker names. */
  readonly documentNumber: string | null;
  /** Secret of this hand-over, kept in the ledger: without it a known document number makes hashed names guessable. */
  readonly salt?: string;
  /** Display number of another lead, for links; links to leads without one are not sent where ids could tell an address. */
  readonly numberOf?: (id: string) => string | null;
}

/** What the parts of the reduction need to know of one hand-over. */
export interface Reduction {
  readonly lead: Lead;
  readonly set: FieldSet;
  readonly options: PartOptions;
  /** Natural persons may be named. */
  readonly persons: boolean;
  /** Every field goes out whole, so texts may say whatever they do. */
  readonly open: boolean;
}

export function accountsFor({ lead, set, options }: Reduction): readonly LeadAccount[] {
  if (set.pool === 'full') {
    return lead.accounts.map(({ account, workers, wallet }) => ({
      // The login as sent has the worker's name in it.
      login: account,
      account,
      workers: workers.map((worker) => saltedHash(worker, options)).sort(),
      wallet,
    }));
  }
  if (set.pool === 'none') return [];
  const wallets = new Map(lead.accounts.flatMap(({ wallet }) => (wallet === null ? [] : [[wallet.address, wallet]])));
  return [...wallets.values()].map((wallet) => ({
    login: wallet.address,
    account: wallet.address,
    workers: [],
    wallet,
  }));
}

/** References are given by strangers and may be an address or an account; only plain numbers go to everybody. */
const PLAIN_REFERENCE = /^[\p{L}\p{N}〔〕()（）_-]{1,40}$/u;

export function reportsFor({ lead, set, open }: Reduction): Lead['reports'] {
  if (set.project !== 'full') return [];
  if (open) return lead.reports;
  const secrets = [
    ...lead.addresses.map(({ ip }) => ip),
    ...lead.accounts.flatMap(({ account, login, workers }) => [account, login, ...workers]),
    ...lead.power_accounts,
  ].filter((secret) => secret.length > 2);
  const plain = (text: string): string =>
    PLAIN_REFERENCE.test(text) && !secrets.some((secret) => text.includes(secret)) ? text : '';
  return lead.reports.map((report) => ({
    ...report,
    source: plain(report.source),
    reference: plain(report.reference),
    received: set.ip === 'full' ? report.received : (dayOf(report.received) ?? ''),
  }));
}

/** Connections go with the IP address: whoever looks them up in logs needs both ends. The rest goes with its own field. */
export function detectionsFor({ lead, set }: Reduction): readonly LeadDetection[] {
  if (set.ip !== 'full') return [];
  const evidence = set.evidence === 'full';
  const pool = set.pool === 'full';
  const rate = set.hashrate === 'full';
  return lead.detections.map((detection) => ({
    ...detection,
    id: evidence ? detection.id : '',
    sensor: evidence ? detection.sensor : '',
    signatures: evidence ? detection.signatures : [],
    pool: pool ? detection.pool : '',
    dialect: pool ? detection.dialect : null,
    coins: rate ? detection.coins : [],
    algorithm: rate ? detection.algorithm : null,
    hashrate: rate ? detection.hashrate : null,
    shares: rate ? detection.shares : { submitted: 0, accepted: 0, rejected: 0 },
  }));
}

export function linksFor({ lead, set, options, open }: Reduction): Lead['links'] {
  const other = (id: string): string | null => (set.ip === 'full' ? id : (options.numberOf?.(id) ?? null));
  return lead.links.flatMap((link) => {
    const value = linkValue(link.kind, link.value, set, options, open);
    const to = value === null ? null : other(link.lead);
    return value === null || to === null ? [] : [{ lead: to, kind: link.kind, value }];
  });
}

/** What leads have in common as the recipient may see it; null where it may not know of the link. */
function linkValue(kind: string, value: string, set: FieldSet, options: PartOptions, open: boolean): string | null {
  switch (kind) {
    case 'wallet':
      return set.pool === 'none' ? null : value;
    case 'account':
    case 'pool':
      return set.pool === 'full' ? value : null;
    case 'worker':
      return set.pool === 'full' && options.documentNumber ? saltedHash(value, options) : null;
    case 'range':
      return set.ip === 'full' ? value : null;
    case 'restart_of':
    case 'merged_from':
    case 'person':
      return set.project === 'full' ? (open ? value : '') : null;
    default:
      return null;
  }
}

/** Status steps alone: notes, reasons and who wrote them stay in the ledger. */
export function historyFor(
  history: readonly HistoryEntry[],
  when: (time: string | null) => string | null,
): readonly HistoryEntry[] {
  const known = (value: unknown): value is string => typeof value === 'string' && Object.hasOwn(STATUS_TERMS, value);
  return history.flatMap(({ seq, time, action, detail }) => {
    if (action !== 'lead.status' && action !== 'lead.restarted' && action !== 'lead.opened') return [];
    const { status, previous, date } = detail;
    return {
      seq,
      time: when(time) ?? '',
      actor: '',
      action,
      detail: {
        ...(known(status) ? { status } : {}),
        ...(known(previous) ? { previous } : {}),
        ...(typeof date === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(date) ? { date } : {}),
      },
    };
  });
}
