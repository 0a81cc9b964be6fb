import type { Frame } from '../../capture/frame.ts';
import type { Packet } from '../../decode/packet.ts';
import type { Side } from '../../protocol/message.ts';
import { copyFrame, type KeptFrame } from './kept-frame.ts';
import { OpeningRing } from './opening-ring.ts';

/** Connections of QUIC that are not read yet: how many, frames of each, and bytes of all. */
const MAX_EARLY_FLOWS = 4096;
const MAX_EARLY_FRAMES = 8;
const MAX_EARLY_BYTES = 8 * 1024 * 1024;
/** Datagrams under reassembly, fragments of each, and bytes of all. */
const MAX_DATAGRAMS = 1024;
const MAX_PIECES = 48;
const MAX_PIECE_BYTES = 8 * 1024 * 1024;
/** Clients and names of listed endpoints, answers of each, and bytes of all. */
const MAX_ANSWERED = 16_384;
const MAX_ANSWERS = 4;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** A fragment as captured, and which bytes of the datagram it carries from where in the frame on. */
export interface Piece {
  readonly frame: KeptFrame;
  readonly offset: number;
  readonly payload: number;
  readonly payloadEnd: number;
}

/** Lists of frames by key; the oldest list gives way where there are too many, or too many bytes. */
class FrameLists<K, T> {
  private readonly lists: Map<K, T[]> = new Map();
  private bytes = 0;
  private readonly size: (item: T) => number;
  private readonly maxLists: number;
  private readonly maxBytes: number;

  constructor(maxLists: number, maxBytes: number, size: (item: T) => number) {
    this.maxLists = maxLists;
    this.maxBytes = maxBytes;
    this.size = size;
  }

  get(key: K): readonly T[] {
    return this.lists.get(key) ?? [];
  }

  /** `replace`: the list's oldest item goes where it is full; else the new one does. */
  add(key: K, item: T, maxItems: number, replace: boolean): void {
    let list = this.lists.get(key);
    if (list === undefined) {
      list = [];
      this.lists.set(key, list);
    } else if (list.length >= maxItems) {
      if (!replace) return;
      this.bytes -= this.size(list.shift() as T);
    }
    list.push(item);
    this.bytes += this.size(item);
    while (this.lists.size > this.maxLists || (this.bytes > this.maxBytes && this.lists.size > 1)) {
      this.take(this.lists.keys().next().value as K);
    }
  }

  /** The list of a key, which is forgotten. */
  take(key: K): readonly T[] {
    const list = this.lists.get(key);
    if (list === undefined) return [];
    this.lists.delete(key);
    for (const item of list) this.bytes -= this.size(item);
    return list;
  }
}

/**
 * Where evidence is wanted: frames that may turn out to belong to a detection before anybody knows. Openings of flows that
 * have shown no payload yet, first datagrams of QUIC, fragments of datagrams that are not whole, answers that named a mining
 * endpoint. Bounded; what never belongs to anything is dropped.
 */
export class EvidenceKeeper {
  readonly fileOf: (input: number) => string;
  /** The packet being read is a datagram put together from these. */
  pieces: readonly Piece[] = [];
  private readonly openings = new OpeningRing();
  private readonly early = new FrameLists<number, KeptFrame>(MAX_EARLY_FLOWS, MAX_EARLY_BYTES, sizeOf);
  private readonly datagrams = new FrameLists<string, Piece>(MAX_DATAGRAMS, MAX_PIECE_BYTES, (p) => sizeOf(p.frame));
  private readonly answers = new FrameLists<string, KeptFrame>(MAX_ANSWERED, MAX_ANSWER_BYTES, sizeOf);

  constructor(fileOf: (input: number) => string) {
    this.fileOf = fileOf;
  }

  /** A datagram of a flow (by its running number) that is not read yet. `payload`: its offset in the frame. */
  addEarly(flow: number, frame: Frame, side: Side, payload: number): void {
    const copy = copyFrame(frame, this.fileOf(frame.input), 'opening', {
      side,
      payload,
      payloadEnd: payload,
      sequence: 0,
    });
    this.early.add(flow, copy, MAX_EARLY_FRAMES, false);
  }

  /** The SYN of a flow that is not read yet, likewise. */
  addOpening(flow: number, frame: Frame, side: Side, payload: number): void {
    this.openings.add(flow, frame, side, payload);
  }

  /** What came before a flow was read. */
  takeEarly(flow: number): readonly KeptFrame[] {
    return [...this.openings.of(flow, this.fileOf), ...this.early.take(flow)];
  }

  /** The frame as the one piece of what it carries. */
  asPiece(frame: Frame, p: Packet): readonly Piece[] {
    const copy = copyFrame(frame, this.fileOf(frame.input), 'payload');
    const [payload, payloadEnd] = [p.network - frame.offset, p.networkEnd - frame.offset];
    return [{ frame: copy, offset: p.fragmentOffset, payload, payloadEnd }];
  }

  addPieces(key: string, pieces: readonly Piece[]): void {
    for (const piece of pieces) this.datagrams.add(key, piece, MAX_PIECES, false);
  }

  takePieces(key: string): readonly Piece[] {
    return this.datagrams.take(key);
  }

  /** Copies of the packet that is being read, for a look-up. */
  lookUp(frame: Frame): KeptFrame[] {
    if (this.pieces.length > 0) return this.pieces.map((piece) => ({ ...piece.frame, kind: 'look_up' }));
    return [copyFrame(frame, this.fileOf(frame.input), 'look_up')];
  }

  /** A client was told the address of a listed name. */
  addAnswer(client: string, name: string, frames: readonly KeptFrame[]): void {
    for (const frame of frames) this.answers.add(`${client}\n${name}`, frame, MAX_ANSWERS, true);
  }

  answersTo(client: string, name: string): readonly KeptFrame[] {
    return this.answers.get(`${client}\n${name}`);
  }
}

/** By what fragments of one datagram are known (RFC 791 §3.2, RFC 8200 §4.5), with tags and tunnels. */
export function datagramKey(p: Packet): string {
  const { source0, source1, source2, source3, destination0, destination1, destination2, destination3 } = p;
  const hosts = [source0, source1, source2, source3, destination0, destination1, destination2, destination3];
  const protocol = p.ipVersion === 4 ? p.protocol : -1;
  return [...hosts, p.fragmentId, protocol, p.outerVlan, p.vlan, p.virtualNetwork, p.depth, p.tunnels].join();
}

function sizeOf(frame: KeptFrame): number {
  return frame.bytes.length;
}
