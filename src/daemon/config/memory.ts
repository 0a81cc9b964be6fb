/** What a configuration may come to in memory, before anything runs. */
import type { DaemonConfig, InputConfig } from './types.ts';

export interface MemoryPart {
  readonly part: string;
  readonly bytes: number;
}

const MIB = 2 ** 20;
/** A flow of the table with its share of the index (src/flow/table.ts). */
const FLOW = 140;
/** A conversation: one in eight waits for a sign of mining (4 KiB), the others are read (heap snapshots of tests/soak). */
const CONVERSATION = 40 * 1024;
const RECORD_CONVERSATION = 160;
/** What is known of one miner, pool and dialect on one day. */
const KEY = 16 * 1024;
/** Packets kept as evidence until they are in the ledger (src/engine/evidence/shelf.ts). */
const EVIDENCE = 64 * MIB;
/** Node, the compiled signatures and the endpoint list; again for each further thread. */
const PROCESS = 160 * MIB;
const THREAD = 96 * MIB;

const takesPackets = (input: InputConfig): boolean =>
  input.kind === 'live' ||
  input.kind === 'pipe' ||
  (input.kind === 'spool' && input.format === 'capture') ||
  (input.kind === 'collector' && input.protocols.includes('sflow'));
const takesRecords = (input: InputConfig): boolean =>
  input.kind === 'flow-log' || input.kind === 'collector' || (input.kind === 'spool' && input.format !== 'capture');

/**
 * Upper bounds of the tables, in bytes, in the order of the configuration. Buffers in the kernel come last: they count
 * where a control group limits memory. Tables fill as traffic comes, so that the process begins far below.
 */
export function estimateMemory(config: DaemonConfig): readonly MemoryPart[] {
  const { limits, inputs, points, ledger, threads } = config;
  const parts: MemoryPart[] = [{ part: 'process', bytes: PROCESS }];
  // With one thread everything runs in the main one.
  if (threads > 1) parts.push({ part: `${threads} threads`, bytes: threads * THREAD });
  for (const { name } of points) {
    const own = inputs.filter(({ point }) => point === name);
    const add = (part: string, bytes: number): void => {
      parts.push({ part: `point ${name}: ${part}`, bytes });
    };
    if (own.some(takesPackets)) {
      add('flows', limits.flows * FLOW);
      add('conversations', limits.conversations * CONVERSATION);
      add('reassembly', limits.reassembly * MIB);
      if (ledger?.evidence === true) add('evidence', EVIDENCE);
    }
    if (own.some(takesRecords)) add('conversations of flow records', limits.recordConversations * RECORD_CONVERSATION);
    add('keys', limits.keys * KEY);
  }
  for (const input of inputs) {
    if (input.kind !== 'live' && input.kind !== 'collector') continue;
    parts.push({ part: `input ${input.name}: buffer in the kernel`, bytes: input.buffer * MIB });
  }
  return parts;
}

/** `132.0 MiB`. */
export function mebibytesText(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
