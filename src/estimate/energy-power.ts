/** Power of the machines by each method: inventory, shares, connections, addresses. Power adds up, hashrates never do. */
import { efficiencyOn } from './efficiency.ts';
import { type CleanInput, type Note, plus, scaled, times, ZERO } from './energy-input.ts';
import { rateUnit } from './energy-units.ts';
import { findMachine, type HardwareClassName } from './hardware.ts';
import type { EnergyTables } from './tables-energy.ts';
import { type Alias, figureOf, type ScaleTable } from './tables-site.ts';
import type { Band, EnergyEstimate, EstimateMethod } from './types.ts';

type Part = EnergyEstimate['parts'][number];

/** Power of machines as a method finds it, kW, loaded; before overhead and utilisation. */
export interface PowerEstimate {
  readonly method: EstimateMethod;
  readonly kw: Band;
  readonly parts: readonly Part[];
  readonly unestimated: readonly { readonly what: string; readonly reason: string }[];
  readonly notes: readonly Note[];
  /** Tables it was made from. */
  readonly tables: readonly (keyof EnergyTables)[];
}

/** The best method for which there is anything to count; null where there is nothing at all. */
export function estimatePower(input: CleanInput, tables: EnergyTables): PowerEstimate | null {
  const tried = [fromInventory(input, tables), fromShares(input, tables)];
  const found =
    tried.find((result) => result.parts.length > 0) ?? fromConnections(input, tables) ?? fromAddresses(input, tables);
  if (found === null) {
    const left = tried.flatMap((result) => result.unestimated);
    const notes = tried.flatMap((result) => result.notes);
    return left.length === 0 ? null : { ...(tried[1] as PowerEstimate), unestimated: left, notes };
  }
  // What better methods could not price is said whichever method is taken.
  const before = tried.slice(0, tried.includes(found) ? tried.indexOf(found) : tried.length);
  return {
    ...found,
    unestimated: [...before.flatMap((result) => result.unestimated), ...found.unestimated],
    notes: [...before.flatMap((result) => result.notes), ...found.notes],
  };
}

/** Count times rated power, with the tolerance of the class; graphics cards with their share of host and power supply. */
function fromInventory(input: CleanInput, tables: EnergyTables): PowerEstimate {
  const algorithms = new Set(input.rates.map((rate) => aliasOf(tables.scale, rate.algorithm)?.target ?? ''));
  const parts: Part[] = [];
  const unestimated: { what: string; reason: string }[] = [];
  const notes: Note[] = [];
  let kw = ZERO;
  for (const machine of input.machines) {
    const known = findMachine(tables.hardware, machine.model, algorithms);
    const what = `${machine.count} × ${machine.model}`;
    let each: Band;
    let source: string;
    if (machine.watts !== null) {
      const kind = known?.class ?? (input.hardwareClass === 'unknown' ? 'asic' : input.hardwareClass);
      each = times(scaled(ONE, machine.watts), figureOf(tables.scale, 'tolerance', kind));
      source = 'inventory: power as stated there';
    } else if (known !== null) {
      each = cardWatts(known.watts, known.class, tables.scale);
      source = `hardware: ${known.rows.map((row) => row.id).join(', ')}`;
    } else {
      unestimated.push({ what, reason: 'the model is not in the hardware table and the inventory states no power' });
      continue;
    }
    const power = scaled(each, machine.count / 1000);
    parts.push({ what, kw: power, source });
    kw = plus(kw, power);
  }
  if (unestimated.length > 0) {
    const text = `${unestimated.length} of ${input.machines.length} entries of the inventory could not be priced`;
    notes.push({ code: 'inventory_incomplete', text: parts.length > 0 ? `${text}: the figures are too low` : text });
  }
  return { method: 'inventory', kw, parts, unestimated, notes, tables: ['hardware', 'scale'] };
}

const ONE: Band = { low: 1, mid: 1, high: 1 };

/** Power at the wall of one machine. Lists rate the board of a card alone. */
function cardWatts(rated: Band, kind: HardwareClassName, scale: ScaleTable): Band {
  const board = times(rated, figureOf(scale, 'tolerance', kind));
  if (kind !== 'gpu') return board;
  const host = figureOf(scale, 'gpu_rig', 'host');
  const cards = figureOf(scale, 'gpu_rig', 'cards');
  // Many cards on one host make its share small.
  const share = { low: host.low / cards.high, mid: host.mid / cards.mid, high: host.high / cards.low };
  return plus(times(board, figureOf(scale, 'gpu_rig', 'psu_loss')), share);
}

