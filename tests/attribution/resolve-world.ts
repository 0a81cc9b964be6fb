/** Rows, parties and questions for the tests of the resolver. Everybody in it is invented. */
import type { HintSource } from '../../src/attribution/hint.ts';
import { buildRegistryIndex } from '../../src/attribution/registry-index.ts';
import { createResolver, type ResolveOptions } from '../../src/attribution/resolve.ts';
import { buildSiteIndex } from '../../src/attribution/resolve-site.ts';
import type {
  AddressKind,
  AddressRow,
  Attribution,
  Observation,
  Party,
  Place,
  RegistryRow,
  SiteKind,
  SiteRow,
  StoredRow,
} from '../../src/attribution/types.ts';

export const at = (text: string): number => Date.parse(text) * 1000;
export const NOON: number = at('2026-11-05T12:00:00Z');
export const HOUR: number = 3600e6;
export const DAY: number = 24 * HOUR;
export const CODE = '91440000MA00TE4T6L';
export const OTHER_CODE = '91650109MA00TE2T3Q';

export const party = (name: string | null, code: string | null = null, rest: Partial<Party> = {}): Party => ({
  ...{ name, code, person: false, nature: null, category: null, industry: null, licence: null },
  ...rest,
});
export const FIRM: Party = party('示例数据有限公司', CODE);
export const RIVAL: Party = party('示例算力科技有限公司', OTHER_CODE);
export const PERSON: Party = party(null, null, { person: true });
export const OPERATOR: Party = party('示例市电信有限公司');
export const place = (
  kind: Place['kind'],
  text: string,
  region: string | null = '640502',
  detail: string | null = null,
): Place => ({
  ...{ kind, region, text, detail },
});
export const INSTALL: Place = place('install', '示例区云谷路1号2号楼3层');

export function row(kind: AddressKind, first: string, fields: Partial<AddressRow> = {}): AddressRow {
  const blank: AddressRow = {
    ...{ family: 'address', kind, first, last: first, ports: null, protocol: null, realm: null },
    ...{ valid: { from: NOON - 6 * HOUR, to: NOON + 6 * HOUR }, endInferred: false, clockError: 1, use: null },
    ...{ service: null, account: null, inside: null, natRule: null, party: null, places: [], checked: null },
    ...{ extra: {}, sealed: null },
  };
  return { ...blank, ...fields };
}

export function site(kind: SiteKind, key: string, fields: Partial<SiteRow> = {}): SiteRow {
  const blank: SiteRow = {
    ...{ family: 'site', kind, key, valid: { from: 0, to: null }, account: kind === 'customer' ? key : null },
    ...{ party: null, places: [], meter: null, machine: null, checked: null, extra: {}, sealed: null },
  };
  return { ...blank, ...fields };
}
export const customer = (account: string, who: Party, places: readonly Place[] = [INSTALL]): SiteRow =>
  site('customer', account, { party: who, places });

export const observed = (ip: string, fields: Partial<Observation> = {}): Observation => ({
  ...{ ip, port: 5533, protocol: 'tcp', from: NOON, to: NOON + HOUR, nat: 'outside', realm: null },
  ...{ clockError: 1, opened: true },
  ...fields,
});

export function stored(values: readonly RegistryRow[]): StoredRow[] {
  return values.map((value, i) => ({
    ...{ id: i + 1, digest: `d${i + 1}`, source: 'invented.csv', row: i + 2, recordedAt: 7, supersededAt: null, value },
  }));
}

export function ask(
  values: readonly RegistryRow[] | readonly StoredRow[],
  what: Observation,
  options: ResolveOptions = {},
  hints: readonly HintSource[] = [],
): Attribution {
  const first = values[0];
  const rows = first !== undefined && 'value' in first ? (values as StoredRow[]) : stored(values as RegistryRow[]);
  const knownAt = options.knownAt ?? null;
  const sources = {
    index: buildRegistryIndex(rows, { knownAt }),
    sites: buildSiteIndex(rows, knownAt),
    rowOf: (id: number) => rows.find((one) => one.id === id) ?? null,
    hints,
  };
  return createResolver(sources, options)(what);
}

export const missing = (answer: Attribution): string[] => answer.missing.map(({ code }) => code);
export const contradictions = (answer: Attribution): string[] => answer.contradictions.map(({ code }) => code);
export const grades = ({ best }: Attribution): number[] =>
  best === null ? [] : [best.grades.subscriber, best.grades.enterprise, best.grades.address];

export const IP = '198.51.100.17';
export const block = (fields: Partial<AddressRow> = {}): AddressRow =>
  row('nat_block', IP, { ports: [5120, 6143], inside: { address: '100.64.1.9', realm: 'BNG-A' }, ...fields });
export const session = (account: string, fields: Partial<AddressRow> = {}): AddressRow =>
  row('session', '100.64.1.9', { realm: 'BNG-A', account, ...fields });
