/** Who had an address at a time: the answer, with what it lacks and what contradicts it. docs/attribution.md explains. */
import { type GradeCapName, overallGrade } from './grade.ts';
import { geofeedHint, type HintSource } from './hint.ts';
import { addressWordsOf, isPrivateAddress } from './index-address.ts';
import type { RegistryIndex } from './registry-index.ts';
import { bySubject, type Claim, candidateOf, compareCandidates, ROLE_ORDER } from './resolve-candidate.ts';
import { claimCaps, operatorPools } from './resolve-contradiction.ts';
import { Customers, holderClaims } from './resolve-customer.ts';
import { countUsers, Finder, type Found, followLogs, isLog, isNat } from './resolve-log.ts';
import { nameKey } from './resolve-party.ts';
import { Remarks, timeText } from './resolve-remarks.ts';
import type { SiteIndex } from './resolve-site.ts';
import { staticClaims } from './resolve-static.ts';
import type { Attribution, Candidate, GeoHint, Observation, Role, StoredRow } from './types.ts';

export interface ResolverSources {
  readonly index: RegistryIndex;
  readonly sites: SiteIndex;
  /** A row by its id, as storage has it; null where it is gone. */
  readonly rowOf: (id: number) => StoredRow | null;
  readonly hints?: readonly HintSource[];
}

export interface ResolveOptions {
  /** Answer with what was known at this time, microseconds; build the indexes for the same. Null: what is known now. */
  readonly knownAt?: number | null;
  /** Names of operators beyond those told by category and name. */
  readonly operators?: readonly string[];
  /** When a unit was struck off the register, microseconds; null where it is live or unknown. */
  readonly struckOff?: (uscc: string) => number | null;
  /** Why traffic of an address may come from elsewhere (VPN, proxy, relay); null where nothing is known. */
  readonly tunnelled?: (observed: Observation) => string | null;
}

export type Resolver = (observed: Observation) => Attribution;

/** Roles that name who is behind an address; the first that has somebody decides. */
const NAMING: readonly Role[] = ['line_subscriber', 'site_operator', 'filing_unit'];
/** Customers listed for an address without port; beyond that only their number is told. */
const MOST_WITHOUT_PORT = 16;
/** Subjects shown where several fit. */
const MOST_SUBJECTS = 32;
/** Places where machines stand. */
const STANDING: readonly string[] = ['install', 'site'];
const TUNNEL_MARKS = ['vpn', 'proxy', 'tunnel', 'relay'] as const;

/** What the parts of one answer share. */
interface Work {
  readonly observed: Observation;
  readonly sources: ResolverSources;
  readonly options: ResolveOptions;
  readonly finder: Finder;
  readonly customers: Customers;
  readonly operators: ReadonlySet<string>;
  readonly remarks: Remarks;
}

/** A function that answers for one observation after the other; pure as long as `rowOf` is. Throws only what `rowOf` throws. */
export function createResolver(sources: ResolverSources, options: ResolveOptions = {}): Resolver {
  const knownAt = options.knownAt ?? null;
  const finder = new Finder(sources.index, sources.rowOf, knownAt);
  const customers = new Customers(sources.sites, sources.rowOf, knownAt);
  const operators = new Set((options.operators ?? []).map(nameKey));
  return (observed) => answer({ observed, sources, options, finder, customers, operators, remarks: new Remarks() });
}

function answer(work: Work): Attribution {
  const { observed, remarks, finder } = work;
  const words = addressWordsOf(observed.ip);
  if (words === null || !(Number.isFinite(observed.from) && observed.from <= observed.to)) {
    remarks.missing(words === null ? 'bad_address' : 'bad_time');
    return result(work, [], null, []);
  }
  const local = isPrivateAddress(words);
  if (local && observed.realm === null) {
    remarks.missing('need_realm');
    return result(work, [], null, []);
  }
  const realm = local ? observed.realm : null;
  const found = finder.covering(observed.ip, observed.port, realm, observed);
  const hints = hintsOf(work, found);
  if (observed.nat === 'none' && found.some(isNat)) remarks.contradiction('nat_stated_none');
  if (observed.port === null && found.some(isNat)) return withoutPort(work, found.filter(isLog), hints);

  const { holders, shared } = followLogs(found.filter(isLog), observed, finder, remarks);
  const lines = holders.flatMap((holder) => holderClaims(holder, work.customers, observed, remarks));
  const logged = lines.length > 0;
  const gaps = logged ? remarks.withoutGaps() : remarks;
  const statics = found.flatMap((row) => staticClaims(row, { ...work, sites: work.sources.sites, gaps, logged }));
  const claims = claimCaps([...lines, ...statics], {
    observed,
    remarks,
    hints,
    logged,
    pools: operatorPools(statics),
    sessions: () => finder.around(observed, realm),
    struckOff: work.options.struckOff ?? (() => null),
  });
  const candidates = candidatesOf(claims, generalCaps(work, found), logged, remarks);
  // Behind a NAT whose user the logs do not name, a filing of the address names nobody either.
  const best = shared && !logged ? null : bestOf(candidates);
  if (claims.length === 0) nothing(work, local, shared);
  return result(work, [...candidates, ...powerOf(work, best), ...blockHolders(hints, observed)], best, hints);
}

