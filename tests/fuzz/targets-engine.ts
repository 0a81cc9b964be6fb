/** Targets of the engine: one direction of a connection turned into messages, and the whole way from capture to detections. */
import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { CaptureReader } from '../../src/capture/reader.ts';
import type { MessageSink } from '../../src/engine/conversation/message-sink.ts';
import { SideReader } from '../../src/engine/conversation/side-reader.ts';
import { Pipeline } from '../../src/engine/pipeline.ts';
import { assemble } from '../../src/engine/result.ts';
import type { SegmentPlace, StreamBudget } from '../../src/flow/stream.ts';
import type { Message } from '../../src/protocol/message.ts';
import { jsonLines } from '../../src/publish/json.ts';
import { type EndpointIndex, loadEndpoints } from '../../src/signature/endpoints.ts';
import { createSignatureSet } from '../../src/signature/set.ts';
import type { SignatureSet } from '../../src/signature/types.ts';
import { pipelineCaptures, streams } from './corpus.ts';
import { join, mutate } from './mutate.ts';
import { demand, demandSame, randomFrom, type Target } from './target.ts';
import { cutsOf, mutatedCapture } from './targets-capture.ts';
import { signatures } from './targets-message.ts';

/** Takes what a side reader says and checks each message by itself. */
class Sink implements MessageSink {
  messages = 0;
  foreign = 0;
  other: SideReader | null = null;
  packet = 0;

  onMessage(m: Message): void {
    this.messages++;
    const place = m.place;
    demand(m.text.length <= 4096, () => `a text of ${m.text.length} characters`);
    demand(place.packet <= this.packet && place.packet >= 0, () => `a message of packet ${place.packet}`);
    demand(
      Number.isInteger(place.from) && place.from >= 0 && place.to >= place.from,
      () => `a message at ${place.from}…${place.to}`,
    );
    demand(
      m.kind !== 'json' || (typeof m.value === 'object' && m.value !== null && !Array.isArray(m.value)),
      'no object',
    );
    demand(this.messages <= 10_000, 'messages without end');
  }
  mayMatter(bytes: Uint8Array, off: number, end: number): boolean {
    demand(off >= 0 && off < end && end <= bytes.length, () => `a text at ${off}…${end} of ${bytes.length}`);
    return true;
  }
  onForeign(weight: number): void {
    demand(weight > 0, 'foreign without weight');
    this.foreign += weight;
  }
  onAnomaly(anomaly: number): void {
    demand(anomaly > 0, 'anomaly without number');
  }
  onUpgrade(_side: 0 | 1, head: { readonly target: string }, tunnel: boolean): void {
    if (tunnel) this.other?.becomeTunnel();
    else this.other?.becomeWebSocket(head.target);
  }
  onTunnel(): void {}
  onSecret(): void {}
  mayStart(): boolean {
    return true;
  }
  noiseBegun = false;
  onNoise(_side: 0 | 1, bytes: Uint8Array, off: number, end: number): boolean {
    demand(off >= 0 && off < end && end <= bytes.length, () => `keys at ${off}…${end} of ${bytes.length}`);
    this.noiseBegun = true;
    return (bytes[off] ?? 0) > 16;
  }
  onDns(_side: 0 | 1, bytes: Uint8Array, off: number, end: number): void {
    demand(off >= 0 && off < end && end <= bytes.length, () => `DNS at ${off}…${end} of ${bytes.length}`);
  }
}

const sideReader: Target = {
  name: 'side-reader',
  holds: 'every message bounded and placed in a packet that came; no more messages than bytes',
  input: (rng) => {
    const bytes = mutate(rng, rng.pick(streams()).bytes, { max: 2048, other: rng.pick(streams()).bytes });
    return join(Uint8Array.of(rng.int(0, 255)), bytes);
  },
  check(input) {
    const rng = randomFrom(input);
    const flags = input[0] ?? 0;
    const bytes = input.subarray(1);
    const sink = new Sink();
    const pair = [new SideReader(0, (flags & 1) !== 0, sink), new SideReader(1, (flags & 2) !== 0, sink)] as const;
    sink.other = pair[1];
    if (flags & 4) pair[0].becomeWebSocket('/');
    const place: SegmentPlace = { input: 0, packet: 0, time: 1e15, shift: 40 };
    let from = 0;
    for (const cut of [...cutsOf(rng, bytes.length, rng.int(0, 2)), bytes.length]) {
      const piece = new Uint8Array(cut - from + 6).fill(0x7d);
      piece.set(bytes.subarray(from, cut), 3);
      sink.packet = ++place.packet;
      // The other direction, where it was switched, gets the same bytes.
      for (const reader of flags & 8 ? pair : [pair[0]]) {
        if (cut > from) reader.push(piece, 3, 3 + cut - from, place);
      }
      piece.fill(0xee);
      if (rng.int(0, 19) === 0) pair[0].gap(rng.pick([-1, 1, 500]));
      from = cut;
    }
    for (const reader of pair) reader.finish();
    demand(sink.messages <= 2 * bytes.length + 2, () => `${sink.messages} messages`);
  },
};

