/** Flow records as an exporter would make them of a capture: one direction each, cut by its timeouts, sampled or not. */
import { readFileSync } from 'node:fs';
import type { Frame } from '../../src/capture/frame.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { ANOMALIES } from '../../src/common/anomaly.ts';
import { decodeFrame } from '../../src/decode/decode.ts';
import { Decoded, Packet } from '../../src/decode/packet.ts';
import { addressText } from '../../src/engine/address.ts';
import { FlowRecord, type RecordName, type RecordSink } from '../../src/flowrecord/record.ts';
import { readDns } from '../../src/protocol/dns.ts';

export interface ExporterSettings {
  /** Seconds. */
  readonly active: number;
  readonly inactive: number;
  /** One packet of so many is looked at. */
  readonly sampling: number;
}

/** Answers to look-ups are told as a log would tell them. */
export function recordsOf(path: string, { active, inactive, sampling }: ExporterSettings): (FlowRecord | RecordName)[] {
  const bytes = new Uint8Array(readFileSync(path));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const packet = new Packet(bytes, view);
  const counters = new Float64Array(ANOMALIES.length);
  const open = new Map<string, FlowRecord>();
  const told: (FlowRecord | RecordName)[] = [];
  let seen = 0;
  const onFrame = (frame: Frame): void => {
    const p = packet;
    if (decodeFrame(frame, p, counters) !== Decoded.Transport) return;
    const words = [p.source0, p.source1, p.source2, p.source3, p.destination0, p.destination1, p.destination2] as const;
    const client = addressText(p.ipVersion, p.destination0, p.destination1, p.destination2, p.destination3);
    if (p.protocol === 17 && p.sourcePort === 53) told.push(...namesOf(p, client, frame.time, seen));
    if (seen++ % sampling !== 0) return;
    const key = `${words} ${p.destination3} ${p.sourcePort} ${p.destinationPort} ${p.protocol}`;
    let r = open.get(key);
    if (r !== undefined && (frame.time - r.start > active * 1e6 || frame.time - r.end > inactive * 1e6)) {
      told.push(r);
      r = undefined;
    }
    if (r === undefined) {
      r = new FlowRecord();
      r.ipVersion = p.ipVersion as 4 | 6;
      [r.source0, r.source1, r.source2, r.source3, r.destination0, r.destination1, r.destination2] = words;
      r.destination3 = p.destination3;
      [r.sourcePort, r.destinationPort, r.protocol] = [p.sourcePort, p.destinationPort, p.protocol];
      r.start = r.end = frame.time;
      r.samplingRate = sampling;
      r.tcpFlags = 0;
      open.set(key, r);
    }
    r.end = Math.max(r.end, frame.time);
    r.start = Math.min(r.start, frame.time);
    r.packets++;
    r.bytes += p.networkLength + (p.ipVersion === 6 ? 40 : 20);
    if (p.protocol === 6) r.tcpFlags |= p.tcpFlags;
  };
  const reader = new CaptureReader(0);
  reader.feed(bytes, view, 0, bytes.length, { onFrame });
  reader.finish();
  told.push(...open.values());
  const time = (t: FlowRecord | RecordName): number => (t instanceof FlowRecord ? t.end : t.time);
  told.sort((a, b) => time(a) - time(b));
  let number = 0;
  for (const t of told) if (t instanceof FlowRecord) t.number = ++number;
  return told;
}

function namesOf(p: Packet, client: string, time: number, number: number): RecordName[] {
  const message = readDns(p.bytes, p.payload, p.payloadEnd);
  if (message === null || message.question.name === '') return [];
  return message.answers.flatMap(({ address: a, ttl }) => {
    if (a === null) return [];
    const server = addressText(a.version, a.w0, a.w1, a.w2, a.w3);
    const common = { source: 'dns', client, clientPort: null, serverPort: null, input: 0 } as const;
    return [{ ...common, name: message.question.name, server, time, ttl, number }];
  });
}

export function feed(told: readonly (FlowRecord | RecordName)[], sink: RecordSink): void {
  for (const t of told) {
    if (t instanceof FlowRecord) sink.onRecord(t);
    else sink.onName?.(t);
  }
}
