/** What filings, resource systems and lists of data centres say of an address. */
import { ageCap, type GradeCapName, type GradeRuleName } from './grade.ts';
import { endOf } from './import/dates.ts';
import { type Claim, lineOf } from './resolve-candidate.ts';
import type { Customers } from './resolve-customer.ts';
import { type Found, timeCaps } from './resolve-log.ts';
import { isOperator, nameKey, partyCaps, placeCap, subjectKey, validCode } from './resolve-party.ts';
import { type Remarks, timeText } from './resolve-remarks.ts';
import type { SiteIndex } from './resolve-site.ts';
import type { AddressRow, Observation, Party, Place, Role, StoredRow } from './types.ts';

export interface StaticContext {
  readonly observed: Observation;
  readonly customers: Customers;
  readonly sites: SiteIndex;
  readonly operators: ReadonlySet<string>;
  readonly remarks: Remarks;
  /** Takes what is missing: the same remarks, or ones that drop it where the logs answer. */
  readonly gaps: Remarks;
  /** Logs name somebody: a filing of a pool is then no gap, only a contradiction to show. */
  readonly logged: boolean;
}

const DYNAMIC_SERVICES: ReadonlySet<string> = new Set(['3', '4', '固定宽带接入', '移动网接入']);
const DATA_CENTRE_SERVICES: ReadonlySet<string> = new Set(['7', 'IDC服务类', 'IDC业务']);
const MONTH = 30.4375 * 86_400e6;

/** Claims of one static row; none for kinds that say nothing of users. */
export function staticClaims(found: Found, context: StaticContext): Claim[] {
  const row = found.stored.value;
  switch (row.kind) {
    case 'filing':
      return [filingClaim(found, context)];
    case 'resource':
      return pooled(row, context) ? [filingClaim(found, context)] : resourceClaims(found, context);
    case 'isms':
    case 'house':
    case 'colocation':
      return isOperator(row.party, context.operators) ? [operatorClaim(found, context)] : [rackClaim(found, context)];
    default:
      return [];
  }
}

/** Whether a row is of a pool or names the operator itself: it tells nobody. */
function pooled(row: AddressRow, { operators }: StaticContext): boolean {
  const dynamic =
    row.use === 'dynamic' ||
    (row.service !== null && DYNAMIC_SERVICES.has(row.service.trim()) && row.use !== 'static' && row.use !== 'line');
  return dynamic || row.use === 'reserved' || isOperator(row.party, operators);
}

interface Parts {
  readonly role: Role;
  readonly rule: GradeRuleName;
  readonly caps: readonly GradeCapName[];
  readonly party?: Party | null;
  readonly places?: readonly Place[];
  readonly rows?: readonly StoredRow[];
}

function claim({ stored }: Found, parts: Parts): Claim {
  const row = stored.value;
  const party = parts.party ?? row.party;
  return {
    role: parts.role,
    subject: subjectKey(party, row.account, lineOf(row)),
    party,
    uscc: validCode(party),
    account: row.account,
    places: parts.places ?? row.places,
    rows: [stored, ...(parts.rows ?? [])],
    rule: parts.rule,
    caps: parts.caps,
  };
}

function operatorClaim(found: Found, { observed, gaps }: StaticContext): Claim {
  const name = found.stored.value.party?.name ?? 'the operator';
  gaps.missing('need_customer_list', name, observed.ip, timeText(observed.from));
  return claim(found, { role: 'access_provider', rule: 'filing-pool', caps: [] });
}

function filingClaim(found: Found, context: StaticContext): Claim {
  const { observed, remarks, gaps, sites, logged, operators } = context;
  const row = found.stored.value;
  const name = row.party?.name ?? 'the operator';
  if (row.use === 'reserved') {
    remarks.contradiction('reserved_in_use');
    return claim(found, { role: 'access_provider', rule: 'filing-pool', caps: ['reserved_in_use'] });
  }
  if (pooled(row, context)) {
    const operator = isOperator(row.party, operators);
    if (logged) remarks.contradiction(row.use === 'dynamic' ? 'filing_dynamic_pool' : 'filing_names_operator', name);
    else if (row.use === 'static' || row.use === 'line') {
      remarks.contradiction('filing_names_operator', name);
      return operatorClaim(found, context);
    } else {
      gaps.missing(
        'need_session_log',
        observed.port === null ? observed.ip : `${observed.ip} port ${observed.port}`,
        timeText(observed.from),
      );
      if (!operator) remarks.contradiction('filing_dynamic_pool', name);
    }
    return claim(found, { role: 'access_provider', rule: 'filing-pool', caps: [] });
  }
  const byName = row.party?.name != null && !row.party.person ? sites.codesOfName(row.party.name) : new Set<string>();
  const known = validCode(row.party) ?? (byName.size === 1 ? ([...byName][0] as string) : null);
  const centre = row.service !== null && DATA_CENTRE_SERVICES.has(row.service.trim());
  if (centre) gaps.missing('need_customer_list', name, observed.ip, timeText(observed.from));
  const rule = known !== null && !centre ? 'filing-matched' : 'filing-unmatched';
  const party =
    row.party === null || row.party.code !== null || known === null ? row.party : { ...row.party, code: known };
  const caps = [
    ...sourceCaps(row, context),
    ...timeCaps(found, observed, false, gaps),
    ...partyCaps(party, gaps, known),
  ];
  const place = placeCap(row.places, gaps);
  return claim(found, { role: 'filing_unit', rule, party, caps: place === null ? caps : [...caps, place] });
}

