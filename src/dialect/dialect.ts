import type { Message } from '../protocol/message.ts';
import type { MiningSession } from './session.ts';

/** How a message bears on a dialect. */
export const Fit = {
  /** Cannot be this dialect. */
  Never: -1,
  /** Says nothing. */
  None: 0,
  /** This dialect has such messages, and others have them too. */
  Possible: 1,
  /** No other dialect of the group has this message. */
  Sure: 2,
} as const;
export type Fit = (typeof Fit)[keyof typeof Fit];

/**
 * One concrete mining protocol. Reports facts to a session; never scores, never looks at ports or addresses, never refers
 * to another dialect. Must work from the middle of a conversation and with either direction missing.
 */
export interface Dialect {
  /** Stable id as printed in detections. */
  readonly id: string;
  readonly title: { readonly en: string; readonly zh: string };
  /** Dialects of one group exclude one another within a conversation. */
  readonly group: string;
  /** Chosen first among those of a group that no message told apart: the larger wins. */
  readonly priority: number;
  /** Pure: how this message bears on the dialect. */
  probe(m: Message): Fit;
  /** One message of a conversation, in order. Must not throw. */
  feed(session: MiningSession, m: Message): void;
}
