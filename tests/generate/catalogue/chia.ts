/** Chia: a farmer and its pool behind a proxy that ended TLS, on one HTTP connection, seen whole. */
import { createRandom, poissonTimes, type Random } from '../random.ts';
import { Script, type Session, type Share } from '../session.ts';
import { type Headers, httpRequest, httpResponse } from '../wire/http.ts';
import { compact } from '../wire/json.ts';
import { type Capture, single } from './capture.ts';

const LAUNCHER = `0x${'5ca1ab1e'.repeat(8)}`;
const AGENT = 'Chia Blockchain v.2.1.4';
const DIFFICULTY = 20;
const HEADERS: Headers = [
  ['Host', 'xch.pool.example.net'],
  ['User-Agent', AGENT],
  ['Content-Type', 'application/json'],
];
const ANSWER: Headers = [['Content-Type', 'application/json; charset=utf-8']];

function partial(rng: Random): unknown {
  const hash = (bytes: number): string => `0x${rng.hex(bytes)}`;
  const proof_of_space = {
    challenge: hash(32),
    pool_contract_puzzle_hash: hash(32),
    plot_public_key: hash(48),
    size: 32,
    proof: hash(256),
  };
  const payload = {
    launcher_id: LAUNCHER,
    authentication_token: 5711905,
    proof_of_space,
    sp_hash: hash(32),
    end_of_sub_slot: false,
    harvester_id: hash(32),
  };
  return { payload, aggregate_signature: hash(96) };
}

export function chiaExample(): Session {
  const rng = createRandom(433);
  const script = new Script();
  const ask = (at: number, line: string, value: unknown): number =>
    script.client(at, httpRequest(`${line} HTTP/1.1`, HEADERS, value === null ? '' : compact(value)));
  const reply = (at: number, value: unknown): number =>
    script.server(at, httpResponse('200 OK', ANSWER, compact(value)));
  const payload = {
    launcher_id: LAUNCHER,
    authentication_token: 5711905,
    authentication_public_key: `0x${rng.hex(48)}`,
    payout_instructions: rng.hex(32),
    suggested_difficulty: DIFFICULTY,
  };
  ask(0.04, 'POST /farmer', { payload, signature: `0x${rng.hex(96)}` });
  reply(0.1, { welcome_message: 'Welcome' });
  const shares = poissonTimes(rng, 1, 600, () => 90).map((at, n): Share => {
    const accepted = n !== 2;
    const submit = ask(at, 'POST /partial', partial(rng));
    const refusal = { error_code: 5, error_message: 'The proof is not good enough' };
    const answer = reply(at + 0.3, accepted ? { new_difficulty: DIFFICULTY } : refusal);
    return { submit, answer, accepted, work: DIFFICULTY, at };
  });
  return {
    dialect: 'chia',
    messages: script.messages,
    shares,
    logins: [LAUNCHER],
    agents: [AGENT],
    coins: ['XCH'],
    difficulty: DIFFICULTY,
  };
}

export function chiaCapture(): Capture {
  return single('chia.pcap', chiaExample(), 132, 8080);
}
