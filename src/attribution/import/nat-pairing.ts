/**
 * Allocations and releases of a NAT brought together into rows. The order of the log does not matter: what is released
 * before its allocation is read waits for it. An allocation without release stays open (`to` null), however old: mining
 * connections outlive archives. Memory is bounded; what is given out early for that is counted.
 */
import type { Context } from './layout.ts';
import { AgedMap } from './session-aged-map.ts';
import { addressRow, fault, isPrivateAddress, numberSetting } from './session-fields.ts';

export interface NatEvent {
  readonly action: 'begin' | 'end' | 'interim';
  /** Microseconds since the epoch. */
  readonly time: number;
  /** Start as an interim or final record names it, or null. */
  readonly started: number | null;
  readonly outside: string;
  readonly ports: readonly [number, number];
  readonly protocol: 'tcp' | 'udp' | 'icmp' | null;
  /** Inside address and account; at least one where the action is not `end`. */
  readonly inside: string | null;
  readonly realm: string | null;
  readonly account: string | null;
  /** Tells parallel sessions of one port apart (destination); never stored. */
  readonly discriminator: string;
  readonly extra: Readonly<Record<string, string>>;
  readonly row: number;
}

interface Mapping {
  readonly first: NatEvent;
  from: number;
  /** No allocation seen, only signs of life. */
  restored: boolean;
  lastSign: number;
  /** Start of the next holder of the same ports, where the release was lost. */
  displaced: number | null;
}

/** Holders of the same ports compared with a new one: more than one is a lost release already. */
const HOLDERS = 64;
/** Releases that wait for their allocation, and closed mappings remembered against repeated records. */
const WAITING = 20_000;
const REMEMBERED = 50_000;
const SECOND = 1_000_000;

export interface NatPairing {
  add(event: NatEvent): void;
  /** Gives out what is open and reports releases that never found their allocation. */
  end(): void;
}

function placeKey(event: NatEvent): string {
  const realm = isPrivateAddress(event.outside) ? (event.realm ?? '') : '';
  return `${event.outside} ${event.ports[0]} ${event.ports[1]} ${event.protocol ?? ''} ${realm}`;
}

