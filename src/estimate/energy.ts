/**
 * Energy of a mining site: power of its machines by the best method there is, overhead of the site, energy of 30 days, and
 * the surcharge on it. Every figure is a band; the method is part of the answer. Formulas: docs/estimates.md.
 */
import { type CleanInput, cleanInput, type Note, scaled, times, ZERO } from './energy-input.ts';
import { otherConsumer, plausibility } from './energy-notes.ts';
import { estimatePower, type PowerEstimate } from './energy-power.ts';
import { surchargeOf } from './surcharge.ts';
import type { EnergyTables } from './tables-energy.ts';
import { figureOf } from './tables-site.ts';
import type { Band, EnergyEstimate, EnergyInput } from './types.ts';

export const DAYS_PER_MONTH = 30;
const HOURS_PER_MONTH: number = 24 * DAYS_PER_MONTH;
const ONE: Band = { low: 1, mid: 1, high: 1 };

/** Energy of 30 days, kWh, from the power of machines: P · PUE · u · 720 h. */
export function monthlyKwh(itKw: Band, pue: Band, utilisation: Band): Band {
  return scaled(times(times(itKw, pue), utilisation), HOURS_PER_MONTH);
}

/**
 * Estimates power, energy and surcharge. Methods in order of trust: metered, inventory, shares, connections, addresses;
 * the first for which the input has something wins, and a metered figure is compared with the next: an account
 * on which others draw most of the energy says nothing about the machines. Infected hosts
 * (`passive`) count with what mining adds, and the meter of an account that is not the miner's is not used for them.
 * Total: values that are no quantities are left out with a note; all figures of the answer are finite.
 */
export function estimateEnergy(input: EnergyInput, tables: EnergyTables): EnergyEstimate {
  const notes: Note[] = [];
  const clean = cleanInput(input, notes);
  const pue = tables.pue.pue[input.site] ?? tables.pue.pue.unknown;
  const utilisation = tables.pue.utilisation[input.site] ?? tables.pue.utilisation.unknown;
  const power = countedPower(clean, tables, notes);
  const itKw = power === null || power.parts.length === 0 ? null : power.kw;
  const compared = itKw === null || power?.method === 'addresses' ? null : comparedOf(itKw, pue, utilisation);

  const metered = clean.passive ? null : clean.meteredKw;
  if (clean.passive && clean.meteredKw !== null) {
    notes.push({
      code: 'meter_not_used',
      text: 'infected hosts: the account serves other purposes, its meter is not used',
    });
  }
  const meteredMonth = metered === null ? null : metered * HOURS_PER_MONTH;
  notes.push(...plausibility(clean, compared, meteredMonth, tables.scale));
  const usesMeter = metered !== null && !otherConsumer(compared, meteredMonth, tables.scale);
  const result = !usesMeter ? fromMachines(itKw ?? ZERO, pue, utilisation, power) : fromMeter(metered, pue, power);
  if (metered === null && (power === null || power.parts.length === 0)) {
    notes.push({ code: 'no_basis', text: 'nothing to estimate from: the figures are nought, not a finding' });
  }
  const isNew = input.category === 'new';
  if (isNew) notes.push({ code: 'doubled', text: 'new project: the assessed energy counts twice (notice, article 6)' });
  const surcharge = surchargeOf(
    {
      kwhPerMonth: result.kwhPerMonth,
      date: input.date,
      region: input.region,
      miningFrom: input.miningFrom,
      miningTo: input.miningTo,
      listedOn: input.listedOn ?? null,
      startEstablished: input.startEstablished ?? false,
      metered: usesMeter,
    },
    tables.surcharge,
  );
  if (surcharge === null) {
    notes.push({
      code: 'no_surcharge',
      text: 'no surcharge: its dates cannot be read or the region lies outside the notice',
    });
  } else if (clean.passive) {
    notes.push({
      code: 'victim',
      text: 'infected hosts: whether their owner owes the surcharge is for the price authority',
    });
  }
  const used = new Set<keyof EnergyTables>([...(power?.tables ?? []), 'pue', 'surcharge']);
  return {
    ...result,
    assessedKwhPerMonth: isNew ? scaled(result.kwhPerMonth, 2) : result.kwhPerMonth,
    pue,
    meteredRatio: ratio(meteredMonth, compared?.kwhPerMonth.mid ?? 0),
    surcharge,
    notes,
    tables: [...used].sort().map((name) => ({ name: tables[name].name, version: tables[name].version })),
    unestimated: power?.unestimated ?? [],
  };
}

/** Power that counts: the loaded power, of infected hosts the share that mining adds. */
function countedPower(input: CleanInput, tables: EnergyTables, notes: Note[]): PowerEstimate | null {
  const power = estimatePower(input, tables);
  if (power === null) return null;
  notes.push(...power.notes);
  if (!input.passive || power.parts.length === 0) return power;
  const text =
    'infected hosts: the machines run anyway, only what mining adds counts (share known for RandomX on servers)';
  notes.push({ code: 'marginal', text });
  const share = figureOf(tables.scale, 'marginal', 'passive');
  const parts = power.parts.map((part) => ({ ...part, kw: times(part.kw, share) }));
  return { ...power, kw: times(power.kw, share), parts };
}

function comparedOf(itKw: Band, pue: Band, utilisation: Band): { siteKw: Band; kwhPerMonth: Band } {
  return { siteKw: times(itKw, pue), kwhPerMonth: monthlyKwh(itKw, pue, utilisation) };
}

type Figures = Pick<EnergyEstimate, 'method' | 'itKw' | 'siteKw' | 'kwhPerMonth' | 'utilisation' | 'parts'>;

function fromMachines(itKw: Band, pue: Band, utilisation: Band, power: PowerEstimate | null): Figures {
  return {
    method: power?.method ?? 'addresses',
    itKw,
    ...comparedOf(itKw, pue, utilisation),
    utilisation,
    parts: power?.parts ?? [],
  };
}

/** The meter's mean power stands for the site; how long machines ran is in it already. */
function fromMeter(kw: number, pue: Band, power: PowerEstimate | null): Figures {
  const siteKw = scaled(ONE, kw);
  const forComparison = (power?.parts ?? []).map((part) => ({ ...part, source: `for comparison; ${part.source}` }));
  return {
    method: 'metered',
    itKw: { low: kw / pue.high, mid: kw / pue.mid, high: kw / pue.low },
    siteKw,
    kwhPerMonth: scaled(siteKw, HOURS_PER_MONTH),
    utilisation: ONE,
    parts: [{ what: 'meter', kw: siteKw, source: 'meter readings of the account' }, ...forComparison],
  };
}

function ratio(metered: number | null, mid: number): number | null {
  if (metered === null || !(mid > 0)) return null;
  const value = metered / mid;
  return Number.isFinite(value) ? value : null;
}
