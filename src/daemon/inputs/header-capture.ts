import type { Feed } from './input.ts';

/** Room for headers of one link type that wait to be taken. */
const ROOM = 256 * 1024;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MAX_HEADER = 2048;
const SNAPLEN = 65_535;
/** Link types told apart; exporters send one or two. */
const MAX_LINKS = 4;

interface Link {
  readonly feed: Feed;
  bytes: Uint8Array;
  view: DataView;
  spare: Uint8Array;
  length: number;
  busy: Promise<void> | null;
}

/** Packet headers that came alone (sFlow) as captures for the engine, one for each link type (draft-ietf-opsawg-pcap). */
export class HeaderCapture {
  packets = 0;
  /** Headers for which there was no room while the engine was behind. */
  dropped = 0;
  private readonly links: Map<number, Link> = new Map();
  private readonly open: (linkType: number) => Feed;

  constructor(open: (linkType: number) => Feed) {
    this.open = open;
  }

  /** One header, bytes [off, end), of a packet of `length` bytes on the wire; `time` in µs. */
  add(bytes: Uint8Array, off: number, end: number, linkType: number, length: number, time: number): void {
    const captured = Math.min(end - off, MAX_HEADER);
    const link = this.links.get(linkType) ?? this.begin(linkType);
    if (link === null || link.length + RECORD_HEADER + captured > ROOM) {
      if (link !== null) this.flushLink(link);
      if (link === null || link.length + RECORD_HEADER + captured > ROOM) {
        this.dropped++;
        return;
      }
    }
    const { view } = link;
    const seconds = Math.floor(time / 1e6);
    view.setUint32(link.length, seconds, true);
    view.setUint32(link.length + 4, time - seconds * 1e6, true);
    view.setUint32(link.length + 8, captured, true);
    view.setUint32(link.length + 12, Math.max(length, captured), true);
    link.bytes.set(bytes.subarray(off, off + captured), link.length + RECORD_HEADER);
    link.length += RECORD_HEADER + captured;
    this.packets++;
  }

  private begin(linkType: number): Link | null {
    if (this.links.size >= MAX_LINKS) return null;
    const bytes = new Uint8Array(ROOM);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 0xa1b2c3d4, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, SNAPLEN, true);
    view.setUint32(20, linkType, true);
    const feed = this.open(linkType);
    const link: Link = { feed, bytes, view, spare: new Uint8Array(ROOM), length: FILE_HEADER, busy: null };
    this.links.set(linkType, link);
    return link;
  }

  /** Hands on what waits. */
  flush(): void {
    for (const link of this.links.values()) this.flushLink(link);
  }

  private flushLink(link: Link): void {
    if (link.busy !== null || link.length === 0) return;
    const full = link.bytes;
    const taken = link.feed.feed(full, 0, link.length);
    link.length = 0;
    if (taken === undefined) return;
    // What was handed on may be read until it is taken: the other buffer is filled meanwhile.
    link.bytes = link.spare;
    link.view = new DataView(link.bytes.buffer);
    link.spare = full;
    link.busy = taken
      .catch(() => undefined)
      .finally(() => {
        link.busy = null;
      });
  }

  /** Hands on what waits, also behind what is being taken. */
  async end(): Promise<void> {
    for (const link of this.links.values()) {
      await link.busy;
      this.flushLink(link);
      await link.busy;
      await link.feed.end();
    }
    this.links.clear();
  }
}
