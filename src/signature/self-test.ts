/**
 * Runs the tests that signatures carry. Each text goes through the same parsers as captured traffic, so a test holds only
 * if the message would be met on the wire as well.
 */
import { ANOMALIES } from '../common/anomaly.ts';
import { HttpParser } from '../protocol/http.ts';
import { jsonMessages } from '../protocol/json.ts';
import {
  type HttpHead,
  type JsonMessage,
  type Message,
  type Place,
  type Side,
  START_BYTES,
} from '../protocol/message.ts';
import { Sv2Parser } from '../protocol/sv2.ts';
import { TlsParser } from '../protocol/tls.ts';
import type { Signature, SignatureSet, SignatureTest } from './types.ts';

/** Outcome of one inline test; `index` counts the tests of the signature from 0, `detail` says why where `ok` is false. */
export interface SignatureTestResult {
  readonly signature: Signature;
  readonly index: number;
  readonly ok: boolean;
  readonly detail: string;
}

/** Messages that a test's text turned into, and the anomalies the parsers met on the way. */
export interface TestMessages {
  readonly messages: readonly Message[];
  readonly anomalies: readonly string[];
}

const PLACE: Place = Object.freeze({ input: 0, packet: 1, time: 0, from: 0, to: 0 });

/**
 * Runs all inline tests of a set. A positive one wants the id of its signature among the hits of its messages, a negative
 * one wants it absent; a text that the parsers refuse fails both, since it would prove nothing. Retired signatures are
 * not tested.
 */
export function runSignatureTests(set: SignatureSet): SignatureTestResult[] {
  const results: SignatureTestResult[] = [];
  for (const signature of set.signatures) {
    if (signature.status === 'retired') continue;
    for (const [index, test] of signature.tests.entries()) {
      const detail = faultOf(set, signature, test);
      results.push({ signature, index, ok: detail === '', detail });
    }
  }
  return results;
}

function faultOf(set: SignatureSet, signature: Signature, test: SignatureTest): string {
  const { messages, anomalies } = messagesOf(test);
  if (anomalies.length > 0) return `the parsers refuse the text: ${anomalies.join(', ')}`;
  if (messages.length === 0) return 'the text gives no message';
  const hits: Signature[] = [];
  for (const message of messages) set.match(message, hits);
  const held = hits.some((hit) => hit.id === signature.id);
  if (held === (test.expect === 'indication')) return '';
  const others = hits.map((hit) => hit.id).join(', ') || 'none';
  return held ? 'holds, but must not' : `does not hold, but must; signatures that hold: ${others}`;
}

/** What the parsers make of a test's text. Side 0 is the miner. */
export function messagesOf(test: SignatureTest): TestMessages {
  const side: Side = test.input.startsWith('miner') ? 0 : 1;
  const messages: Message[] = [];
  const anomalies: number[] = [];
  if (test.input.endsWith('_http')) readHttp(test.text, side, messages, anomalies);
  else if (test.input.endsWith('_sv2')) readFrame(test.text, side, messages, anomalies);
  else if (test.input.endsWith('_start')) readStart(test.text, side, messages);
  else if (test.input.endsWith('_tls')) readTls(test.text, side, messages, anomalies);
  else if (test.input === 'name' || test.input === 'flow' || test.input === 'binary') readFacts(test, messages);
  else {
    const found: JsonMessage[] = [];
    const transport = test.input.endsWith('_ws') ? 'ws' : 'tcp';
    const anomaly = jsonMessages(test.text, side, PLACE, transport, null, null, found);
    if (anomaly !== 0) anomalies.push(anomaly);
    messages.push(...found);
  }
  return { messages, anomalies: anomalies.map((index) => ANOMALIES[index] ?? `anomaly ${index}`) };
}

