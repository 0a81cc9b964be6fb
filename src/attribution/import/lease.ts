/**
 * Kea lease files (memfile CSV, https://kea.readthedocs.io): v4 and v6. A row holds expiry and lifetime, so its start is
 * expiry − lifetime: the last renewal.
 */

import type { Context, Head, Reader, TableLayout, Verdict } from './layout.ts';
import { hexBytes, idText, leaseJournal, option82, type RelayIds, relayOptions6 } from './lease-journal.ts';
import { addressRange, type Columns, cellReader, detectTable, fault, plain } from './session-fields.ts';

const COLUMNS: Columns = {
  address: ['address'],
  hwaddr: ['hwaddr'],
  clientId: ['client_id'],
  duid: ['duid'],
  iaid: ['iaid'],
  lifetime: ['valid_lifetime'],
  expire: ['expire'],
  subnet: ['subnet_id'],
  leaseType: ['lease_type'],
  prefixLength: ['prefix_len'],
  hostname: ['hostname'],
  state: ['state'],
  context: ['user_context'],
};
/** RFC 2131: all bits set is for ever. */
const FOREVER = 4_294_967_295;

/** Kea DHCPv4 and DHCPv6 lease file. */
export const keaLeaseLayout: TableLayout = {
  id: 'lease-kea',
  title: 'Kea lease file (CSV, v4 or v6)',
  input: 'table',
  detect: (head: Head): Verdict =>
    detectTable(head, COLUMNS, ['address', 'hwaddr', 'lifetime', 'expire', 'subnet', 'clientId|duid']),
  open,
};

/** Values of a JSON object by lower-case name, nested ones too; the first of a name wins. Bounded. */
function jsonStrings(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let value: unknown;
  try {
    value = JSON.parse(text.replaceAll('&#x2c', ','));
  } catch {
    return found;
  }
  const queue: unknown[] = [value];
  for (let at = 0; at < queue.length && at < 256; at++) {
    const part = queue[at];
    if (typeof part !== 'object' || part === null) continue;
    for (const [name, inner] of Object.entries(part).slice(0, 64)) {
      if (typeof inner === 'string' && !found.has(name.toLowerCase())) found.set(name.toLowerCase(), inner);
      else if (typeof inner === 'object') queue.push(inner);
    }
  }
  return found;
}

/** An id given as text or as hex. */
function idOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  const bytes = /^(?:0x)?(?:[0-9a-f]{2}){2,}$/i.test(text) ? hexBytes(text) : null;
  return bytes === null ? plain(text) : idText(bytes);
}

/** Line and subscriber out of Kea's user context: option 82 or the relay's options as hex, or ids by name. */
export function keaRelayIds(userContext: string): RelayIds {
  const named = jsonStrings(userContext);
  const first = (...names: string[]): string | undefined =>
    names.map((name) => named.get(name)).find((v) => v !== undefined);
  const hex4 = hexBytes(first('sub-options', 'relay-agent-info', 'option-82', 'option82') ?? '');
  const hex6 = hexBytes(first('options') ?? '');
  const packed = hex4 !== null ? option82(hex4) : hex6 !== null ? relayOptions6(hex6) : null;
  return {
    circuit: packed?.circuit ?? idOf(first('circuit-id', 'interface-id')),
    remote: packed?.remote ?? idOf(first('remote-id')),
    subscriber: packed?.subscriber ?? idOf(first('subscriber-id')),
  };
}

function open(context: Context): Reader<readonly string[]> {
  const cell = cellReader(context.header, COLUMNS);
  const journal = leaseJournal(context);
  return {
    feed(cells, row) {
      const of = (field: string): string => cell(cells, field);
      // Lease type 2 is a delegated prefix (IA_PD); other rows name one address.
      const text = of('leaseType') === '2' ? `${of('address')}/${of('prefixLength')}` : of('address');
      const range = addressRange(text);
      if (range === null) {
        fault(context, row, 'bad_address', 'address{} is no IP address or prefix; correct the cell', text);
        return;
      }
      const lifetime = /^\d{1,10}$/.test(of('lifetime')) ? Number(of('lifetime')) : null;
      const expire = /^\d{1,12}$/.test(of('expire')) ? Number(of('expire')) : null;
      if (lifetime === null || expire === null || expire < lifetime) {
        fault(context, row, 'bad_time', 'expire or valid_lifetime is no number of seconds; correct the cells');
        return;
      }
      const client = `${of('clientId') || of('duid') || of('hwaddr')} ${of('iaid')}`;
      const ids = keaRelayIds(of('context'));
      journal.add(
        {
          range,
          client,
          from: (expire - lifetime) * 1_000_000,
          to: lifetime >= FOREVER ? null : expire * 1_000_000,
          // State 0 is assigned; declined, reclaimed and released leases, and lifetime 0 (deleted), are no client's.
          ended: lifetime === 0 || !['', '0'].includes(of('state')),
          ...ids,
          extra: { subnet: plain(of('subnet')) },
          sealed: {
            hardware: plain(of('hwaddr')),
            client_id: plain(of('clientId') || of('duid')),
            hostname: plain(of('hostname')),
          },
        },
        row,
      );
    },
    end: () => journal.end(),
  };
}
