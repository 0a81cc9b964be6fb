/** Claims about who is behind an address, and the candidates made of them. */
import { type GradeCapName, type GradeRuleName, grade, overallGrade } from './grade.ts';
import type { AddressRow, Candidate, Party, Place, Proof, Role, Span, StoredRow } from './types.ts';

/** One row's, or one chain of rows', word on who it is. */
export interface Claim {
  readonly role: Role;
  readonly subject: string;
  readonly party: Party | null;
  readonly uscc: string | null;
  readonly account: string | null;
  readonly places: readonly Place[];
  readonly rows: readonly StoredRow[];
  readonly rule: GradeRuleName;
  readonly caps: readonly GradeCapName[];
}

/** Order of roles in an answer; the first three name who is behind the address. */
export const ROLE_ORDER: readonly Role[] = [
  'line_subscriber',
  'site_operator',
  'filing_unit',
  'power_account_holder',
  'access_provider',
  'ip_holder',
  'beneficiary',
];

/** Claims by subject, in order of first mention. */
export function bySubject(claims: readonly Claim[]): Map<string, Claim[]> {
  const groups = new Map<string, Claim[]>();
  for (const claim of claims) {
    const group = groups.get(claim.subject);
    if (group === undefined) groups.set(claim.subject, [claim]);
    else group.push(claim);
  }
  return groups;
}

/**
 * One candidate of claims with the same role and subject: graded by the claim that is worth most, proved by all. `caps` are
 * further bounds, `most` bounds every grade.
 */
export function candidateOf(claims: readonly Claim[], caps: readonly GradeCapName[], most = 100): Candidate {
  const graded = claims.map((claim) => ({ claim, ...grade(claim.rule, [...claim.caps, ...caps]) }));
  const rank = (g: (typeof graded)[number]): number => overallGrade(g.grades) * 1000 + g.grades.subscriber;
  const first = graded.reduce((a, b) => (rank(b) > rank(a) ? b : a));
  const { claim, grades, because } = first;
  const party = claim.party;
  const rows = new Map(claims.flatMap(({ rows }) => rows).map((row) => [row.id, row]));
  return {
    role: claim.role,
    subject: claim.subject,
    name: party === null || party.person ? null : party.name,
    uscc: claim.uscc,
    person: party?.person ?? false,
    places: distinctPlaces(claims.flatMap(({ places }) => places)),
    valid: commonSpan(claim.rows),
    proofs: [...rows.values()].map(proofOf),
    grades: {
      subscriber: Math.min(grades.subscriber, most),
      enterprise: Math.min(grades.enterprise, most),
      address: Math.min(grades.address, most),
    },
    because,
    party,
    account: claim.account ?? claims.find(({ account }) => account !== null)?.account ?? null,
  };
}

function proofOf({ value, source, row, digest, recordedAt }: StoredRow): Proof {
  return { kind: value.kind, source, row, digest, recordedAt };
}

/** When all rows of a chain hold. */
function commonSpan(rows: readonly StoredRow[]): Span {
  let from = -Infinity;
  let to: number | null = null;
  for (const { value } of rows) {
    from = Math.max(from, value.valid.from);
    if (value.valid.to !== null) to = to === null ? value.valid.to : Math.min(to, value.valid.to);
  }
  return { from: Number.isFinite(from) ? from : 0, to };
}

function distinctPlaces(places: readonly Place[]): Place[] {
  const seen = new Map<string, Place>();
  for (const place of places) seen.set(JSON.stringify([place.kind, place.region, place.text, place.detail]), place);
  return [...seen.values()];
}

/** A line by its addresses: the last resort as a key. */
export function lineOf({ realm, first, last }: AddressRow): string {
  return `${realm === null ? '' : `${realm}/`}${first === last ? first : `${first}-${last}`}`;
}

export function compareCandidates(a: Candidate, b: Candidate): number {
  return (
    ROLE_ORDER.indexOf(a.role) - ROLE_ORDER.indexOf(b.role) ||
    overallGrade(b.grades) - overallGrade(a.grades) ||
    b.grades.subscriber - a.grades.subscriber ||
    (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0)
  );
}