/** Bounds from how old a record is, whether it was changed since, and whether its check failed. */
function sourceCaps(row: AddressRow, context: StaticContext): GradeCapName[] {
  const { observed, gaps } = context;
  const caps = failedCheck(row, context);
  const seen = lastWord(row, observed) ?? row.valid.from;
  const cap = ageCap(seen, observed.from);
  if (cap !== null) {
    gaps.missing('filing_old', timeText(seen).slice(0, 10));
    caps.push(cap);
  }
  if ((changedAt(row) ?? -Infinity) > observed.from) {
    gaps.missing('need_confirmation', row.account ?? row.party?.name ?? row.first, timeText(observed.from));
    caps.push('changed_since');
  }
  return caps;
}

const FAILED = /不通过|未通过|不合格|驳回|退回/;

function failedCheck({ extra, account, party, first }: AddressRow, { observed, gaps }: StaticContext): GradeCapName[] {
  const state = extra['check_state'] ?? extra['核查状态'] ?? '';
  if (!FAILED.test(state) && !FAILED.test(extra['status'] ?? '')) return [];
  gaps.missing('need_confirmation', account ?? party?.name ?? first, timeText(observed.from));
  return ['check_failed'];
}

/** When a resource system last changed the record; the end of the day where it gives no more. */
function changedAt({ kind, extra }: AddressRow): number | null {
  return kind === 'resource' ? endOf(extra['changed'] ?? '') : null;
}

/** The last time at which the source is known to have stood by the row: a check, or a change before the observation. */
function lastWord(row: AddressRow, observed: Observation): number | null {
  const changed = changedAt(row) ?? Infinity;
  const word = Math.max(row.checked ?? -Infinity, changed <= observed.from ? changed : -Infinity);
  return Number.isFinite(word) ? word : null;
}

/** A line of the resource system, with the customer row of its account where there is one. */
function resourceClaims(found: Found, context: StaticContext): Claim[] {
  const { observed, customers, remarks, gaps } = context;
  const row = found.stored.value;
  const known = row.account === null ? { live: [], dead: false } : customers.of(row.account, observed);
  const caps = [...sourceCaps(row, context), ...timeCaps(found, observed, false, gaps)];
  if (known.dead) {
    caps.push('customer_not_live');
    remarks.contradiction('customer_not_live', row.account ?? '');
  }
  const checkedAfter = row.checked !== null && row.checked >= observed.to;
  const word = lastWord(row, observed);
  const fresh = word !== null && observed.from - word <= 12 * MONTH;
  // What was right at the check may have changed before the observation: somebody must say that the line was still live.
  const verified = (fresh && known.live.length > 0) || checkedAfter;
  if (!verified)
    gaps.missing('need_confirmation', row.account ?? row.party?.name ?? row.first, timeText(observed.from));
  const rule = verified ? 'line-verified' : 'line-unconfirmed';
  const make = (party: Party | null, places: readonly Place[], rows: readonly StoredRow[]): Claim => {
    const place = placeCap(places, gaps);
    const bounds = [...caps, ...partyCaps(party, gaps, null), ...(place === null ? [] : [place])];
    return claim(found, { role: 'line_subscriber', rule, caps: bounds, party, places, rows });
  };
  if (known.live.length === 0) return [make(row.party, row.places, [])];
  const claims = known.live.map((customer) =>
    make(customer.value.party ?? row.party, [...customer.value.places, ...row.places], [customer]),
  );
  // A customer row that names somebody else than the line does: both fit.
  const own = validCode(row.party);
  const ownName = row.party?.name == null ? null : nameKey(row.party.name);
  const same = claims.some(({ uscc, party }) =>
    own !== null && uscc !== null
      ? own === uscc
      : ownName === null || party?.person === true || ownName === nameKey(party?.name ?? ''),
  );
  return same ? claims : [...claims, make(row.party, row.places, [])];
}

/** A customer of a data centre: a whole rack is his, a shelf in a shared one or a reseller's may be anybody's. */
function rackClaim(found: Found, context: StaticContext): Claim {
  const { observed, gaps } = context;
  const row = found.stored.value;
  const count = (name: string): number => Number(row.extra[name] ?? '') || 0;
  const racked = row.places.some(({ kind, detail }) => kind === 'site' && detail !== null);
  const shared = count('racks') === 0 && (count('single_units') > 0 || !racked);
  const place = placeCap(row.places, gaps);
  // The user table is kept like a filing and ages like one.
  const old = row.kind === 'isms' ? sourceCaps(row, context) : failedCheck(row, context);
  const caps = [...old, ...timeCaps(found, observed, false, gaps), ...partyCaps(row.party, gaps, null)];
  if (shared)
    gaps.missing('need_customer_list', row.party?.name ?? 'the customer', observed.ip, timeText(observed.from));
  return claim(found, {
    role: 'site_operator',
    rule: shared ? 'rack-shared' : 'rack-whole',
    caps: place === null ? caps : [...caps, place],
  });
}
