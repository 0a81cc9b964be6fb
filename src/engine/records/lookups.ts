import { dayOf } from '../../detect/day.ts';
import { factsOfOne, type KeyFacts } from '../../detect/key-facts.ts';
import type { RecordName } from '../../flowrecord/record.ts';
import type { NameMessage } from '../../protocol/message.ts';
import type { Signature, SignatureSet } from '../../signature/types.ts';
import { indicationOf } from '../names/lookups.ts';
import type { Naming } from '../names/naming.ts';

/** Clients, names and days that are remembered as look-ups of mining endpoints. */
const MAX_LOOKUPS = 65_536;
/** Days for which look-ups may still come late. */
const LATE_DAYS = 2;

/** Look-ups of one mining endpoint by one client on one day. */
interface Lookup {
  readonly number: number;
  readonly facts: KeyFacts;
  readonly day: number;
  /** Record of the newest answer: its addresses come as one name each. */
  record: number;
  changed: boolean;
}

/** Look-ups of mining endpoints in flow logs. One by itself says only that somebody asked. */
export class RecordLookups {
  /** Look-ups that found no room. */
  dropped = 0;
  private readonly lookups: Map<string, Lookup> = new Map();
  private ignored: ReadonlySet<string> = new Set();
  private next = 0;
  private newest = 0;

  /** Look-ups by these addresses (canonical text) are not noted: those of the sensor itself. */
  ignore(clients: ReadonlySet<string>): void {
    this.ignored = clients;
  }

  /** Notes a look-up of a listed name. */
  note(n: RecordName, naming: Naming, signatures: SignatureSet): void {
    if (this.ignored.has(n.client)) return;
    const day = dayOf(n.time);
    this.newest = Math.max(this.newest, day);
    const key = `${n.client}\n${n.name}\n${day}`;
    const known = this.lookups.get(key);
    if (known !== undefined) {
      if (known.record === n.number) return;
      known.record = n.number;
      known.facts.lastSeen = Math.max(known.facts.lastSeen, n.time);
      known.facts.lookups++;
      known.changed = true;
      return;
    }
    if (this.lookups.size >= MAX_LOOKUPS) {
      this.dropped++;
      return;
    }
    const endpoint = naming.ofName(n.name, 0);
    const place = { input: n.input, packet: n.number, time: n.time, from: 0, to: 0 };
    const text = `DNS look-up of ${n.name} in a flow log`;
    const m: NameMessage = {
      ...{ kind: 'name', side: 0, place, transport: 'tcp', source: 'lookup' },
      ...{ name: n.name, port: 0, endpoint, text },
    };
    const hits: Signature[] = [];
    signatures.match(m, hits);
    if (hits.length === 0) return;
    const one = factsOfOne({
      input: n.input,
      packet: n.number,
      miner: n.client,
      pool: null,
      host: n.name,
      poolName: endpoint.pool,
      minerPort: 0,
      poolPort: null,
      via: null,
      transport: 'dns',
      dialect: null,
      session: null,
      coins: [],
      indications: hits.map((hit) => indicationOf(hit, m)),
      firstSeen: n.time,
      lastSeen: n.time,
      packets: [0, 0],
      bytes: [0, 0],
      opened: false,
      seen: n.server === null ? 'miner' : 'both',
      minerSide: 0,
      worked: false,
      lookups: 1,
      day,
    });
    const facts: KeyFacts = { ...one, records: true };
    this.lookups.set(key, { number: this.next++, facts, day, record: n.number, changed: true });
  }

  /** What is new; `numberOf` gives the number under which a look-up is told of. */
  tell(
    ended: KeyFacts[],
    open: (readonly [number, readonly KeyFacts[]])[],
    closed: number[],
    numberOf: (n: number) => number,
  ): void {
    for (const [key, l] of this.lookups) {
      if (l.day < this.newest - LATE_DAYS) {
        ended.push(l.facts);
        closed.push(numberOf(l.number));
        this.lookups.delete(key);
      } else if (l.changed) {
        l.changed = false;
        open.push([numberOf(l.number), [structuredClone(l.facts)]]);
      }
    }
  }
}
