/**
 * DHCP leases as lease files keep them, a journal: renewals of one client run into one row, and a lease ends at the
 * latest when another client gets the address.
 */

import type { Context } from './layout.ts';
import { accessLine } from './radius-record.ts';
import { AgedMap } from './session-aged-map.ts';
import {
  type AddressRange,
  addressRow,
  isPrivateAddress,
  numberSetting,
  plain,
  present,
  realmNames,
  sealedFields,
} from './session-fields.ts';

export interface LeaseRecord {
  readonly range: AddressRange;
  /** Tells clients apart: client id, DUID and IAID, or hardware address. */
  readonly client: string;
  readonly from: number;
  /** Expiry, or null for a lease without end. */
  readonly to: number | null;
  /** The lease was given back or reclaimed at an unknown time before `to`. */
  readonly ended: boolean;
  readonly circuit: string | null;
  readonly remote: string | null;
  readonly subscriber: string | null;
  readonly extra: Readonly<Record<string, string | null>>;
  readonly sealed: Readonly<Record<string, string | null>>;
}

interface Open {
  lease: LeaseRecord;
  from: number;
  to: number | null;
  inferred: boolean;
  row: number;
}

export interface LeaseJournal {
  add(lease: LeaseRecord, row: number): void;
  end(): void;
}

const LINE = ['circuit', 'remote', 'subscriber'] as const;

/** Both are known and not the same. */
function differ(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && a !== b;
}

/** A remote id is often the hardware address of the customer's device: such is sealed. */
function isHardwareAddress(text: string): boolean {
  return /^[0-9a-f]{2}(?:[:-]?[0-9a-f]{2}){5}$/i.test(text);
}

/** A journal that writes rows to `context`. Setting `open-limit` bounds the addresses held (default 300,000). */
export function leaseJournal(context: Context): LeaseJournal {
  const limit = numberSetting(context, 'open-limit', 300_000, 100, 5_000_000);
  const open = new AgedMap<Open>();
  const realm = realmNames(context)(null);

  const give = (held: Open, until: number | null): void => {
    const { lease } = held;
    const cut = until !== null && (held.to === null || until < held.to);
    const to = cut ? until : held.to;
    if (to !== null && to <= held.from) return;
    const personal = lease.remote !== null && isHardwareAddress(lease.remote);
    context.row(
      held.row,
      addressRow(context, {
        kind: 'lease',
        range: lease.range,
        valid: { from: held.from, to },
        realm: isPrivateAddress(lease.range.first) ? realm : null,
        endInferred: held.inferred || cut,
        // The line is what joins a lease to a customer; hardware addresses belong to people.
        account: lease.subscriber ?? lease.circuit ?? (personal ? null : lease.remote),
        extra: present({
          circuit_id: lease.circuit,
          ...(lease.circuit === null ? {} : accessLine(lease.circuit)),
          remote_id: personal ? null : lease.remote,
          ...lease.extra,
        }),
        sealed: sealedFields({ remote_id: personal ? lease.remote : null, ...lease.sealed }),
      }),
    );
  };

  return {
    add(lease, row) {
      const key = `${lease.range.first} ${lease.range.last}`;
      const held = open.get(key);
      open.delete(key);
      if (held !== undefined) {
        const same = held.lease.client === lease.client;
        // The same device on another line is somewhere else: what was before stays with the line before.
        const moved = LINE.some((name) => differ(held.lease[name], lease[name]));
        if (same && lease.ended) {
          open.set(key, { ...held, inferred: true });
          return;
        }
        // Renewed before it ran out (or the same record again): one lease.
        if (
          same &&
          !moved &&
          !held.inferred &&
          lease.from >= held.from &&
          (held.to === null || lease.from <= held.to)
        ) {
          const to = held.to === null || lease.to === null ? null : Math.max(held.to, lease.to);
          open.set(key, { ...held, lease, to });
          return;
        }
        give(held, lease.from > held.from ? lease.from : null);
      }
      if (lease.ended) return;
      open.set(key, { lease, from: lease.from, to: lease.to, inferred: false, row });
      if (open.size <= limit) return;
      const oldest = open.shift();
      if (oldest !== undefined) give(oldest[1], null);
    },
    end() {
      for (let held = open.shift(); held !== undefined; held = open.shift()) give(held[1], null);
    },
  };
}

/** Bytes of `0x…`, `aa:bb:…` or bare hex; null where the text is none or over 512 bytes. */
export function hexBytes(text: string): Uint8Array | null {
  const digits = text.replace(/^0x/i, '').replace(/[:\s]/g, '');
  if (digits.length === 0 || digits.length % 2 === 1 || digits.length > 1024 || !/^[0-9a-f]+$/i.test(digits))
    return null;
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** Printable bytes as text, others as hex with colons. */
export function idText(bytes: Uint8Array): string | null {
  if (bytes.length === 0) return null;
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return plain(String.fromCharCode(...bytes.subarray(0, 256)));
  return Array.from(bytes.subarray(0, 64), (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

export interface RelayIds {
  circuit: string | null;
  remote: string | null;
  subscriber: string | null;
}

/** Sub-options of DHCP option 82 (RFC 3046; 6 = subscriber id, RFC 3993): one byte of code, one of length. */
export function option82(bytes: Uint8Array): RelayIds {
  const ids: RelayIds = { circuit: null, remote: null, subscriber: null };
  for (let at = 0; at + 2 <= bytes.length; ) {
    const code = bytes[at] ?? 0;
    const end = at + 2 + (bytes[at + 1] ?? 0);
    if (end > bytes.length) break;
    const text = idText(bytes.subarray(at + 2, end));
    if (code === 1) ids.circuit ??= text;
    else if (code === 2) ids.remote ??= text;
    else if (code === 6) ids.subscriber ??= text;
    at = end;
  }
  return ids;
}

/** DHCPv6 relay options: 18 interface-id, 37 remote-id after its enterprise number, 38 subscriber-id (RFC 4580). */
export function relayOptions6(bytes: Uint8Array): RelayIds {
  const ids: RelayIds = { circuit: null, remote: null, subscriber: null };
  for (let at = 0; at + 4 <= bytes.length; ) {
    const code = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    const end = at + 4 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
    if (end > bytes.length) break;
    if (code === 18) ids.circuit ??= idText(bytes.subarray(at + 4, end));
    else if (code === 37) ids.remote ??= idText(bytes.subarray(Math.min(at + 8, end), end));
    else if (code === 38) ids.subscriber ??= idText(bytes.subarray(at + 4, end));
    at = end;
  }
  return ids;
}
