/** One capture for each dialect, seen whole: both directions, from the first packet to the last. */
import { bitcoinSession, SCRYPT_UNIT, SHA256D_UNIT } from '../dialects/bitcoin.ts';
import { cryptonoteSession } from '../dialects/cryptonote.ts';
import { eip1571Stratum, ethProxy, niceHashStratum, plainStratum } from '../dialects/ethereum.ts';
import { getworkSession, templateSession } from '../dialects/http-work.ts';
import { stratum2Session } from '../dialects/stratum2.ts';
import { coinhiveSession, overWebSocket } from '../dialects/websocket.ts';
import { zcashSession } from '../dialects/zcash.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { BITCOIN_ADDRESS, base58Address, ETHEREUM_ADDRESS, MONERO_ADDRESS } from '../wire/chain.ts';
import { type Capture, START, single } from './capture.ts';
import { ethGetworkCapture, farmCapture, probeCapture, proxyCapture, refusedCapture } from './special.ts';

const LITECOIN_ADDRESS = base58Address([0x30], 0x11);
const ZCASH_ADDRESS = base58Address([0x1c, 0xb8], 0x22);
/** 18 May 2018, the day of the chain data used for Litecoin. */
const LITECOIN_TIME = 1526644800;

export function bitcoinExample(): Session {
  return bitcoinSession({
    rng: createRandom(101),
    seconds: 600,
    login: `${BITCOIN_ADDRESS}.rig1`,
    agent: 'cgminer/4.11.1',
    coins: ['BTC'],
    rate: 13e12,
    unit: SHA256D_UNIT,
    difficulties: [
      { at: 0, value: 16384 },
      { at: 60.2, value: 65536 },
    ],
    height: 840001,
    bits: '17034219',
    time: START,
    previousHash: '0000000000000000000320283a032748cef8227873ff4872689bf23f1cda83a5',
    style: 'cgminer',
    branches: 3,
    jobEvery: 50,
    rejects: new Map([
      [6, 'stale'],
      [15, 'duplicate'],
    ] as const),
  });
}

export function zcashExample(seed: number = 103, seconds: number = 420): Session {
  return zcashSession({
    rng: createRandom(seed),
    seconds,
    login: `${ZCASH_ADDRESS}.rig4`,
    host: 'zec.pool.example.net',
    port: 3333,
    time: START,
    rate: 800,
    work: 16000,
    rejects: new Set([5]),
  });
}

export function cryptonoteExample(): Session {
  return cryptonoteSession({
    rng: createRandom(144),
    seconds: 540,
    logins: [`${MONERO_ADDRESS}.desk7`],
    rigs: ['desk7'],
    time: START,
    height: 3131000,
    rate: 1000,
    difficulty: 20000,
    jobEvery: 70,
    keepalive: [130, 270, 410],
    rejects: new Set([9]),
  });
}

const ETH = { jobEvery: 24, seconds: 360 } as const;

export function ethProxyExample(): Session {
  return ethProxy({
    ...ETH,
    seconds: 160,
    jobEvery: 25,
    rng: createRandom(105),
    wallet: ETHEREUM_ADDRESS,
    worker: 'rig1',
    rate: 480e6,
    work: 4_000_000_000,
    style: 'ethminer',
    rejects: new Set([3]),
  });
}

function litecoin(): Session {
  return bitcoinSession({
    rng: createRandom(102),
    seconds: 240,
    login: `${LITECOIN_ADDRESS}.l3`,
    agent: 'cpuminer/2.5.1',
    coins: ['LTC'],
    rate: 504e6,
    unit: SCRYPT_UNIT,
    difficulties: [{ at: 0, value: 65536 }],
    height: 1424155,
    bits: '1a0193d4',
    time: LITECOIN_TIME,
    style: 'cpuminer',
    branches: 2,
    jobEvery: 45,
    rejects: new Map([[4, 'low']] as const),
  });
}

/** A browser miner for a yespower coin: neither coin nor algorithm shows, so no rate is claimed. */
function browser(): Session {
  return bitcoinSession({
    rng: createRandom(106),
    seconds: 150,
    login: 'demo.browser1',
    agent: 'webminer/1.0',
    rate: 900,
    unit: SCRYPT_UNIT,
    difficulties: [{ at: 0, value: 0.125 }],
    height: 52017,
    bits: '1d0173a2',
    time: START,
    style: 'cpuminer',
    branches: 1,
    jobEvery: 30,
    hideRate: true,
  });
}

