/** From an address, port and time through NAT logs and rules to sessions and accounts. */
import type { GradeCapName, GradeRuleName } from './grade.ts';
import { addressWordsOf, compareWords, isPrivateAddress } from './index-address.ts';
import { insideOf } from './nat-rule.ts';
import { covers, isKnown, type RegistryIndex } from './registry-index.ts';
import { Remarks, timeText } from './resolve-remarks.ts';
import type { AddressKind, AddressRow, Observation, StoredRow } from './types.ts';

/** A row that covers an observation, and when it ended at the latest (its own clock error added), microseconds. */
export interface Found {
  readonly stored: StoredRow<AddressRow>;
  readonly end: number;
  /** A NAT row found by its inside address: it names who had that, whatever it was mapped to. */
  readonly inner: boolean;
}

/** Somebody the logs name: by an account, or by what stands in the row itself. */
export interface Holder {
  readonly account: string | null;
  /** Rows of the chain, outermost first. */
  readonly rows: readonly StoredRow<AddressRow>[];
  readonly rule: GradeRuleName;
  readonly caps: readonly GradeCapName[];
}

/** What the logs say: who fits, and whether the address is shared although nobody could be named. */
export interface LogAnswer {
  readonly holders: readonly Holder[];
  readonly shared: boolean;
}

const SESSION_KINDS: ReadonlySet<AddressKind> = new Set(['session', 'lease']);
const NAT_KINDS: ReadonlySet<AddressKind> = new Set(['nat_session', 'nat_block', 'nat_rule']);
const SECOND = 1e6;
/** Rows fetched for one question; more than that many customers at one moment are no answer anyway. */
const MOST = 4096;

/** Look-ups with details; one per resolver. */
export class Finder {
  private readonly out = new Int32Array(MOST);
  private readonly index: RegistryIndex;
  private readonly rowOf: (id: number) => StoredRow | null;
  private readonly knownAt: number | null;

  constructor(index: RegistryIndex, rowOf: (id: number) => StoredRow | null, knownAt: number | null) {
    this.index = index;
    this.rowOf = rowOf;
    this.knownAt = knownAt;
  }

  /** Rows that cover an address at the observation's time (its start alone where the opening was seen), by id. */
  covering(ip: string, port: number | null, realm: string | null, observed: Observation): Found[] {
    const to = observed.opened ? observed.from : observed.to;
    return this.during(ip, port, realm, observed.from, to, observed);
  }

  /** Rows of the address within 30 days on either side. */
  around(observed: Observation, realm: string | null): Found[] {
    return this.during(observed.ip, null, realm, observed.from - AROUND, observed.to + AROUND, observed);
  }

  private during(
    ip: string,
    port: number | null,
    realm: string | null,
    from: number,
    to: number,
    observed: Observation,
  ): Found[] {
    const query = this.index.query(ip, port, observed.protocol, realm, from, to, observed.clockError);
    if (query === null) return [];
    const count = Math.min(this.index.find(query, this.out), this.out.length);
    const found: Found[] = [];
    for (let i = 0; i < count; i++) {
      const position = this.out[i] as number;
      const stored = this.rowOf(this.index.id(position));
      if (stored?.value.family !== 'address' || !isKnown(stored, this.knownAt)) continue;
      const row = stored as StoredRow<AddressRow>;
      found.push({ stored: row, end: this.index.end(position), inner: isInner(row.value, ip, realm) });
    }
    return found.sort((a, b) => a.stored.id - b.stored.id);
  }
}

/** An address that is said to be static is looked at over this time on either side. */
const AROUND = 30 * 86_400e6;

export const isSession = ({ stored }: Found): boolean => SESSION_KINDS.has(stored.value.kind);
export const isNat = ({ stored, inner }: Found): boolean => !inner && NAT_KINDS.has(stored.value.kind);
export const isLog = (found: Found): boolean => found.inner || isSession(found) || isNat(found);

