/** Metrics of the observation points: traffic, tables, matches, what gave way. */
import type { PointStatus } from '../daemon/status.ts';
import type { Family } from './family.ts';
import { MAX_POINTS } from './labels.ts';

const BY_POINT = ['point'] as const;

function each(read: (point: PointStatus) => number): Family['read'] {
  return (status, put, labels) => {
    for (const [place, point] of status.points.entries()) {
      put(read(point), labels.configured(point.name, place, MAX_POINTS));
    }
  };
}

function counter(name: string, help: string, read: (point: PointStatus) => number): Family {
  return { name, help, kind: 'counter', labels: BY_POINT, read: each(read) };
}

function gauge(
  name: string,
  help: string,
  read: (point: PointStatus) => number,
  merge: NonNullable<Family['merge']> = 'sum',
): Family {
  return { name, help, kind: 'gauge', labels: BY_POINT, merge, read: each(read) };
}

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

/** What can give way for want of room. */
const EVICTED: Readonly<Record<string, (point: PointStatus) => number>> = {
  flow: (p) => p.evictedFlows,
  conversation: (p) => p.evictedConversations,
  record_conversation: (p) => p.recordConversationsEvicted,
  key: (p) => p.evictedKeys,
  lookup: (p) => p.evictedLookups,
};

export const POINT_FAMILIES: readonly Family[] = [
  counter('packets_total', 'Packets worked off.', (p) => p.packets),
  counter('bytes_total', 'Captured bytes worked off.', (p) => p.bytes),
  counter('flows_total', 'Flows seen.', (p) => p.flows),
  counter('records_total', 'Flow records worked off.', (p) => p.records),
  counter(
    'records_implausible_total',
    'Flow records put aside: their times lie in the future, or their counts cannot be.',
    (p) => p.recordsImplausible,
  ),
  counter(
    'probes_left_out_total',
    'Detections not written: their address only probes, and a thousand of it were within 14 days.',
    (p) => p.probesLeftOut,
  ),
  counter('flows_expired_total', 'Flows that ended or fell silent.', (p) => p.flowsExpired),
  counter('flows_inspected_total', 'Flows in which a first payload was looked at.', (p) => p.inspected),
  counter('conversations_followed_total', 'Conversations that were read message by message.', (p) => p.followed),
  counter('conversations_matched_total', 'Conversations that turned out to speak of mining.', (p) => p.matched),
  gauge(
    'match_ratio',
    'Conversations that matched, as a share of the flows inspected since the start.',
    (p) => share(p.matched, p.inspected),
    'max',
  ),
  gauge('flows_active', 'Flows in the table.', (p) => p.flowsActive),
  gauge('flows_capacity', 'Flows that the table holds at most.', (p) => p.flowsCapacity),
  gauge(
    'flow_table_occupancy_ratio',
    'Share of the flow table that is in use.',
    (p) => share(p.flowsActive, p.flowsCapacity),
    'max',
  ),
  {
    name: 'evictions_total',
    help: 'Entries that gave way to newer ones for want of room, by kind.',
    kind: 'counter',
    labels: [...BY_POINT, 'kind'],
    read: (status, put, labels) => {
      for (const [place, point] of status.points.entries()) {
        const name = labels.configured(point.name, place, MAX_POINTS);
        for (const [kind, read] of Object.entries(EVICTED)) put(read(point), name, kind);
      }
    },
  },
  gauge('conversations', 'Conversations being read.', (p) => p.conversations),
  gauge('conversations_matched', 'Conversations being read that speak of mining.', (p) => p.conversationsMatched),
  gauge('conversations_capacity', 'Conversations that are read at once at most.', (p) => p.conversationsCapacity),
  gauge('reassembly_bytes', 'Bytes held back until the bytes before them arrive.', (p) => p.reassemblyBytes),
  gauge('reassembly_limit_bytes', 'Bytes that are held back at most.', (p) => p.reassemblyLimit),
  counter('shed_packets_total', 'Packets put aside under overload.', (p) => p.shedPackets),
  counter('shed_flows_total', 'Flows put aside under overload.', (p) => p.shedFlows),
  gauge('kept_share_ratio', 'Share of the flows that is looked at now; 1 = all.', (p) => p.keptShare, 'min'),
  counter(
    'record_conversations_seen_total',
    'Conversations of flow records since the start.',
    (p) => p.recordConversationsSeen,
  ),
  counter(
    'record_conversations_matched_total',
    'Conversations of flow records that look like mining or go to a listed endpoint.',
    (p) => p.recordConversationsMatched,
  ),
  counter(
    'record_conversations_unwatched_total',
    'Conversations of flow records worth watching for which there was no room.',
    (p) => p.recordConversationsUnwatched,
  ),
  gauge('record_conversations', 'Conversations of flow records in the store.', (p) => p.recordConversations),
  gauge(
    'record_conversations_capacity',
    'Conversations of flow records that the store holds at most.',
    (p) => p.recordConversationsCapacity,
  ),
  gauge('keys', 'Open keys: miner, pool, dialect and day.', (p) => p.keys),
  {
    name: 'decode_errors_total',
    help: 'What was wrong with packets and messages, by reason.',
    kind: 'counter',
    labels: [...BY_POINT, 'reason'],
    read: (status, put, labels) => {
      for (const [place, point] of status.points.entries()) {
        const name = labels.configured(point.name, place, MAX_POINTS);
        for (const [reason, count] of Object.entries(point.decodeErrors)) put(count, name, labels.anomaly(reason));
      }
    },
  },
];
