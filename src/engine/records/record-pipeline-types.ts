/** What a pipeline of flow records is made with, and what it counts. */
import type { EndpointIndex } from '../../signature/endpoints.ts';
import type { SignatureSet } from '../../signature/types.ts';
import type { Naming } from '../names/naming.ts';
import type { Stretch } from './watch.ts';

export interface RecordPipelineOptions {
  readonly signatures: SignatureSet;
  readonly endpoints: EndpointIndex;
  /** Names of servers shared with the pipelines of packets of the same observation point; its own where absent. */
  readonly naming?: Naming;
  /** Conversations kept at once; 156 to 172 bytes each. */
  readonly capacity: number;
  /** Conversations that are listed, named or look like mining; up to 14 KiB each. */
  readonly watchCapacity?: number;
  /** A conversation without records for so long (µs) has ended. */
  readonly idleTimeout: number;
  /** Customer prefixes, CIDR. */
  readonly home?: readonly string[];
  /** Facts are told by UTC day, always. */
  readonly daily?: true;
  /** Number that nobody outside knows. No result depends on it. */
  readonly seed?: number;
  /** Wall clock, µs, where records come as they are made: one that tells of a time more than a day beyond it lies. */
  readonly now?: () => number;
}

export interface RecordPipelineCounts {
  readonly records: number;
  /** Records of other protocols than TCP, and such whose times make no sense. */
  readonly ignored: number;
  /** Of these, those whose times or counts make no sense. */
  readonly implausible: number;
  readonly names: number;
  /** Conversations in the store, those watched, and both limits. */
  readonly conversations: number;
  readonly capacity: number;
  readonly watched: number;
  readonly created: number;
  readonly expired: number;
  readonly evicted: number;
  /** Conversations worth watching, and look-ups, for which there was no room. */
  readonly unwatched: number;
  readonly droppedLookups: number;
  /** µs; 0 where there was no record. */
  readonly firstTime: number;
  readonly lastTime: number;
  /** Conversations that were reported. */
  readonly matched: number;
  /** When records came, by the times they end at, with the conversations of each customer prefix. */
  readonly stretches: readonly Stretch[];
}