export function miningCaptures(): Capture[] {
  const eth = (seed: number) => ({ ...ETH, rng: createRandom(seed), wallet: ETHEREUM_ADDRESS, worker: 'rig1' });
  const claymore = ethProxy({
    ...eth(115),
    seconds: 180,
    jobEvery: 30,
    rate: 240e6,
    work: 4_000_000_000,
    style: 'claymore',
  });
  const eip1571 = eip1571Stratum({
    ...eth(116),
    jobEvery: 15,
    rate: 250e6,
    work: 4_000_000_000,
    host: 'eth2.pool.example.net',
    port: 4444,
    rejects: new Set([4]),
  });
  const plain = plainStratum({ ...eth(117), rate: 200e6, work: 4_000_000_000, rejects: new Set([2]) });
  const niceHash = niceHashStratum({ ...eth(118), rate: 280e6, work: 2 ** 32, rejects: new Set([6]) });
  const oddPort = cryptonoteSession({
    rng: createRandom(119),
    seconds: 180,
    logins: [MONERO_ADDRESS],
    time: START,
    height: 3131030,
    rate: 900,
    difficulty: 10000,
    jobEvery: 60,
  });
  const bridge = cryptonoteSession({
    rng: createRandom(120),
    seconds: 150,
    logins: [MONERO_ADDRESS],
    agent: 'webminer/1.0',
    time: START,
    height: 3131040,
    rate: 60,
    difficulty: 500,
    jobEvery: 60,
  });
  const stratum2 = { seconds: 420, host: 'v2.pool.example.net', port: 34254, time: START } as const;
  const standard = stratum2Session({
    ...stratum2,
    rng: createRandom(121),
    user: 'braiinstest.worker1',
    channel: 'standard',
    rate: 14e12,
    difficulty: 65536,
    batch: 1,
    rejects: new Set([7]),
  });
  const extended = stratum2Session({
    ...stratum2,
    rng: createRandom(122),
    user: 'braiinstest.farm',
    channel: 'extended',
    rate: 180e12,
    difficulty: 524288,
    batch: 5,
    rejects: new Set([11]),
  });
  const getwork = getworkSession({
    rng: createRandom(123),
    seconds: 160,
    host: 'getwork.pool.example.net:8337',
    login: 'account.miner1',
    time: START,
    rate: 333e6,
    rejects: new Set([8]),
  });
  const template = templateSession({
    rng: createRandom(124),
    host: '203.0.113.32:8332',
    user: 'solo',
    time: START,
    polls: 6,
  });
  const coinhive = coinhiveSession({
    rng: createRandom(125),
    seconds: 160,
    host: 'ws.coinhive.example.com:8892',
    siteKey: 'SYNTHETICSITEKEY0000000000000001',
    time: START,
    rate: 45,
    difficulty: 256,
  });
  const wsBrowser = overWebSocket(browser(), createRandom(126), 'ws.pool.example.net', '/');
  const wsBridge = overWebSocket(bridge, createRandom(127), 'bridge.example.net', '/proxy');
  return [
    single('stratum-v1-bitcoin.pcap', bitcoinExample(), 11, 3333),
    single('stratum-v1-litecoin.pcapng', litecoin(), 12, 3333, true),
    single('stratum-v1-websocket.pcap', wsBrowser, 13, 80),
    single('zcash-stratum.pcap', zcashExample(), 14, 3333),
    single('eth-stratum.pcap', plain, 15, 8008),
    single('ethereum-stratum-1.pcap', niceHash, 16, 3353),
    single('ethereum-stratum-2.pcap', eip1571, 17, 4444),
    single('ethproxy.pcap', ethProxyExample(), 18, 4444),
    single('ethproxy-port-443.pcap', claymore, 19, 443),
    single('cryptonote.pcap', cryptonoteExample(), 20, 3333),
    single('cryptonote-port-53.pcap', oddPort, 21, 53),
    single('cryptonote-websocket.pcap', wsBridge, 22, 8892),
    proxyCapture(),
    farmCapture(),
    refusedCapture(),
    single('getwork.pcap', getwork, 31, 8337),
    single('getblocktemplate.pcap', template, 32, 8332),
    ethGetworkCapture(),
    single('coinhive.pcap', coinhive, 33, 8892),
    single('stratum-v2-standard.pcap', standard, 34, 34254),
    single('stratum-v2-extended.pcap', extended, 38, 34254),
    probeCapture(),
  ];
}
