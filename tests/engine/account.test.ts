import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitLogin } from '../../src/dialect/account.ts';
import { BITCOIN_ADDRESS, base58Address, ETHEREUM_ADDRESS, MONERO_ADDRESS } from '../generate/wire/chain.ts';

const LITECOIN_ADDRESS = base58Address([0x30], 0x11);
const DOGE_ADDRESS = base58Address([0x1e], 0x11);
const ZCASH_ADDRESS = base58Address([0x1c, 0xb8], 0x11);
const KASPA_ADDRESS = 'kaspa:qqj9fg59mptxkr9j0y53j5mwurcmda5mtza9n6v9pm9uj8h0wgk6uma5pvumr';
const ZANO_ADDRESS =
  'ZxC15vh38qHAZbfsUXTpxoiyeLhavbBzsQQk81fEwP4jYxN4qR8SEhMfXkRBpQw6vbbSEGpK2VPVPADnL6h3ZViL29Remh4oH';
const PAYMENT_ID = '0123456789abcdef';
const LONG_PAYMENT_ID = PAYMENT_ID.repeat(4);
/** Length and alphabet are right, the checksum is not; these belong to nobody. */
const shaped = (prefix: string, length: number): string => prefix.padEnd(length, '2');

describe('splitLogin', () => {
  const rows: readonly [
    login: string,
    sent: string | null,
    account: string,
    worker: string | null,
    wallet: readonly [coin: string, valid: boolean | null] | null,
    more?: { readonly paymentId?: string; readonly difficulty?: number },
  ][] = [
    ['user', null, 'user', null, null],
    ['x', null, 'x', null, null],
    ['user.rig1', null, 'user', 'rig1', null],
    ['user.group.rig1', null, 'user', 'rig1', null],
    ['user_rig1', null, 'user_rig1', null, null],
    ['user_one.rig_1', null, 'user_one', 'rig_1', null],
    ['user#1.rig#2', null, 'user#1', 'rig#2', null],
    [`${BITCOIN_ADDRESS}.rig1`, null, BITCOIN_ADDRESS, 'rig1', ['BTC', true]],
    [`${BITCOIN_ADDRESS}_rig1`, null, `${BITCOIN_ADDRESS}_rig1`, null, null],
    [shaped('1', 34), null, shaped('1', 34), null, ['BTC', false]],
    [shaped('3', 34), null, shaped('3', 34), null, ['BTC', false]],
    [`${LITECOIN_ADDRESS}.l3`, null, LITECOIN_ADDRESS, 'l3', ['LTC', true]],
    [`${ETHEREUM_ADDRESS}.rig1`, null, ETHEREUM_ADDRESS, 'rig1', ['ETH', true]],
    [ETHEREUM_ADDRESS.toLowerCase(), null, ETHEREUM_ADDRESS.toLowerCase(), null, ['ETH', null]],
    [`${ETHEREUM_ADDRESS}/rig1/rig@example.com`, null, ETHEREUM_ADDRESS, 'rig1', ['ETH', true]],
    [`${ETHEREUM_ADDRESS}/rig@example.com`, null, ETHEREUM_ADDRESS, null, ['ETH', true]],
    [`${ETHEREUM_ADDRESS}.rig1/rig@example.com`, null, ETHEREUM_ADDRESS, 'rig1', ['ETH', true]],
    [ETHEREUM_ADDRESS, 'eth1.0', ETHEREUM_ADDRESS, 'eth1.0', ['ETH', true]],
    [`${ETHEREUM_ADDRESS}.a`, 'b', ETHEREUM_ADDRESS, 'b', ['ETH', true]],
    [`${ETHEREUM_ADDRESS}.a`, '', ETHEREUM_ADDRESS, 'a', ['ETH', true]],
    [MONERO_ADDRESS, null, MONERO_ADDRESS, null, ['XMR', true]],
    [`${MONERO_ADDRESS}+20000`, null, MONERO_ADDRESS, null, ['XMR', true], { difficulty: 20000 }],
    [`${MONERO_ADDRESS}.desk7+20000`, null, MONERO_ADDRESS, 'desk7', ['XMR', true], { difficulty: 20000 }],
    [`${MONERO_ADDRESS}+20000.desk7`, null, MONERO_ADDRESS, 'desk7', ['XMR', true], { difficulty: 20000 }],
    [`${MONERO_ADDRESS}.${PAYMENT_ID}`, null, MONERO_ADDRESS, null, ['XMR', true], { paymentId: PAYMENT_ID }],
    [
      `${MONERO_ADDRESS}.${LONG_PAYMENT_ID}.desk7`,
      null,
      MONERO_ADDRESS,
      'desk7',
      ['XMR', true],
      { paymentId: LONG_PAYMENT_ID },
    ],
    [`${MONERO_ADDRESS}/desk7`, 'rig', MONERO_ADDRESS, 'rig', ['XMR', true]],
    [`${ZANO_ADDRESS}#${PAYMENT_ID}`, null, ZANO_ADDRESS, null, ['ZANO', true], { paymentId: PAYMENT_ID }],
    [`${ZANO_ADDRESS}#${PAYMENT_ID}.rig`, null, ZANO_ADDRESS, 'rig', ['ZANO', true], { paymentId: PAYMENT_ID }],
    ['user.rig1,d=65536', null, 'user', 'rig1', null, { difficulty: 65536 }],
    [`${BITCOIN_ADDRESS};d=1024`, null, BITCOIN_ADDRESS, null, ['BTC', true], { difficulty: 1024 }],
    [`${BITCOIN_ADDRESS}.d=1024`, null, BITCOIN_ADDRESS, null, ['BTC', true], { difficulty: 1024 }],
    [ZCASH_ADDRESS, null, ZCASH_ADDRESS, null, ['ZEC', true]],
    [shaped('t1', 35), null, shaped('t1', 35), null, ['ZEC', false]],
    [shaped('D', 34), null, shaped('D', 34), null, ['DOGE', false]],
    [shaped('X', 34), null, shaped('X', 34), null, ['DASH', false]],
    [shaped('R', 34), null, shaped('R', 34), null, ['RVN', false]],
    [`${KASPA_ADDRESS}.w`, null, KASPA_ADDRESS, 'w', ['KAS', true]],
    [`kaspa:${shaped('q', 61)}.w`, null, `kaspa:${shaped('q', 61)}`, 'w', ['KAS', false]],
    [
      'cfx:type.user:aarc9abycue0hhzgyrr53m6cxedgccrmmyybjgh4xg.w',
      null,
      'cfx:type.user:aarc9abycue0hhzgyrr53m6cxedgccrmmyybjgh4xg',
      'w',
      ['CFX', true],
    ],
    [
      'NQ07 0000 0000 0000 0000 0000 0000 0000 0000.w',
      null,
      'NQ07 0000 0000 0000 0000 0000 0000 0000 0000',
      'w',
      ['NIM', true],
    ],
    // Multi-coin pools: the coin that is paid out before the address, a referral behind it.
    [`DOGE:${DOGE_ADDRESS}.rig1#abcd-ef01`, null, DOGE_ADDRESS, 'rig1', ['DOGE', true]],
    [`SHIB:${ETHEREUM_ADDRESS}.rig1`, null, ETHEREUM_ADDRESS, 'rig1', ['SHIB', true]],
    ['ADA:addr1exampleexampleexample.rig1', null, 'addr1exampleexampleexample', 'rig1', ['ADA', null]],
    [`LTC:${DOGE_ADDRESS}.rig1`, null, DOGE_ADDRESS, 'rig1', ['LTC', null]],
    [`solo:${MONERO_ADDRESS}.desk7`, null, MONERO_ADDRESS, 'desk7', ['XMR', true]],
    ['HELLO:user.rig1', null, 'HELLO:user', 'rig1', null],
    [
      'CFX:AARC9ABYCUE0HHZGYRR53M6CXEDGCCRMMYYBJGH4XG.w',
      null,
      'CFX:AARC9ABYCUE0HHZGYRR53M6CXEDGCCRMMYYBJGH4XG',
      'w',
      ['CFX', true],
    ],
    // An address of mail is an account where it comes first, and nothing where it stands beside one.
    ['miner@example.com', null, 'miner@example.com', null, null],
    ['first.last@mail.example.com', null, 'first.last@mail.example.com', null, null],
    ['miner@example.com/rig1', null, 'miner@example.com', 'rig1', null],
    [
      `${MONERO_ADDRESS}.${PAYMENT_ID}.desk7/me@mail.example.com`,
      null,
      MONERO_ADDRESS,
      'desk7',
      ['XMR', true],
      { paymentId: PAYMENT_ID },
    ],
    // Near misses are accounts, not wallets.
    [shaped('t1', 34), null, shaped('t1', 34), null, null],
    [`${ETHEREUM_ADDRESS}0`, null, `${ETHEREUM_ADDRESS}0`, null, null],
    [MONERO_ADDRESS.slice(1), null, MONERO_ADDRESS.slice(1), null, null],
    // Nothing before the separator: all of it is the account.
    ['.rig1', null, '.rig1', 'rig1', null],
    ['solo:', null, 'solo:', null, null],
    ['', null, '', null, null],
  ];

  test.each(rows)('%s (worker %s)', (login, sent, account, worker, wallet, more) => {
    const { wallet: read, ...rest } = splitLogin(login, sent);
    expect(rest).toEqual({ login, account, worker, paymentId: null, difficulty: null, ...more });
    expect(read === null ? null : [read.coin, read.valid, read.address]).toEqual(wallet && [...wallet, account]);
  });

  test('an account of 64 hexadecimal digits waits for a coin', () => {
    expect(splitLogin(LONG_PAYMENT_ID, null).wallet).toMatchObject({ coins: ['IRON'], sure: false });
  });

  test('keeps every login as sent and takes its parts from it', () => {
    const pieces = fc.constantFrom(
      ...[MONERO_ADDRESS, ETHEREUM_ADDRESS, BITCOIN_ADDRESS, KASPA_ADDRESS, ZANO_ADDRESS, PAYMENT_ID, 'user', 'rig1'],
      ...['.', '/', '+', '#', ',', ';', ':', '@', 'd=65536', '+50000', 'me@example.com', 'DOGE:', 'solo:', '_', ' '],
    );
    const texts = fc.oneof(
      fc.string({ maxLength: 200, unit: 'binary' }),
      fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 8 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom(null, '', 'w'), (login, sent) => {
        const read = splitLogin(login, sent);
        expect(read.login).toBe(login);
        expect(login.includes(read.account)).toBe(true);
        expect(read.account === '').toBe(login === '');
        expect(read.wallet?.address ?? read.account).toBe(read.account);
        if (sent === 'w') expect(read.worker).toBe('w');
        else expect(login.includes(read.worker ?? '')).toBe(true);
        expect(read.difficulty === null || Number.isSafeInteger(read.difficulty)).toBe(true);
      }),
      { numRuns: 3000, seed: 6 },
    );
  });
});
