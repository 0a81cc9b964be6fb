/**
 * Code tables of the filing formats: what 4 means as a unit nature, and what 国有独资 is as a code. Numbers conflict between
 * sources, so every look-up names the variant it believes in; what no table has stays unknown.
 */
import { parseReference, type TableFault } from './reference-table.ts';
import { compact, simplify } from './text.ts';

export interface CodeRow {
  readonly table: string;
  /** `*` holds wherever no variant says otherwise. */
  readonly variant: string;
  /** Empty where only the text is known. */
  readonly code: string;
  readonly name: string;
  readonly flags: readonly string[];
  readonly version: string;
  readonly source: string;
}

export interface CodeTable {
  readonly version: string;
  readonly faults: readonly TableFault[];
  readonly rows: readonly CodeRow[];
  readonly lookup: (table: string, variant: string | null, codeOrName: string | null | undefined) => CodeAnswer;
}

export interface CodeAnswer {
  readonly known: boolean;
  /** `ambiguous`: variants disagree and none was named. */
  readonly reason: 'empty' | 'unknown' | 'ambiguous' | null;
  /** As looked up, normalised. */
  readonly asked: string;
  readonly code: string | null;
  readonly name: string | null;
  readonly flags: readonly string[];
  readonly variant: string | null;
  readonly source: string | null;
}

const COLUMNS = ['table', 'variant', 'code', 'name', 'flag', 'version', 'source'];

/** Numbers without leading zeros (04 is 4), names without spaces and width, commas of either kind alike. */
function keyOf(text: string): string {
  const plain = simplify(compact(text, 128))
    .toUpperCase()
    .replace(/[,、;]/g, '');
  return /^0+\d/.test(plain) && /^\d+$/.test(plain) ? plain.replace(/^0+(?=\d)/, '') : plain;
}

/** Reads signatures/reference/codes.csv. Total: bad rows are left out and named in `faults`. */
export function parseCodes(text: string): CodeTable {
  const table = parseReference(text, 'codes.csv', COLUMNS);
  const faults = [...table.faults];
  const rows: CodeRow[] = [];
  const byKey = new Map<string, CodeRow[]>();
  const printed = new Map<string, CodeRow>();
  for (const { line, get } of table.rows) {
    const row: CodeRow = {
      table: get('table'),
      variant: get('variant') || '*',
      code: get('code'),
      name: get('name'),
      flags: get('flag').split(';').filter(Boolean),
      version: get('version'),
      source: get('source'),
    };
    if (row.table === '' || row.name === '') {
      faults.push({ line, message: `codes.csv line ${line}: table or name is empty; row left out` });
      continue;
    }
    rows.push(row);
    for (const key of new Set([keyOf(row.code), keyOf(row.name)])) {
      if (key === '') continue;
      const place = `${row.table}\n${key}`;
      byKey.set(place, [...(byKey.get(place) ?? []), row]);
    }
    const first = `${row.table}\n${row.variant}\n${row.code}`;
    if (row.code !== '' && !printed.has(first)) printed.set(first, row);
  }

  const lookup: CodeTable['lookup'] = (name, variant, codeOrName) => {
    const asked = keyOf(codeOrName ?? '');
    const none = (reason: CodeAnswer['reason']): CodeAnswer => ({
      known: false,
      reason,
      asked,
      code: null,
      name: null,
      flags: [],
      variant: null,
      source: null,
    });
    if (asked === '') return none('empty');
    const found = byKey.get(`${name}\n${asked}`) ?? [];
    const own = variant === null ? found : found.filter((row) => row.variant === variant);
    const fits = own.length > 0 ? own : found.filter((row) => row.variant === '*');
    const row = fits[0];
    if (!row) return none(found.length > 0 && variant === null ? 'ambiguous' : 'unknown');
    // Same text under two codes is the same thing where the flags agree; different things under one code are not.
    const meanings = new Set(fits.map((fit) => `${fit.code}\n${fit.flags.join(';')}`));
    const names = new Set(
      fits.map((fit) => printed.get(`${fit.table}\n${fit.variant}\n${fit.code}`)?.name ?? fit.name),
    );
    const byNumber = /^\d+$/.test(asked);
    const flagsAgree = new Set(fits.map((fit) => fit.flags.join(';'))).size === 1;
    // A number means what its source says; without one only those are believed on which all sources agree.
    const guess = byNumber && variant === null && fits.some((fit) => fit.variant !== '*');
    if (guess || (byNumber ? names.size > 1 || meanings.size > 1 : !flagsAgree)) return none('ambiguous');
    const first = printed.get(`${row.table}\n${row.variant}\n${row.code}`) ?? row;
    return {
      known: true,
      reason: null,
      asked,
      // A name that variants number differently is known by its name alone.
      code: fits.every(({ code }) => code === row.code) ? row.code || null : null,
      name: first.name,
      flags: row.flags,
      variant: row.variant,
      source: row.source,
    };
  };
  return { version: table.version, faults, rows, lookup };
}

/**
 * The entry for a code or a name of a table: `lookupCode(codes, 'nature', 'X', '8')`, `lookupCode(codes, 'nature', null,
 * '政府机关')`. Without a variant a number that variants use differently is `ambiguous`.
 */
export function lookupCode(
  codes: CodeTable,
  table: string,
  variant: string | null,
  codeOrName: string | null | undefined,
): CodeAnswer {
  return codes.lookup(table, variant, codeOrName);
}

/** Section letters of an industry of the filing list (its numbers follow GB/T 4754-2002) by edition. */
export function industrySections(answer: CodeAnswer): { readonly 2002: string; readonly 2017: string } | null {
  const value = (name: string): string | undefined =>
    answer.flags.find((flag) => flag.startsWith(`${name}=`))?.slice(name.length + 1);
  const [old, now] = [value('section_2002'), value('section_2017')];
  return old !== undefined && now !== undefined ? { 2002: old, 2017: now } : null;
}
