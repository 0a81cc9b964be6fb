import type { HttpHead, Message } from '../../protocol/message.ts';

/** A request to switch to WebSocket; others (h2c) are offers of ordinary clients. */
export function isSocketUpgrade(head: HttpHead): boolean {
  return /websocket/i.test(head.headers.get('upgrade') ?? '');
}

/** How much a message that speaks of nothing we know counts against its conversation: a page or a download counts much. */
export function foreignWeight(m: Message): number {
  // The answers to a large farm's shares can be hundreds between two jobs.
  if (m.kind === 'json') return m.method === null && typeof m.value['result'] !== 'object' ? 0.25 : 2;
  if (m.kind !== 'http') return 2;
  if (m.http.method === 'CONNECT') return 16;
  // A handshake may lead to a WebSocket; any other GET leads to a page.
  if (m.http.kind === 'request') return m.http.method === 'POST' || isSocketUpgrade(m.http) ? 16 : 200;
  return /json|text\/plain/i.test(m.http.headers.get('content-type') ?? 'json') ? 16 : 512;
}

/** Answers have no method: they are told apart by the type of what they carry. */
export function answerKind(value: Readonly<Record<string, unknown>>): string {
  const result = value['result'];
  const type = typeof value['type'] === 'string' ? value['type'] : '';
  const shape = result === null ? 'null' : Array.isArray(result) ? 'array' : typeof result;
  return `\n${type}\n${shape}\n${value['error'] == null ? '' : 'error'}`;
}

/** Members that log records have and mining messages never do; `message` and `timestamp` are not among them. */
const LOG_MEMBERS = ['@timestamp', 'level', 'severity', 'logger', 'hostname'];

/** A log shipper may send what a mining program logged, member by member: that is no mining. */
export function isLogRecord(value: Readonly<Record<string, unknown>>): boolean {
  for (const member of LOG_MEMBERS) if (Object.hasOwn(value, member)) return true;
  return false;
}
