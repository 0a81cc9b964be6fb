/**
 * RADIUS accounting records brought together into sessions. Everything kept of a session is a least or a greatest value,
 * so neither the order of its records nor a repeated one changes the result.
 */
import type { AddressRow, Span } from '../types.ts';
import type { Context } from './layout.ts';
import type { RadiusAddress, RadiusRecord } from './radius-record.ts';
import { AgedMap } from './session-aged-map.ts';
import { addressRow, isPrivateAddress, numberSetting, present, realmNames, sealedFields } from './session-fields.ts';

const SECOND = 1_000_000;
/** Stopped sessions kept for late records, and session keys remembered after that. */
const STOPPED = 20_000;
const REMEMBERED = 50_000;
const MAX_ADDRESSES = 16;
const MAX_NAS = 4096;
const MAX_RESTARTS = 64;

interface Held {
  readonly address: RadiusAddress;
  first: number;
  atStart: boolean;
}

interface Session {
  readonly key: string;
  readonly nas: string;
  row: number;
  /** Time of a Start, of a Stop minus its duration, or of the first sign; `started` tells which. */
  from: number;
  started: boolean;
  lastSign: number;
  stop: number | null;
  interval: number | null;
  startHadAddress: boolean;
  user: string | null;
  octetsIn: number | null;
  octetsOut: number | null;
  readonly addresses: Map<string, Held>;
  extra: Record<string, string>;
  sealed: Record<string, string>;
}

export interface RadiusSessions {
  add(record: RadiusRecord, row: number): void;
  end(): void;
}

/**
 * Sessions that write rows to `context`. Settings: `interim-interval` in seconds (default 600), by which a session
 * without Stop is taken to outlive its last sign; `open-limit`, sessions held at once (default 200,000).
 */
export function collectSessions(context: Context): RadiusSessions {
  const limit = numberSetting(context, 'open-limit', 200_000, 100, 5_000_000);
  const interval = numberSetting(context, 'interim-interval', 600, 1, 86_400) * SECOND;
  const realmOf = realmNames(context);
  const open = new AgedMap<Session>();
  const stopped = new AgedMap<Session>();
  const done = new AgedMap<number>();
  const restarts = new AgedMap<{ time: number; off: boolean }[]>();
  const counts = { spilled: 0, late: 0, inferred: 0, restarts: 0 };

  const endOf = (session: Session): { to: number; inferred: boolean } => {
    if (session.stop !== null) return { to: session.stop, inferred: false };
    const guess = session.lastSign + (session.interval ?? interval);
    let restart: { time: number; off: boolean } | null = null;
    for (const other of restarts.get(session.nas) ?? []) {
      if (other.time >= session.lastSign && (restart === null || other.time < restart.time)) restart = other;
    }
    // A NAS that restarts has no session any more; until then it had the address, whatever the interval says.
    if (restart !== null) return { to: restart.time, inferred: !restart.off };
    counts.inferred++;
    return { to: guess, inferred: true };
  };

  const give = (session: Session, until: number | null): void => {
    const ended = endOf(session);
    const cut = until !== null && until < ended.to;
    const to = Math.max(cut ? until : ended.to, session.from + SECOND);
    const inferred = ended.inferred || cut;
    for (const [address, span, fromStart] of spans(session, to)) {
      const extra: Record<string, string> = { ...session.extra, attribute: address.attribute };
      if (!fromStart) extra['start'] = 'interim';
      // Up to here the holder is certain, whatever became of the session then.
      if (inferred) extra['last_sign'] = new Date(session.lastSign / 1000).toISOString();
      if (session.octetsIn !== null) extra['octets_in'] = String(session.octetsIn);
      if (session.octetsOut !== null) extra['octets_out'] = String(session.octetsOut);
      const value: AddressRow = addressRow(context, {
        kind: 'session',
        range: { first: address.first, last: address.last },
        valid: span,
        realm: isPrivateAddress(address.first) ? realmOf(session.nas) : null,
        endInferred: inferred,
        account: session.user,
        extra,
        sealed: sealedFields(session.sealed),
      });
      context.row(session.row, value);
    }
    done.set(session.key, to);
    if (done.size > REMEMBERED) done.shift();
  };

  const makeRoom = (): void => {
    if (stopped.size > Math.min(STOPPED, limit)) giveOldest(stopped);
    if (open.size + stopped.size <= limit) return;
    if (stopped.size > 0) giveOldest(stopped);
    else {
      counts.spilled++;
      giveOldest(open);
    }
  };
  const giveOldest = (table: AgedMap<Session>): void => {
    const oldest = table.shift();
    if (oldest !== undefined) give(oldest[1], null);
  };

  const restart = (record: RadiusRecord): void => {
    counts.restarts++;
    const list = restarts.get(record.nas) ?? [];
    if (list.some((other) => other.time === record.time && other.off === (record.status === 'off'))) return;
    list.push({ time: record.time, off: record.status === 'off' });
    if (list.length > MAX_RESTARTS) list.shift();
    restarts.set(record.nas, list);
    if (restarts.size > MAX_NAS) restarts.shift();
  };

  return {
    add(record, row) {
      if (record.status === 'on' || record.status === 'off') {
        restart(record);
        return;
      }
      const key = `${record.nas}\n${record.session}\n${record.user ?? ''}`;
      let session = open.get(key) ?? stopped.get(key);
      const last = session?.stop ?? session?.lastSign ?? null;
      if (session === undefined && record.time <= (done.get(key) ?? -1)) {
        counts.late++;
        return;
      }
      // A later Start under the same id is another session: ids begin anew with the NAS.
      if (session !== undefined && record.status === 'start' && last !== null && record.time > last + 5 * SECOND) {
        open.delete(key);
        stopped.delete(key);
        give(session, record.time);
        session = undefined;
      }
      // So is one that, by its own length, began after the one before had stopped.
      const begin = record.duration === null ? null : record.time - record.duration;
      if (session !== undefined && session.stop !== null && begin !== null && begin > session.stop + 5 * SECOND) {
        stopped.delete(key);
        give(session, null);
        session = undefined;
      }
      session ??= fresh(key, record, row);
      merge(session, record, row);
      if (session.stop === null) open.set(key, session);
      else {
        open.delete(key);
        stopped.set(key, session);
      }
      makeRoom();
    },
    end() {
      while (stopped.size > 0) giveOldest(stopped);
      while (open.size > 0) giveOldest(open);
      if (counts.spilled > 0)
        context.note(`${counts.spilled} open sessions given out early: more than ${limit} were open`);
      if (counts.inferred > 0)
        context.note(`${counts.inferred} sessions without Stop end an interval after their last record`);
      if (counts.late > 0) context.note(`${counts.late} repeated or late records passed over`);
      if (counts.restarts > 0) context.note(`${counts.restarts} records Accounting-On or Accounting-Off`);
    },
  };
}