/** Whether a row was found by its inside address, and not by what it was mapped to. */
function isInner(row: AddressRow, ip: string, asked: string | null): boolean {
  const { inside } = row;
  if (inside === null || !NAT_KINDS.has(row.kind) || inside.realm !== asked) return false;
  const [at, own] = [addressWordsOf(ip), addressWordsOf(inside.address)];
  if (at === null || own?.length !== at.length || compareWords(at, own) !== 0) return false;
  return row.realm !== asked || !covers(row, at);
}

/** Bounds from how a row lies to the time of the observation. `dynamic` rows are those of logs, whose ends matter. */
export function timeCaps(found: Found, observed: Observation, dynamic: boolean, remarks: Remarks): GradeCapName[] {
  const { valid, clockError, endInferred, extra } = found.stored.value;
  const own = Math.max(0, clockError) * SECOND;
  const error = own + Math.max(0, observed.clockError) * SECOND;
  const last = observed.opened ? observed.from : observed.to;
  const caps: GradeCapName[] = [];
  // The end that the index gave is the row's own plus its error, or the certain start of the next holder.
  const end = Math.min(found.end - own, valid.to ?? Infinity);
  const begunBefore = valid.from + error <= last;
  const endedAfter = end - error > observed.from;
  if (!begunBefore || !endedAfter) {
    caps.push('within_clock_error');
    remarks.missing('need_better_clock');
  }
  const early = !observed.opened && observed.from + error < valid.from;
  if (dynamic && (early || observed.to - error >= end)) {
    caps.push('flow_outlives_assignment');
    remarks.contradiction('flow_outlives_assignment');
  }
  // A sign of life after the observation proves the assignment, whatever became of its end.
  const sign = Date.parse(extra['last_sign'] ?? '') * 1000;
  const unknownEnd = (valid.to === null || endInferred) && !(sign - error > last);
  if (dynamic && unknownEnd) {
    caps.push('possibly_open');
    remarks.missing('need_release_log', found.stored.value.account ?? 'the customer', timeText(observed.from));
  }
  return caps;
}

/** Everybody whom the logs among `found` name at the time. */
export function followLogs(
  found: readonly Found[],
  observed: Observation,
  finder: Finder,
  remarks: Remarks,
): LogAnswer {
  const holders: Holder[] = [];
  /** Mappings that fit and whose inside address nobody knows. */
  const unknown: Holder[] = [];
  let shared = false;
  for (const log of found) {
    const row = log.stored.value;
    if (isSession(log)) {
      const rule = row.extra['cell'] === undefined ? 'session-customer' : 'mobile-cell';
      holders.push({ account: row.account, rows: [log.stored], rule, caps: timeCaps(log, observed, true, remarks) });
    } else if (isNat(log)) {
      shared = true;
      const behind = behindNat(log, observed, finder, remarks);
      holders.push(...behind);
      const inside = behind.length > 0 ? null : insideAddress(row, observed, new Remarks());
      if (inside !== null) {
        const account = `?${inside.address}`;
        unknown.push({
          account,
          rows: [log.stored],
          rule: 'nat-account-customer',
          caps: timeCaps(log, observed, true, new Remarks()),
        });
      }
    }
  }
  // Beside a mapping that names somebody, one that leads to an unknown address fits as well: no guess which of them it was.
  if (holders.length > 0) holders.push(...unknown);
  holders.push(...insideHolders(found, observed, remarks));
  return { holders, shared };
}

/**
 * Subscribers whom mappings of the inside address name: one holder an account, by the mapping that fits best, for a subscriber
 * has many at a time. What the others lack is no remark, and none is where a session of the account is there.
 */
function insideHolders(found: readonly Found[], observed: Observation, remarks: Remarks): Holder[] {
  const best = new Map<string, { readonly log: Found; readonly lacks: number }>();
  for (const log of found) {
    const { account } = log.stored.value;
    if (!log.inner || account === null || replaced(log, found, observed)) continue;
    const lacks = timeCaps(log, observed, true, new Remarks()).length;
    if (lacks < (best.get(account)?.lacks ?? Infinity)) best.set(account, { log, lacks });
  }
  const sessions = new Set(found.filter(isSession).map(({ stored }) => stored.value.account));
  return [...best].map(([account, { log }]) => ({
    account,
    rows: [log.stored],
    rule: log.stored.value.extra['cell'] === undefined ? 'nat-account-customer' : 'mobile-cell',
    caps: timeCaps(log, observed, true, sessions.has(account) ? new Remarks() : remarks),
  }));
}

