/** Zilliqa over ZMP: two rounds of work in clear with a pause in between, seen whole. */
import { inventedAddress } from '../dialects/alternative.ts';
import { createRandom, poissonTimes } from '../random.ts';
import { Script, type Session, type Share } from '../session.ts';
import { compact } from '../wire/json.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = `${inventedAddress('zil1', 38)}.rig1`;
const AGENT = 'ExampleMiner/v1.0.0';
const WORK = 0xee6b2800;
const RATE = 700e6;
/** Start and length of the rounds, seconds. */
const ROUNDS = [
  { at: 5, seconds: 60 },
  { at: 215, seconds: 50 },
] as const;

export function zmpExample(): Session {
  const rng = createRandom(425);
  const script = new Script();
  const line = (value: unknown): string => `${compact(value)}\n`;
  const login = { userAgent: AGENT, login: LOGIN };
  script.client(0.04, line({ id: 0, method: 'login', params: [login] }));
  script.server(0.09, line({ id: 0, result: { epoch: '57b9' } }));
  const shares: Share[] = [];
  const marks: Record<string, number> = {};
  for (const [n, { at, seconds }] of ROUNDS.entries()) {
    const work = { sealHash: rng.hex(32), diff: WORK.toString(16), epoch: '57b9', ttl: 'ea60', expires: '18ef8c4a3e8' };
    marks[`job ${n}`] = script.server(at, line({ result: work }));
    for (const time of poissonTimes(rng, at + 0.2, at + seconds - 1, () => WORK / RATE)) {
      const id = shares.length + 1;
      const accepted = id !== 4;
      const submit = script.client(time, line({ id, method: 'submit', params: [{ n: rng.hex(8) }] }));
      const answer = script.server(time + 0.05, line(accepted ? { id } : { id, error: 'Job Expired' }));
      shares.push({ submit, answer, accepted, work: WORK, at: time });
    }
    script.server(at + seconds, line({ result: null }));
    for (let ping = at + seconds + 60; n === 0 && ping < 215; ping += 60) {
      script.server(ping, line({}));
      script.client(ping + 0.03, line({}));
    }
  }
  return {
    dialect: 'zmp',
    messages: script.messages,
    shares,
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['ZIL'],
    difficulty: WORK,
    rate: { value: RATE, unit: 'H/s' },
    marks,
  };
}

export function zmpCapture(): Capture {
  return single('zmp.pcap', zmpExample(), 125, 9486);
}
