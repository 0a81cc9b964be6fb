/**
 * The invented town of docs/walk-through.md, seen outside its carrier NAT over a UTC midnight: a farm on a static line, a
 * household and a hacked server that share a public address, another hacked server with the same wallet, and, three
 * weeks later, the farm again.
 */

import { conversation, type Endpoint } from '../conversation.ts';
import { bitcoinSession, SHA256D_UNIT } from '../dialects/bitcoin.ts';
import { cryptonoteSession } from '../dialects/cryptonote.ts';
import { expectSession, together } from '../expected.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { merge } from '../transform.ts';
import { BITCOIN_ADDRESS, MONERO_ADDRESS } from '../wire/chain.ts';
import type { Capture } from './capture.ts';

/** 3 November 2026, 23:53:00 UTC, and 24 November, 02:00:00 UTC; seconds. */
const EVENING = Date.UTC(2026, 10, 3, 23, 53) / 1000;
const LATER = Date.UTC(2026, 10, 24, 2, 0) / 1000;

const BITCOIN_POOL: Endpoint = { ip: '203.0.113.200', port: 3333 };
const MONERO_POOL: Endpoint = { ip: '203.0.113.201', port: 5555 };

function farm(worker: string, seed: number, time: number, seconds: number): Session {
  return bitcoinSession({
    rng: createRandom(seed),
    seconds,
    login: `${BITCOIN_ADDRESS}.${worker}`,
    agent: 'bmminer/1.0.0',
    rate: 9.5e15,
    unit: SHA256D_UNIT,
    difficulties: [{ at: 0, value: 110_000_000 }],
    height: 973601,
    bits: '17021369',
    time,
    style: 'cgminer',
    branches: 1,
    jobEvery: 240,
    coins: ['BTC'],
  });
}

function monero(login: string, rig: string | null, seed: number, rate: number, difficulty: number): Session {
  return cryptonoteSession({
    rng: createRandom(seed),
    seconds: 840,
    logins: [login],
    ...(rig === null ? {} : { rigs: [rig] }),
    time: EVENING,
    height: 3600000,
    rate,
    difficulty,
    jobEvery: 280,
  });
}

/** An account of a pool, for a second wallet would have to be somebody's. */
const HOUSEHOLD = 'examplehome.desk1';

export function exampleCityCapture(): Capture {
  const seen: readonly (readonly [Session, Endpoint, Endpoint, number])[] = [
    [farm('a01', 901, EVENING, 840), { ip: '198.51.100.35', port: 41001 }, BITCOIN_POOL, 0],
    [farm('a02', 902, EVENING, 840), { ip: '198.51.100.35', port: 41002 }, BITCOIN_POOL, 2],
    [monero(HOUSEHOLD, null, 903, 6800, 400_000), { ip: '198.51.100.17', port: 5533 }, MONERO_POOL, 1],
    [monero(MONERO_ADDRESS, 'srv-a', 904, 41_000, 2_400_000), { ip: '198.51.100.17', port: 7801 }, MONERO_POOL, 3],
    [monero(MONERO_ADDRESS, 'srv-b', 905, 18_000, 1_100_000), { ip: '198.51.100.18', port: 9050 }, MONERO_POOL, 5],
  ];
  return {
    file: 'example-city.pcap',
    frames: merge(
      ...seen.map(([session, client, server, offset]) =>
        conversation({
          client,
          server,
          start: (EVENING + offset) * 1e6,
          seed: client.port,
          messages: session.messages,
        }),
      ),
    ),
    expected: [...Map.groupBy(seen, ([, client]) => client.ip).values()].map((group) =>
      together(group.map(([session, client, server]) => expectSession(session, client, server))),
    ),
  };
}

export function exampleCityLaterCapture(): Capture {
  const session = farm('b01', 906, LATER, 300);
  const client = { ip: '198.51.100.35', port: 43017 };
  return {
    file: 'example-city-later.pcap',
    frames: conversation({ client, server: BITCOIN_POOL, start: LATER * 1e6, seed: 43017, messages: session.messages }),
    expected: [expectSession(session, client, BITCOIN_POOL)],
  };
}
