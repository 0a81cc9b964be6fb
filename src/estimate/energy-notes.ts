/** Tests of an estimate against what is known of the power account. */
import type { CleanInput, Note } from './energy-input.ts';
import { figureOf, type ScaleTable } from './tables-site.ts';
import type { Band } from './types.ts';

/** What is compared: site power and month of the estimate that does not rest on the meter, or null. */
export interface Compared {
  readonly siteKw: Band;
  readonly kwhPerMonth: Band;
}

const WEEK = 7;

/** Notes `over_capacity`, `flat_load`, `uneven_load`, `meter_step`, `other_consumer`. */
export function plausibility(
  input: CleanInput,
  estimate: Compared | null,
  meteredKwhPerMonth: number | null,
  scale: ScaleTable,
): readonly Note[] {
  const notes: Note[] = [];
  const capacity = input.capacityKva ?? 0;
  if (estimate !== null && Number.isFinite(capacity) && capacity > 0 && estimate.siteKw.mid > capacity) {
    const text = `estimated ${estimate.siteKw.mid.toFixed(1)} kW exceed the contracted ${capacity} kVA: a wrong link or a proxy`;
    notes.push({ code: 'over_capacity', text });
  }
  const load = input.load ?? null;
  if (
    load !== null &&
    load.days >= WEEK &&
    load.loadFactor >= 0 &&
    load.loadFactor <= 1 &&
    Number.isFinite(load.nightDayRatio)
  ) {
    const night = figureOf(scale, 'limit', 'night_day');
    const even = load.nightDayRatio >= night.low && load.nightDayRatio <= night.high;
    const flat = load.loadFactor >= figureOf(scale, 'limit', 'load_factor').mid && even;
    const figures = `load factor ${load.loadFactor.toFixed(2)}, night to day ${load.nightDayRatio.toFixed(2)}`;
    notes.push(
      flat
        ? { code: 'flat_load', text: `${figures}: runs round the clock, supports mining` }
        : { code: 'uneven_load', text: `${figures}: not the curve of machines that run round the clock` },
    );
  }
  const step = input.meterStepSeconds ?? Number.NaN;
  if (Math.abs(step) <= figureOf(scale, 'limit', 'meter_step').mid) {
    notes.push({
      code: 'meter_step',
      text: 'the metered load steps with the start or end of the traffic: strong support',
    });
  }
  if (otherConsumer(estimate, meteredKwhPerMonth, scale)) {
    const text =
      'even the high estimate is far below the metered energy: another consumer is on the account, its meter is not used';
    notes.push({ code: 'other_consumer', text });
  }
  return notes;
}

/** The meter counts more than mining: what it reads is not the energy of the machines. */
export function otherConsumer(
  estimate: Compared | null,
  meteredKwhPerMonth: number | null,
  scale: ScaleTable,
): boolean {
  if (estimate === null || meteredKwhPerMonth === null || !(estimate.kwhPerMonth.high > 0)) return false;
  return estimate.kwhPerMonth.high < meteredKwhPerMonth * figureOf(scale, 'limit', 'other_consumer').mid;
}
