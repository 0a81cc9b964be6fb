/** Provinces with English names, ISO 3166-2 and grid companies, and the units that report under the notice of 2021. */
import { parseReference, type TableFault } from './reference-table.ts';

export interface Province {
  /** Two digits of GB/T 2260. */
  readonly code: string;
  readonly name: string;
  readonly english: string;
  /** ISO 3166-2, e.g. CN-GD. */
  readonly iso: string;
  /** Main grid companies, in words; empty where the notice does not reach. */
  readonly grid: string;
  /** Short ids of the companies: state_grid, southern_grid, inner_mongolia_power, xpcc, local. */
  readonly gridIds: readonly string[];
  readonly note: string;
}

export interface Provinces {
  readonly version: string;
  readonly faults: readonly TableFault[];
  readonly all: readonly Province[];
  /** By a code of two digits or more, or by its ISO code; null where unknown. */
  readonly get: (code: string) => Province | null;
}

/** Reads signatures/reference/grid.csv. */
export function parseProvinces(text: string): Provinces {
  const table = parseReference(text, 'grid.csv', ['code', 'name', 'english', 'iso', 'grid', 'grid_ids', 'note']);
  const faults = [...table.faults];
  const byKey = new Map<string, Province>();
  const all: Province[] = [];
  for (const { line, get } of table.rows) {
    const code = get('code');
    if (!/^\d{2}$/.test(code) || byKey.has(code)) {
      const reason = byKey.has(code) ? 'code stands twice' : 'code is not two digits';
      faults.push({ line, message: `grid.csv line ${line}: ${reason}; row left out` });
      continue;
    }
    const province: Province = {
      code,
      name: get('name'),
      english: get('english'),
      iso: get('iso'),
      grid: get('grid'),
      gridIds: get('grid_ids').split(';').filter(Boolean),
      note: get('note'),
    };
    all.push(province);
    byKey.set(code, province);
    if (province.iso !== '') byKey.set(province.iso, province);
  }
  const get = (code: string): Province | null => byKey.get(/^\d/.test(code) ? code.slice(0, 2) : code) ?? null;
  return { version: table.version, faults, all, get };
}

export interface ReportingUnit {
  /** Two digits of the province, or `XPCC`. */
  readonly unit: string;
  readonly name: string;
  readonly english: string;
  /** GB/T 2260 province in which the unit's sites lie. */
  readonly province: string;
}

export interface ReportingUnits {
  readonly version: string;
  readonly faults: readonly TableFault[];
  readonly all: readonly ReportingUnit[];
  readonly get: (unit: string) => ReportingUnit | null;
  /** Units that may answer for a region: its province, and the Corps too where the province is Xinjiang. */
  readonly forRegion: (code: string) => readonly ReportingUnit[];
}

/** Reads signatures/reference/reporting-units.csv. The Corps has no code of GB/T 2260, so units are no regions. */
export function parseReportingUnits(text: string): ReportingUnits {
  const table = parseReference(text, 'reporting-units.csv', ['unit', 'name', 'english', 'province']);
  const faults = [...table.faults];
  const all: ReportingUnit[] = [];
  for (const { line, get } of table.rows) {
    const unit = get('unit');
    const bad = unit === '' || all.some((other) => other.unit === unit) || !/^\d{2}$/.test(get('province'));
    if (bad) faults.push({ line, message: `reporting-units.csv line ${line}: unit or province wrong; row left out` });
    else all.push({ unit, name: get('name'), english: get('english'), province: get('province') });
  }
  return {
    version: table.version,
    faults,
    all,
    get: (unit) => all.find((row) => row.unit === unit) ?? null,
    forRegion: (code) => all.filter(({ province }) => province === code.slice(0, 2)),
  };
}