function fresh(key: string, record: RadiusRecord, row: number): Session {
  return {
    key,
    nas: record.nas,
    row,
    from: Number.POSITIVE_INFINITY,
    started: false,
    lastSign: 0,
    stop: null,
    interval: null,
    startHadAddress: false,
    user: record.user,
    octetsIn: null,
    octetsOut: null,
    addresses: new Map(),
    extra: {},
    sealed: {},
  };
}

/** Of two values the greater; null is none. */
function greatest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

/** Fields of both; where they differ the greater text stays, whatever came first. */
function mergeFields(into: Record<string, string>, from: Readonly<Record<string, string | null>>): void {
  for (const [name, value] of Object.entries(present(from))) {
    const old = into[name];
    if (old === undefined || value > old) into[name] = value;
  }
}

function merge(session: Session, record: RadiusRecord, row: number): void {
  session.row = Math.min(session.row, row);
  const begin =
    record.status === 'start' ? record.time : record.duration === null ? null : record.time - record.duration;
  if (record.status === 'start') {
    // A Start beats what durations say: they are rounded, and differ from record to record.
    session.from = session.started ? Math.min(session.from, record.time) : record.time;
    session.started = true;
    session.startHadAddress ||= record.addresses.length > 0;
  } else if (!session.started) {
    session.from = Math.min(session.from, Math.max(0, begin ?? record.time));
  }
  session.lastSign = Math.max(session.lastSign, record.time);
  if (record.status === 'stop') session.stop = greatest(session.stop, record.time);
  session.interval = greatest(session.interval, record.interval);
  session.octetsIn = greatest(session.octetsIn, record.octetsIn);
  session.octetsOut = greatest(session.octetsOut, record.octetsOut);
  for (const address of record.addresses) {
    const name = `${address.attribute} ${address.first} ${address.last}`;
    const held = session.addresses.get(name);
    if (held !== undefined) {
      held.first = Math.min(held.first, record.time);
      held.atStart ||= record.status === 'start';
    } else if (session.addresses.size < MAX_ADDRESSES) {
      session.addresses.set(name, { address, first: record.time, atStart: record.status === 'start' });
    }
  }
  mergeFields(session.extra, record.extra);
  mergeFields(session.sealed, record.sealed);
}

/**
 * Time of each address: the whole session where it is the only one of its attribute; of several, each until the next
 * is seen. An address first seen after a Start that already had one counts from then on only.
 */
function spans(session: Session, to: number): [RadiusAddress, Span, boolean][] {
  const byAttribute = new Map<string, Held[]>();
  for (const held of session.addresses.values()) {
    const list = byAttribute.get(held.address.attribute);
    if (list === undefined) byAttribute.set(held.address.attribute, [held]);
    else list.push(held);
  }
  const rows: [RadiusAddress, Span, boolean][] = [];
  for (const attribute of [...byAttribute.keys()].sort()) {
    const list = (byAttribute.get(attribute) ?? []).sort(
      (a, b) => a.first - b.first || (a.address.first < b.address.first ? -1 : 1),
    );
    for (const held of list) {
      const next = list.find((other) => other.first > held.first);
      const whole = held.atStart || (list.length === 1 && !session.startHadAddress);
      const from = whole ? session.from : Math.max(session.from, held.first);
      const end = next === undefined ? to : Math.min(to, next.first);
      if (from < end) rows.push([held.address, { from, to: end }, whole]);
    }
  }
  return rows;
}
