/** How many signatures there are of which kind, and where the set is thin. */
import { KINDS, type Signature, type SignatureKind, type SignatureStatus, STATUSES } from './types.ts';

/** From this weight on, one message proves mining (docs/signatures.md). */
export const PROVING_WEIGHT = 0.9;

export interface DialectStats {
  /** Null for the signatures that several dialects share. */
  readonly dialect: string | null;
  readonly status: Readonly<Record<SignatureStatus, number>>;
  readonly tests: number;
  /** Signatures that prove mining by themselves. */
  readonly proving: number;
}

export interface SignatureStats {
  readonly signatures: number;
  readonly tests: { readonly positive: number; readonly negative: number };
  readonly status: Readonly<Record<SignatureStatus, number>>;
  readonly kind: Readonly<Record<SignatureKind, number>>;
  /** Signatures that speak for mining, are not retired and weigh 0.9 or more. */
  readonly proving: number;
  /** Sorted by name, the shared ones last. Dialects that only the program knows stand here with zeros. */
  readonly dialects: readonly DialectStats[];
  /** Dialects without a stable signature. */
  readonly withoutStable: readonly string[];
  /** Dialects of signatures for which the program has no reader; [] where the program's dialects were not given. */
  readonly unknownDialects: readonly string[];
}

interface Counting {
  readonly status: Record<SignatureStatus, number>;
  tests: number;
  proving: number;
}

/** Counts signatures, retired ones included. `known` are the ids of the dialects that the program can read. */
export function signatureStats(signatures: Iterable<Signature>, known: readonly string[] = []): SignatureStats {
  const kind = Object.fromEntries(KINDS.map((name) => [name, 0])) as Record<SignatureKind, number>;
  const total = counting();
  const byDialect = new Map<string | null, Counting>(known.map((id) => [id, counting()]));
  let positive = 0;
  let signatureCount = 0;
  for (const signature of signatures) {
    signatureCount++;
    kind[signature.kind]++;
    positive += signature.tests.filter(({ expect }) => expect === 'indication').length;
    let own = byDialect.get(signature.dialect);
    if (own === undefined) byDialect.set(signature.dialect, (own = counting()));
    count(total, signature);
    count(own, signature);
  }
  const dialects = [...byDialect]
    .map(([dialect, { status, tests, proving }]) => ({ dialect, status, tests, proving }))
    .sort((a, b) => compareNames(a.dialect, b.dialect));
  const names = dialects.flatMap(({ dialect }) => (dialect === null ? [] : [dialect]));
  return {
    signatures: signatureCount,
    tests: { positive, negative: total.tests - positive },
    status: total.status,
    kind,
    proving: total.proving,
    dialects,
    withoutStable: names.filter((name) => byDialect.get(name)?.status.stable === 0),
    unknownDialects: known.length === 0 ? [] : names.filter((name) => !known.includes(name)),
  };
}

function counting(): Counting {
  return {
    status: Object.fromEntries(STATUSES.map((name) => [name, 0])) as Record<SignatureStatus, number>,
    tests: 0,
    proving: 0,
  };
}

function count(counts: Counting, { status, tests, weight, against }: Signature): void {
  counts.status[status]++;
  counts.tests += tests.length;
  if (status !== 'retired' && !against && weight >= PROVING_WEIGHT) counts.proving++;
}

function compareNames(a: string | null, b: string | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}
