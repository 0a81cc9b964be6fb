/** What an estimate may use of its input: values that are no quantities are left out, and a note says so. */
import { dayNumber } from './tables.ts';
import type { AlgorithmRate, Band, EnergyInput } from './types.ts';

export interface Note {
  readonly code: string;
  readonly text: string;
}

/** Beyond any network that exists (2026: all of Bitcoin does about 10²¹ H/s): larger values are mistakes. */
const MAX_RATE = 1e24;
const MAX_COUNT = 1e9;
const MAX_WATTS = 1e6;
const MAX_KWH = 1e12;
const MAX_NAME = 128;
const DAY = 86_400_000_000;

export interface CleanInput extends EnergyInput {
  /** Mean metered power of the account in the time of mining, kW; null where no reading covers any of it. */
  readonly meteredKw: number | null;
}

/** Checks every number of an input. Never throws. */
export function cleanInput(input: EnergyInput, notes: Note[]): CleanInput {
  const ignored = (what: string): void => {
    if (notes.length < MAX_NOTES)
      notes.push({ code: 'ignored_input', text: `${what} is no usable quantity: left out` });
  };
  if (dayNumber(input.date) === null) {
    notes.push({ code: 'bad_date', text: 'the date cannot be read: the newest rows of the tables are taken' });
  }
  const rates: AlgorithmRate[] = [];
  for (const rate of input.rates) {
    const values = [rate.low, rate.mid, rate.high];
    const algorithm = rate.algorithm.slice(0, MAX_NAME);
    if (!values.every((value) => Number.isFinite(value) && value >= 0 && value <= MAX_RATE)) {
      ignored(`hashrate of ${algorithm}`);
      continue;
    }
    const [low, mid, high] = values.sort((a, b) => a - b) as [number, number, number];
    if (high > 0) rates.push({ algorithm, unit: rate.unit.slice(0, MAX_NAME), low, mid, high });
  }
  const machines = [];
  for (const machine of input.machines) {
    const model = machine.model.slice(0, MAX_NAME);
    const fits = Number.isFinite(machine.count) && machine.count >= 0 && machine.count <= MAX_COUNT;
    if (!fits) {
      ignored(`number of ${model}`);
      continue;
    }
    const { watts } = machine;
    const usable = watts === null || (Number.isFinite(watts) && watts > 0 && watts <= MAX_WATTS);
    if (!usable) ignored(`power of ${model}`);
    if (machine.count > 0) machines.push({ model, count: machine.count, watts: usable ? watts : null });
  }
  return {
    ...input,
    rates,
    machines,
    connections: count(input.connections, 'number of connections', ignored),
    addresses: count(input.addresses, 'number of addresses', ignored) ?? 0,
    meteredKw: meteredPower(input, notes, ignored),
  };
}

const MAX_NOTES = 200;

function count(value: number | null, what: string, ignored: (what: string) => void): number | null {
  if (value === null) return null;
  if (Number.isFinite(value) && value >= 0 && value <= MAX_COUNT) return Math.floor(value);
  ignored(what);
  return null;
}

/**
 * Mean metered power in the time of mining: the energy of all readings that touch it, each for the part within, over the
 * union of their time. So readings one after another average, and several meters of one site add up. The same reading
 * twice counts once.
 */
function meteredPower(input: EnergyInput, notes: Note[], ignored: (what: string) => void): number | null {
  const first = dayNumber(input.miningFrom);
  const last = dayNumber(input.miningTo ?? '');
  const from = first === null ? Number.NEGATIVE_INFINITY : first * DAY;
  const to = last === null ? Number.POSITIVE_INFINITY : (last + 1) * DAY;
  const seen = new Set<string>();
  const spans: [number, number][] = [];
  let kwh = 0;
  let outside = 0;
  for (const reading of input.metered) {
    const sound = Number.isFinite(reading.from) && Number.isFinite(reading.to) && reading.from < reading.to;
    if (!sound || !(reading.kwh >= 0 && reading.kwh <= MAX_KWH)) {
      ignored('a meter reading');
      continue;
    }
    const key = `${reading.from} ${reading.to} ${reading.kwh}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const begin = Math.max(reading.from, from);
    const end = Math.min(reading.to, to);
    if (begin >= end) {
      outside++;
      continue;
    }
    kwh += (reading.kwh * (end - begin)) / (reading.to - reading.from);
    spans.push([begin, end]);
  }
  if (outside > 0) notes.push({ code: 'metered_outside', text: `${outside} readings lie outside the time of mining` });
  const hours = unionLength(spans) / 3_600_000_000;
  // A reading of seconds tells nothing; without this limit a rounded one would give any power.
  if (hours < 1) return null;
  const power = kwh / hours;
  return Number.isFinite(power) ? power : null;
}

function unionLength(spans: [number, number][]): number {
  let total = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const [from, to] of spans.sort((a, b) => a[0] - b[0])) {
    total += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return total;
}

/** Product of bands, edge by edge. */
export function times(a: Band, b: Band): Band {
  return { low: a.low * b.low, mid: a.mid * b.mid, high: a.high * b.high };
}

/** Sum of bands, edge by edge: the widest the total can be. */
export function plus(a: Band, b: Band): Band {
  return { low: a.low + b.low, mid: a.mid + b.mid, high: a.high + b.high };
}

export function scaled(band: Band, factor: number): Band {
  return { low: band.low * factor, mid: band.mid * factor, high: band.high * factor };
}

export const ZERO: Band = { low: 0, mid: 0, high: 0 };
