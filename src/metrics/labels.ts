/**
 * Values that a label may take: closed lists, names from the configuration, and `other` for everything else. An address, a name
 * of a host, a wallet or an error text in a label would make series without end, and tell people's data to whoever may scrape.
 */
import { ANOMALIES } from '../common/anomaly.ts';
import type { DaemonStatus, InputKind, InputState } from '../daemon/status.ts';
import type { RecordFault } from '../flowrecord/record.ts';
import type { Status } from '../ledger/types.ts';

/** What stands for a value that nobody expected. */
export const OTHER = 'other';
/** Inputs and observation points with a label of their own; those after them are counted together under `other`. */
export const MAX_INPUTS = 200;
export const MAX_POINTS = 50;
/** Signatures with a label of their own, counted over every set that was loaded. */
export const MAX_SIGNATURES = 2000;

/** Closed lists that only the wiring knows. */
export interface MetricNames {
  /** Ids of the dialects; `unknown` is added. */
  readonly dialects: Iterable<string>;
  /** Ids of the signatures loaded now; asked at each reading. */
  readonly signatures: () => Iterable<string>;
  /** Divisions as `leads[].region` names them; codes of two or six digits and ISO 3166-2 codes of China need no entry. */
  readonly regions: Iterable<string>;
}

// Only types cross the border of a stage, so each list stands here again; a value that is added there fails to compile here.
const KINDS: Readonly<Record<InputKind, true>> = {
  live: true,
  pipe: true,
  spool: true,
  collector: true,
  'flow-log': true,
};
const STATES: Readonly<Record<InputState, true>> = {
  starting: true,
  running: true,
  waiting: true,
  restarting: true,
  failed: true,
  stopped: true,
  done: true,
};
const FAULTS: Readonly<Record<RecordFault, true>> = {
  not_allowed: true,
  unknown_version: true,
  truncated: true,
  bad_length: true,
  bad_count: true,
  bad_template: true,
  template_limit: true,
  no_template: true,
  bad_field: true,
  bad_time: true,
  bad_line: true,
  line_too_long: true,
  unsupported: true,
  exporter_limit: true,
};
const LEAD_STATUSES: Readonly<Record<Status, true>> = {
  waiting: true,
  open: true,
  true: true,
  not_true: true,
  unattributable: true,
  rectifying: true,
  stopped: true,
  inspected: true,
  closed: true,
  restarted: true,
};
type Found = DaemonStatus['detections'][number];
const CONFIDENCE: Readonly<Record<Found['confidence'], true>> = { confirmed: true, probable: true, suspected: true };
const ACTIVITY: Readonly<Record<Found['activity'], true>> = { mining: true, attempt: true, probe: true, proxy: true };

const keys = (record: Readonly<Record<string, true>>): readonly string[] => Object.keys(record);
export const INPUT_KINDS: readonly string[] = keys(KINDS);
export const STATE_NAMES: readonly string[] = keys(STATES);
export const FAULT_NAMES: readonly string[] = keys(FAULTS);
export const CONFIDENCES: readonly string[] = keys(CONFIDENCE);
export const ACTIVITIES: readonly string[] = keys(ACTIVITY);

const oneOf =
  (list: Iterable<string>): ((value: string) => string) =>
  (value) =>
    (list as ReadonlySet<string>).has(value) ? value : OTHER;

const PROVINCE = /^(?:[1-8]\d(?:0000)?|CN-[A-Z]{2})$/;
/** Letters of any script, digits and a few signs, as the configuration lets names of inputs and points be. */
const NAME = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N} _.:@/+-]{0,63}$/u;
const VERSION = /^v?\d{1,5}\.\d{1,5}\.\d{1,5}(?:-[0-9a-z.]{1,20})?$/;

/** Turns values into labels. Holds the ids of every signature that was ever loaded, up to MAX_SIGNATURES. */
export class Labels {
  readonly #names: MetricNames;
  readonly #signatures = new Set<string>();
  readonly #regions: ReadonlySet<string>;
  readonly dialects: readonly string[];
  readonly dialect: (value: string) => string;
  readonly kind: (value: string) => string = oneOf(new Set(INPUT_KINDS));
  readonly fault: (value: string) => string = oneOf(new Set(FAULT_NAMES));
  readonly anomaly: (value: string) => string = oneOf(new Set(ANOMALIES));
  readonly confidence: (value: string) => string = oneOf(new Set(CONFIDENCES));
  readonly activity: (value: string) => string = oneOf(new Set(ACTIVITIES));
  readonly leadStatus: (value: string) => string = oneOf(new Set(keys(LEAD_STATUSES)));

  constructor(names: MetricNames) {
    this.#names = names;
    this.dialects = [...new Set([...names.dialects, 'unknown'])];
    this.dialect = oneOf(new Set(this.dialects));
    this.#regions = new Set([...names.regions, 'unknown']);
  }

  /** Call at each reading, before `signature`. Ids that are no longer loaded stay: their counters go on to exist. */
  refresh(): void {
    for (const id of this.#names.signatures()) {
      if (this.#signatures.size >= MAX_SIGNATURES) return;
      this.#signatures.add(id);
    }
  }

  get signatures(): Iterable<string> {
    return this.#signatures;
  }

  signature(id: string): string {
    return this.#signatures.has(id) ? id : OTHER;
  }

  region(value: string): string {
    return this.#regions.has(value) || PROVINCE.test(value) ? value : OTHER;
  }

  /** The name of the input or point at this place of the configuration. */
  configured(name: string, place: number, most: number): string {
    return place < most && NAME.test(name) ? name : OTHER;
  }

  version(value: string): string {
    return VERSION.test(value) ? value : OTHER;
  }
}
