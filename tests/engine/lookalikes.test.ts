/** Messages of other protocols, one by one and as conversations, over every transport that carries JSON: nothing is found. */
import { describe, expect, test } from 'vitest';
import { conversation, createRandom, type RawFrame, type Side, type TimedMessage } from '../generate/index.ts';
import { httpRequest, httpResponse } from '../generate/wire/http.ts';
import * as ws from '../generate/wire/websocket.ts';
import { LOOK_ALIKES as FIRST } from './lookalike-messages.ts';
import { LOOK_ALIKES_2 } from './lookalike-messages-2.ts';
import { detectFrames } from './run.ts';

const LOOK_ALIKES = [...FIRST, ...LOOK_ALIKES_2];
const CARRIERS = ['line', 'websocket', 'http'] as const;
type Carrier = (typeof CARRIERS)[number];
type Said = readonly [Side, unknown];

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The same messages as lines, as WebSocket texts, or as bodies of POST requests and their answers. */
function carried(said: readonly Said[], carrier: Carrier): TimedMessage[] {
  const rng = createRandom(5);
  const out: TimedMessage[] = [];
  if (carrier === 'websocket') {
    out.push({ from: 'client', at: 0.04, text: ws.upgradeRequest('app.example', '/gateway', 'https://app.example') });
    out.push({ from: 'server', at: 0.08, text: ws.UPGRADE_RESPONSE });
  }
  let asked = 0;
  for (const [n, [from, value]] of said.entries()) {
    const at = 0.1 + 2 * n;
    const body = textOf(value);
    if (carrier === 'line') out.push({ from, at, text: `${body}\n` });
    else if (carrier === 'websocket') {
      out.push({ from, at, bytes: ws.webSocketFrame(body, from === 'client' ? { rng } : {}) });
    } else if (from === 'client') {
      out.push({
        from,
        at,
        text: httpRequest(
          'POST /rpc HTTP/1.1',
          [
            ['Host', 'app.example'],
            ['Content-Type', 'application/json'],
          ],
          body,
        ),
      });
      asked++;
    } else {
      // An answer needs a request; one that was seen or this one.
      if (asked === 0)
        out.push({
          from: 'client',
          at: at - 0.05,
          text: httpRequest('POST /rpc HTTP/1.1', [['Host', 'app.example']], '{}'),
        });
      else asked--;
      out.push({ from, at, text: httpResponse('200 OK', [['Content-Type', 'application/json']], body) });
    }
  }
  return out;
}

function framesOf(said: readonly Said[], carrier: Carrier, n: number): RawFrame[] {
  return conversation({
    client: { ip: `10.20.${n >> 8}.${n & 255}`, port: 41_000 },
    server: { ip: '192.0.2.90', port: [3333, 80, 443, 8080][n % 4] as number },
    start: 1_713_571_800_000_000,
    seed: n + 1,
    messages: carried(said, carrier),
  });
}

/** Runs many conversations at once; says which gave a detection, and by which signatures. */
function found(cases: readonly (readonly [string, readonly Said[]])[], carrier: Carrier): string[] {
  const frames = cases.flatMap(([, said], n) => framesOf(said, carrier, n));
  const result = detectFrames(frames.sort((a, b) => a.time - b.time));
  expect(result.summary.flows).toBe(cases.length);
  return result.detections.map((d) => {
    const [, , c = 0, e = 0] = d.miner.ip.split('.').map(Number);
    const [, , f = 0, g = 0] = (d.pool.ip ?? '').split('.').map(Number);
    const [name] = cases[d.miner.ip.startsWith('10.20.') ? c * 256 + e : f * 256 + g] ?? ['?'];
    return `${d.confidence} ${d.dialect} ${d.indications.map((i) => i.signature).join(' ')}: ${name}`;
  });
}

const SINGLE = LOOK_ALIKES.flatMap(({ protocol, messages }) =>
  messages.map(([from, value]) => ({ protocol, from, value, label: `${protocol}: ${textOf(value).slice(0, 150)}` })),
);
const other = (side: Side): Side => (side === 'client' ? 'server' : 'client');

describe.each(CARRIERS)('look-alikes by %s', (carrier) => {
  test('one message alone', () => {
    const cases = SINGLE.map(({ label, from, value }) => [label, [[from, value]]] as const);
    expect(cases.length).toBeGreaterThan(120);
    expect(found(cases, carrier)).toEqual([]);
  });

  test('the same from the other side', () => {
    const cases = SINGLE.map(({ label, from, value }) => [label, [[other(from), value]]] as const);
    expect(found(cases, carrier)).toEqual([]);
  });

  test('one message ten times', () => {
    const cases = SINGLE.map(
      ({ label, from, value }) => [label, Array.from({ length: 10 }, (): Said => [from, value])] as const,
    );
    expect(found(cases, carrier)).toEqual([]);
  });

  test('all messages of a protocol in one conversation', () => {
    const cases = LOOK_ALIKES.map(({ protocol, messages }) => [protocol, messages] as const);
    expect(found(cases, carrier)).toEqual([]);
  });

  test('all of them together', () => {
    expect(found([['everything', LOOK_ALIKES.flatMap(({ messages }) => messages)]], carrier)).toEqual([]);
  });

  test('what a miner says in the same place is found', () => {
    const login = { id: 1, jsonrpc: '2.0', method: 'login', params: { login: 'w', pass: 'x', agent: 'XMRig/6.26.0' } };
    const subscribe = { id: 1, method: 'mining.subscribe', params: ['cgminer/4.10.0'] };
    const work = { id: 1, method: 'getwork', params: [] };
    const cases = (carrier === 'http' ? [work] : [login, subscribe]).map(
      (value) => [JSON.stringify(value), [['client', value]]] as const,
    );
    expect(found(cases, carrier).length).toBe(cases.length);
  });
});
