import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { excerptOf } from '../../src/engine/evidence/excerpt.ts';
import { jsonMessages } from '../../src/protocol/json.ts';
import type { HttpHead, JsonMessage, Message } from '../../src/protocol/message.ts';

const PLACE = { input: 0, packet: 1, time: 0, from: 0, to: 0 };

function message(value: unknown): JsonMessage {
  const out: JsonMessage[] = [];
  jsonMessages(JSON.stringify(value), 0, PLACE, 'tcp', null, null, out);
  return out[0] as JsonMessage;
}

/** Passwords no other part of a message has. */
const secret = fc.string({ minLength: 6, maxLength: 12, unit: fc.constantFrom(...'QRSTUVWXYZ') });

const LOGINS: readonly [string, (password: string) => unknown][] = [
  ['mining.authorize', (p) => ({ id: 2, method: 'mining.authorize', params: ['user.rig', p] })],
  ['with fields of the pool', (p) => ({ id: 2, method: 'mining.authorize', params: ['user.rig', `${p},d=65536`, 1] })],
  ['by name', (p) => ({ id: 2, method: 'mining.authorize', params: { user: 'rig', password: p } })],
  ['eth_submitLogin', (p) => ({ id: 1, method: 'eth_submitLogin', params: ['0xab', p], worker: 'rig1' })],
  ['ckb_submitLogin', (p) => ({ id: 1, method: 'ckb_submitLogin', params: ['ckb1', p] })],
  ['login with members', (p) => ({ id: 1, method: 'login', params: { login: 'w', pass: p, agent: 'XMRig' } })],
  ['login with a list', (p) => ({ id: 1, method: 'login', params: ['w', p, 'agent'] })],
  ['login with a list of one object', (p) => ({ id: 1, method: 'login', params: [{ login: 'w', Password: p }] })],
  ['top level', (p) => ({ id: 'login', method: 'login', api_key: 'user', secret: p })],
  ['body in the place of params', (p) => ({ id: 1, method: 'mining.subscribe', body: { name: 'x', pwd: p } })],
  ['deep inside', (p) => ({ method: 'hello', params: [[{ auth: { user: 'u', passwd: p } }]] })],
  ['a list under the name', (p) => ({ type: 'auth', params: { token: [p, { again: p }] } })],
  ['beyond the depth that is read', (p) => ({ a: { b: { c: { d: { e: { f: { g: { h: { pass: p } } } } } } } } })],
];

describe('excerpt', () => {
  test.each(LOGINS)('shows no password: %s', (_, make) => {
    fc.assert(
      fc.property(secret, (password) => {
        const text = excerptOf(message(make(password)));
        expect(text).not.toContain(password);
        expect(text).toContain('***');
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  test('keeps the rest of a login', () => {
    expect(excerptOf(message(LOGINS[0]![1]('SECRET')))).toBe(
      '{"id":2,"method":"mining.authorize","params":["user.rig","***"]}',
    );
    const login = excerptOf(message(LOGINS[5]![1]('SECRET')));
    expect(login).toBe('{"id":1,"method":"login","params":{"login":"w","pass":"***","agent":"XMRig"}}');
  });

  test('gives a message without a password as it was sent', () => {
    const text = '{"id": 4,  "method":"mining.submit", "params":["user.rig","job","00","5dc30000","b2957c02"]}';
    const out: JsonMessage[] = [];
    jsonMessages(text, 0, PLACE, 'tcp', null, null, out);
    expect(excerptOf(out[0] as JsonMessage)).toBe(text);
  });

  test('is bounded, whatever the kind of message', () => {
    const long = 'x'.repeat(4000);
    const head: HttpHead = { kind: 'request', method: 'GET', target: '/', status: 0, headers: new Map() };
    const messages: Message[] = [
      message({ method: 'mining.notify', params: [long] }),
      message({ method: 'login', params: { login: long, pass: long } }),
      { kind: 'http', side: 0, place: PLACE, transport: 'http', http: head, text: long },
    ];
    for (const m of messages) {
      expect(excerptOf(m).length).toBe(512);
      expect(excerptOf(m).endsWith('…')).toBe(true);
    }
  });
});
