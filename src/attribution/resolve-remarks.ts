/** What an answer lacks and what contradicts it: codes, and words that say whom to ask for what. */
import type { Remark } from './types.ts';

/** What is missing. `$1`, `$2` stand for details. */
const MISSING = {
  bad_address: 'The observed address is no IP address: correct it in the source of the observation.',
  bad_time: 'The times of the observation are none, or its end lies before its start: correct them.',
  need_source_port:
    'Many customers share this address ($1 known at the time): ask whoever reported the traffic for source port, protocol and UTC time to the second.',
  need_realm:
    'A private address means other customers in other places: state the realm (BNG, VRF or city) of the sensor, or ask its operator.',
  need_session_log: 'Ask the access provider for the session or NAT log of $1 at $2 (UTC).',
  need_registry:
    'No row of the registry covers $1 at $2: import the address filing, or ask the holder of the block who uses it.',
  need_crm:
    'Ask the access provider whose customer account $1 is and where the line is installed, with the credit code.',
  need_customer_list:
    'The filing names the operator or a data centre ($1): ask it which customer had $2 at $3 (UTC), with rack or line.',
  need_release_log:
    'The end of the assignment is not in the logs: ask the access provider whether $1 still had it at $2 (UTC).',
  need_better_clock:
    'The time lies within the error of the clocks of a change of customers: ask for exact times, or for another conversation of the same miner.',
  filing_old: 'The row was last verified $1: ask the holder to verify it.',
  need_uscc: 'No valid credit code for $1: look the name up in the enterprise register.',
  need_install_address:
    'Ask the access provider for the install address (装机地址) of the line, or the power company for the place of the meter.',
  need_confirmation: 'Ask the access provider to confirm that the line of $1 was live at $2 (UTC).',
} as const;
export type MissingCode = keyof typeof MISSING;

const CONTRADICTIONS = {
  several_subscribers: 'Several subscribers fit address, port and time: $1.',
  filing_names_operator: 'The filing row names the operator ($1), not the user.',
  filing_dynamic_pool: 'The filing row names the operator or a dynamic pool ($1).',
  static_in_several_sessions: 'Filed as static, yet seen in sessions of $1 accounts.',
  reserved_in_use: 'Filed as reserved, yet traffic was seen.',
  region_differs: 'The region of the address ($1) is not that of the geofeed ($2).',
  person_with_enterprise_nature: 'The row names an enterprise by nature, with a document of a person.',
  code_invalid: 'The code $1 does not pass its checks.',
  deregistered: 'The unit was struck off before the address was assigned.',
  subjects_differ: 'Sources disagree: $1 by one, $2 by another.',
  customers_differ: 'Several customers stand under account $1 at the time.',
  customer_not_live: 'The customer row of account $1 is not valid at the time.',
  flow_outlives_assignment: 'The conversation lasted longer than the assignment of the address.',
  nat_stated_none: 'The sensor is said to see no NAT, yet NAT logs cover this address.',
  port_outside_rule: 'The port is none that the deterministic NAT rule hands out.',
  two_live_rows: 'Two live rows cover the address: $1.',
  pool_overlaps: 'The address lies in a range of one unit and in a pool of the operator at once.',
} as const;
export type ContradictionCode = keyof typeof CONTRADICTIONS;

function remark(texts: Readonly<Record<string, string>>, code: string, details: readonly string[]): Remark {
  return { code, text: (texts[code] as string).replace(/\$(\d)/g, (_, n: string) => details[Number(n) - 1] ?? '') };
}

/** Remarks of one answer, each code once with its first words. */
export class Remarks {
  private readonly missingCodes = new Map<string, Remark>();
  private readonly contradictionCodes: Map<string, Remark>;

  constructor(contradictions: Map<string, Remark> = new Map()) {
    this.contradictionCodes = contradictions;
  }

  /** The same contradictions, but gaps told to it are dropped: for sources that are no longer needed for the answer. */
  withoutGaps(): Remarks {
    return new Remarks(this.contradictionCodes);
  }

  missing(code: MissingCode, ...details: readonly string[]): void {
    if (!this.missingCodes.has(code)) this.missingCodes.set(code, remark(MISSING, code, details));
  }

  contradiction(code: ContradictionCode, ...details: readonly string[]): void {
    if (!this.contradictionCodes.has(code)) this.contradictionCodes.set(code, remark(CONTRADICTIONS, code, details));
  }

  /** In the order of their codes. */
  lists(): { readonly missing: readonly Remark[]; readonly contradictions: readonly Remark[] } {
    const sorted = (map: ReadonlyMap<string, Remark>): Remark[] =>
      [...map.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
    return { missing: sorted(this.missingCodes), contradictions: sorted(this.contradictionCodes) };
  }
}

export const MISSING_CODES: readonly string[] = Object.keys(MISSING).sort();
export const CONTRADICTION_CODES: readonly string[] = Object.keys(CONTRADICTIONS).sort();

/** A time as people read it, to the second, UTC; `unknown` where it is none. */
export function timeText(microseconds: number): string {
  const date = new Date(microseconds / 1000);
  return Number.isNaN(date.getTime()) ? 'unknown' : `${date.toISOString().slice(0, 19)}Z`;
}
