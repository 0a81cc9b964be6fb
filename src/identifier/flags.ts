/**
 * Flags about an enterprise or a site, each with the rule that set it. A name alone never makes more than a hint for a
 * person to look at; ownership is read from papers, since the credit code cannot tell a state-owned company.
 */
import type { CodeTable } from './codes.ts';
import { parseReference, type TableFault } from './reference-table.ts';
import { compact, simplify } from './text.ts';
import { checkUscc } from './uscc.ts';

export type PatternKind = 'state_unit' | 'soe' | 'park' | 'data_centre' | 'power_plant' | 'residential';

export interface NamePattern {
  readonly kind: PatternKind;
  readonly match: 'suffix' | 'contains' | 'prefix';
  readonly pattern: string;
}

export interface NamePatterns {
  readonly version: string;
  readonly faults: readonly TableFault[];
  readonly all: readonly NamePattern[];
  /** The first pattern of a kind that a name has, or null. */
  readonly match: (kind: PatternKind, name: string | null | undefined) => string | null;
}

const KINDS: readonly string[] = ['state_unit', 'soe', 'park', 'data_centre', 'power_plant', 'residential'];

/** Reads signatures/reference/name-patterns.csv: plain substrings, prefixes and suffixes. Total. */
export function parseNamePatterns(text: string): NamePatterns {
  const table = parseReference(text, 'name-patterns.csv', ['kind', 'match', 'pattern']);
  const faults = [...table.faults];
  const all: NamePattern[] = [];
  for (const { line, get } of table.rows) {
    const kind = get('kind');
    const match = get('match');
    const pattern = simplify(compact(get('pattern'), 64)).toUpperCase();
    if (!KINDS.includes(kind) || !['suffix', 'contains', 'prefix'].includes(match) || pattern === '') {
      faults.push({ line, message: `name-patterns.csv line ${line}: kind, match or pattern wrong; row left out` });
      continue;
    }
    all.push({ kind: kind as PatternKind, match: match as NamePattern['match'], pattern });
  }
  const match: NamePatterns['match'] = (kind, name) => {
    const plain = simplify(compact(name ?? '')).toUpperCase();
    if (plain === '') return null;
    const holds = ({ match: how, pattern }: NamePattern): boolean =>
      how === 'suffix'
        ? plain.endsWith(pattern)
        : how === 'prefix'
          ? plain.startsWith(pattern)
          : plain.includes(pattern);
    return all.find((entry) => entry.kind === kind && holds(entry))?.pattern ?? null;
  };
  return { version: table.version, faults, all, match };
}

export interface FlagTables {
  readonly codes: CodeTable;
  readonly patterns: NamePatterns;
}

export interface OwnershipInput {
  readonly uscc?: string | null;
  /** Unit nature of a filing, code or text, and the variant of its table. */
  readonly nature?: string | null;
  readonly natureVariant?: string | null;
  /** Enterprise type of the licence register, text or the statistical code. */
  readonly typeText?: string | null;
  /** The name or code stands in a list of state-owned enterprises that the user brought. */
  readonly listed?: boolean | null;
  readonly name?: string | null;
}

export interface StateOwned {
  readonly flag: 'state_unit' | 'soe' | 'hint' | null;
  /** `uscc_prefix:12`, `filing_nature:2`, `enterprise_type:国有独资`, `soe_list`, `name_pattern:医院`; null without a flag. */
  readonly rule: string | null;
  /** What speaks against it: a filing that says state unit about a code of an enterprise (`uscc_prefix:91`). */
  readonly contradicts: string | null;
}

function answer(flag: StateOwned['flag'], rule: string | null, contradicts: string | null = null): StateOwned {
  return { flag, rule, contradicts };
}

const OWNED_TYPES = ['国有独资', '国有控股', '全民所有制'];

