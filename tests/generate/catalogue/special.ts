/** Captures with more than one connection or an outcome other than plain mining. */
import { conversation } from '../conversation.ts';
import { cryptonoteSession, XMRIG_AGENT } from '../dialects/cryptonote.ts';
import { ethGetworkSession } from '../dialects/http-work.ts';
import { type Expected, expectSession, poolText } from '../expected.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { merge } from '../transform.ts';
import { MONERO_ADDRESS, OTHER_ETHEREUM_ADDRESS } from '../wire/chain.ts';
import type { RawFrame } from '../wire/frame.ts';
import { type Capture, converse, customer, pool, START, single } from './capture.ts';

export function proxyCapture(): Capture {
  // Rigs behind one upstream connection: three logins, each with its own session id.
  const session = cryptonoteSession({
    rng: createRandom(107),
    seconds: 240,
    logins: ['rig01', 'rig02', 'rig03'].map((rig) => `${MONERO_ADDRESS}.${rig}`),
    rigs: ['rig01', 'rig02', 'rig03'],
    time: START,
    height: 3131010,
    rate: 24000,
    difficulty: 200000,
    jobEvery: 40,
  });
  const capture = single('cryptonote-proxy.pcapng', session, 31, 3333, true);
  return { ...capture, expected: capture.expected.map((item): Expected => ({ ...item, activity: 'proxy' })) };
}

/** A customer's own proxy: pool to two rigs, miner to the pool outside. */
export function farmCapture(): Capture {
  const proxy = customer(5, 3333);
  const rig = (n: number): Session =>
    cryptonoteSession({
      rng: createRandom(110 + n),
      seconds: 150,
      logins: [`rig0${n}`],
      time: START,
      height: 3131020,
      rate: 1500,
      difficulty: 20000,
      jobEvery: 60,
    });
  const upstream = cryptonoteSession({
    rng: createRandom(113),
    seconds: 150,
    logins: [MONERO_ADDRESS],
    agent: XMRIG_AGENT.replace('XMRig/6.26.0', 'xmrig-proxy/6.26.0'),
    time: START,
    height: 3131020,
    rate: 3000,
    difficulty: 40000,
    jobEvery: 60,
  });
  const rigs = [rig(1), rig(2)];
  const clients = [customer(6, 41006), customer(7, 41007)];
  const outer = { ip: proxy.ip, port: 45120 };
  const server = pool(5, 3333);
  return {
    file: 'cryptonote-farm.pcapng',
    options: { format: 'pcapng' },
    frames: merge(
      ...rigs.map((session, n) => converse(session, clients[n]!, proxy, { offset: n, rtt: 0.001 })),
      converse(upstream, outer, server, { offset: 0.5 }),
    ),
    expected: [
      ...rigs.map((session, n) => expectSession(session, clients[n]!, proxy)),
      { ...expectSession(upstream, outer, server), activity: 'proxy' },
    ],
  };
}

export function ethGetworkCapture(): Capture {
  const every = 18;
  const { connections, session } = ethGetworkSession({
    rng: createRandom(108),
    host: 'eth.pool.example.net',
    path: `/${OTHER_ETHEREUM_ADDRESS}/rig1`,
    login: `${OTHER_ETHEREUM_ADDRESS}/rig1`,
    rate: 90e6,
    work: 4_000_000_000,
    requests: [
      'work',
      'work',
      'hashrate',
      'work',
      'submit',
      'work',
      'hashrate',
      'work',
      'submit',
      'work',
      'work',
      'submit',
    ],
    every,
  });
  const server = pool(35, 8888);
  const frames: RawFrame[] = merge(
    ...connections.map((messages, n) => {
      const client = customer(35, 42000 + n);
      return conversation({ client, server, start: (START + n * every) * 1e6, seed: 800 + n, messages });
    }),
  );
  const expected = expectSession(session, customer(35, 42000), server);
  return { file: 'eth-getwork.pcap', frames, expected: [{ ...expected, flows: connections.length }] };
}

/** One address asks ten pools within four minutes and never works for any: subscribe, authorize, gone. */
export function probeCapture(): Capture {
  const rng = createRandom(109);
  const expected: Expected[] = [];
  const lists: RawFrame[][] = [];
  for (let n = 0; n < 10; n++) {
    const client = customer(36, 43000 + n);
    const server = { ip: `198.51.100.${10 + n}`, port: [3333, 4444, 8080][n % 3]! };
    const sid = rng.hex(8);
    const subscribed = `{"id":1,"result":[[["mining.set_difficulty","${sid}"],["mining.notify","${sid}"]],"${rng.hex(4)}",4],"error":null}\n`;
    const denied = '{"id":2,"result":null,"error":[24,"Unauthorized worker",null]}\n';
    lists.push(
      conversation({
        client,
        server,
        start: (START + n * 22) * 1e6,
        seed: 900 + n,
        messages: [
          { from: 'client', at: 0.04, text: '{"id": 1, "method": "mining.subscribe", "params": ["cgminer/3.7.2"]}\n' },
          { from: 'server', at: 0.09, text: subscribed },
          { from: 'client', at: 0.1, text: '{"id": 2, "method": "mining.authorize", "params": ["Bitcoin", "x"]}\n' },
          { from: 'server', at: 0.15, text: denied },
        ],
      }),
    );
    expected.push({
      miner: client.ip,
      pool: poolText(server),
      dialect: 'stratum-v1',
      activity: 'probe',
      confidence: 'confirmed',
      shares: { submitted: 0, accepted: 0, rejected: 0 },
      logins: ['Bitcoin'],
      agents: ['cgminer/3.7.2'],
    });
  }
  return { file: 'probe.pcap', frames: merge(...lists), expected };
}

export function refusedCapture(): Capture {
  const session = cryptonoteSession({
    rng: createRandom(114),
    seconds: 1,
    logins: ['not-a-wallet'],
    time: START,
    height: 0,
    rate: 1,
    difficulty: 1,
    refused: 'Invalid payment address provided',
  });
  const capture = single('cryptonote-refused.pcap', session, 37, 3333);
  return { ...capture, expected: capture.expected.map((item): Expected => ({ ...item, activity: 'attempt' })) };
}
