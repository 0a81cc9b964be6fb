import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Ends } from '../../flowrecord/conversation-roles.ts';
import { addressText } from '../address.ts';

const TCP = 6;

/** Services whose servers the lower port would not tell, by IANA's registry and their own documents. */
export const SERVICE_PORTS: readonly number[] = [
  1080, 1433, 1521, 1883, 1935, 3128, 3306, 3389, 5060, 5222, 5223, 5228, 5432, 5900, 6379, 6667, 8000, 8008, 8080,
  8081, 8333, 8443, 8883, 8888, 9000, 9001, 9090, 9092, 9200, 11_211, 18_080, 25_565, 27_017, 30_303, 50_001, 50_002,
];

export interface Words {
  readonly version: 4 | 6;
  readonly words: readonly [number, number, number, number];
}

/** An address in text as words, IPv4-mapped ones as IPv4; null for what is none. */
export function wordsOf(text: string): Words | null {
  if (isIP(text) === 0 || text.includes('%')) return null;
  const bytes = ipaddr.process(text).toByteArray();
  const word = (n: number): number =>
    ((bytes[n] ?? 0) << 24) | ((bytes[n + 1] ?? 0) << 16) | ((bytes[n + 2] ?? 0) << 8) | (bytes[n + 3] ?? 0);
  const words = [word(0), word(4), word(8), word(12)] as const;
  return { version: bytes.length === 4 ? 4 : 6, words };
}

/** Address of the server in canonical form. */
export function serverText(e: Ends): string {
  return addressText(e.version, e.server0, e.server1, e.server2, e.server3);
}

/** Ends of a TCP conversation that a log names. */
export function fillEnds(e: Ends, client: Words, server: Words, clientPort: number, serverPort: number): void {
  e.version = client.version;
  e.context = (TCP << 1) | (client.version === 6 ? 1 : 0);
  [e.client0, e.client1, e.client2, e.client3] = client.words;
  [e.server0, e.server1, e.server2, e.server3] = server.words;
  e.clientPort = clientPort;
  e.serverPort = serverPort;
  e.reversed = false;
}