/** Hashrate of each algorithm times its own energy per hash; the sum is of power alone. */
function fromShares(input: CleanInput, tables: EnergyTables): PowerEstimate {
  const parts: Part[] = [];
  const unestimated: { what: string; reason: string }[] = [];
  const notes: Note[] = [];
  let kw = ZERO;
  for (const rate of input.rates) {
    const alias = aliasOf(tables.scale, rate.algorithm);
    const target = alias === null ? rate.algorithm.toLowerCase() : alias.target;
    const found = target === null ? null : efficiencyOn(tables.efficiency, target, input.date, conditionsOf(input));
    if (found === null) {
      const why = alias?.remark ? ` (${alias.remark})` : '';
      unestimated.push({ what: rate.algorithm, reason: `no energy per hash is known for this algorithm${why}` });
      notes.push({
        code: 'no_efficiency',
        text: `${rate.algorithm}: no energy per hash is known${why}; not contained`,
      });
      continue;
    }
    const unit = rateUnit(rate.unit);
    if (unit === null || unit.kind !== found.row.kind) {
      unestimated.push({ what: rate.algorithm, reason: `the rate is in ${rate.unit}, the table in ${found.row.unit}` });
      notes.push({ code: 'unit_mismatch', text: `${rate.algorithm}: ${rate.unit} does not fit ${found.row.unit}` });
      continue;
    }
    const power = times(scaled(rate, unit.factor), scaled(found.joules, 1 / 1000));
    const rows = found.free === null ? [found.row] : [found.row, found.free];
    const source = rows.map((row) => `line ${row.line}: ${row.source}`).join('; ');
    parts.push({
      what: rate.algorithm,
      kw: power,
      source: `efficiency: ${target} of ${spanText(found.row)}, ${source}`,
    });
    kw = plus(kw, power);
    if (alias?.assumed === true) {
      const why = alias.remark === '' ? '' : ` (${alias.remark})`;
      notes.push({ code: 'algorithm_assumed', text: `${rate.algorithm} is taken as ${target}${why}` });
    }
    if (found.nearest) {
      notes.push({
        code: 'other_year',
        text: `${target}: the table has no row for ${input.date}, the nearest is taken`,
      });
    }
    if (found.row.basis === 'hardware') {
      notes.push({ code: 'narrow_basis', text: `${target}: the band rests on one machine (${found.row.remark})` });
    }
    const most = figureOf(tables.scale, 'limit', 'country_sha256d').mid;
    if (target === 'sha256d' && rate.mid * unit.factor > most) {
      notes.push({
        code: 'beyond_country',
        text: 'the hashrate exceeds that of the whole country: a mistake or a pool',
      });
    }
  }
  if (parts.length > 0 && unestimated.length > 0) {
    notes.push({ code: 'lower_bound', text: 'part of the mining has no figure: the total is too low' });
  }
  return { method: 'shares', kw, parts, unestimated, notes, tables: ['efficiency', 'scale'] };
}

function conditionsOf(input: CleanInput): { readonly freePower: boolean; readonly hydro: boolean } {
  return { freePower: input.freePower, hydro: input.site === 'container' };
}

function spanText(row: { readonly from: string | null; readonly to: string | null }): string {
  return `${row.from ?? ''} – ${row.to ?? ''}`.trim();
}

function fromConnections(input: CleanInput, tables: EnergyTables): PowerEstimate | null {
  const count = input.connections ?? 0;
  if (count === 0) return null;
  const each = figureOf(tables.scale, 'per_connection', input.hardwareClass);
  const kw = scaled(each, count);
  const text = 'one machine for each connection: a proxy carries thousands on one, one machine may hold several';
  return {
    method: 'connections',
    kw,
    parts: [{ what: `${count} connections, ${input.hardwareClass}`, kw, source: 'scale: per_connection' }],
    unestimated: [],
    notes: [{ code: 'connections_only', text }],
    tables: ['scale'],
  };
}

function fromAddresses(input: CleanInput, tables: EnergyTables): PowerEstimate | null {
  if (input.addresses === 0) return null;
  const kw = scaled(figureOf(tables.scale, 'per_address', 'region'), input.addresses);
  return {
    method: 'addresses',
    kw,
    parts: [{ what: `${input.addresses} addresses`, kw, source: 'scale: per_address' }],
    unestimated: [],
    notes: [{ code: 'order_of_magnitude', text: 'order of magnitude only, never for one site' }],
    tables: ['scale'],
  };
}

function aliasOf(scale: ScaleTable, algorithm: string): Alias | null {
  return scale.aliases.get(algorithm.toLowerCase()) ?? null;
}

/**
 * Site power of a region, kW, from the counts a province-wide monitoring has: addresses, or traffic to pools in kbit/s.
 * Orders of magnitude only: Jiangsu's 4,502 addresses drew 10.8 MW at 136.77 Mbit/s. Null for what is no count.
 */
export function regionalPower(
  count: { readonly addresses: number } | { readonly kbitPerSecond: number },
  scale: ScaleTable,
): Band | null {
  const value = 'addresses' in count ? count.addresses : count.kbitPerSecond;
  if (!Number.isFinite(value) || value < 0) return null;
  if ('addresses' in count) return scaled(figureOf(scale, 'per_address', 'region'), value);
  const per = figureOf(scale, 'traffic', 'region');
  if (!(per.low > 0)) return null;
  return { low: value / per.high, mid: value / per.mid, high: value / per.low };
}
