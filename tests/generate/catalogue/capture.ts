/** One capture of the collection, and the addresses all of them use. */
import type { ConversationOptions, Endpoint } from '../conversation.ts';
import { conversation } from '../conversation.ts';
import { type Expected, expectSession } from '../expected.ts';
import type { CaptureOptions } from '../pcap.ts';
import type { Session } from '../session.ts';
import type { RawFrame } from '../wire/frame.ts';

export interface Capture {
  readonly file: string;
  readonly frames: readonly RawFrame[];
  readonly options?: CaptureOptions;
  readonly expected: readonly Expected[];
}

/** 20 April 2024, 00:10:00 UTC, seconds: just after Bitcoin's block 840000. */
export const START = 1713571800;

/** A customer's address (private, RFC 1918). */
export function customer(host: number, port: number): Endpoint {
  return { ip: `10.20.0.${host}`, port };
}

/** A pool in one of the documentation ranges of RFC 5737. */
export function pool(host: number, port: number): Endpoint {
  return { ip: `203.0.113.${host}`, port };
}

/** Frames of a session between two endpoints, `offset` seconds after the common start. */
export function converse(
  session: Session,
  client: Endpoint,
  server: Endpoint,
  options: Partial<ConversationOptions> & { readonly offset?: number } = {},
): RawFrame[] {
  const { offset = 0, ...rest } = options;
  const start = (START + offset) * 1e6;
  return conversation({ client, server, start, seed: client.port, messages: session.messages, ...rest });
}

/** Capture of one session between customer `host` and pool `host`, seen whole. */
export function single(file: string, session: Session, host: number, port: number, pcapng = false): Capture {
  const client = customer(host, 40000 + host * 7);
  const server = pool(host, port);
  return {
    file,
    frames: converse(session, client, server),
    ...(pcapng ? { options: { format: 'pcapng' } } : {}),
    expected: [expectSession(session, client, server)],
  };
}
