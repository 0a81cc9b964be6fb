// hot: who is client and who is server, once per flow record.
import type { FlowRecord } from './record.ts';

/** By what the roles of a conversation are known, weakest first. What is stronger turns a conversation round. */
export const STRENGTH = {
  /** The source of the record seen first counts as client. */
  Seen: 0,
  /** The lower port, or the one outside the range that programs take by themselves. */
  Port: 1,
  /** A port known by name or from the list of endpoints. */
  Known: 2,
  /** One end is a listed endpoint. */
  Listed: 3,
  /** The exporter oriented the record, or its TCP flags tell. */
  Told: 4,
} as const;

const SYN = 2;
const ACK = 16;
const TCP = 6;

/** 1: the source opened the connection, -1: the destination did, 0: the record does not tell. */
export function strengthOf(r: FlowRecord): -1 | 0 | 1 {
  if (r.oriented) return 1;
  if (r.protocol !== TCP || r.tcpFlags <= 0 || r.reversePackets >= 0) return 0;
  // All packets of the record together: a SYN that nobody acknowledged opens, SYN and ACK alone answer.
  if ((r.tcpFlags & (SYN | ACK)) === SYN) return 1;
  return r.tcpFlags === (SYN | ACK) && r.packets === 1 ? -1 : 0;
}

/** Client and server of one conversation, as words; one object, filled anew. */
export class Ends {
  version: 4 | 6 = 4;
  context = 0;
  client0 = 0;
  client1 = 0;
  client2 = 0;
  client3 = 0;
  clientPort = 0;
  server0 = 0;
  server1 = 0;
  server2 = 0;
  server3 = 0;
  serverPort = 0;
  /** The server is the source of the record. */
  reversed = false;

  set(r: FlowRecord, context: number, reversed: boolean): void {
    this.version = r.ipVersion;
    this.context = context;
    this.client0 = r.source0;
    this.client1 = r.source1;
    this.client2 = r.source2;
    this.client3 = r.source3;
    this.clientPort = r.sourcePort;
    this.server0 = r.destination0;
    this.server1 = r.destination1;
    this.server2 = r.destination2;
    this.server3 = r.destination3;
    this.serverPort = r.destinationPort;
    this.reversed = false;
    if (reversed) this.turn();
  }

  /** Client becomes server. */
  turn(): void {
    const { client0, client1, client2, client3, clientPort } = this;
    this.client0 = this.server0;
    this.client1 = this.server1;
    this.client2 = this.server2;
    this.client3 = this.server3;
    this.clientPort = this.serverPort;
    this.server0 = client0;
    this.server1 = client1;
    this.server2 = client2;
    this.server3 = client3;
    this.serverPort = clientPort;
    this.reversed = !this.reversed;
  }
}
