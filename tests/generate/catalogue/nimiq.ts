/** Nimiq: a session of a client in nano mode over WebSocket in clear, seen whole. Shares that are taken get no answer. */
import { createRandom, poissonTimes } from '../random.ts';
import { Script, type Session, type Share } from '../session.ts';
import { compact } from '../wire/json.ts';
import * as ws from '../wire/websocket.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = 'NQ07 0000 0000 0000 0000 0000 0000 0000 0000';
const POOL = 'NQ43 1111 1111 1111 1111 1111 1111 1111 1111';
/** Difficulty 64 over the easiest target, 2^240. */
const COMPACT = 0x1e04_0000;
const WORK = 2 ** 22;

export function nimiqExample(): Session {
  const rng = createRandom(432);
  const script = new Script();
  const client = (at: number, value: unknown): number => script.client(at, ws.webSocketFrame(compact(value), { rng }));
  const server = (at: number, value: unknown): number => script.server(at, ws.webSocketFrame(compact(value)));
  const base64 = (length: number): string => Buffer.from(rng.bytes(length)).toString('base64');
  script.client(0.04, ws.upgradeRequest('nim.pool.example.net', '/', 'https://www.example.com'));
  script.server(0.08, ws.UPGRADE_RESPONSE);
  const registration = { message: 'register', mode: 'nano', address: LOGIN, deviceId: 104729, genesisHash: base64(32) };
  client(0.1, registration);
  server(0.15, { message: 'registered' });
  const settings = { address: POOL, extraData: base64(40), target: 2 ** 234, targetCompact: COMPACT, nonce: 7921 };
  server(0.16, { message: 'settings', ...settings });
  const marks: Record<string, number> = {};
  for (let at = 0.17, n = 0; at < 150; at += 60, n++) {
    const block = { bodyHash: base64(32), accountsHash: base64(32), previousBlock: base64(180) };
    marks[`job ${n}`] = server(at, { message: 'new-block', ...block });
  }
  server(0.2, { message: 'balance', balance: 0, confirmedBalance: 0, payoutRequestActive: false });
  const shares = poissonTimes(rng, 1, 149, () => 14).map((at, n): Share => {
    const submit = client(at, { message: 'share', block: base64(250) });
    const accepted = n !== 3;
    const answer = accepted ? -1 : server(at + 0.05, { message: 'error', reason: 'invalid share: wrong body hash' });
    return { submit, answer, accepted, work: WORK, at };
  });
  script.client(150, ws.webSocketFrame(Uint8Array.of(0x03, 0xe8), { rng, opcode: ws.CLOSE }));
  return {
    dialect: 'nimiq',
    messages: script.messages,
    shares,
    logins: [LOGIN],
    coins: ['NIM'],
    difficulty: WORK,
    marks,
  };
}

export function nimiqCapture(): Capture {
  const session = nimiqExample();
  const { expected, ...capture } = single('nimiq.pcap', session, 131, 8444);
  // Silence means that a share was taken: only those refused are known.
  const shares = { submitted: session.shares.length, rejected: 1 };
  return { ...capture, expected: expected.map((item) => ({ ...item, shares })) };
}
