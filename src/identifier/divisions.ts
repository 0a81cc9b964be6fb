/**
 * Administrative divisions (GB/T 2260) with their history: what a code was called when, what became of it, and which code
 * a name means. The table comes in as text (signatures/reference/divisions.csv).
 */
import { divisionStem, isBracket } from './division-name.ts';
import { parseReference, type TableFault } from './reference-table.ts';
import { compact, simplify } from './text.ts';

/** `zone`: development zone with a statistical code; it stands in no table of GB/T 2260. */
export type DivisionLevel = 'province' | 'city' | 'county' | 'zone';

export interface Division {
  readonly code: string;
  readonly name: string;
  readonly level: DivisionLevel;
  readonly parent: string | null;
  /** Months `YYYY-MM` of editions: first with this code and name, first without; null = before the first, until now. */
  readonly validFrom: string | null;
  readonly validTo: string | null;
  /** Code of the same division after a change, where it is known. */
  readonly successor: string | null;
  readonly source: string;
}

export interface DivisionMatch {
  /** The finest division found, as it is coded today where that is known; null where nothing fits. */
  readonly code: string | null;
  readonly division: Division | null;
  /** A level that was not given was found from a name that only one division has. */
  readonly inferred: boolean;
  /** Given names that no division under the ones before has, in words. */
  readonly contradictions: readonly string[];
  /** Codes that fit equally well where `code` stops above them. */
  readonly candidates: readonly string[];
}

export interface Divisions {
  readonly version: string;
  readonly size: number;
  readonly faults: readonly TableFault[];
  /** The row of a code: at a date (`YYYY-MM` or longer), else the newest. Longer codes are cut to six digits. */
  readonly byCode: (code: string, date?: string) => Division | null;
  readonly nameOf: (code: string, date?: string) => string | null;
  /** 广东省 惠州市 惠城区; brackets such as 市辖区 are left out. */
  readonly path: (code: string, date?: string) => string | null;
  /** The province of a code of two digits or more. */
  readonly provinceOf: (code: string) => Division | null;
  /** The division that goes on under this code or its successors; null where it ended or never was. */
  readonly current: (code: string) => Division | null;
  /** True where one is the other or lies in it, after successors. */
  readonly compatible: (a: string, b: string) => boolean;
  /** Every row with this name, full or without its kind, below `within`; those that go on today first. */
  readonly named: (name: string, within?: string | null) => readonly Division[];
  readonly find: (
    province: string | null | undefined,
    city: string | null | undefined,
    county: string | null | undefined,
  ) => DivisionMatch;
  /** Length in characters of the longest name, for those who look for names in text. */
  readonly longestName: number;
}

const COLUMNS = ['code', 'name', 'level', 'parent', 'valid_from', 'valid_to', 'successor', 'source'];
const LEVELS: readonly string[] = ['province', 'city', 'county', 'zone'];
const MAX_STEPS = 8;

function readRows(text: string): { rows: Division[]; version: string; faults: TableFault[] } {
  const table = parseReference(text, 'divisions.csv', COLUMNS);
  const faults = [...table.faults];
  const rows: Division[] = [];
  for (const { line, get } of table.rows) {
    const code = get('code');
    const level = get('level');
    const bad = [
      [/^\d{6}$/.test(code), 'code is not six digits'],
      [get('name') !== '', 'name is empty'],
      [LEVELS.includes(level), 'level is none of province, city, county, zone'],
      [/^(?:\d{6})?$/.test(get('parent')), 'parent is not six digits'],
      [/^(?:\d{6})?$/.test(get('successor')), 'successor is not six digits'],
      [
        /^(?:\d{4}-\d{2})?$/.test(get('valid_from')) && /^(?:\d{4}-\d{2})?$/.test(get('valid_to')),
        'month is not YYYY-MM',
      ],
    ].find(([good]) => !good);
    if (bad) {
      faults.push({ line, message: `divisions.csv line ${line}: ${bad[1]}; row left out` });
      continue;
    }
    rows.push({
      code,
      name: compact(get('name'), 40),
      level: level as DivisionLevel,
      parent: get('parent') || null,
      validFrom: get('valid_from') || null,
      validTo: get('valid_to') || null,
      successor: get('successor') || null,
      source: get('source'),
    });
  }
  return { rows, version: table.version, faults };
}

/** Cells of files that say nothing about a division. */
function givenName(text: string | null | undefined): string | null {
  const name = simplify(compact(text ?? '', 64));
  return name === '' || isBracket(name) ? null : name;
}