function behindNat(log: Found, observed: Observation, finder: Finder, remarks: Remarks): Holder[] {
  const row = log.stored.value;
  const inside = insideAddress(row, observed, remarks);
  const deterministic = row.kind === 'nat_rule';
  if (deterministic && inside === null) return [];
  const caps = timeCaps(log, observed, !deterministic, remarks);
  const sessions = inside === null ? [] : sessionsOf(inside, observed, finder, remarks);
  const holders: Holder[] = sessions.map((session) => ({
    account: session.stored.value.account ?? row.account,
    rows: [log.stored, session.stored],
    rule: deterministic ? 'deterministic-customer' : 'nat-session-customer',
    caps: [...caps, ...timeCaps(session, observed, true, remarks)],
  }));
  // The NAT log's own word counts beside the sessions; two that disagree are two that fit.
  if (row.account !== null && !sessions.some(({ stored }) => (stored.value.account ?? row.account) === row.account)) {
    // Without an inside address the row comes from an export that has session and ports in one.
    const rule: GradeRuleName =
      row.extra['cell'] !== undefined
        ? 'mobile-cell'
        : inside === null
          ? 'nat-session-customer'
          : 'nat-account-customer';
    holders.push({ account: row.account, rows: [log.stored], rule, caps });
  } else if (holders.length === 0 && row.party !== null) {
    holders.push({ account: null, rows: [log.stored], rule: 'nat-account-customer', caps });
  }
  if (holders.length === 0 && inside !== null) {
    const realm = inside.realm === null ? '' : ` in realm ${inside.realm}`;
    remarks.missing('need_session_log', `inside address ${inside.address}${realm}`, timeText(observed.from));
  }
  return holders;
}

interface Inside {
  readonly address: string;
  readonly realm: string | null;
}

function insideAddress(row: AddressRow, observed: Observation, remarks: Remarks): Inside | null {
  if (row.kind !== 'nat_rule') return row.inside;
  if (row.natRule === null || observed.port === null) return null;
  const address = insideOf(row.natRule, row.first, observed.ip, observed.port);
  if (address === null) {
    remarks.contradiction('port_outside_rule');
    return null;
  }
  return { address, realm: row.natRule.insideRealm };
}

function sessionsOf(inside: Inside, observed: Observation, finder: Finder, remarks: Remarks): Found[] {
  const words = addressWordsOf(inside.address);
  if (words === null) return [];
  if (isPrivateAddress(words) && inside.realm === null) {
    remarks.missing('need_realm');
    return [];
  }
  return finder.covering(inside.address, null, inside.realm, observed).filter(isSession);
}

/** Whether a mapping without a known end is over, for somebody else had certainly got the inside address since. */
function replaced({ stored }: Found, found: readonly Found[], observed: Observation): boolean {
  const { valid, endInferred, clockError, account } = stored.value;
  if (valid.to !== null && !endInferred) return false;
  const own = Math.max(0, clockError) * SECOND;
  const sensor = Math.max(0, observed.clockError) * SECOND;
  return found.some((other) => {
    const row = other.stored.value;
    if (!(other.inner || isSession(other)) || row.account === null || row.account === account) return false;
    const error = Math.max(0, row.clockError) * SECOND;
    return row.valid.from - error > valid.from + own && row.valid.from + error <= observed.from - sensor;
  });
}

/** How many customers the logs know behind an address, whatever the port. */
export function countUsers(found: readonly Found[]): number {
  const users = new Set<string>();
  for (const { stored } of found) {
    const { account, inside, natRule, ports } = stored.value;
    if (natRule !== null) for (let i = 0; i < Math.min(natRule.ratio, MOST); i++) users.add(`rule ${stored.id} ${i}`);
    else
      users.add(account ?? (inside ? `${inside.realm ?? ''} ${inside.address}` : `${ports?.join('-') ?? stored.id}`));
  }
  return users.size;
}
