/** Which coin a wallet shows in a detection, and which coins it tells. */
import { expect, test } from 'vitest';
import { type BuildContext, buildDetections } from '../../src/detect/build.ts';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { type ConversationFacts, summariseSession } from '../../src/detect/facts.ts';
import { gatherKeys } from '../../src/detect/key-facts.ts';
import { MiningSession } from '../../src/dialect/session.ts';
import { BITCOIN_ADDRESS, base58Address, ETHEREUM_ADDRESS, MONERO_ADDRESS } from '../generate/wire/chain.ts';

const CONTEXT: BuildContext = {
  sensor: 'test',
  realm: null,
  nat: 'none',
  clockError: 0,
  from: 0,
  to: 0,
  fileOf: () => '-',
};

function detect(dialect: string, login: string, agent: string | null = null, coin: string | null = null): DetectionRow {
  const session = new MiningSession();
  session.login(login);
  session.agent(agent);
  session.coin(coin);
  const conversation: ConversationFacts = {
    input: 0,
    packet: 1,
    miner: '192.0.2.1',
    pool: '203.0.113.1',
    host: null,
    poolName: null,
    coins: [],
    via: null,
    worked: false,
    lookups: 0,
    minerPort: 40000,
    poolPort: 3333,
    transport: 'tcp',
    dialect,
    session: summariseSession(session),
    indications: [
      {
        signature: 'test',
        version: 1,
        kind: 'payload',
        weight: 1,
        family: null,
        against: false,
        proof: true,
        time: 0,
        input: 0,
        packet: 1,
        bytes: [0, 0],
        side: 0,
        from: 'miner',
        dialect,
        excerpt: '',
      },
    ],
    firstSeen: 0,
    lastSeen: 0,
    packets: [0, 0],
    bytes: [0, 0],
    opened: true,
    seen: 'both',
    minerSide: 0,
  };
  const row = buildDetections(gatherKeys([conversation]), CONTEXT)[0];
  if (!row) throw new Error('no detection');
  return row;
}

const KEY = '0123456789abcdef'.repeat(4);
const R_ADDRESS = base58Address([0x3c], 0x21);
const T_ADDRESS = base58Address([0x1c, 0xb8], 0x21);
const ZEPHYR = 'ZEPHYR2jZrZXenfKejCcCmEkRzUYwXjgWfJF4yzdCznKQ8yQ3g3PsWUbZjzfzHbeTPMgXVmEuDKQUB9rPkgtVwyWRh9knU4EpfJ57';

test.each<
  [dialect: string, login: string, told: string | null, wallet: [string, boolean | null] | null, coins: string[]]
>([
  ['cryptonote', MONERO_ADDRESS, null, ['XMR', true], ['XMR']],
  ['cryptonote', `${MONERO_ADDRESS.slice(0, -1)}1`, null, ['XMR', false], ['XMR']],
  ['cryptonote', ZEPHYR, null, ['ZEPH', true], ['ZEPH']],
  // What is paid out need not be what is mined.
  ['cryptonote', BITCOIN_ADDRESS, null, ['BTC', true], []],
  ['stratum-v1', BITCOIN_ADDRESS, null, ['BTC', true], []],
  ['stratum-v1', MONERO_ADDRESS, null, ['XMR', true], []],
  ['ethproxy', ETHEREUM_ADDRESS, null, ['ETH', true], []],
  ['ethproxy', ETHEREUM_ADDRESS, 'ETC', ['ETC', true], ['ETC']],
  ['kawpow', R_ADDRESS, null, ['RVN', true], ['RVN']],
  ['zcash-stratum', R_ADDRESS, null, ['VRSC', true], ['VRSC']],
  ['zcash-stratum', T_ADDRESS, null, ['ZEC', true], ['ZEC']],
  ['zcash-stratum', T_ADDRESS, 'FLUX', ['FLUX', true], ['FLUX']],
  ['stratum-v1', R_ADDRESS, null, ['RVN', true], []],
  // XMRig's donation has a log-in of this form.
  ['cryptonote', KEY, null, null, []],
  ['ironfish', KEY, null, ['IRON', null], ['IRON']],
  ['kawpow', `DOGE:${base58Address([0x1e], 0x21)}.rig#ab-cd`, null, ['DOGE', true], []],
  ['stratum-v1', 'account.worker', null, null, []],
])('%s %s (told: %s)', (dialect, login, told, wallet, coins) => {
  const row = detect(dialect, login, null, told);
  const read = row.accounts[0]?.wallet ?? null;
  expect(read && [read.coin, read.valid]).toEqual(wallet);
  expect(row.coins).toEqual(coins);
  expect(Object.keys(row.accounts[0] ?? {})).toEqual(['login', 'account', 'worker', 'wallet']);
  expect(read === null || Object.keys(read).join() === 'coin,address,valid').toBe(true);
});

test('the kind of hardware comes from the agent', () => {
  expect(detect('stratum-v1', 'a', 'Antminer S21/Fri Oct 11 16:34:48 CST 2024').hardware_class).toBe('asic');
  expect(detect('stratum-v1', 'a', 'SRBMiner-MULTI/2.4.1').hardware_class).toBe('gpu');
  expect(detect('stratum-v1', 'a', 'MiningRigRentals/Test/1.0').hardware_class).toBe('unknown');
  expect(detect('stratum-v1', 'a').hardware_class).toBe('unknown');
});
