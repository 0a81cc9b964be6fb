/** One upstream connection of xmrig-proxy in NiceHash mode: one login for four rigs, each with a top byte of the nonce. */
import { cryptonoteSession, XMRIG_AGENT } from '../dialects/cryptonote.ts';
import type { Expected } from '../expected.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { MONERO_ADDRESS } from '../wire/chain.ts';
import { type Capture, START, single } from './capture.ts';

export function xmrigProxyExample(): Session {
  return cryptonoteSession({
    rng: createRandom(145),
    seconds: 240,
    logins: [MONERO_ADDRESS],
    agent: XMRIG_AGENT.replace('XMRig/6.26.0', 'xmrig-proxy/6.26.0'),
    time: START,
    height: 3131050,
    rate: 16000,
    difficulty: 150000,
    jobEvery: 60,
    rejects: new Set([5]),
    splitAmong: 4,
  });
}

export function xmrigProxyCapture(): Capture {
  const capture = single('cryptonote-xmrig-proxy.pcap', xmrigProxyExample(), 140, 5555);
  return { ...capture, expected: capture.expected.map((item): Expected => ({ ...item, activity: 'proxy' })) };
}
