/**
 * The status flow of a lead: 待核 → 属实 / 不属实 / 无法归属 → 整改中 → 已停 → 已核验 → 销号, and from any of them 复燃.
 * Which step may follow which is data; a judgement may be taken back to 待核, and a failed inspection goes back to 整改中.
 */
import { STATUS_TERMS } from '../common/terms.ts';
import { LeadError } from './lead-error.ts';
import { STATUSES, type Status } from './types.ts';

export const TRANSITIONS: Readonly<Record<Status, readonly Status[]>> = {
  waiting: ['open', 'not_true', 'unattributable'],
  open: ['true', 'not_true', 'unattributable', 'restarted'],
  true: ['rectifying', 'stopped', 'open', 'restarted'],
  not_true: ['open', 'restarted'],
  unattributable: ['open', 'true', 'not_true', 'restarted'],
  rectifying: ['stopped', 'open', 'restarted'],
  stopped: ['inspected', 'rectifying', 'restarted'],
  inspected: ['closed', 'rectifying', 'restarted'],
  closed: ['restarted'],
  restarted: ['true', 'not_true', 'unattributable', 'rectifying', 'stopped'],
};

/** After these, mining traffic means that it began anew. */
export const ENDED: ReadonlySet<Status> = new Set(['stopped', 'inspected', 'closed']);
/** The judgement that the lead is true stands in these. */
export const HELD_TRUE: ReadonlySet<Status> = new Set([
  'true',
  'rectifying',
  'stopped',
  'inspected',
  'closed',
  'restarted',
]);

export function isStatus(text: string): text is Status {
  return STATUSES.some((status) => status === text);
}

/** Throws a LeadError naming what is allowed where a lead may not go from one status to the other. */
export function checkTransition(lead: string, from: Status, to: string): asserts to is Status {
  const allowed = TRANSITIONS[from];
  if (isStatus(to) && allowed.includes(to)) return;
  const names = allowed.map((status) => `${status} (${STATUS_TERMS[status]?.zh})`).join(', ');
  const what = isStatus(to) ? `${to} (${STATUS_TERMS[to]?.zh})` : JSON.stringify(to.slice(0, 40));
  throw new LeadError(`${lead}: status ${from} (${STATUS_TERMS[from]?.zh}) cannot become ${what}; allowed: ${names}`);
}
