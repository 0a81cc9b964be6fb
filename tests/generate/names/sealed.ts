/**
 * Conversations under TLS of which only the handshake can be read. Lengths and rhythm are those of miners
 * (CESNET-MINER22, https://zenodo.org/record/7189293): log-in with the end of the handshake, job pushes, requests, answers.
 */
import type { TimedMessage } from '../conversation.ts';
import type { Random } from '../random.ts';
import { Script } from '../session.ts';
import { concat } from '../wire/bytes.ts';
import * as tls from '../wire/tls.ts';

const CLIENT_KEY_EXCHANGE = 16;
const SERVER_HELLO_DONE = 14;
const HANDSHAKE = 22;

/** Clear lengths: log-in and its answer, job, what the client sends again and again and its answer. */
export interface Lengths {
  readonly login: number;
  readonly loggedIn: number;
  readonly job: number;
  readonly request: number;
  readonly answer: number;
}

/** Of the CryptoNote protocol (shares), and of eth-proxy (polls for work). */
export const CRYPTONOTE: Lengths = { login: 558, loggedIn: 395, job: 359, request: 194, answer: 64 };
export const ETHPROXY: Lengths = { login: 130, loggedIn: 39, job: 250, request: 60, answer: 39 };

export interface SealedOptions {
  readonly rng: Random;
  readonly seconds: number;
  /** Of the ClientHello; no server name by default. */
  readonly hello?: tls.ClientHello;
  /** Makes it TLS 1.2, in which the certificate (DER) is in clear. */
  readonly certificate?: Uint8Array;
  /** Cuts the ClientHello into records of at most so many bytes, and those into this many segments. */
  readonly helloRecord?: number;
  readonly helloSegments?: number;
  /** CryptoNote by default. */
  readonly lengths?: Lengths;
  /** Seconds between two requests and between two jobs. */
  readonly requestEvery?: number;
  readonly jobEvery?: number;
}

/** Pieces of nearly equal length. */
export function pieces(bytes: Uint8Array, count: number): Uint8Array[] {
  const edge = (n: number): number => Math.floor((bytes.length * n) / count);
  return Array.from({ length: count }, (_, n) => bytes.subarray(edge(n), edge(n + 1)));
}

/** Handshake, log-in, then jobs and requests until `seconds` after its begin. */
export function sealedSession(o: SealedOptions): TimedMessage[] {
  const { rng } = o;
  const script = new Script();
  const at = 0.04;
  const lengths = o.lengths ?? CRYPTONOTE;
  const version = o.certificate === undefined ? tls.TLS13 : tls.TLS12;
  const sealed = (clear: number): Uint8Array => tls.applicationRecord(rng, clear + tls.recordOverhead(version) - 5);
  const hello = tls.clientHello(rng, o.hello, o.helloRecord);
  for (const [n, piece] of pieces(hello, o.helloSegments ?? 1).entries()) script.client(at + n * 0.0005, piece);
  let ready: number;
  if (o.certificate === undefined) {
    const flight = [tls.serverHello(rng), tls.changeCipherSpec(), ...[23, 1030, 281, 69].map((n) => sealed(n))];
    script.server(at + 0.04, concat(...flight));
    // Finished and log-in leave in one segment.
    script.client(at + 0.08, concat(tls.changeCipherSpec(), sealed(52), sealed(lengths.login)));
    for (let n = 0; n < 2; n++) script.server(at + 0.12, sealed(233));
    ready = at + 0.13;
  } else {
    const done = tls.records(HANDSHAKE, tls.handshakeMessage(SERVER_HELLO_DONE));
    const answer = tls.serverHello(rng, { version });
    script.server(at + 0.04, concat(answer, tls.certificate(o.certificate), done));
    const exchange = tls.records(HANDSHAKE, tls.handshakeMessage(CLIENT_KEY_EXCHANGE, rng.bytes(66)));
    const finished = (): Uint8Array => tls.records(HANDSHAKE, rng.bytes(40));
    script.client(at + 0.08, concat(exchange, tls.changeCipherSpec(), finished()));
    script.server(at + 0.12, concat(tls.changeCipherSpec(), finished()));
    script.client(at + 0.125, sealed(lengths.login));
    ready = at + 0.16;
  }
  script.server(ready, sealed(lengths.loggedIn));
  const end = at + o.seconds;
  for (let when = ready + 0.1; when < end; when += o.jobEvery ?? 60) script.server(when, sealed(lengths.job));
  const every = o.requestEvery ?? 14;
  for (let when = at + every; when <= end; when += every) {
    const jitter = rng.float();
    script.client(when - jitter, sealed(lengths.request));
    script.server(when - jitter + 0.035, sealed(lengths.answer));
  }
  return script.messages;
}
