/** What a lead is called: status, category, flags and deadline, from its traffic and from what persons decided. */
import type { Remark } from '../attribution/types.ts';
import type { AlgorithmRate, EnergyEstimate } from '../estimate/types.ts';
import { byText } from './combine.ts';
import { addWorkingDays } from './deadlines.ts';
import type { Decisions } from './decisions.ts';
import type { Item } from './node-facts.ts';
import type { Identified, LeadSettings } from './services.ts';
import { opensLead } from './strength.ts';
import { chinaDay, isoTime, micros } from './times.ts';
import type { Category, Flag, LeadFlag, Status } from './types.ts';

export interface StatusNow {
  readonly status: Status;
  /** Microseconds: of the decision, or of the first traffic that opened it; null while waiting. */
  readonly since: number | null;
}

/** What a person decided; before that `open` from the first traffic that opens a lead, else `waiting`. */
export function statusOf(items: readonly Item[], decisions: Decisions): StatusNow {
  if (decisions.status !== null) return { status: decisions.status.status, since: decisions.status.since };
  const opened = items
    .filter(({ row }) => opensLead(row))
    .map(({ row }) => row.first_seen)
    .sort(byText)[0];
  return opened === undefined ? { status: 'waiting', since: null } : { status: 'open', since: micros(opened) };
}

/**
 * Existing or new, after notice 1283 articles 3, 4 and 6: by the earliest evidence that machines ran (traffic, or what a
 * person attached) against the reference date. A proposal; the reviewer's word counts.
 */
export function categoryOf(items: readonly Item[], decisions: Decisions, settings: LeadSettings): Category {
  if (decisions.category !== null) return decisions.category;
  const traffic = items.filter(({ row }) => opensLead(row)).map(({ row }) => chinaDay(micros(row.first_seen) ?? 0));
  const first = [...traffic, ...decisions.runningEvidence.keys()].sort(byText)[0];
  if (first === undefined) return 'unknown';
  return first <= settings.referenceDate ? 'existing' : 'new';
}

/** Flags with the rule that set each, sorted; a person may set or lift any. */
export function flagsOf(
  given: Pick<Identified, 'flags'>,
  coins: readonly string[],
  rates: readonly AlgorithmRate[],
  energy: EnergyEstimate | null,
  decisions: Decisions,
  settings: LeadSettings,
): LeadFlag[] {
  const flags = new Map<Flag, string>();
  for (const { flag, rule } of [...given.flags].sort((a, b) => byText(a.rule, b.rule))) {
    if (!flags.has(flag)) flags.set(flag, rule);
  }
  if (coins.includes('BTC')) flags.set('bitcoin', 'coin BTC in the detections');
  const industrial = industrialRule(rates, energy, settings);
  if (industrial !== null) flags.set('industrial', industrial);
  for (const [flag, { on, reason }] of decisions.flags) {
    if (on) flags.set(flag, `person: ${reason}`);
    else flags.delete(flag);
  }
  return [...flags].sort(([a], [b]) => byText(a, b)).map(([flag, rule]) => ({ flag, rule }));
}

function industrialRule(
  rates: readonly AlgorithmRate[],
  energy: EnergyEstimate | null,
  settings: LeadSettings,
): string | null {
  // An address count says nothing about one site.
  if (energy !== null && energy.method !== 'addresses' && energy.siteKw.mid >= settings.industrialKw) {
    return `site power ${energy.siteKw.mid} kW >= ${settings.industrialKw} kW (${energy.method})`;
  }
  for (const { algorithm, unit, mid } of rates) {
    const least = settings.industrialRates[algorithm];
    if (least !== undefined && mid >= least) return `${algorithm} ${mid} ${unit} >= ${least} ${unit}`;
  }
  return null;
}

/** The deadline a person set, else that of the status; null where it has none. A day in China. */
export function deadlineOf(now: StatusNow, decisions: Decisions, settings: LeadSettings): string | null {
  if (decisions.deadline !== null) return decisions.deadline;
  const days = settings.deadlineDays[now.status];
  return days === null || now.since === null ? null : addWorkingDays(now.since, days);
}

/** What a reader must know of the counts behind an address translation. */
export function trafficRemarks(items: readonly Item[], unattributed: boolean): Remark[] {
  const remarks: Remark[] = [];
  if (unattributed && items.some(({ row }) => row.vantage.nat === 'outside')) {
    remarks.push({
      code: 'several_subscribers',
      text: 'Seen outside an address translation: several subscribers may stand behind this address.',
    });
  }
  const unlisted = items.filter(
    ({ whole: { flows, conversations } }) => conversations.length > 0 && flows > conversations.length,
  );
  if (unlisted.length > 0) {
    remarks.push({
      code: 'conversations_not_all_listed',
      text: `${unlisted.length} detections had more conversations than are listed; the others were not attributed on their own.`,
    });
  }
  const shared = items.filter(({ placement }) => placement.shared);
  if (shared.length > 0) {
    remarks.push({
      code: 'shared_detections',
      text: `${shared.length} detections cover several subscribers; their counts and hashrate are not claimed for this lead.`,
    });
  }
  const short = items.filter(({ row, whole }) => row.activity !== whole.activity);
  if (short.length > 0) {
    remarks.push({
      code: 'short_conversation',
      text: `${short.length} shared detections hold only conversations of this subscriber shorter than 300 s: an attempt.`,
    });
  }
  return remarks;
}

export function isoOrNull(time: number | null): string | null {
  return time === null ? null : isoTime(time);
}
