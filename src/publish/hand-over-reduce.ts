/** What `reduced` means, value by value: regions to the county, addresses to their prefix, times to days, figures to bands. */
import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { Band, EnergyEstimate, SurchargeResult } from '../estimate/types.ts';
import type { LeadAddress } from '../ledger/types.ts';

/** The county (six digits) of a longer or equal code, else what is known of it; null for what is no code. */
export function countyOf(region: string | null): string | null {
  return region !== null && /^\d{2,18}$/.test(region) ? region.slice(0, 6) : null;
}

/** The prefecture of a code (GB/T 2260: four digits and 00); null for what is no code. */
export function cityOf(region: string | null): string | null {
  return region !== null && /^\d{4,18}$/.test(region) ? `${region.slice(0, 4)}00` : null;
}

const CHINA = 8 * 3_600_000;

/** The day in China (UTC+8) of an ISO time, YYYY-MM-DD; null for none and for what is no time. */
export function dayOf(time: string | null): string | null {
  const at = time === null ? Number.NaN : Date.parse(time);
  const day = new Date(at + CHINA);
  return Number.isNaN(day.getTime()) ? null : day.toISOString().slice(0, 10);
}

/** Seconds down to whole days. */
export function wholeDays(seconds: number): number {
  return Math.floor(seconds / 86_400) * 86_400;
}

/** `198.51.100.0/24` or `2001:db8:1::/48`; null for what is no address. */
export function prefixText(ip: string): string | null {
  try {
    const address = ipaddr.process(ip);
    const bits = address.kind() === 'ipv4' ? 24 : 48;
    const text = `${address.toNormalizedString()}/${bits}`;
    const network =
      address.kind() === 'ipv4' ? ipaddr.IPv4.networkAddressFromCIDR(text) : ipaddr.IPv6.networkAddressFromCIDR(text);
    return `${network.toString()}/${bits}`;
  } catch {
    return null;
  }
}

/** Prefixes in order, with the days between first and last; no ports, no realm. */
export function prefixedAddresses(addresses: readonly LeadAddress[]): LeadAddress[] {
  const found = new Map<string, LeadAddress>();
  for (const { ip, nat, first_seen, last_seen } of addresses) {
    const prefix = prefixText(ip);
    if (prefix === null) continue;
    const key = `${prefix} ${nat}`;
    const first = dayOf(first_seen) ?? '';
    const last = dayOf(last_seen) ?? '';
    const other = found.get(key);
    found.set(key, {
      ip: prefix,
      realm: null,
      nat,
      first_seen: other !== undefined && other.first_seen < first ? other.first_seen : first,
      last_seen: other !== undefined && other.last_seen > last ? other.last_seen : last,
      ports: [],
    });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, address]) => address);
}

/** Greatest number of the series 1, 2, 5, 10, 20 … that is not above `value`, and the next one; 0 and 0 for none. */
function stepsAround(value: number): { readonly below: number; readonly above: number } {
  if (!Number.isFinite(value) || value <= 0) return { below: 0, above: 0 };
  let exponent = Math.floor(Math.log10(value));
  if (Number(`1e${exponent}`) > value) exponent--;
  const [below = 1, above = 10] = [1, 2, 5, 10].flatMap((step, at, all) => {
    const next = all[at + 1];
    if (next === undefined || Number(`${step}e${exponent}`) > value || Number(`${next}e${exponent}`) <= value)
      return [];
    return [step, next];
  });
  return { below: Number(`${below}e${exponent}`), above: Number(`${above}e${exponent}`) };
}

/** A band widened to the series 1, 2, 5, 10 … on both sides, with the middle of the result: no exact figure remains. */
export function widened(band: Band): Band {
  const low = stepsAround(band.low).below;
  const around = stepsAround(band.high);
  const high = around.below === band.high && around.below > low ? around.below : around.above;
  return { low, mid: Number(((low + high) / 2).toPrecision(2)), high };
}

/** The bands of an estimate, widened, and its method; nothing of how it came about. */
export function reducedEnergy(energy: EnergyEstimate, surcharge: SurchargeResult | null): EnergyEstimate {
  return {
    method: energy.method,
    itKw: widened(energy.itKw),
    siteKw: widened(energy.siteKw),
    kwhPerMonth: widened(energy.kwhPerMonth),
    assessedKwhPerMonth: widened(energy.assessedKwhPerMonth),
    pue: widened(energy.pue),
    utilisation: widened(energy.utilisation),
    meteredRatio: null,
    surcharge,
    parts: [],
    notes: [],
    tables: [],
  };
}

const NO_MONEY = { low: '', mid: '', high: '' } as const;

/** Rate and months; sums are left out, because they tell the energy. */
export function reducedSurcharge(surcharge: SurchargeResult): SurchargeResult {
  const { rate, region, isDefault, document, status, from, to } = surcharge;
  return {
    rate,
    region: region.slice(0, 6),
    isDefault,
    document,
    status,
    yuanPerMonth: NO_MONEY,
    yuanToDate: NO_MONEY,
    from: from.slice(0, 7),
    to: to.slice(0, 7),
    notes: [],
  };
}

/** First 16 hex digits of a SHA-256 salted for one hand-over: rows of it match each other, those of another do not. */
export function saltedHash(
  value: string,
  { documentNumber, salt }: { readonly documentNumber: string | null; readonly salt?: string },
): string {
  return createHash('sha256')
    .update(JSON.stringify([documentNumber?.trim() ?? '', salt ?? '', value]))
    .digest('hex')
    .slice(0, 16);
}

/** Ends of short names that are units: 中国电信, 某某公司 … */
const UNIT_END =
  /(?:公司|集团|电信|联通|移动|铁通|广电|电力|电网|银行|大学|中学|小学|学院|医院|中心|政府|委员会|[局厂院校所站部社店村镇乡县市区委办处队])$/u;

/** Two to four Chinese characters that are no unit: a person's name, whatever the report that gives it says. */
export function isPersonalName(name: string): boolean {
  const text = name.trim();
  return /^\p{Script=Han}{2,4}$/u.test(text) && !UNIT_END.test(text);
}
