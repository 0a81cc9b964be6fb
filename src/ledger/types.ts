/** The ledger (台账): leads, their states and history. Field names as `leads export` prints them. */
import type { Place, Remark } from '../attribution/types.ts';
import type { Activity, Confidence } from '../detect/detection.ts';
import type { Band, EnergyEstimate } from '../estimate/types.ts';

/**
 * waiting: nothing in it opens a lead by itself, a person decides. open 待核, true 属实, not_true 不属实,
 * unattributable 无法归属, rectifying 整改中, stopped 已停, inspected 已核验, closed 销号, restarted 复燃.
 */
export const STATUSES = [
  'waiting',
  'open',
  'true',
  'not_true',
  'unattributable',
  'rectifying',
  'stopped',
  'inspected',
  'closed',
  'restarted',
] as const;
export type Status = (typeof STATUSES)[number];

export const CATEGORIES = ['existing', 'new', 'building', 'planned', 'unknown'] as const;
export type Category = (typeof CATEGORIES)[number];
export const INVOLVEMENTS = ['active', 'passive', 'unknown'] as const;
export type Involvement = (typeof INVOLVEMENTS)[number];
export const SITE_TYPES = [
  'industrial',
  'data_centre',
  'park',
  'residential',
  'office',
  'power_plant',
  'unknown',
] as const;
export type LeadSiteType = (typeof SITE_TYPES)[number];
export const FLAGS = [
  'industrial',
  'state_owned',
  'residential_tariff',
  'bitcoin',
  'data_centre',
  'park',
  'key',
] as const;
export type Flag = (typeof FLAGS)[number];

/** What a lead is about: a subject at a site, or an address while unattributed, or what somebody reported. */
export type LeadKey =
  | { readonly kind: 'subject_site'; readonly subject: string; readonly site: string }
  | { readonly kind: 'address'; readonly ip: string; readonly realm: string | null; readonly nat: string }
  | { readonly kind: 'report'; readonly source: string; readonly reference: string };

export interface LeadConversation {
  readonly port: number;
  readonly first_seen: string;
  readonly last_seen: string;
}

/** A report as a lead shows it; `count`: how often it was handed down (下发次数), null where the report says nothing. */
export interface LeadReport {
  readonly source: string;
  readonly reference: string;
  readonly received: string;
  readonly count?: number | null;
}

/** A detection as a lead carries it. */
export interface LeadDetection {
  readonly id: string;
  readonly sensor: string;
  readonly day: string;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly activity: Activity;
  readonly confidence: Confidence;
  readonly ip: string;
  readonly realm: string | null;
  readonly nat: string;
  readonly ports: readonly number[];
  /** Times of each conversation of these ports, sorted by time and port; bounded like those of the detection. */
  readonly conversations?: readonly LeadConversation[];
  readonly pool: string;
  readonly pool_ip: string | null;
  readonly pool_port: number | null;
  readonly transport: string;
  readonly dialect: string | null;
  readonly coins: readonly string[];
  readonly algorithm: string | null;
  readonly hashrate: {
    readonly low: number;
    readonly mid: number;
    readonly high: number;
    readonly unit: string;
  } | null;
  readonly shares: { readonly submitted: number; readonly accepted: number; readonly rejected: number };
  readonly flows: number;
  readonly signatures: readonly { readonly id: string; readonly version: number }[];
  /** The detection covers conversations of several subscribers; its counts are not this lead's alone. */
  readonly shared: boolean;
}

export interface LeadAddress {
  readonly ip: string;
  readonly realm: string | null;
  readonly nat: string;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly ports: readonly number[];
}

export interface LeadAccount {
  readonly login: string;
  readonly account: string;
  readonly workers: readonly string[];
  readonly wallet: { readonly coin: string; readonly address: string; readonly valid: boolean | null } | null;
}

export interface LeadSubject {
  readonly key: string;
  readonly role: string;
  readonly name: string | null;
  readonly uscc: string | null;
  readonly person: boolean;
  readonly grades: { readonly subscriber: number; readonly enterprise: number; readonly address: number };
  readonly because: string;
}

/** Why a lead has a flag: the rule that set it. */
export interface LeadFlag {
  readonly flag: Flag;
  readonly rule: string;
}

export interface LeadLink {
  readonly lead: string;
  /** wallet | account | worker | pool | range | restart_of | merged_from | person */
  readonly kind: string;
  readonly value: string;
}

/** One lead as `leads export` prints it. Lists are sorted, times ISO 8601 UTC. */
export interface Lead {
  readonly type: 'lead';
  readonly version: 1;
  /** Derives from content: `L` and 24 hex digits. */
  readonly id: string;
  /** Display number given at the first hand-over, `L-640502-2026-000123`; null before. */
  readonly number: string | null;
  readonly key: LeadKey;
  readonly status: Status;
  readonly status_since: string | null;
  readonly category: Category;
  readonly involvement: Involvement;
  readonly site_type: LeadSiteType;
  readonly flags: readonly LeadFlag[];
  readonly activity: Activity | null;
  readonly confidence: Confidence | null;
  readonly first_seen: string | null;
  readonly last_seen: string | null;
  /** GB/T 2260 code of the site, else of the best known region, or null. */
  readonly region: string | null;
  readonly subject: LeadSubject | null;
  /** Every party in its role, as the attribution named them. */
  readonly parties: readonly LeadSubject[];
  readonly places: readonly Place[];
  readonly missing: readonly Remark[];
  readonly contradictions: readonly Remark[];
  readonly addresses: readonly LeadAddress[];
  readonly pools: readonly { readonly endpoint: string; readonly name: string | null; readonly ip: string | null }[];
  readonly coins: readonly string[];
  readonly accounts: readonly LeadAccount[];
  readonly agents: readonly string[];
  readonly hardware_class: 'asic' | 'gpu' | 'cpu' | 'unknown';
  /** One per algorithm; never a sum over algorithms. */
  readonly hashrates: readonly ({ readonly algorithm: string; readonly unit: string } & Band)[];
  readonly energy: EnergyEstimate | null;
  readonly power_accounts: readonly string[];
  readonly department: string | null;
  readonly deadline: string | null;
  readonly reports: readonly LeadReport[];
  readonly detections: readonly LeadDetection[];
  readonly links: readonly LeadLink[];
  /** Time in which the addresses were observed, and the last of it; quiet since the last traffic, in observed seconds. */
  readonly observed: { readonly seconds: number; readonly until: string | null; readonly quiet_seconds: number };
  /** Earlier ids under which the lead was known. */
  readonly aliases: readonly string[];
  readonly history?: readonly HistoryEntry[];
}

/** One entry of the chain that concerns a lead. */
export interface HistoryEntry {
  readonly seq: number;
  readonly time: string;
  readonly actor: string;
  readonly action: string;
  readonly detail: Readonly<Record<string, unknown>>;
}