function result(
  { observed, remarks }: Work,
  candidates: Candidate[],
  best: Candidate | null,
  hints: readonly GeoHint[],
): Attribution {
  const overall = best === null ? 0 : overallGrade(best.grades);
  const { missing, contradictions } = remarks.lists();
  // A filing lacks the place of the line; where the line itself tells it, nothing has to be asked.
  const placed = best?.places.some(({ kind, text }) => text !== null && STANDING.includes(kind)) === true;
  const asked = placed ? missing.filter(({ code }) => code !== 'need_install_address') : missing;
  return {
    observed,
    candidates: candidates.sort(compareCandidates),
    best,
    overall,
    missing: asked,
    contradictions,
    hints,
  };
}

/** One candidate for each role and subject; several subjects in a naming role are all shown and bounded. */
function candidatesOf(
  claims: readonly Claim[],
  general: readonly GradeCapName[],
  logged: boolean,
  remarks: Remarks,
): Candidate[] {
  const candidates: Candidate[] = [];
  for (const role of ROLE_ORDER) {
    const groups = bySubject(claims.filter((claim) => claim.role === role));
    const several = groups.size > 1 && NAMING.includes(role);
    if (several) {
      const subjects = [...groups.keys()].sort().slice(0, MOST_SUBJECTS);
      const code = logged && role === 'line_subscriber' ? 'several_subscribers' : 'two_live_rows';
      remarks.contradiction(code, subjects.join(', '));
    }
    for (const group of [...groups.values()].slice(0, MOST_SUBJECTS)) {
      candidates.push(candidateOf(group, several ? [...general, 'several_subscribers'] : general));
    }
  }
  return candidates;
}

function bestOf(candidates: readonly Candidate[]): Candidate | null {
  for (const role of NAMING) {
    const named = candidates.filter((candidate) => candidate.role === role);
    if (named.length === 0) continue;
    const [first] = named;
    return named.length === 1 && first !== undefined && first.grades.subscriber > 0 ? first : null;
  }
  return null;
}

function generalCaps({ observed, options }: Work, found: readonly Found[]): GradeCapName[] {
  const marked = found.some(({ stored }) =>
    TUNNEL_MARKS.some((mark) => /^(?!0$|no$|false$)./i.test(stored.value.extra[mark] ?? '')),
  );
  return marked || (options.tunnelled?.(observed) ?? null) !== null ? ['tunnelled'] : [];
}

/** Behind CGNAT without a port: everybody who was there is as likely as the next. */
function withoutPort(work: Work, found: readonly Found[], hints: readonly GeoHint[]): Attribution {
  const { observed, remarks, finder, customers } = work;
  const users = countUsers(found);
  remarks.missing('need_source_port', String(users));
  if (users > MOST_WITHOUT_PORT) return result(work, [], null, hints);
  const gaps = remarks.withoutGaps();
  const { holders } = followLogs(found, observed, finder, gaps);
  const claims = holders.flatMap((holder) => holderClaims(holder, customers, observed, gaps));
  const general = generalCaps(work, found);
  const candidates = [...bySubject(claims).values()].map((group) =>
    candidateOf(
      group.map((claim) => ({ ...claim, rule: 'no-port' as const })),
      general,
      Math.floor(100 / users),
    ),
  );
  return result(work, candidates, null, hints);
}

function nothing({ observed, remarks }: Work, local: boolean, shared: boolean): void {
  const port = observed.port === null ? '' : ` port ${observed.port}`;
  const realm = observed.realm === null || !local ? '' : ` in realm ${observed.realm}`;
  const what = `${observed.ip}${port}${realm}`;
  if (local || shared) remarks.missing('need_session_log', what, timeText(observed.from));
  else remarks.missing('need_registry', what, timeText(observed.from));
}

function powerOf({ customers, observed }: Work, best: Candidate | null): Candidate[] {
  if (best === null) return [];
  return [...bySubject(customers.powerOf(best, observed)).values()].map((claims) => candidateOf(claims, []));
}

/** Geofeed rows with the longest prefixes first, then the databases the caller opened. */
function hintsOf({ observed, sources }: Work, found: readonly Found[]): GeoHint[] {
  const feeds = found.filter(({ stored }) => stored.value.kind === 'geofeed').map(({ stored }) => stored);
  const size = ({ value }: (typeof feeds)[number]): number => {
    const [first, last] = [addressWordsOf(value.first) ?? [], addressWordsOf(value.last) ?? []];
    return last.reduce((sum, word, i) => sum * 2 ** 32 + word - (first[i] ?? 0), 0);
  };
  const hints = feeds.sort((a, b) => size(a) - size(b) || a.id - b.id).map(geofeedHint);
  for (const source of sources.hints ?? []) {
    const hint = source(observed.ip);
    if (hint !== null) hints.push(hint);
  }
  return hints;
}

function blockHolders(hints: readonly GeoHint[], observed: Observation): Candidate[] {
  const names = new Set(hints.flatMap(({ organisation }) => (organisation === null ? [] : [organisation])));
  return [...names].map((name) => {
    const party = { name, code: null, person: false, nature: null, category: null, industry: null, licence: null };
    const claim: Claim = {
      ...{ role: 'ip_holder', subject: `name:${nameKey(name)}`, party, uscc: null, account: null },
      ...{ places: [], rows: [], rule: 'block-holder', caps: [] },
    };
    return { ...candidateOf([claim], []), valid: { from: observed.from, to: observed.to } };
  });
}