let validator: ValidateFunction | null = null;

function validate(row: unknown): void {
  if (validator === null) {
    const schema = JSON.parse(
      readFileSync(new URL('../../docs/replay.schema.json', import.meta.url), 'utf8'),
    ) as object;
    const ajv = new Ajv({ strict: true, allowUnionTypes: true });
    formats.default(ajv);
    validator = ajv.compile(schema);
  }
  if (!validator(row)) throw new Error(`not as the schema says: ${JSON.stringify(validator.errors).slice(0, 300)}`);
}

/** State of the pipeline that must be back at its start. */
interface Inside {
  readonly conversations: { readonly context: { readonly budget: StreamBudget }; readonly openCount: number };
  readonly table: { readonly size: number };
}

const CONVERSATIONS = 6;
/** The result names the set by a digest, which costs more than a small capture. */
const NO_SIGNATURES: SignatureSet = createSignatureSet([]);

let list: EndpointIndex | null = null;

function endpoints(): EndpointIndex {
  list ??= loadEndpoints();
  return list;
}

/** The whole run over one capture; the lines that `replay --json` would print. */
export function replayBytes(input: Uint8Array, cuts: readonly number[], keepEvidence: boolean): string[] {
  const pipeline = new Pipeline({
    signatures: signatures(),
    endpoints: endpoints(),
    capacity: 24,
    maxConversations: CONVERSATIONS,
    maxUnmatched: CONVERSATIONS,
    streamBytes: 20_000,
    idleTimeout: 900_000_000,
    activeTimeout: 3_600_000_000,
    inspectPackets: 8,
    home: ['10.0.0.0/8', '2001:db8::/32'],
    keepEvidence,
    filterFor: null,
    fileOf: () => 'fuzz.pcap',
    shard: 0,
    shards: 1,
    seed: 7,
  });
  const inside = pipeline as unknown as Inside;
  const reader = new CaptureReader(0);
  let from = 0;
  for (const cut of [...cuts, input.length]) {
    const bytes = input.slice(from, cut);
    reader.feed(bytes, new DataView(bytes.buffer), 0, bytes.length, pipeline);
    bytes.fill(0xee);
    demand(
      inside.conversations.openCount <= CONVERSATIONS,
      () => `${inside.conversations.openCount} conversations open`,
    );
    demand(
      inside.conversations.context.budget.used >= 0 && inside.conversations.context.budget.used <= 20_000,
      () => `${inside.conversations.context.budget.used} bytes held`,
    );
    from = cut;
  }
  reader.finish();
  pipeline.finish();
  demand(
    inside.conversations.context.budget.used === 0,
    () => `${inside.conversations.context.budget.used} bytes held at the end`,
  );
  demand(inside.conversations.openCount === 0, () => `${inside.conversations.openCount} conversations open at the end`);
  demand(pipeline.packets === reader.packets, 'packets differ');
  const damage = reader.damage;
  const row = {
    file: 'fuzz.pcap',
    format: reader.format ?? 'unknown',
    packets: reader.packets,
    bytes: pipeline.bytes,
    cut_short: damage && { offset: damage.offset, reason: damage.reason },
    error: reader.failure?.message ?? null,
  };
  const result = assemble([{ finished: pipeline.finished, evidence: pipeline.evidence, counts: pipeline.counts() }], {
    rows: [row],
    problems: [],
    interrupted: false,
    fileOf: () => 'fuzz.pcap',
    home: ['10.0.0.0/8', '2001:db8::/32'],
    signatures: NO_SIGNATURES,
  });
  for (const kept of result.evidence.values()) demand(kept.length <= 256, () => `${kept.length} frames of evidence`);
  return [...jsonLines(result)];
}

const pipeline: Target = {
  name: 'pipeline',
  holds:
    'the same output twice and in whatever pieces, every row as the schema says, bounds kept, all memory given back',
  input: (rng) => mutatedCapture(rng, pipelineCaptures(), 16_384),
  check(input) {
    const rng = randomFrom(input);
    const lines = replayBytes(input, [], true);
    demandSame(lines, replayBytes(input, cutsOf(rng, input.length, 2), false), 'whole and in pieces');
    for (const line of lines) {
      demand(!/[\p{Cc}\p{Cs}]/u.test(line), 'a control character in the output');
      validate(JSON.parse(line));
    }
  },
};

export const ENGINE_TARGETS: readonly Target[] = [sideReader, pipeline];
