/** The tables that ship, and an input to change. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ENERGY_FILES,
  type EnergyTables,
  parseEnergyTables,
  type TableText,
} from '../../src/estimate/tables-energy.ts';
import type { EnergyInput } from '../../src/estimate/types.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'signatures', 'reference');

export function shippedText(name: keyof EnergyTables): TableText {
  return { text: readFileSync(join(FOLDER, ENERGY_FILES[name]), 'utf8'), fileName: ENERGY_FILES[name] };
}

export function shippedTexts(): Record<keyof EnergyTables, TableText> {
  return {
    hardware: shippedText('hardware'),
    efficiency: shippedText('efficiency'),
    pue: shippedText('pue'),
    scale: shippedText('scale'),
    surcharge: shippedText('surcharge'),
  };
}

export const TABLES: EnergyTables = parseEnergyTables(shippedTexts()).table;

export const BASE: EnergyInput = {
  date: '2026-11-22',
  rates: [],
  connections: null,
  hardwareClass: 'unknown',
  addresses: 1,
  machines: [],
  metered: [],
  site: 'dedicated',
  region: '440000',
  category: 'existing',
  passive: false,
  miningFrom: '2026-10-24',
  miningTo: null,
  freePower: false,
};

/** The same with some fields changed. */
export function input(changes: Partial<EnergyInput>): EnergyInput {
  return { ...BASE, ...changes };
}

export function codes(notes: readonly { readonly code: string }[]): string[] {
  return notes.map(({ code }) => code);
}

/** A rate known exactly. */
export function exactly(algorithm: string, rate: number, unit = 'H/s'): EnergyInput['rates'][number] {
  return { algorithm, unit, low: rate, mid: rate, high: rate };
}
