/** Customer rows and power accounts behind an account, a code or a name. */

import { isKnown } from './registry-index.ts';
import { type Claim, lineOf } from './resolve-candidate.ts';
import type { Holder } from './resolve-log.ts';
import { nameKey, partyCaps, placeCap, subjectKey, validCode } from './resolve-party.ts';
import type { Remarks } from './resolve-remarks.ts';
import type { SiteIndex } from './resolve-site.ts';
import type { Candidate, Observation, Place, SiteRow, StoredRow } from './types.ts';

/** Rows of one account fetched for one answer. */
const MOST = 64;

export interface KnownCustomers {
  /** Rows valid at the time. */
  readonly live: readonly StoredRow<SiteRow>[];
  /** There are rows, none of them valid at the time. */
  readonly dead: boolean;
}

export class Customers {
  private readonly sites: SiteIndex;
  private readonly rowOf: (id: number) => StoredRow | null;
  private readonly knownAt: number | null;

  constructor(sites: SiteIndex, rowOf: (id: number) => StoredRow | null, knownAt: number | null) {
    this.sites = sites;
    this.rowOf = rowOf;
    this.knownAt = knownAt;
  }

  of(account: string, observed: Observation): KnownCustomers {
    const rows = this.fetch(this.sites.customersOf(account));
    const live = rows.filter((row) => coversStart(row, observed));
    return { live, dead: rows.length > 0 && live.length === 0 };
  }

  /** Power accounts of a candidate, each by the closest join: account, code, or name with the same place. */
  powerOf(candidate: Candidate, observed: Observation): Claim[] {
    const claims = new Map<number, Claim>();
    const add = (ids: readonly number[], rule: Claim['rule'], fits: (row: SiteRow) => boolean): void => {
      for (const row of this.fetch(ids)) {
        if (claims.has(row.id) || !coversStart(row, observed) || !fits(row.value)) continue;
        const { party, account, key, places } = row.value;
        const subject = subjectKey(party, account, `power/${key}`);
        claims.set(row.id, {
          ...{ role: 'power_account_holder', subject, party, uscc: validCode(party), account: key },
          ...{ places, rows: [row], rule, caps: [] },
        });
      }
    };
    if (candidate.account !== null) add(this.sites.powerOfAccount(candidate.account), 'power-by-account', () => true);
    if (candidate.uscc !== null) add(this.sites.powerOfCode(candidate.uscc), 'power-by-code', () => true);
    if (candidate.name !== null) {
      const texts = new Set(candidate.places.flatMap(placeKeys));
      const near = (row: SiteRow): boolean => row.places.flatMap(placeKeys).some((key) => texts.has(key));
      add(this.sites.powerOfName(candidate.name), 'power-by-name-and-place', near);
    }
    return [...claims.values()];
  }

  private fetch(ids: readonly number[]): StoredRow<SiteRow>[] {
    const rows: StoredRow<SiteRow>[] = [];
    for (const id of ids.slice(0, MOST)) {
      const row = this.rowOf(id);
      if (row?.value.family === 'site' && isKnown(row, this.knownAt)) rows.push(row as StoredRow<SiteRow>);
    }
    return rows;
  }
}

/** What the customer list says of somebody whom the logs name; at most one claim a customer row. */
export function holderClaims(
  { account, rows, rule, caps }: Holder,
  customers: Customers,
  observed: Observation,
  remarks: Remarks,
): Claim[] {
  const innermost = rows[rows.length - 1]?.value;
  if (innermost === undefined) return [];
  const known = account === null ? { live: [], dead: false } : customers.of(account, observed);
  const bounds = [...caps];
  if (known.dead) {
    bounds.push('customer_not_live');
    remarks.contradiction('customer_not_live', account ?? '');
  }
  const claim = (customer: StoredRow<SiteRow> | null): Claim => {
    const party = customer?.value.party ?? innermost.party;
    const places = [...(customer?.value.places ?? []), ...innermost.places];
    const place = placeCap(places, remarks);
    return {
      role: 'line_subscriber',
      subject: subjectKey(party, account, lineOf(innermost)),
      party,
      uscc: validCode(party),
      account,
      places,
      rows: customer === null ? rows : [...rows, customer],
      rule,
      caps: [...bounds, ...partyCaps(party, remarks, null), ...(place === null ? [] : [place])],
    };
  };
  if (known.live.length > 0) {
    const claims = known.live.map(claim);
    if (new Set(known.live.map(whoAndWhere)).size === 1) return claims;
    remarks.contradiction('customers_differ', account ?? '');
    return claims.map((one) => ({ ...one, caps: [...one.caps, 'customers_differ'] }));
  }
  if (innermost.party !== null) return [claim(null)];
  remarks.missing('need_crm', account ?? `behind ${lineOf(innermost)}`);
  // Nobody can be told from an address alone: without an account there is no answer, only the question.
  if (account === null) return [];
  const subject = subjectKey(null, account, '');
  return [
    {
      ...{ role: 'line_subscriber', subject, party: null, uscc: null, account },
      ...{ places: innermost.places, rows, rule: 'session-only', caps: bounds },
    },
  ];
}

/** Within the error of the clock a customer who has just left and one who has just come both fit. */
function coversStart({ value }: StoredRow<SiteRow>, observed: Observation): boolean {
  const error = observed.clockError * 1e6;
  return (
    value.valid.from <= observed.from + error && (value.valid.to === null || value.valid.to > observed.from - error)
  );
}

function placeKeys({ text }: Place): string[] {
  return text === null || text.trim() === '' ? [] : [nameKey(text)];
}

/** Two rows of one account are one customer only where holder (for persons what is sealed of them) and place agree. */
function whoAndWhere({ value }: StoredRow<SiteRow>): string {
  const { party, places, sealed } = value;
  const who = party?.person === true ? (sealed ?? {}) : (party?.code ?? nameKey(party?.name ?? ''));
  return JSON.stringify([who, [...new Set(places.flatMap(placeKeys))].sort()]);
}