/** A pairing that writes rows and faults to `context`; setting `open-limit` bounds the mappings held (default 250,000). */
export function pairNatEvents(context: Context): NatPairing {
  const limit = numberSetting(context, 'open-limit', 250_000, 100, 5_000_000);
  const open = new AgedMap<Mapping>();
  /** Keys of the mappings of a place whose release may still come, by place: usually one. */
  const holders = new Map<string, Set<string>>();
  /** Keys of open mappings whose ports have a later holder: the first to go when room is needed. */
  const displaced = new AgedMap<true>();
  /** Releases without allocation yet; `sign` is the mapping as far as interim records know it. */
  const releases = new AgedMap<{ event: NatEvent; sign: Mapping | null }>();
  const closed = new AgedMap<{ from: number; to: number }>();
  const counts = { spilled: 0, repeated: 0, interim: 0 };

  const keyOf = (event: NatEvent, place: string): string =>
    `${place} ${event.inside ?? ''} ${event.inside === null ? (event.account ?? '') : (event.realm ?? '')} ${event.discriminator}`;

  const give = (key: string, mapping: Mapping, to: number | null, inferred: boolean): void => {
    const { first } = mapping;
    const end = to === mapping.from ? to + SECOND : to;
    const insideRealm = first.inside !== null && isPrivateAddress(first.inside) ? first.realm : null;
    context.row(
      first.row,
      addressRow(context, {
        kind: first.ports[0] === first.ports[1] ? 'nat_session' : 'nat_block',
        range: { first: first.outside, last: first.outside },
        valid: { from: mapping.from, to: end },
        ports: first.ports,
        protocol: first.protocol,
        realm: isPrivateAddress(first.outside) ? first.realm : null,
        endInferred: inferred,
        account: first.account,
        inside: first.inside === null ? null : { address: first.inside, realm: insideRealm },
        extra: mapping.restored ? { ...first.extra, start: 'interim' } : first.extra,
      }),
    );
    if (to === null) return;
    closed.set(key, { from: mapping.from, to });
    if (closed.size > REMEMBERED) closed.shift();
  };

  const forget = (key: string, place: string): void => {
    open.delete(key);
    displaced.delete(key);
    const keys = holders.get(place);
    keys?.delete(key);
    if (keys?.size === 0) holders.delete(place);
  };

  const displace = (key: string, mapping: Mapping, by: number): void => {
    mapping.displaced = Math.min(mapping.displaced ?? by, by);
    displaced.set(key, true);
  };

  const makeRoom = (): void => {
    if (open.size <= limit) return;
    const key = displaced.shift()?.[0];
    const found = key === undefined ? open.shift() : ([key, open.get(key)] as const);
    if (found?.[1] === undefined) return;
    if (key === undefined) counts.spilled++;
    forget(found[0], placeKey(found[1].first));
    give(found[0], found[1], found[1].displaced, found[1].displaced !== null);
  };

  const start = (event: NatEvent, key: string, place: string): void => {
    const from = event.started ?? event.time;
    const mapping: Mapping = {
      first: event,
      from,
      restored: event.action === 'interim' && event.started === null,
      lastSign: event.time,
      displaced: null,
    };
    const waiting = releases.get(key);
    if (waiting !== undefined && waiting.event.time >= from) {
      if (mapping.restored) {
        waiting.sign = waiting.sign !== null && waiting.sign.from <= from ? waiting.sign : mapping;
        return;
      }
      releases.delete(key);
      give(key, mapping, waiting.event.time, false);
      return;
    }
    const keys = holders.get(place) ?? new Set<string>();
    for (const other of keys) {
      const held = open.get(other);
      if (held === undefined || samePerson(held.first, event)) continue;
      if (held.from < from) displace(other, held, from);
      else if (held.from > from) displace(key, mapping, held.from);
    }
    open.set(key, mapping);
    keys.add(key);
    holders.set(place, keys);
    // A port that serves very many sessions at once needs no more witnesses.
    if (keys.size > HOLDERS) keys.delete(keys.values().next().value ?? key);
    makeRoom();
  };

  const sign = (event: NatEvent, key: string, place: string): void => {
    const from = event.started ?? event.time;
    const before = closed.get(key);
    if (before !== undefined && (from < before.to || from === before.from)) {
      counts.repeated++;
      return;
    }
    const mapping = open.get(key);
    if (mapping === undefined) {
      start(event, key, place);
    } else if (event.action === 'interim') {
      counts.interim++;
      if (event.started !== null || mapping.restored) mapping.from = Math.min(mapping.from, from);
      if (event.started !== null) mapping.restored = false;
      mapping.lastSign = Math.max(mapping.lastSign, event.time);
    } else if (from <= mapping.lastSign) {
      // Repeated, or the allocation read after a sign of life of it.
      if (!mapping.restored) counts.repeated++;
      if (from <= mapping.from) mapping.restored = false;
      mapping.from = Math.min(mapping.from, from);
    } else {
      // Allocated again to the same user: the release between was lost.
      forget(key, place);
      give(key, mapping, Math.min(mapping.displaced ?? from, from), true);
      start(event, key, place);
    }
  };

  const release = (event: NatEvent, place: string): void => {
    let key = keyOf(event, place);
    if (event.inside === null && event.account === null) {
      const keys = holders.get(place);
      if (keys?.size === 1) key = keys.values().next().value ?? key;
    }
    const mapping = open.get(key);
    if (mapping !== undefined && mapping.from <= event.time) {
      if (mapping.restored && event.started !== null) {
        mapping.from = Math.min(mapping.from, event.started);
        mapping.restored = false;
      }
      forget(key, place);
      if (mapping.restored && !releases.has(key)) wait(key, event, mapping);
      else give(key, mapping, event.time, false);
    } else if (event.time <= (closed.get(key)?.to ?? -1)) {
      counts.repeated++;
    } else if (event.started !== null && event.started <= event.time && (event.inside ?? event.account) !== null) {
      const whole = { first: event, from: event.started, restored: false, lastSign: event.time, displaced: null };
      give(key, whole, event.time, false);
    } else if (releases.has(key)) {
      counts.repeated++;
    } else {
      wait(key, event, null);
    }
  };

  const wait = (key: string, event: NatEvent, mapping: Mapping | null): void => {
    releases.set(key, { event, sign: mapping });
    const lost = releases.size > WAITING ? releases.shift() : undefined;
    if (lost !== undefined) unmatched(lost[0], lost[1]);
  };

  /** A release whose allocation never came: from the first sign of life on, or a fault. */
  const unmatched = (key: string, { event, sign }: { event: NatEvent; sign: Mapping | null }): void => {
    if (sign !== null) {
      give(key, sign, event.time, false);
      return;
    }
    fault(
      context,
      event.row,
      'release_without_allocation',
      'a release whose allocation is not in this file, so its start is unknown; import it together with the log before it',
    );
  };

  return {
    add(event) {
      const place = placeKey(event);
      if (event.action === 'end') release(event, place);
      else sign(event, keyOf(event, place), place);
    },
    end() {
      for (let held = open.shift(); held !== undefined; held = open.shift()) {
        give(held[0], held[1], held[1].displaced, held[1].displaced !== null);
      }
      for (let lost = releases.shift(); lost !== undefined; lost = releases.shift()) unmatched(lost[0], lost[1]);
      if (counts.spilled > 0)
        context.note(`${counts.spilled} open mappings given out early: more than ${limit} were open`);
      if (counts.repeated > 0) context.note(`${counts.repeated} repeated records passed over`);
      if (counts.interim > 0) context.note(`${counts.interim} interim records confirmed open mappings`);
    },
  };
}

function samePerson(a: NatEvent, b: NatEvent): boolean {
  return a.inside !== null ? a.inside === b.inside && a.realm === b.realm : a.account === b.account;
}
