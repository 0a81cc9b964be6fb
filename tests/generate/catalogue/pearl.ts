/** "Pearl" (PRL): the log-in alone is known, so the pool refuses it and nothing follows. */
import type { Expected } from '../expected.ts';
import { Script, type Session } from '../session.ts';
import { compact } from '../wire/json.ts';
import { type Capture, single } from './capture.ts';

const WALLET = 'prl1demo0000000000000000000000';
const AGENT = 'prlminer/1.0';

export function pearlExample(): Session {
  const script = new Script();
  const params = { wallet: WALLET, worker: 'rig1', agent: AGENT, type: 'gpu' };
  script.client(0.04, `${compact({ id: 1, method: 'mining.authorize', params })}\n`);
  script.server(0.09, `${compact({ id: 1, result: false, error: [24, 'Unauthorized worker', null] })}\n`);
  return { dialect: 'pearl', messages: script.messages, shares: [], logins: [WALLET], agents: [AGENT], coins: ['PRL'] };
}

export function pearlCapture(): Capture {
  const capture = single('pearl.pcap', pearlExample(), 143, 1200);
  const change = { activity: 'attempt', confidence: 'probable' } as const;
  return { ...capture, expected: capture.expected.map((item): Expected => ({ ...item, ...change })) };
}
