/** Claims held against each other and against what is known of the block: what differs bounds the grades and is shown. */
import type { GradeCapName } from './grade.ts';
import { hintRegion } from './hint.ts';
import type { Claim } from './resolve-candidate.ts';
import { type Found, isSession } from './resolve-log.ts';
import { nameKey } from './resolve-party.ts';
import type { Remarks } from './resolve-remarks.ts';
import type { GeoHint, Observation } from './types.ts';

export interface ContradictionContext {
  readonly observed: Observation;
  readonly remarks: Remarks;
  readonly hints: readonly GeoHint[];
  /** The logs name somebody. */
  readonly logged: boolean;
  /** A filing says that the address is of an operator's pool. */
  readonly pools: boolean;
  /** Rows of the address around the time, asked for only where a static claim needs it. */
  readonly sessions: () => readonly Found[];
  readonly struckOff: (uscc: string) => number | null;
}

const LOG_KINDS: ReadonlySet<string> = new Set(['session', 'lease', 'nat_session', 'nat_block', 'nat_rule']);

const isStatic = (claim: Claim): boolean => claim.role !== 'access_provider' && !isLogged(claim);
const isLogged = ({ rows: [row] }: Claim): boolean => row !== undefined && LOG_KINDS.has(row.value.kind);

/** Whether static claims hold one of an operator's dynamic or reserved pool. */
export function operatorPools(statics: readonly Claim[]): boolean {
  return statics.some(
    ({ role, rows: [row] }) =>
      role === 'access_provider' && row?.value.family === 'address' && row.value.use === 'dynamic',
  );
}

/** Whether two claims mean the same one: same key, or same name where not both have a code. */
export function sameSubject(a: Claim, b: Claim): boolean {
  if (a.subject === b.subject) return true;
  if (a.account !== null && a.account === b.account) return a.uscc === null || b.uscc === null || a.uscc === b.uscc;
  if (a.uscc !== null && b.uscc !== null) return false;
  const [one, other] = [a.party?.name ?? null, b.party?.name ?? null];
  return one !== null && other !== null && nameKey(one) === nameKey(other);
}

/** The same claims, each with the bounds that contradictions put on it. */
export function claimCaps(claims: readonly Claim[], context: ContradictionContext): Claim[] {
  const statics = claims.filter(isStatic);
  const moving = !context.logged && statics.length > 0 ? accountsOf(context.sessions()) : 0;
  if (moving > 1) context.remarks.contradiction('static_in_several_sessions', String(moving));
  return claims.map((claim) => {
    const caps = [...claim.caps, ...regionCap(claim, context), ...registerCap(claim, context)];
    if (claim.role === 'access_provider') return { ...claim, caps };
    if (moving > 1 && isStatic(claim)) caps.push('static_in_several_sessions');
    if (context.pools && !context.logged && isStatic(claim)) {
      context.remarks.contradiction('pool_overlaps');
      caps.push('pool_overlaps');
    }
    const other = statics.find((rival) => !sameSubject(rival, claim));
    if (other !== undefined && (isLogged(claim) || other.role !== claim.role)) {
      context.remarks.contradiction('subjects_differ', claim.subject, other.subject);
      caps.push(other.role === 'filing_unit' ? 'filing_differs' : 'subjects_differ');
    }
    return { ...claim, caps };
  });
}

function accountsOf(found: readonly Found[]): number {
  return new Set(found.filter(isSession).map(({ stored }) => stored.value.account ?? `row ${stored.id}`)).size;
}

/** The region of the place that a lead would go to, against that of the geofeed. */
function regionCap({ places, role }: Claim, { hints, remarks }: ContradictionContext): GradeCapName[] {
  const feed = hints.find(({ source }) => source.startsWith('geofeed'));
  const declared = feed === undefined ? null : hintRegion(feed);
  const place = places.find(({ kind, region }) => (kind === 'install' || kind === 'site') && region !== null);
  const region = (place ?? places.find((other) => other.region !== null))?.region ?? null;
  if (declared === null || region === null || role === 'access_provider' || region.startsWith(declared)) return [];
  // A place known to its province alone does not contradict a city in it.
  if (declared.startsWith(region.replace(/(?:00)+$/, ''))) return [];
  remarks.contradiction('region_differs', region, feed?.city ?? declared);
  return ['region_differs'];
}

function registerCap({ uscc, rows }: Claim, { struckOff, remarks }: ContradictionContext): GradeCapName[] {
  const at = uscc === null ? null : struckOff(uscc);
  const from = rows[0]?.value.valid.from ?? Infinity;
  if (at === null || at > from) return [];
  remarks.contradiction('deregistered');
  return ['deregistered'];
}
