import type { RecordCounts } from './record.ts';
import { Sampling } from './sampling.ts';
import { Sequence } from './sequence.ts';
import { type TemplateBudget, Templates } from './templates.ts';

export type BinaryProtocol = 'netflow5' | 'netflow9' | 'ipfix' | 'sflow5';

/** Domains of one exporter and protocol: line cards, engines, virtual routers. */
export const MAX_DOMAINS = 64;
/** Streams (source ports) whose sequence is followed within one domain. */
const MAX_STREAMS = 4;

/** One observation domain (IPFIX), source id (v9) or engine (v5) of an exporter. */
export class Domain {
  readonly id: number;
  readonly templates: Templates;
  readonly sampling: Sampling = new Sampling();
  /** Start of the exporter's uptime, µs since the epoch; 0 = not told. */
  initTime = 0;
  lastSeen = 0;
  private readonly ports: number[] = [];
  private readonly sequences: Sequence[] = [];
  private nextStream = 0;
  private readonly perDatagram: boolean;

  constructor(id: number, perDatagram: boolean, budget: TemplateBudget) {
    this.id = id;
    this.perDatagram = perDatagram;
    this.templates = new Templates(budget);
  }

  /** The sequence of the stream that comes from `port`. */
  sequence(port: number): Sequence {
    for (let i = 0; i < this.ports.length; i++) if (this.ports[i] === port) return this.sequences[i] as Sequence;
    const sequence = new Sequence(this.perDatagram);
    const at = this.ports.length < MAX_STREAMS ? this.ports.length : this.nextStream++ % MAX_STREAMS;
    this.ports[at] = port;
    this.sequences[at] = sequence;
    return sequence;
  }

  /** Counts all open gaps as lost; returns how much. */
  finish(counts: RecordCounts): number {
    return this.sequences.reduce((sum, sequence) => sum + sequence.finish(counts), 0);
  }
}

/** What is known of one exporter in one protocol. */
export class Peer {
  readonly protocol: BinaryProtocol;
  readonly domains: Map<number, Domain> = new Map<number, Domain>();
  records = 0;
  lost = 0;
  samplingRate = 1;
  lastSeen = 0;
  /** By how much its last flow ended before (-) or after its arrival where that is too much to be believed, µs; else 0. */
  clockOff = 0;
  private readonly budget: TemplateBudget;
  private recent: Domain | null = null;

  constructor(protocol: BinaryProtocol, budget: TemplateBudget) {
    this.protocol = protocol;
    this.budget = budget;
  }

  /** The domain with this number; a new one takes the place of the one silent for longest where there are too many. */
  domain(id: number, time: number): Domain {
    let domain = this.recent?.id === id ? this.recent : this.domains.get(id);
    if (domain === undefined) {
      if (this.domains.size >= MAX_DOMAINS) this.dropOldest();
      domain = new Domain(id, this.protocol === 'netflow9', this.budget);
      this.domains.set(id, domain);
    }
    this.recent = domain;
    domain.lastSeen = time;
    return domain;
  }

  get templates(): number {
    let sum = 0;
    for (const { templates } of this.domains.values()) sum += templates.size;
    return sum;
  }

  clear(): void {
    for (const { templates } of this.domains.values()) templates.clear();
    this.domains.clear();
    this.recent = null;
  }

  private dropOldest(): void {
    let oldest: Domain | null = null;
    for (const one of this.domains.values()) if (oldest === null || one.lastSeen < oldest.lastSeen) oldest = one;
    if (oldest === null) return;
    oldest.templates.clear();
    this.domains.delete(oldest.id);
  }
}