/** State-owned or not, in the order of trust: credit code, filing nature, enterprise type, list, name. */
export function stateOwned(input: OwnershipInput, { codes, patterns }: FlagTables): StateOwned {
  const uscc = checkUscc(input.uscc ?? '');
  if (uscc.stateUnit) return answer('state_unit', `uscc_prefix:${uscc.code.slice(0, 2)}`);
  const nature = codes.lookup('nature', input.natureVariant ?? null, input.nature);
  if (nature.flags.includes('state_unit')) {
    const business = uscc.valid && uscc.code[0] === '9';
    return answer(
      'state_unit',
      `filing_nature:${nature.code}`,
      business ? `uscc_prefix:${uscc.code.slice(0, 2)}` : null,
    );
  }
  const type = simplify(compact(input.typeText ?? ''));
  const word = OWNED_TYPES.find((owned) => type.replaceAll(`非${owned}`, '').includes(owned));
  if (word !== undefined) return answer('soe', `enterprise_type:${word}`);
  const registered = codes.lookup('registration_type', null, type);
  if (registered.flags.includes('soe')) return answer('soe', `registration_type:${registered.code}`);
  if (input.listed === true) return answer('soe', 'soe_list');
  const pattern = patterns.match('state_unit', input.name) ?? patterns.match('soe', input.name);
  return pattern === null ? answer(null, null) : answer('hint', `name_pattern:${pattern}`);
}

export interface SiteInput {
  readonly name?: string | null;
  /** Address of the installation or the gateway, as written. */
  readonly address?: string | null;
  readonly park?: string | null;
  /** Class of GB/T 4754-2017, e.g. 6550. */
  readonly industryClass?: string | null;
  /** Unit category and service type of the filing, code or text, and the variant of the service types. */
  readonly category?: string | null;
  readonly service?: string | null;
  readonly serviceVariant?: string | null;
  readonly tariff?: 'residential' | 'commercial' | 'industrial' | null;
  readonly supply?: 'public' | 'dedicated' | 'captive' | null;
}

export interface SiteFlag {
  readonly flag: 'data_centre' | 'park' | 'residential_tariff' | 'industrial_tariff' | 'power_plant';
  /** `fact`: a table or a meter says so. `hint`: a name or a declared activity; a person decides. */
  readonly strength: 'fact' | 'hint';
  readonly rule: string;
}

/** Flags of a site, at most one of each kind, the stronger rule first. */
export function siteFlags(input: SiteInput, { codes, patterns }: FlagTables): readonly SiteFlag[] {
  const found: SiteFlag[] = [];
  const add = (flag: SiteFlag['flag'], strength: SiteFlag['strength'], rule: string | null): void => {
    if (rule !== null && !found.some((other) => other.flag === flag)) found.push({ flag, strength, rule });
  };
  const pattern = (kind: PatternKind, ...texts: (string | null | undefined)[]): string | null => {
    const hit = texts.map((text) => patterns.match(kind, text)).find((match) => match !== null);
    return hit === undefined ? null : `name_pattern:${hit}`;
  };
  if (input.tariff === 'residential') add('residential_tariff', 'fact', 'tariff:residential');
  if (input.tariff === 'industrial') add('industrial_tariff', 'fact', 'tariff:industrial');
  const service = codes.lookup('service_type', input.serviceVariant ?? null, input.service);
  if (service.flags.includes('data_centre')) add('data_centre', 'fact', `service_type:${service.code}`);
  const category = codes.lookup('category', null, input.category);
  if (category.flags.includes('data_centre')) add('data_centre', 'hint', `category:${category.code}`);
  const activity = codes.lookup('industry_class', '2017', input.industryClass);
  if (activity.flags.includes('data_centre')) add('data_centre', 'hint', `cover_activity:${activity.code}`);
  if (activity.flags.includes('park')) add('park', 'hint', `industry_class:${activity.code}`);
  if (activity.flags.includes('power_plant')) add('power_plant', 'hint', `industry_class:${activity.code}`);
  if (input.supply === 'captive') add('power_plant', 'fact', 'supply:captive');
  add('data_centre', 'hint', pattern('data_centre', input.address, input.name));
  if ((input.park ?? '') !== '') add('park', 'fact', 'address:park');
  add('park', 'hint', pattern('park', input.address, input.name));
  add('power_plant', 'hint', pattern('power_plant', input.address, input.name));
  return found;
}
