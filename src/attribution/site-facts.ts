import { checkUscc } from '../identifier/uscc.ts';
import type { Place, SiteRow, StoredRow } from './types.ts';

/** By what a subject and its site are known. */
export interface SiteQuestion {
  readonly accounts: readonly string[];
  readonly uscc: string | null;
  /** Normalised name of an enterprise; never of a natural person. */
  readonly name: string | null;
  /** Keys of physical addresses, see `siteKey`. */
  readonly sites: readonly string[];
  /** 户号 that persons named. */
  readonly powerAccounts: readonly string[];
  /** Time of the traffic, microseconds; null for any. */
  readonly from: number | null;
  readonly to: number | null;
}

export interface SiteAnswer {
  readonly powerAccounts: readonly SiteRow[];
  readonly readings: readonly SiteRow[];
  readonly machines: readonly SiteRow[];
  readonly customers: readonly SiteRow[];
}

/** How names and addresses become keys; the same functions as everywhere else. */
export interface SiteKeys {
  nameKey(name: string): string;
  siteKey(place: Place): string | null;
}

const MAX_ROWS = 1000;
/** Readings this long before and after the traffic still tell what the account draws. */
const AROUND = 35 * 86_400 * 1e6;

/** Customers, power accounts, meter readings and machines by account, enterprise and address. */
export class SiteFacts {
  readonly #byAccount = new Map<string, SiteRow[]>();
  readonly #byParty = new Map<string, SiteRow[]>();
  readonly #bySite = new Map<string, SiteRow[]>();
  readonly #byMeter = new Map<string, SiteRow[]>();
  readonly #readings = new Map<string, SiteRow[]>();

  constructor(rows: Iterable<StoredRow<SiteRow>>, keys: SiteKeys) {
    for (const { value } of rows) {
      if (value.kind === 'meter_reading') {
        push(this.#readings, value.key, value);
        continue;
      }
      if (value.kind === 'power_account') push(this.#byMeter, value.key, value);
      if (value.account !== null) push(this.#byAccount, value.account, value);
      const { party } = value;
      const code = party?.code == null ? null : checkUscc(party.code);
      if (code?.valid === true) push(this.#byParty, `uscc:${code.code}`, value);
      else if (party !== null && !party.person && party.name !== null) {
        push(this.#byParty, `name:${keys.nameKey(party.name)}`, value);
      }
      for (const place of value.places) {
        const key = keys.siteKey(place);
        if (key !== null) push(this.#bySite, key, value);
      }
    }
  }

  /**
   * Everything that belongs to a subject at its sites. A power account counts where its address is a site of the question,
   * the customer row of the line names it, or a person did: a meter of the same enterprise elsewhere would be read as ours.
   */
  find(question: SiteQuestion, keys: SiteKeys): SiteAnswer {
    const found = new Set<SiteRow>();
    const take = (rows: readonly SiteRow[] | undefined): void => {
      for (const row of rows ?? []) if (found.size < MAX_ROWS && overlaps(row, question)) found.add(row);
    };
    for (const account of question.accounts) take(this.#byAccount.get(account));
    for (const number of question.powerAccounts) take(this.#byMeter.get(number));
    const party = [
      ...(question.uscc === null ? [] : (this.#byParty.get(`uscc:${question.uscc}`) ?? [])),
      ...(question.name === null ? [] : (this.#byParty.get(`name:${question.name}`) ?? [])),
    ];
    take(
      party.filter((row) =>
        row.kind === 'power_account' ? atSite(row, question, keys) : sameSite(row, question.sites, keys),
      ),
    );
    for (const site of question.sites) {
      take(this.#bySite.get(site)?.filter((row) => sameParty(row, question, keys)));
    }
    // The customer row of the line may name its power account.
    for (const row of [...found]) {
      const number = row.kind === 'customer' && isOurs(row, question, keys) ? row.extra['power_account'] : undefined;
      if (number !== undefined) take(this.#byMeter.get(number));
    }
    const all = [...found].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.valid.from - b.valid.from));
    const powerAccounts = all.filter(({ kind }) => kind === 'power_account');
    const readings = powerAccounts
      .flatMap(({ key }) => this.#readings.get(key) ?? [])
      .filter((row) => near(row, question));
    return {
      powerAccounts,
      readings: [...new Set(readings)].slice(0, MAX_ROWS),
      machines: all.filter(({ kind }) => kind === 'machine'),
      customers: all.filter(({ kind }) => kind === 'customer'),
    };
  }
}

function push(map: Map<string, SiteRow[]>, key: string, row: SiteRow): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [row]);
  else list.push(row);
}

function overlaps({ valid }: SiteRow, { from, to }: SiteQuestion): boolean {
  if (from === null || to === null) return true;
  return valid.from <= to && (valid.to === null || valid.to > from);
}

function near({ valid }: SiteRow, { from, to }: SiteQuestion): boolean {
  if (from === null || to === null) return true;
  return valid.from <= to + AROUND && (valid.to ?? valid.from) >= from - AROUND;
}

/** True where an address of the row is a site of the question: nothing known of its place proves nothing. */
function atSite(row: SiteRow, { sites }: SiteQuestion, keys: SiteKeys): boolean {
  return row.places.some((place) => {
    const key = keys.siteKey(place);
    return key !== null && sites.includes(key);
  });
}

/** The customer of the line, or of another line at the same place; an enterprise has others elsewhere. */
function isOurs(row: SiteRow, question: SiteQuestion, keys: SiteKeys): boolean {
  return (row.account !== null && question.accounts.includes(row.account)) || atSite(row, question, keys);
}

/** True where nothing shows that the row is about another place. */
function sameSite(row: SiteRow, sites: readonly string[], keys: SiteKeys): boolean {
  const own = row.places.map((place) => keys.siteKey(place)).filter((key) => key !== null);
  return own.length === 0 || sites.length === 0 || own.some((key) => sites.includes(key));
}

/** At one address there may be several enterprises: a row that names another one is not ours. */
function sameParty(row: SiteRow, question: SiteQuestion, keys: SiteKeys): boolean {
  const { party } = row;
  if (party === null || (party.name === null && party.code === null)) return true;
  const code = party.code === null ? null : checkUscc(party.code);
  if (code?.valid === true && question.uscc !== null) return code.code === question.uscc;
  if (party.name !== null && question.name !== null) return keys.nameKey(party.name) === question.name;
  return false;
}
