import { DAY, dayOf } from '../../detect/day.ts';
import type { ConversationFacts, DetectionTransport, Indication } from '../../detect/facts.ts';
import { compareOrder, factsOfOne, type KeyFacts, MAX_CONVERSATIONS } from '../../detect/key-facts.ts';
import type { ConversationDay, Watched } from '../../flowrecord/conversation-watch.ts';
import type { EndpointFacts } from '../../protocol/message.ts';
import type { RecordServerName } from './signs.ts';

/** What one day of a conversation of flow records is told with. */
export interface RecordDay {
  readonly watched: Watched;
  readonly day: ConversationDay;
  readonly client: string;
  readonly server: string;
  readonly serverPort: number;
  readonly address: EndpointFacts;
  readonly names: readonly RecordServerName[];
  readonly signs: readonly Indication[];
}

/** The facts of one UTC day of a conversation. `flows` are its connections, packets and bytes those of all, as estimated. */
export function factsOfDay({ watched, day, client, server, serverPort, address, names, signs }: RecordDay): KeyFacts {
  const best = bestOf(names);
  const said = best?.endpoint.evidence === 'stratum' ? best.endpoint : address;
  const connections = watched.connections
    .filter((c) => c.last >= day.day * DAY && c.first < (day.day + 1) * DAY)
    .sort((a, b) => a.first - b.first || a.port - b.port)
    .slice(-MAX_CONVERSATIONS);
  const packets = [Math.round(day.packets[0]), Math.round(day.packets[1])] as const;
  const { input, number: packet } = day;
  const indications = signs.map((i) => ({ ...i, time: day.first, input, packet }));
  const conversation: ConversationFacts = {
    input,
    packet,
    miner: client,
    pool: server,
    host: best?.name ?? null,
    poolName: said.pool,
    coins: said.coins,
    minerPort: connections[connections.length - 1]?.port ?? 0,
    poolPort: serverPort,
    via: null,
    transport: transportOf(names),
    dialect: null,
    session: null,
    indications,
    firstSeen: day.first,
    lastSeen: day.last,
    packets,
    bytes: [Math.round(day.bytes[0]), Math.round(day.bytes[1])],
    opened: connections.some((c) => c.opened && dayOf(c.first) === day.day),
    seen: packets[0] > 0 && packets[1] > 0 ? 'both' : packets[1] > 0 ? 'pool' : 'miner',
    minerSide: 0,
    // Endpoint and shape agree, and both sides spoke on this day.
    worked: packets[0] > 0 && packets[1] > 0 && signs.some((i) => i.signature === 'behaviour.named-conversation'),
    lookups: 0,
    day: day.day,
  };
  const facts: KeyFacts = { ...factsOfOne(conversation), records: true };
  facts.flows = Math.max(1, day.connections);
  if (connections.length > 0) {
    const conversations = connections.map((c): KeyFacts['conversations'][number] => ({
      order: [Math.max(c.first, day.day * DAY), input, packet, c.port],
      value: {
        port: c.port,
        lastSeen: Math.min(c.last, (day.day + 1) * DAY - 1),
        opened: c.opened && dayOf(c.first) === day.day,
      },
    }));
    // Those of the day before begin together, at midnight.
    facts.conversations = conversations.sort((a, b) => compareOrder(a.order, b.order));
    facts.attempts = connections.filter((c) => c.opened && dayOf(c.first) === day.day).map((c) => c.first);
  }
  return facts;
}

/** What the client itself named leads, listed names first. */
function bestOf(names: readonly RecordServerName[]): RecordServerName | null {
  const order = ['sni-other', 'certificate', 'dns', 'http-host', 'sni'];
  const rank = (n: RecordServerName): number =>
    (n.endpoint.evidence === 'stratum' ? 20 : n.endpoint.evidence === 'weak' ? 10 : 0) + order.indexOf(n.source);
  return names.reduce<RecordServerName | null>((best, n) => (best === null || rank(n) > rank(best) ? n : best), null);
}

function transportOf(names: readonly RecordServerName[]): DetectionTransport {
  if (names.some(({ source }) => source === 'sni' || source === 'sni-other' || source === 'certificate')) return 'tls';
  return names.some(({ source }) => source === 'http-host') ? 'http' : 'tcp';
}
