/** What a dialect generator hands on: the messages of one mining session and the truth about them. */
import type { TimedMessage } from './conversation.ts';

export interface Share {
  /** Indexes into `messages`; `answer` is -1 where one answer covers several shares. */
  readonly submit: number;
  readonly answer: number;
  readonly accepted: boolean;
  /** Expected number of hashes or solutions behind it. */
  readonly work: number;
  readonly at: number;
}

export interface Session {
  readonly dialect: string;
  readonly messages: readonly TimedMessage[];
  readonly shares: readonly Share[];
  readonly logins: readonly string[];
  readonly agents?: readonly string[];
  readonly coins?: readonly string[];
  /** Share difficulty in force at the end, in the unit of the dialect. */
  readonly difficulty?: number;
  /** The rate the shares were drawn from. */
  readonly rate?: { readonly value: number; readonly unit: string };
  /** Messages a capture may begin with or lose: the first job after the start, and others worth naming. */
  readonly marks?: Readonly<Record<string, number>>;
}

/** Collects messages in the order written; `at` orders them in time. */
export class Script {
  readonly messages: TimedMessage[] = [];

  /** Each returns the index of the message. */
  client(at: number, content: string | Uint8Array): number {
    return this.add('client', at, content);
  }
  server(at: number, content: string | Uint8Array): number {
    return this.add('server', at, content);
  }
  private add(from: 'client' | 'server', at: number, content: string | Uint8Array): number {
    this.messages.push(typeof content === 'string' ? { from, at, text: content } : { from, at, bytes: content });
    return this.messages.length - 1;
  }
}

/** The last element of `list` whose `at` is not after `at`: the job, or the difficulty, in force. */
export function inForce<T extends { readonly at: number }>(list: readonly T[], at: number): T {
  let found = list[0]!;
  for (const item of list) if (item.at <= at) found = item;
  return found;
}
