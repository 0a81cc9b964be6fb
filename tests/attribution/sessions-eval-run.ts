/**
 * How often the resolver names the right subscriber, and the wrong one, in invented networks whose truth is known
 * (tests/generate/sessions-eval.ts). `node tests/attribution/sessions-eval-run.ts [--seed 1] [--sessions 10000]` prints a
 * table; exits 1 where a wrong subscriber is named with a grade of 90 or more, or by an answer of 70 or more.
 */
import { parseArgs } from 'node:util';
import { buildRegistryIndex } from '../../src/attribution/registry-index.ts';
import { createResolver, type ResolveOptions } from '../../src/attribution/resolve.ts';
import { buildSiteIndex } from '../../src/attribution/resolve-site.ts';
import type { Attribution, Candidate, Party, Place, RegistryRow, StoredRow } from '../../src/attribution/types.ts';
import { table } from '../bench/table.ts';
import { type Access, inventNetwork, type Seen, type SourceLine, type Subscriber } from '../generate/sessions-eval.ts';

const SECOND = 1e6;
const micros = (seconds: number): number => Math.round(seconds * SECOND);

function partyOf(who: Subscriber | null): Party | null {
  if (who === null) return null;
  const person = who.code === null && who.account.startsWith('k');
  const operator = who.account === '';
  return {
    name: person ? null : who.name,
    code: who.code,
    person,
    ...{ nature: person ? '5' : '4', category: operator ? '1' : '5', industry: null, licence: null },
  };
}

/** A line as the importers would store it. */
function storedRow(line: SourceLine, id: number): StoredRow {
  const valid = { from: micros(line.from), to: line.to === null ? null : micros(line.to) };
  const common = { valid, party: partyOf(line.who), extra: {}, sealed: null } as const;
  const checked = line.checked === null ? null : micros(line.checked);
  const text = line.who === null ? null : `示例区${line.who.account}路1号`;
  const places = (kind: Place['kind']): readonly Place[] => [{ kind, region: '640502', text, detail: null }];
  let value: RegistryRow;
  if (line.kind === 'customer') {
    const key = line.account ?? '';
    value = {
      ...{ family: 'site', kind: 'customer', key, account: key, places: places('install'), ...common },
      ...{ meter: null, machine: null, checked },
    };
  } else {
    const { kind, first, last, ports, realm, endInferred, clockError, account, inside, rule, use } = line;
    const kinds = { filing: 'filing', resource: 'install' } as const;
    value = {
      ...{ family: 'address', kind, first, last, ports, protocol: kind === 'nat_session' ? 'tcp' : null, realm },
      ...{ endInferred, clockError, use, service: null, account, ...common, checked },
      inside: inside === null ? null : { address: inside, realm: 'BNG-A' },
      natRule: rule === null ? null : { ...rule, insideRealm: 'BNG-B', order: 'sequential' },
      places: kind === 'filing' || kind === 'resource' ? places(kinds[kind]) : [],
    };
  }
  return { id, digest: `d${id}`, source: 'invented', row: id, recordedAt: 0, supersededAt: null, value };
}

export interface Judged {
  readonly seen: Seen;
  readonly answer: Attribution;
  /** The candidate to act upon is who really had the address. */
  readonly right: boolean;
  /** Somebody who had not is named as subscriber (best or not): his grade, else -1. */
  readonly wrongGrade: number;
}

/** Whether a candidate is the subscriber: by code, account or name. */
function means(candidate: Candidate, truth: Subscriber): boolean {
  if (candidate.uscc !== null && truth.code !== null) return candidate.uscc === truth.code;
  return candidate.account === truth.account || (candidate.name !== null && candidate.name === truth.name);
}

const NAMING = ['line_subscriber', 'site_operator', 'filing_unit'];

/** Every conversation of an invented network, answered and judged. */
export function judge(seed: number, sessions: number, options: ResolveOptions = {}): Judged[] {
  const { lines, seen } = inventNetwork(seed, sessions);
  const rows = lines.map(storedRow);
  const rowOf = (id: number): StoredRow | null => rows[id] ?? null;
  const resolve = createResolver({ index: buildRegistryIndex(rows), sites: buildSiteIndex(rows), rowOf }, options);
  return seen.map((one) => {
    const { ip, port, nat, realm, clockError, opened, truth } = one;
    const times = { from: micros(one.from), to: micros(one.to) };
    const answer = resolve({ ip, port, protocol: 'tcp', nat, realm, clockError, opened, ...times });
    const wrong = answer.candidates.filter((c) => NAMING.includes(c.role) && !means(c, truth));
    return {
      seen: one,
      answer,
      right: answer.best !== null && means(answer.best, truth),
      wrongGrade: Math.max(-1, ...wrong.map(({ grades }) => grades.subscriber)),
    };
  });
}

export interface Tally {
  readonly access: Access | 'all';
  readonly seen: number;
  /** Answers whose overall grade, and whose subscriber's grade, is at least 90, 70, above 0. */
  readonly overall: readonly [number, number, number];
  readonly subscriber: readonly [number, number, number];
  /** Of those with a best candidate: wrong ones by the same bounds on the overall grade. */
  readonly wrongOverall: readonly [number, number, number];
  /** Wrong ones by the bounds on the subscriber's grade, candidates that are not best included. */
  readonly wrongNamed: readonly [number, number, number];
}

const BOUNDS = [90, 70, 1] as const;

export function tally(judged: readonly Judged[], access: Access | 'all'): Tally {
  const some = judged.filter(({ seen }) => access === 'all' || seen.access === access);
  const count = (value: (j: Judged) => number): [number, number, number] =>
    BOUNDS.map((bound) => some.filter((j) => value(j) >= bound).length) as [number, number, number];
  return {
    access,
    seen: some.length,
    overall: count(({ answer }) => answer.overall),
    subscriber: count(({ answer }) => answer.best?.grades.subscriber ?? 0),
    wrongOverall: count(({ answer, right }) => (right || answer.best === null ? 0 : Math.max(answer.overall, 1))),
    wrongNamed: count(({ wrongGrade }) => wrongGrade),
  };
}

export const ACCESSES: readonly (Access | 'all')[] = ['static', 'dynamic', 'block', 'mapping', 'deterministic', 'all'];

export function printed(judged: readonly Judged[]): string {
  const percent = (n: number, of: number): string => `${((100 * n) / Math.max(1, of)).toFixed(1)}%`;
  const rows = ACCESSES.map((access) => tally(judged, access)).map((t) => [
    t.access,
    String(t.seen),
    ...t.overall.map((n) => percent(n, t.seen)),
    ...t.subscriber.map((n) => percent(n, t.seen)),
    t.wrongOverall.join(' / '),
    t.wrongNamed.join(' / '),
  ]);
  const heading = ['access', 'seen', 'overall ≥90', '≥70', '>0', 'subscriber ≥90', '≥70', '>0'];
  return table([...heading, 'wrong best (overall)', 'wrong named (subscriber)'], rows);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seed: { type: 'string', default: '1' }, sessions: { type: 'string', default: '10000' } },
  });
  const judged = judge(Number(values.seed), Number(values.sessions));
  console.log(printed(judged));
  const all = tally(judged, 'all');
  if (all.wrongNamed[0] > 0 || all.wrongOverall[1] > 0) process.exitCode = 1;
}
