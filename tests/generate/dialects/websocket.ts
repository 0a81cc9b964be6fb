/**
 * Mining in browsers: the CoinHive protocol (x25/coinhive-stratum-mining-proxy, its server and its miner) and Stratum
 * lines carried as WebSocket messages, one message a line.
 */
import type { TimedMessage } from '../conversation.ts';
import { poissonTimes, type Random } from '../random.ts';
import { inForce, Script, type Session, type Share } from '../session.ts';
import { concat, utf8 } from '../wire/bytes.ts';
import { cryptonoteTarget } from '../wire/chain.ts';
import { compact } from '../wire/json.ts';
import * as ws from '../wire/websocket.ts';
import { hashingBlob } from './cryptonote.ts';

export interface CoinhiveOptions {
  readonly rng: Random;
  readonly seconds: number;
  readonly host: string;
  readonly siteKey: string;
  readonly time: number;
  readonly rate: number;
  readonly difficulty: number;
}

export function coinhiveSession(o: CoinhiveOptions): Session {
  const { rng } = o;
  const script = new Script();
  script.client(0.04, ws.upgradeRequest(o.host, '/proxy', 'https://www.example.com'));
  script.server(0.08, ws.UPGRADE_RESPONSE);
  const auth = { type: 'auth', params: { site_key: o.siteKey, type: 'anonymous', user: null, goal: 0 } };
  script.client(0.1, ws.webSocketFrame(compact(auth), { rng }));
  script.server(0.15, ws.webSocketFrame(compact({ type: 'authed', params: { token: '', hashes: 0 } })));
  const jobs: { at: number; id: string }[] = [];
  for (let at = 0.16, n = 0; at < o.seconds; at += 30, n++) {
    const job = { at, id: rng.hex(8) };
    const blob = hashingBlob(rng, o.time + Math.floor(at), rng.hex(32));
    const text = compact({ type: 'job', params: { job_id: job.id, blob, target: cryptonoteTarget(o.difficulty) } });
    if (n === 2) {
      // A message in three fragments with a ping between them (RFC 6455 §5.4, §5.5.2).
      const bytes = utf8(text);
      const pieces = [
        ws.webSocketFrame(bytes.subarray(0, 60), { final: false }),
        ws.webSocketFrame('poolprint', { opcode: ws.PING }),
        ws.webSocketFrame(bytes.subarray(60, 120), { opcode: ws.CONTINUATION, final: false }),
        ws.webSocketFrame(bytes.subarray(120), { opcode: ws.CONTINUATION }),
      ];
      script.server(at, concat(...pieces));
      script.client(at + 0.02, ws.webSocketFrame('poolprint', { rng, opcode: ws.PONG }));
    } else {
      script.server(at, ws.webSocketFrame(text));
    }
    jobs.push(job);
  }
  const shares: Share[] = [];
  for (const [n, at] of poissonTimes(rng, 1, o.seconds - 1, () => o.difficulty / o.rate).entries()) {
    const params = { version: 7, job_id: inForce(jobs, at).id, nonce: rng.hex(4), result: `${rng.hex(31)}00` };
    const submit = script.client(at, ws.webSocketFrame(compact({ type: 'submit', params }), { rng }));
    const verdict = compact({ type: 'hash_accepted', params: { hashes: (n + 1) * o.difficulty } });
    const answer = script.server(at + 0.05, ws.webSocketFrame(verdict));
    shares.push({ submit, answer, accepted: true, work: o.difficulty, at });
  }
  script.client(o.seconds, ws.webSocketFrame(Uint8Array.of(0x03, 0xe8), { rng, opcode: ws.CLOSE }));
  return {
    dialect: 'coinhive',
    messages: script.messages,
    shares,
    logins: [o.siteKey],
    difficulty: o.difficulty,
    rate: { value: o.rate, unit: 'H/s' },
  };
}

/** A session of any JSON-line dialect carried over WebSocket after the handshake. */
export function overWebSocket(session: Session, rng: Random, host: string, target: string): Session {
  const messages: TimedMessage[] = [
    { from: 'client', at: 0.035, text: ws.upgradeRequest(host, target, 'https://www.example.com') },
    { from: 'server', at: 0.07, text: ws.UPGRADE_RESPONSE },
    ...session.messages.map((message): TimedMessage => {
      const text = (message.text ?? '').replace(/\n$/, '');
      const bytes = ws.webSocketFrame(text, message.from === 'client' ? { rng } : {});
      return { from: message.from, at: message.at + 0.05, bytes };
    }),
  ];
  const shares = session.shares.map((share) => ({ ...share, submit: share.submit + 2, answer: share.answer + 2 }));
  return { ...session, messages, shares, marks: {} };
}
