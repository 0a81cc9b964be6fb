/** What the lead logic asks of others, handed in as functions, and its settings. */
import type { Attribution, Candidate, Observation, Place } from '../attribution/types.ts';
import type { DetectionRow } from '../detect/detection.ts';
import type { EnergyEstimate, EnergyInput } from '../estimate/types.ts';
import type { EvidenceRecord } from './store.ts';
import type { LeadFlag, LeadSiteType, Status } from './types.ts';

/** What is known of a lead's subject when flags are to be found. */
export interface IdentifyInput {
  readonly subject: Candidate | null;
  readonly candidates: readonly Candidate[];
  readonly places: readonly Place[];
  /** Power accounts (户号) that persons named for the lead. */
  readonly powerAccounts: readonly string[];
  /** First and last traffic, microseconds; null without any. */
  readonly from: number | null;
  readonly to: number | null;
}

/** Flags with the rule that set each, the kind of site, and what is known for the energy estimate. */
export interface Identified {
  readonly flags: readonly LeadFlag[];
  readonly siteType: LeadSiteType;
  readonly powerAccounts: readonly string[];
  readonly energy: Pick<EnergyInput, 'machines' | 'metered' | 'site' | 'capacityKva'>;
}

/** All must be pure: the same question, the same answer, as long as the registry and the tables stay the same. */
export interface LeadServices {
  /** Who was behind an observation; null where no registry is there. */
  attribute(observation: Observation): Attribution | null;
  /** Key of a physical address, equal for equal addresses; null where the text says too little. */
  siteKey(place: Place): string | null;
  estimate(input: EnergyInput): EnergyEstimate | null;
  identify(input: IdentifyInput): Identified;
}

export interface LeadSettings {
  /** Least overall grade with which a detection goes to a subject; below it stays with its address. */
  readonly threshold: number;
  /** Running on this day (in China) at the latest: existing; later: new. YYYY-MM-DD. */
  readonly referenceDate: string;
  /** The same worker under a new address within this time is the same lead, hours. */
  readonly joinGapHours: number;
  /** A worker met at more addresses than this names no machine. */
  readonly maxJoin: number;
  /** Worker names that many use, lower case. */
  readonly genericWorkers: readonly string[];
  /** Pools, ranges and worker patterns that more leads than this share link nothing. */
  readonly rareLeads: number;
  /** A report belongs to traffic of its address within this time of it, hours. */
  readonly reportWindowHours: number;
  /** Working days a lead may stay in a status; null for no deadline. */
  readonly deadlineDays: Readonly<Record<Status, number | null>>;
  /** From this power of the site (middle of the estimate, kW) or this hashrate of an algorithm a lead is industrial. */
  readonly industrialKw: number;
  readonly industrialRates: Readonly<Record<string, number>>;
}

/** Reference dates that reviews have used: signature, publication, catalogue adopted, catalogue published. */
export const REFERENCE_DATES: readonly string[] = ['2021-09-03', '2021-09-24', '2021-12-27', '2022-01-10'];

export const DEFAULT_SETTINGS: LeadSettings = {
  threshold: 70,
  referenceDate: '2021-09-03',
  joinGapHours: 48,
  maxJoin: 64,
  genericWorkers: [
    ...['worker', 'default', 'rig', 'miner', 'test', 'x', 'asic', 'gpu', 'cpu', 'pc', 'admin', 'user', 'antminer'],
    ...['home', 'main', 'my', 'myrig', 'myworker', 'noname', 'none', 'null', 'unknown', 'localhost', 'xmrig', 'donate'],
    ...['root', 'linux', 'windows', 'server', 'ubuntu', 'debian', 'centos', 'docker', 'vps', 'cloud', 'host', 'node'],
  ],
  rareLeads: 20,
  reportWindowHours: 24,
  deadlineDays: {
    waiting: null,
    open: 3,
    true: 5,
    not_true: null,
    unattributable: null,
    rectifying: 20,
    stopped: 5,
    inspected: 5,
    closed: null,
    restarted: 3,
  },
  industrialKw: 100,
  industrialRates: {},
};

/** Time (microseconds) and person of a change. */
export interface Change {
  readonly time: number;
  readonly actor: string;
}

export interface RecordContext extends Change {
  readonly evidence?: readonly EvidenceRecord[];
  /** Where the sensor of the coverage rows stands; else what its detections told. */
  readonly vantage?: Pick<DetectionRow['vantage'], 'nat' | 'realm'>;
}
