/** Overhead and utilisation by type of site, and the figures that scale counts to power. */
import { type Parsed, type RowOrigin, readTable, type TableVersion, versionOf } from './tables.ts';
import type { Band, SiteType } from './types.ts';

export const SITE_TYPE_IDS: readonly SiteType[] = [
  'dedicated',
  'container',
  'data_centre',
  'household',
  'office',
  'unknown',
];

export interface SiteRow extends RowOrigin {
  readonly site: SiteType;
  readonly quantity: 'pue' | 'utilisation';
  readonly band: Band;
}

export interface SiteTable extends TableVersion {
  readonly pue: Readonly<Record<SiteType, Band>>;
  readonly utilisation: Readonly<Record<SiteType, Band>>;
}

const ONE: Band = { low: 1, mid: 1, high: 1 };

/** Parses pue.csv; a site type without a row counts as 1 and is a fault. */
export function parsePue(text: string, fileName: string): Parsed<SiteTable> {
  const found = new Map<string, Band>();
  const columns = ['site', 'quantity', 'low', 'mid', 'high', 'remark'];
  const { table: rows, faults } = readTable(text, fileName, columns, (row): SiteRow | null => {
    const site = row.word('site', SITE_TYPE_IDS);
    const quantity = row.word('quantity', ['pue', 'utilisation'] as const);
    const band = quantity === 'pue' ? row.band(1, 5) : row.band(0, 1);
    const key = `${quantity} ${site}`;
    if (found.has(key)) row.fault(`has ${quantity} of ${site} a second time: keep one`);
    if (row.good) found.set(key, band);
    return { ...row.origin(), site, quantity, band };
  });
  const missing: string[] = [];
  const bands = (quantity: string): Record<SiteType, Band> => {
    const entry = (site: SiteType): Band => {
      const band = found.get(`${quantity} ${site}`);
      if (band === undefined) missing.push(`${quantity} of ${site}`);
      return band ?? ONE;
    };
    const [dedicated, container, data_centre, household, office, unknown] = SITE_TYPE_IDS.map(entry) as [
      Band,
      Band,
      Band,
      Band,
      Band,
      Band,
    ];
    return { dedicated, container, data_centre, household, office, unknown };
  };
  const table = { ...versionOf('pue', rows, text), pue: bands('pue'), utilisation: bands('utilisation') };
  const gaps =
    missing.length === 0 ? [] : [{ file: fileName, line: 0, message: `lacks ${missing.join(', ')}: add rows` }];
  return { table, faults: [...faults, ...gaps] };
}

const KINDS = [
  'alias',
  'per_connection',
  'per_address',
  'traffic',
  'marginal',
  'tolerance',
  'gpu_rig',
  'limit',
] as const;

export interface ScaleRow extends RowOrigin {
  readonly kind: (typeof KINDS)[number];
  readonly key: string;
  readonly band: Band | null;
}

export interface Alias {
  /** Algorithm of efficiency.csv; null where it is known that there are no figures. */
  readonly target: string | null;
  /** The name does not tell for certain. */
  readonly assumed: boolean;
  readonly remark: string;
}

export interface ScaleTable extends TableVersion {
  /** By the name in lower case. */
  readonly aliases: ReadonlyMap<string, Alias>;
  /** `kind key` → figures. */
  readonly figures: ReadonlyMap<string, Band>;
}

/** Figures without which no estimate can be made; where a replaced table lacks one these stand in, and a fault says so. */
const NEEDED: ReadonlyMap<string, Band> = new Map([
  ['per_connection asic', { low: 1.3, mid: 3.2, high: 5.5 }],
  ['per_connection gpu', { low: 0.8, mid: 1.5, high: 2.2 }],
  ['per_connection cpu', { low: 0.11, mid: 0.17, high: 0.36 }],
  ['per_connection unknown', { low: 0.11, mid: 1.5, high: 3.5 }],
  ['per_address region', { low: 1.3, mid: 1.8, high: 2.4 }],
  ['traffic region', { low: 10, mid: 12.6, high: 15 }],
  ['marginal passive', { low: 0.6, mid: 0.6, high: 0.6 }],
  ['tolerance asic', { low: 0.9, mid: 1, high: 1.1 }],
  ['tolerance gpu', { low: 0.7, mid: 1, high: 1.3 }],
  ['tolerance cpu', { low: 0.7, mid: 1, high: 1.3 }],
  ['gpu_rig psu_loss', { low: 1.08, mid: 1.1, high: 1.12 }],
  ['gpu_rig host', { low: 40, mid: 60, high: 80 }],
  ['gpu_rig cards', { low: 6, mid: 7, high: 8 }],
  ['limit other_consumer', { low: 0.2, mid: 0.2, high: 0.2 }],
  ['limit load_factor', { low: 0.85, mid: 0.85, high: 0.85 }],
  ['limit night_day', { low: 0.9, mid: 1, high: 1.1 }],
  ['limit meter_step', { low: 3600, mid: 3600, high: 3600 }],
  ['limit country_sha256d', { low: 1.45e20, mid: 1.45e20, high: 1.45e20 }],
]);

/** Parses scale.csv: aliases of algorithms, and kW by connection or address, tolerances and limits. */
export function parseScale(text: string, fileName: string): Parsed<ScaleTable> {
  const aliases = new Map<string, Alias>();
  const figures = new Map<string, Band>();
  const columns = ['kind', 'key', 'target', 'assumed', 'low', 'mid', 'high', 'unit', 'remark'];
  const { table: rows, faults } = readTable(text, fileName, columns, (row): ScaleRow | null => {
    const kind = row.word('kind', KINDS);
    const key = row.needed('key');
    const origin = row.origin();
    if (kind === 'alias') {
      const name = key.toLowerCase();
      if (aliases.has(name)) row.fault(`alias ${name} stands in an earlier row: keep one`);
      const assumed = row.word('assumed', ['', 'yes'] as const) === 'yes';
      if (row.good) aliases.set(name, { target: row.text('target') || null, assumed, remark: row.text('remark') });
      return { ...origin, kind, key, band: null };
    }
    const band = row.band(kind === 'gpu_rig' ? 1 : 0, kind === 'limit' ? 1e24 : kind === 'marginal' ? 1 : 1e6);
    if (figures.has(`${kind} ${key}`)) row.fault(`${kind} ${key} stands in an earlier row: keep one`);
    if (row.good) figures.set(`${kind} ${key}`, band);
    return { ...origin, kind, key, band };
  });
  const missing: string[] = [];
  for (const [name, band] of NEEDED) {
    if (figures.has(name)) continue;
    missing.push(name);
    figures.set(name, band);
  }
  const message = `lacks ${missing.join(', ')}: add rows; built-in figures stand in`;
  const gaps = missing.length === 0 ? [] : [{ file: fileName, line: 0, message }];
  return { table: { ...versionOf('scale', rows, text), aliases, figures }, faults: [...faults, ...gaps] };
}

/** A figure of the table by kind and key. */
export function figureOf(table: ScaleTable, kind: string, key: string): Band {
  return table.figures.get(`${kind} ${key}`) ?? NEEDED.get(`${kind} ${key}`) ?? ONE;
}
