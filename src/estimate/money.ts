/** Money in decimal arithmetic: yuan with two places, unit prices with four, rounded half up once at the end. */
import Big from 'big.js';
import type { Band, MoneyBand } from './types.ts';

const HALF_UP = 1;

/** A decimal from a finite, non-negative number; anything else is null. */
export function decimal(value: number): Big | null {
  return Number.isFinite(value) && value >= 0 ? new Big(value) : null;
}

/** Yuan with two places. */
export function yuan(amount: Big): string {
  return amount.toFixed(2, HALF_UP);
}

/** Yuan per kWh with four places. */
export function unitPrice(amount: Big): string {
  return amount.toFixed(4, HALF_UP);
}

/** `kwh` times a factor (a rate, or the sum of rate times days), as yuan. Values that are no energy count as nothing. */
export function moneyOf(kwh: Band, factor: Big): MoneyBand {
  const amount = (value: number): string => yuan((decimal(value) ?? new Big(0)).times(factor));
  return { low: amount(kwh.low), mid: amount(kwh.mid), high: amount(kwh.high) };
}

/**
 * What a household pays that mined on the residential tariff, where a province asks for the difference to the tariff due
 * plus twice that amount: kWh · (due − paid) · 3. `due` and `paid` are yuan per kWh as decimal text. Null where a value is
 * no amount, or nothing was paid too little.
 */
export function penalisedResidential(kwh: number, due: string, paid: string): string | null {
  const energy = decimal(kwh);
  const prices = [due, paid].map((text) => (PRICE.test(text) ? new Big(text) : null));
  const [owed, given] = prices;
  if (energy === null || owed == null || given == null || owed.lt(given)) return null;
  return yuan(energy.times(owed.minus(given)).times(3));
}

const PRICE = /^\d{1,6}(?:\.\d{1,8})?$/;
