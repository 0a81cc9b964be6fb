/** Which rows about customers and power accounts belong to an account, a credit code or a name. */
import { checkUscc } from '../identifier/uscc.ts';
import { isKnown } from './registry-index.ts';
import { nameKey } from './resolve-party.ts';
import type { SiteRow, StoredRow } from './types.ts';

/** Ids of rows by what joins them; rows themselves stay in storage. */
export interface SiteIndex {
  customersOf(account: string): readonly number[];
  powerOfAccount(account: string): readonly number[];
  powerOfCode(code: string): readonly number[];
  powerOfName(name: string): readonly number[];
  /** Valid credit codes of customers of a name: one means that the name tells the unit. */
  codesOfName(name: string): ReadonlySet<string>;
}

const NONE: readonly number[] = [];

class Joins {
  private readonly ids = new Map<string, number[]>();

  add(key: string, id: number): void {
    const list = this.ids.get(key);
    if (list === undefined) this.ids.set(key, [id]);
    else list.push(id);
  }

  get(key: string): readonly number[] {
    return this.ids.get(key) ?? NONE;
  }
}

/** An index of the site rows among `rows`, known at `knownAt` (null: not superseded); other rows are passed over. */
export function buildSiteIndex(rows: Iterable<StoredRow>, knownAt: number | null = null): SiteIndex {
  const [customers, powerAccounts, powerCodes, powerNames] = [new Joins(), new Joins(), new Joins(), new Joins()];
  const codes = new Map<string, Set<string>>();
  for (const stored of rows) {
    if (stored.value.family !== 'site' || !isKnown(stored, knownAt)) continue;
    const row: SiteRow = stored.value;
    const name = row.party?.person === false && row.party.name !== null ? nameKey(row.party.name) : '';
    const check = row.party?.code == null ? null : checkUscc(row.party.code);
    const code = check?.valid ? check.code : '';
    if (row.kind === 'customer') {
      customers.add(row.account ?? row.key, stored.id);
      if (name !== '' && code !== '') {
        const known = codes.get(name);
        if (known === undefined) codes.set(name, new Set([code]));
        else known.add(code);
      }
    } else if (row.kind === 'power_account') {
      if (row.account !== null) powerAccounts.add(row.account, stored.id);
      if (code !== '') powerCodes.add(code, stored.id);
      if (name !== '') powerNames.add(name, stored.id);
    }
  }
  const noCodes: ReadonlySet<string> = new Set();
  return {
    customersOf: (account) => customers.get(account),
    powerOfAccount: (account) => powerAccounts.get(account),
    powerOfCode: (code) => powerCodes.get(code),
    powerOfName: (name) => powerNames.get(nameKey(name)),
    codesOfName: (name) => codes.get(nameKey(name)) ?? noCodes,
  };
}