/** Reads the table of divisions. Total: bad rows are left out and named in `faults`. */
export function parseDivisions(text: string): Divisions {
  const { rows, version, faults } = readRows(text);
  const byCodes = new Map<string, Division[]>();
  const byNames = new Map<string, Division[]>();
  const add = (map: Map<string, Division[]>, key: string, row: Division): void => {
    const list = map.get(key);
    if (list) list.push(row);
    else map.set(key, [row]);
  };
  let longestName = 2;
  for (const row of rows) {
    add(byCodes, row.code, row);
    if (isBracket(row.name)) continue;
    longestName = Math.max(longestName, row.name.length);
    add(byNames, row.name, row);
    const stem = divisionStem(row.name);
    if (stem !== row.name) add(byNames, stem, row);
  }
  for (const list of byCodes.values()) list.sort((a, b) => ((a.validFrom ?? '') < (b.validFrom ?? '') ? -1 : 1));
  for (const list of byNames.values()) list.sort((a, b) => Number(a.validTo !== null) - Number(b.validTo !== null));

  const byCode = (code: string, date?: string): Division | null => {
    const list = byCodes.get(code.slice(0, 6).padEnd(6, '0'));
    if (!list) return null;
    if (date === undefined) return list.at(-1) ?? null;
    const month = date.slice(0, 7);
    const holds = ({ validFrom, validTo }: Division): boolean =>
      (validFrom === null || validFrom <= month) && (validTo === null || month < validTo);
    return list.find(holds) ?? null;
  };
  const nameOf = (code: string, date?: string): string | null => byCode(code, date)?.name ?? null;
  const provinceOf = (code: string): Division | null => (/^\d{2}/.test(code) ? byCode(code.slice(0, 2)) : null);

  const path = (code: string, date?: string): string | null => {
    let row = byCode(code, date);
    if (!row) return null;
    const names: string[] = [];
    for (let steps = 0; row && steps < MAX_STEPS; steps++) {
      if (!isBracket(row.name)) names.unshift(row.name);
      // A parent may have got its code later than the date asked for.
      row = row.parent === null ? null : (byCode(row.parent, date) ?? byCode(row.parent));
    }
    return names.join(' ');
  };

  const follow = (row: Division | null): Division | null => {
    let at = row;
    for (let steps = 0; at && steps < MAX_STEPS; steps++) {
      if (at.validTo === null) return at;
      const last: Division | null = byCode(at.code);
      const renamed: boolean = last?.validTo === null && at.successor === null;
      at = renamed ? last : at.successor === null ? null : byCode(at.successor);
    }
    return null;
  };
  const current = (code: string): Division | null => follow(byCode(code));

  const inside = (row: Division, outer: string): boolean => {
    let at: Division | null = row;
    for (let steps = 0; at && steps < MAX_STEPS; steps++) {
      if (at.code === outer) return true;
      at = at.parent === null ? null : byCode(at.parent);
    }
    return false;
  };
  const compatible = (a: string, b: string): boolean => {
    const left = current(a) ?? byCode(a);
    const right = current(b) ?? byCode(b);
    if (!left || !right) return false;
    return inside(left, right.code) || inside(right, left.code);
  };

  const named = (name: string, within: string | null = null): readonly Division[] => {
    const list = byNames.get(name) ?? [];
    return within === null ? list : list.filter((row) => row.code !== within && inside(row, within));
  };

  const find: Divisions['find'] = (province, city, county) => {
    const contradictions: string[] = [];
    let candidates: readonly string[] = [];
    let inferred = false;
    let at: Division | null = null;
    const given: readonly (readonly [DivisionLevel, string | null])[] = [
      ['province', givenName(province)],
      ['city', givenName(city)],
      ['county', givenName(county)],
    ];
    for (const [level, name] of given) {
      // 北京市 stands in the column of cities as well, and so do counties without a prefecture.
      if (name === null || name === at?.name || (at && name === divisionStem(at.name))) continue;
      const all: readonly Division[] = named(name, at?.code ?? null).filter((row) => row.level !== 'zone');
      const exact = all.filter((row) => row.level === level);
      const alive = (list: readonly Division[]): readonly Division[] => {
        const today = new Map<string, Division>();
        for (const row of list) today.set((follow(row) ?? row).code, follow(row) ?? row);
        const going = [...today.values()].filter(({ validTo }) => validTo === null);
        return going.length > 0 ? going : [...today.values()];
      };
      const fits = alive(exact.length > 0 ? exact : all);
      const only = fits.length === 1 ? (fits[0] ?? null) : null;
      if (only) {
        const parent: Division | null = only.parent === null ? null : byCode(only.parent);
        inferred ||= only.level !== 'province' && at?.code !== only.parent && !isBracket(parent?.name ?? '市辖区');
        at = only;
      } else if (fits.length > 1) {
        candidates = fits.map(({ code }) => code);
      } else {
        contradictions.push(at ? `${name} is not in ${path(at.code) ?? at.name}` : `${name} is no known division`);
      }
    }
    return { code: at?.code ?? null, division: at, inferred, contradictions, candidates };
  };

  return {
    version,
    size: rows.length,
    faults,
    byCode,
    nameOf,
    path,
    provinceOf,
    current,
    compatible,
    named,
    find,
    longestName,
  };
}
