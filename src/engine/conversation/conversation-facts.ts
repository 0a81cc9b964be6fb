import { type ConversationFacts, type Indication, summariseSession } from '../../detect/facts.ts';
import type { MiningSession } from '../../dialect/session.ts';
import { unknownMining } from '../../dialect/unknown-mining.ts';
import { type FlowTable, OPENED } from '../../flow/table.ts';
import { addressText } from '../address.ts';
import type { Conversation } from './conversation.ts';
import type { OpenMark } from './open-facts.ts';

/** A conversation with what the pipeline knows of its flow. */
export interface OpenConversation {
  readonly conversation: Conversation;
  readonly version: number;
  /** Words of both addresses: side 0, then side 1. */
  readonly words: Int32Array;
  readonly input: number;
  readonly packet: number;
  /** Where the engine runs without end: what was told of it. */
  readonly mark?: OpenMark;
}

/** What a conversation tells in one dialect, and the session that it was read into. */
export interface Told {
  readonly facts: ConversationFacts;
  readonly session: MiningSession | null;
}

/** What a conversation that has ended tells, one row for each dialect spoken in it. Its streams must be finished. */
export function factsOf(table: FlowTable, flow: number, ended: OpenConversation): ConversationFacts[] {
  return toldBy(table, flow, ended, ended.conversation.indications).map(({ facts }) => facts);
}

/** What a conversation tells so far, where `known` is what held in it. */
export function toldBy(
  table: FlowTable,
  flow: number,
  ended: OpenConversation,
  known: readonly Indication[],
): readonly Told[] {
  const { conversation, words, version } = ended;
  const text = (side: number): string =>
    addressText(version, ...(words.subarray(side * 4, side * 4 + 4) as unknown as [number, number, number, number]));
  const { server } = conversation;
  const results = conversation.results();
  const facts = (
    dialect: string | null,
    minerSide: 0 | 1,
    indications: readonly Indication[],
    session: ConversationFacts['session'],
  ): ConversationFacts => {
    const draft = dialect !== null && conversation.isDraft(dialect);
    const pool = 1 - minerSide;
    // The proxy stands where the pool would: only the side that asked is behind it.
    const tunnel = server.tunnel?.client === minerSide ? server.tunnel : null;
    const best = server.clientSide === minerSide ? server.best : null;
    const sent = table.packets(flow, minerSide);
    const received = table.packets(flow, pool);
    return {
      input: ended.input,
      packet: ended.packet,
      miner: text(minerSide),
      pool: tunnel === null ? text(pool) : tunnel.address,
      host: tunnel?.host ?? best?.name ?? null,
      poolName: best?.endpoint.pool ?? null,
      coins: best?.endpoint.coins ?? [],
      minerPort: table.port(flow, minerSide),
      poolPort: tunnel === null ? table.port(flow, pool) : tunnel.port,
      via: tunnel === null ? null : { kind: tunnel.kind, ip: text(pool), port: table.port(flow, pool) },
      transport: conversation.transport,
      dialect,
      session,
      // What is known of a draft may be wrong: it proves nothing, whatever proves that somebody mines.
      indications: draft ? indications.map((i) => ({ ...i, proof: false })) : indications,
      firstSeen: table.firstSeen(flow),
      lastSeen: table.lastSeen(flow),
      packets: [sent, received],
      bytes: [table.bytes(flow, minerSide), table.bytes(flow, pool)],
      opened: (table.state(flow) & OPENED) !== 0,
      seen: sent > 0 && received > 0 ? 'both' : sent > 0 ? 'miner' : 'pool',
      minerSide,
      worked: conversation.workedBy(known),
      lookups: 0,
    };
  };
  if (results.length === 0) {
    // No dialect of ours, but a signature held: report it under the dialect that the signature names.
    const first = conversation.indications.find((i) => i.dialect !== null) ?? conversation.indications[0];
    const only = facts(first?.dialect ?? null, minerSideOf(conversation, null, -1), known, null);
    return [{ facts: only, session: null }];
  }
  return results.map(({ dialect, session }) => ({
    facts: facts(
      dialect === unknownMining ? null : dialect.id,
      minerSideOf(conversation, dialect.id, session.minerSide),
      indicationsOf(known, dialect.id, results.length === 1),
      summariseSession(session),
    ),
    session,
  }));
}

/** Roles come from the protocol: the dialect, else what a signature says of its sender, else who opened. */
function minerSideOf(conversation: Conversation, dialect: string | null, known: number): 0 | 1 {
  if (known >= 0) return known as 0 | 1;
  if (conversation.server.tunnel !== null) return conversation.server.tunnel.client;
  for (const i of conversation.indications) {
    if (i.from !== null && (dialect === null || i.dialect === null || i.dialect === dialect)) {
      return i.from === 'miner' ? i.side : ((1 - i.side) as 0 | 1);
    }
  }
  return conversation.server.clientSide;
}

/** A detection shows what speaks for its own dialect: its signatures and those that several dialects share. */
function indicationsOf(all: readonly Indication[], dialect: string, only: boolean): readonly Indication[] {
  const own = all.filter((i) => i.dialect === dialect || i.dialect === null);
  return only && own.length === 0 ? all : own;
}
