import type { Frame, FrameSink } from '../../src/capture/frame.ts';
import type { Packet } from '../../src/decode/packet.ts';
import type { FlowTable } from '../../src/flow/table.ts';

/** Stages in the order of the data: each holds the ones before it. */
export const STAGES = ['read', 'decode', 'flow', 'full'] as const;
export type Stage = (typeof STAGES)[number];

export function isStage(text: string): text is Stage {
  return (STAGES as readonly string[]).includes(text);
}

/**
 * Makes the sink of a stage, a fresh one for every round. Modules are loaded here, so that a process holds only those of
 * its own case and no other case's calls shape its code.
 */
export async function stageSink(stage: Stage): Promise<() => FrameSink> {
  if (stage === 'read') return () => new ReadSink();
  if (stage === 'full') return await fullSink();
  const [{ decodeFrame }, { Packet }, { createAnomalyCounters }] = await Promise.all([
    import('../../src/decode/decode.ts'),
    import('../../src/decode/packet.ts'),
    import('../../src/common/anomaly.ts'),
  ]);
  const packet = new Packet(new Uint8Array(0), new DataView(new ArrayBuffer(0)));
  const counters = createAnomalyCounters();
  if (stage === 'decode') return () => new DecodeSink(decodeFrame, packet, counters);
  const [{ FlowTable }, { flowContext, flowHash }, { DEFAULT_LIMITS }] = await Promise.all([
    import('../../src/flow/table.ts'),
    import('../../src/flow/flow-key.ts'),
    import('../../src/engine/pipeline.ts'),
  ]);
  const end = { onFlowEnd() {} };
  return () =>
    new FlowSink(
      decodeFrame,
      packet,
      counters,
      new FlowTable(DEFAULT_LIMITS, end),
      (p, context) => flowHash(p, context, 7),
      flowContext,
    );
}

async function fullSink(): Promise<() => FrameSink> {
  const [{ DEFAULT_LIMITS, Pipeline }, { loadSignatures }, { loadEndpoints }] = await Promise.all([
    import('../../src/engine/pipeline.ts'),
    import('../../src/signature/load.ts'),
    import('../../src/signature/endpoints.ts'),
  ]);
  const signatures = loadSignatures();
  const endpoints = loadEndpoints();
  return () =>
    new Pipeline({
      ...DEFAULT_LIMITS,
      signatures,
      endpoints,
      home: [],
      keepEvidence: false,
      filterFor: null,
      fileOf: () => 'mix.pcap',
      shard: 0,
      shards: 1,
      seed: 7,
    });
}

class ReadSink implements FrameSink {
  bytes = 0;

  onFrame(frame: Frame): void {
    this.bytes += frame.originalLength;
  }
}

type DecodeFrame = (frame: Frame, packet: Packet, counters: Float64Array) => number;
const TRANSPORT = 2;

class DecodeSink implements FrameSink {
  decoded = 0;
  private readonly decode: DecodeFrame;
  private readonly packet: Packet;
  private readonly counters: Float64Array;

  constructor(decode: DecodeFrame, packet: Packet, counters: Float64Array) {
    this.decode = decode;
    this.packet = packet;
    this.counters = counters;
  }

  onFrame(frame: Frame): void {
    this.decoded += this.decode(frame, this.packet, this.counters);
  }
}

class FlowSink implements FrameSink {
  private readonly decode: DecodeFrame;
  private readonly packet: Packet;
  private readonly counters: Float64Array;
  private readonly table: FlowTable;
  private readonly hash: (packet: Packet, context: number) => number;
  private readonly context: (packet: Packet) => number;

  constructor(
    decode: DecodeFrame,
    packet: Packet,
    counters: Float64Array,
    table: FlowTable,
    hash: (packet: Packet, context: number) => number,
    context: (packet: Packet) => number,
  ) {
    this.decode = decode;
    this.packet = packet;
    this.counters = counters;
    this.table = table;
    this.hash = hash;
    this.context = context;
  }

  onFrame(frame: Frame): void {
    const p = this.packet;
    if (this.decode(frame, p, this.counters) !== TRANSPORT) return;
    const context = this.context(p);
    this.table.touch(p, this.hash(p, context), context, frame.time, frame.originalLength);
  }
}
