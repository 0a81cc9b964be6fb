/** Energy estimates: bands, the method behind them, and the tables they are made from. */

export interface Band {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/** In order of trust; a metered figure replaces every estimate. */
export type EstimateMethod = 'metered' | 'inventory' | 'shares' | 'connections' | 'addresses';

/** Hashrate of one algorithm, in base units a second (H/s, Sol/s); never added up across algorithms. */
export interface AlgorithmRate extends Band {
  readonly algorithm: string;
  readonly unit: string;
}

export type SiteType = 'dedicated' | 'container' | 'data_centre' | 'household' | 'office' | 'unknown';

export interface EnergyInput {
  /** Day to which hardware tables and surcharges are looked up, YYYY-MM-DD. */
  readonly date: string;
  readonly rates: readonly AlgorithmRate[];
  /** Conversations at the same time, where no hashrate is known; null where unknown. */
  readonly connections: number | null;
  readonly hardwareClass: 'asic' | 'gpu' | 'cpu' | 'unknown';
  readonly addresses: number;
  readonly machines: readonly { readonly model: string; readonly count: number; readonly watts: number | null }[];
  /** Metered energy of spans, kWh; spans in microseconds. */
  readonly metered: readonly { readonly from: number; readonly to: number; readonly kwh: number }[];
  readonly site: SiteType;
  /** GB/T 2260 code of the site or a province's two digits, `XPCC` for the Corps, null where unknown. */
  readonly region: string | null;
  readonly category: 'existing' | 'new' | 'unknown';
  /** Infected hosts: only what mining adds counts. */
  readonly passive: boolean;
  /** First and last day of mining, YYYY-MM-DD, for the surcharge; `last` null where it goes on. */
  readonly miningFrom: string;
  readonly miningTo: string | null;
  /** Electricity is stolen or free: old machines stay worth running. */
  readonly freePower: boolean;
  /** Day on which the site was put on the region's surcharge list; null or missing where it stands on none. */
  readonly listedOn?: string | null;
  /** `miningFrom` is the established start of mining, not merely the first day seen. */
  readonly startEstablished?: boolean;
  /** Contracted capacity of the power account, kVA. */
  readonly capacityKva?: number | null;
  /** Load curve of the account: mean over peak, night over day, and the days it covers. */
  readonly load?: { readonly loadFactor: number; readonly nightDayRatio: number; readonly days: number } | null;
  /** Seconds between a step of the metered load and the start or end of the traffic. */
  readonly meterStepSeconds?: number | null;
}

/** Money as decimal text with two places, unit prices with four. */
export interface MoneyBand {
  readonly low: string;
  readonly mid: string;
  readonly high: string;
}

export interface SurchargeResult {
  /** Yuan per kWh, four places, and where the figure comes from. */
  readonly rate: string;
  readonly region: string;
  readonly isDefault: boolean;
  readonly document: string | null;
  readonly status: string;
  readonly yuanPerMonth: MoneyBand;
  /** From the start of mining (or of the surcharge) to its end or `date`. */
  readonly yuanToDate: MoneyBand;
  readonly from: string;
  readonly to: string;
  readonly notes: readonly string[];
}

export interface EnergyEstimate {
  readonly method: EstimateMethod;
  /** Power of the machines and of the site, kW; energy of 30 days, kWh. */
  readonly itKw: Band;
  readonly siteKw: Band;
  readonly kwhPerMonth: Band;
  /** Twice that for new projects, else equal (notice art. 6). */
  readonly assessedKwhPerMonth: Band;
  readonly pue: Band;
  readonly utilisation: Band;
  /** Metered energy over the estimate's mid where both are known. */
  readonly meteredRatio: number | null;
  readonly surcharge: SurchargeResult | null;
  /** One entry per algorithm or machine: what was taken and from which table rows. */
  readonly parts: readonly { readonly what: string; readonly kw: Band; readonly source: string }[];
  /** Warnings and reasons, as codes with words. */
  readonly notes: readonly { readonly code: string; readonly text: string }[];
  /** Names and versions of the tables used. */
  readonly tables: readonly { readonly name: string; readonly version: string }[];
  /** What mines but could not be turned into power, and why: the figures above do not contain it. */
  readonly unestimated?: readonly { readonly what: string; readonly reason: string }[];
}
