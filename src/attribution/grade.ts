/**
 * How sure an answer is, as data. docs/attribution.md prints both tables; a test keeps them equal. Grades run from 0 to
 * 100: 90 and more may be sent for inspection, 70 – 89 high, 40 – 69 ask the carrier first, below that a hint.
 */
import type { Grades } from './types.ts';

/** Bounds or worth for subscriber, enterprise and address, and what holds, in words. */
type Row = readonly [subscriber: number, enterprise: number, address: number, words: string];

/** What each kind of evidence is worth when nothing speaks against it. */
export const GRADE_RULES = {
  'nat-session-customer': [
    95,
    90,
    90,
    'NAT log and session cover address, port and time; the account is in the customer list',
  ],
  'session-customer': [95, 90, 90, 'a session covers address and time; the account is in the customer list'],
  'nat-account-customer': [
    90,
    85,
    85,
    'NAT log names the account, which is in the customer list; no session log beside it',
  ],
  'deterministic-customer': [
    90,
    85,
    85,
    'deterministic NAT with parameters valid at the time, and the account is in the customer list',
  ],
  'session-only': [90, 0, 0, 'logs name the account; no customer list says whose it is'],
  'mobile-cell': [90, 60, 40, 'mobile session with its cell: the place is the area of the cell'],
  'line-verified': [
    90,
    90,
    85,
    'static line in the resource system with a valid code, verified within 12 months and confirmed since',
  ],
  'line-unconfirmed': [
    69,
    69,
    65,
    'static line in the resource system; neither a customer row nor a later check says that it is still live',
  ],
  'filing-matched': [75, 75, 55, 'address filing of a static range alone; the unit is known by one valid code'],
  'filing-unmatched': [60, 50, 55, 'address filing of a static range alone; no valid code for the unit'],
  'rack-whole': [85, 80, 85, 'customer list of a data centre, whole rack'],
  'rack-shared': [60, 40, 95, 'customer list of a data centre, shared rack or reseller: the place is the data centre'],
  'filing-pool': [
    0,
    0,
    20,
    'the filing is of a dynamic pool or names the operator: it tells the district of the gateway',
  ],
  'block-holder': [0, 30, 0, 'holder of the address block'],
  'no-port': [39, 39, 39, 'one of the customers behind the address at that time; the source port is missing'],
  'power-by-account': [60, 80, 80, 'power account named with the same customer account'],
  'power-by-code': [60, 70, 70, 'power account of the same credit code'],
  'power-by-name-and-place': [40, 60, 60, 'power account of the same name at the same address'],
} as const;
export type GradeRuleName = keyof typeof GRADE_RULES;

/** Upper bounds; 100 leaves a grade as it is. */
export const GRADE_CAPS = {
  tunnelled: [40, 40, 30, 'VPN, proxy or relay known at the address: traffic may come from elsewhere'],
  several_subscribers: [40, 40, 40, 'several subscribers fit'],
  within_clock_error: [60, 60, 60, 'fits only within the errors of the clocks'],
  possibly_open: [60, 60, 60, 'the end of the assignment is not in the logs'],
  flow_outlives_assignment: [69, 69, 69, 'the conversation lasted longer than the assignment'],
  filing_older_than_12_months: [69, 69, 55, 'last verified more than 12 months before'],
  filing_older_than_24_months: [55, 55, 40, 'last verified more than 24 months before'],
  filing_older_than_60_months: [39, 39, 30, 'last verified more than 60 months before'],
  changed_since: [60, 60, 60, 'the record was changed after the traffic: it says nothing of before'],
  check_failed: [40, 40, 40, 'the source says that its check of the record failed'],
  code_missing: [100, 60, 100, 'no credit code'],
  code_invalid: [100, 50, 100, 'the credit code does not pass its checks'],
  person_with_enterprise_nature: [100, 60, 100, 'an enterprise by nature with a document of a person'],
  deregistered: [69, 40, 69, 'the unit was struck off before the address was assigned'],
  customer_not_live: [69, 60, 60, 'the customer row is not valid at the time'],
  customers_differ: [60, 40, 40, 'several customers under one account'],
  subjects_differ: [60, 60, 60, 'another source names somebody else'],
  filing_differs: [89, 89, 89, 'the address filing names somebody else'],
  pool_overlaps: [40, 40, 40, 'a pool of the operator covers the address too'],
  static_in_several_sessions: [69, 69, 69, 'filed as static, yet seen in sessions of several accounts'],
  reserved_in_use: [39, 39, 39, 'filed as reserved, yet in use'],
  region_differs: [100, 100, 69, 'the region of the address is not that of the operator’s geofeed'],
  address_registered: [100, 100, 30, 'only the registered address is known'],
  address_filing: [100, 100, 55, 'only the filing address is known'],
  address_gateway: [100, 100, 20, 'only the gateway’s address is known'],
  address_missing: [100, 100, 0, 'no address is known'],
} as const;
export type GradeCapName = keyof typeof GRADE_CAPS;

/** A rule's grades under bounds, and why in words. */
export function grade(
  name: GradeRuleName,
  caps: Iterable<GradeCapName>,
): { readonly grades: Grades; readonly because: string } {
  const row: Row = GRADE_RULES[name];
  let [subscriber, enterprise, address] = row;
  const words: string[] = [row[3]];
  for (const cap of new Set(caps)) {
    const [s, e, a, why]: Row = GRADE_CAPS[cap];
    if (s < subscriber || e < enterprise || a < address) words.push(why);
    subscriber = Math.min(subscriber, s);
    enterprise = Math.min(enterprise, e);
    address = Math.min(address, a);
  }
  return { grades: { subscriber, enterprise, address }, because: words.join('; ') };
}

/** The least of three grades: the chain is as strong as its weakest link. */
export function overallGrade(grades: Grades): number {
  return Math.min(grades.subscriber, grades.enterprise, grades.address);
}

/** 确认, 高, 中, 低 or 无法归属. */
export function gradeLabel(value: number): string {
  if (value >= 90) return '确认';
  if (value >= 70) return '高';
  if (value >= 40) return '中';
  return value > 0 ? '低' : '无法归属';
}

const MONTH = 30.4375 * 86_400e6;

/** Bound for a filing last verified at `checked`, seen at `time`, microseconds; null where it is fresh. */
export function ageCap(checked: number, time: number): GradeCapName | null {
  const months = (time - checked) / MONTH;
  if (months > 60) return 'filing_older_than_60_months';
  if (months > 24) return 'filing_older_than_24_months';
  return months > 12 ? 'filing_older_than_12_months' : null;
}
