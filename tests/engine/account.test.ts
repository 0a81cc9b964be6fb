import { describe, expect, test } from 'vitest';
import { splitLogin } from '../../src/dialect/account.ts';
import { hardwareClass } from '../../src/dialect/agent.ts';
import { BITCOIN_ADDRESS, base58Address, ETHEREUM_ADDRESS, MONERO_ADDRESS } from '../generate/wire/chain.ts';

const LITECOIN_ADDRESS = base58Address([0x30], 0x11);
const PAYMENT_ID = '0123456789abcdef';
/** Length and alphabet are right; these belong to nobody. */
const shaped = (prefix: string, length: number): string => prefix.padEnd(length, '2');

describe('splitLogin', () => {
  const rows: readonly [
    login: string,
    sent: string | null,
    account: string,
    worker: string | null,
    coin: string | null,
  ][] = [
    ['user', null, 'user', null, null],
    ['user.rig1', null, 'user', 'rig1', null],
    ['user.group.rig1', null, 'user', 'rig1', null],
    [`${BITCOIN_ADDRESS}.rig1`, null, BITCOIN_ADDRESS, 'rig1', 'BTC'],
    [shaped('1', 34), null, shaped('1', 34), null, 'BTC'],
    [shaped('3', 34), null, shaped('3', 34), null, 'BTC'],
    [`${LITECOIN_ADDRESS}.l3`, null, LITECOIN_ADDRESS, 'l3', 'LTC'],
    [`${ETHEREUM_ADDRESS}.rig1`, null, ETHEREUM_ADDRESS, 'rig1', 'ETH'],
    [`${ETHEREUM_ADDRESS}/rig1/rig@example.com`, null, ETHEREUM_ADDRESS, 'rig1', 'ETH'],
    [`${ETHEREUM_ADDRESS}/rig@example.com`, null, ETHEREUM_ADDRESS, null, 'ETH'],
    [ETHEREUM_ADDRESS, 'eth1.0', ETHEREUM_ADDRESS, 'eth1.0', 'ETH'],
    [`${ETHEREUM_ADDRESS}.a`, 'b', ETHEREUM_ADDRESS, 'b', 'ETH'],
    [`${ETHEREUM_ADDRESS}.a`, '', ETHEREUM_ADDRESS, 'a', 'ETH'],
    [MONERO_ADDRESS, null, MONERO_ADDRESS, null, 'XMR'],
    [`${MONERO_ADDRESS}+20000`, null, MONERO_ADDRESS, null, 'XMR'],
    [`${MONERO_ADDRESS}.desk7+20000`, null, MONERO_ADDRESS, 'desk7', 'XMR'],
    [`${MONERO_ADDRESS}.${PAYMENT_ID}`, null, MONERO_ADDRESS, null, 'XMR'],
    [`${MONERO_ADDRESS}.${PAYMENT_ID}.desk7`, null, MONERO_ADDRESS, 'desk7', 'XMR'],
    [`${MONERO_ADDRESS}/desk7`, 'rig', MONERO_ADDRESS, 'rig', 'XMR'],
    [shaped('t1', 35), null, shaped('t1', 35), null, 'ZEC'],
    [shaped('D', 34), null, shaped('D', 34), null, 'DOGE'],
    [shaped('X', 34), null, shaped('X', 34), null, 'DASH'],
    [`kaspa:${shaped('q', 61)}.w`, null, `kaspa:${shaped('q', 61)}`, 'w', 'KAS'],
    [shaped('R', 34), null, shaped('R', 34), null, 'RVN'],
    // An address of mail is an account where it comes first, and nothing where it stands beside one.
    ['miner@example.com', null, 'miner@example.com', null, null],
    ['first.last@mail.example.com', null, 'first.last@mail.example.com', null, null],
    ['miner@example.com/rig1', null, 'miner@example.com', 'rig1', null],
    [`${MONERO_ADDRESS}.${PAYMENT_ID}.desk7/me@mail.example.com`, null, MONERO_ADDRESS, 'desk7', 'XMR'],
    // Near misses are accounts, not wallets.
    [shaped('t1', 34), null, shaped('t1', 34), null, null],
    [`${ETHEREUM_ADDRESS}0`, null, `${ETHEREUM_ADDRESS}0`, null, null],
    [MONERO_ADDRESS.slice(1), null, MONERO_ADDRESS.slice(1), null, null],
    // Nothing before the separator: all of it is the account.
    ['.rig1', null, '.rig1', 'rig1', null],
    ['', null, '', null, null],
  ];

  test.each(rows)('%s (worker %s)', (login, sent, account, worker, coin) => {
    expect(splitLogin(login, sent)).toEqual({
      login,
      account,
      worker,
      wallet: coin === null ? null : { coin, address: account },
    });
  });
});

describe('hardwareClass', () => {
  test.each([
    [['cgminer/4.11.1'], 'asic'],
    [['Antminer S19/1.0'], 'asic'],
    [['bosminer-plus-tuner 0.2.0'], 'asic'],
    [['ethminer/0.19.0'], 'gpu'],
    [['XMRig/6.26.0 (Linux x86_64) libuv/1.51.0 gcc/13.2.1'], 'cpu'],
    [['cpuminer/2.5.1'], 'cpu'],
    [['xmrig-proxy/6.26.0'], 'unknown'], // what stands behind it does not show
    [['NiceHash/1.0.0'], 'unknown'],
    [['SomethingNew/1'], 'unknown'],
    [['SomethingNew/1', 'T-Rex/0.26'], 'gpu'],
    [[], 'unknown'],
  ] as const)('%j is %s', (agents, kind) => {
    expect(hardwareClass(agents)).toBe(kind);
  });
});