function readHttp(text: string, side: Side, messages: Message[], anomalies: number[]): void {
  const bytes = new TextEncoder().encode(withLength(text));
  const parser = new HttpParser({
    onHttpHead(http: HttpHead, head: string): void {
      messages.push({ kind: 'http', side, place: PLACE, transport: 'http', http, text: head });
    },
    onHttpBody(http: HttpHead, body: Uint8Array, off: number, end: number): void {
      const found: JsonMessage[] = [];
      const content = new TextDecoder().decode(body.subarray(off, end));
      const anomaly = jsonMessages(content, side, PLACE, 'http', http, null, found);
      if (anomaly !== 0) anomalies.push(anomaly);
      messages.push(...found);
    },
    onHttpUpgrade(): void {},
    onHttpRaw(): void {},
    onHttpAnomaly(anomaly: number): void {
      anomalies.push(anomaly);
    },
  });
  parser.push(bytes, 0, bytes.length);
  parser.finish();
}

/** Writers of tests should not have to count bytes: a head without a length gets the length of the body. */
function withLength(text: string): string {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0 || /\r\n(?:content-length|transfer-encoding):/i.test(text.slice(0, end + 2))) return text;
  const body = text.slice(end + 4);
  return `${text.slice(0, end)}\r\nContent-Length: ${new TextEncoder().encode(body).length}\r\n\r\n${body}`;
}

function readStart(text: string, side: Side, messages: Message[]): void {
  const bytes = Uint8Array.from(Buffer.from(text, 'hex'));
  if (bytes.length === 0 || bytes.length * 2 !== text.length) return;
  const payload = bytes.slice(0, START_BYTES);
  messages.push({ kind: 'start', side, place: PLACE, transport: 'tcp', payload, length: bytes.length, text: '' });
}

function readTls(text: string, side: Side, messages: Message[], anomalies: number[]): void {
  const bytes = Uint8Array.from(Buffer.from(text, 'hex'));
  const parser = new TlsParser({
    onTlsFact(tls): void {
      messages.push({ kind: 'tls', side, place: PLACE, transport: 'tls', tls, text: '' });
    },
    onTlsAnomaly(anomaly): void {
      anomalies.push(anomaly);
    },
    onTlsEnd(): void {},
  });
  parser.push(bytes, 0, bytes.length);
  parser.finish();
}

/** What no parser makes: names with what the list says of them, shapes of conversations. Members left out are usual ones. */
function readFacts(test: SignatureTest, messages: Message[]): void {
  let given: unknown;
  try {
    given = JSON.parse(test.text);
  } catch {
    return;
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return;
  const { evidence, role, confidence, own_port, ambiguous, transport, ...rest } = given as Record<string, unknown>;
  const endpoint = {
    evidence: evidence ?? 'none',
    role: role ?? null,
    confidence: confidence ?? null,
    ownPort: own_port === true,
    ambiguous: ambiguous === true,
    pool: null,
    coins: [],
  };
  const usual = { side: 0, place: PLACE, transport: transport ?? (test.input === 'binary' ? 'tcp' : 'tls'), text: '' };
  const facts =
    test.input === 'name'
      ? { name: '', port: 0, source: 'sni', ...rest, endpoint }
      : test.input === 'flow'
        ? { seconds: 0, sent: 0, received: 0, named: false, ...rest }
        : { protocol: rest['protocol'], value: rest };
  messages.push({ kind: test.input, ...usual, ...facts } as unknown as Message);
}

function readFrame(text: string, side: Side, messages: Message[], anomalies: number[]): void {
  const bytes = Uint8Array.from(Buffer.from(text, 'hex'));
  const parser = new Sv2Parser({
    onSv2Frame(extension: number, channel: boolean, type: number, data: Uint8Array, off: number, end: number): void {
      const payload = data.slice(off, end);
      messages.push({ kind: 'sv2', side, place: PLACE, transport: 'tcp', extension, channel, type, payload, text: '' });
    },
    onSv2Anomaly(anomaly: number): void {
      anomalies.push(anomaly);
    },
  });
  parser.push(bytes, 0, bytes.length);
  parser.finish();
}
