/** All tables of the estimates together. */
import { type EfficiencyTable, parseEfficiency } from './efficiency.ts';
import { type HardwareTable, parseHardware } from './hardware.ts';
import { parseSurcharge, type SurchargeTable } from './surcharge-table.ts';
import type { Parsed } from './tables.ts';
import { parsePue, parseScale, type ScaleTable, type SiteTable } from './tables-site.ts';

export interface EnergyTables {
  readonly hardware: HardwareTable;
  readonly efficiency: EfficiencyTable;
  readonly pue: SiteTable;
  readonly scale: ScaleTable;
  readonly surcharge: SurchargeTable;
}

/** Files of `signatures/reference/`; a user's folder may hold others of the same names. */
export const ENERGY_FILES: Readonly<Record<keyof EnergyTables, string>> = {
  hardware: 'hardware.csv',
  efficiency: 'efficiency.csv',
  pue: 'pue.csv',
  scale: 'scale.csv',
  surcharge: 'surcharge.csv',
};

/** Text of a table and the name under which its faults are reported. */
export interface TableText {
  readonly text: string;
  readonly fileName: string;
}

/** Parses all five tables and checks that names of one are known to the other. Never throws. */
export function parseEnergyTables(texts: Readonly<Record<keyof EnergyTables, TableText>>): Parsed<EnergyTables> {
  const hardware = parseHardware(texts.hardware.text, texts.hardware.fileName);
  const efficiency = parseEfficiency(texts.efficiency.text, texts.efficiency.fileName);
  const pue = parsePue(texts.pue.text, texts.pue.fileName);
  const scale = parseScale(texts.scale.text, texts.scale.fileName);
  const surcharge = parseSurcharge(texts.surcharge.text, texts.surcharge.fileName);
  const dangling = [...scale.table.aliases]
    .filter(([, { target }]) => target !== null && !efficiency.table.byAlgorithm.has(target))
    .slice(0, 20)
    .map(([name, { target }]) => ({
      file: texts.scale.fileName,
      line: 0,
      message: `alias ${name} points to ${target}, which ${texts.efficiency.fileName} does not have: add rows or empty it`,
    }));
  return {
    table: {
      hardware: hardware.table,
      efficiency: efficiency.table,
      pue: pue.table,
      scale: scale.table,
      surcharge: surcharge.table,
    },
    faults: [hardware, efficiency, pue, scale, surcharge].flatMap(({ faults }) => faults).concat(dangling),
  };
}
