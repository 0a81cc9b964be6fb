import { sha256 } from '@noble/hashes/sha2.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { base58xmr, bech32m, createBase58check, hex } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readWallet, readWalletShape } from '../../src/dialect/wallet.ts';
import { base58Address } from '../generate/wire/chain.ts';

/** Examples of specifications, documentation and the source of each coin; donation addresses of the projects. */
const PUBLISHED: readonly (readonly [coin: string, address: string, source: string])[] = [
  [
    'XMR',
    '44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A',
    'Monero README',
  ],
  [
    'XMR',
    '888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H',
    'Monero README',
  ],
  [
    'WOW',
    'Wo3MWeKwtA918DU4c69hVSNgejdWFCRCuWjShRY66mJkU2Hv58eygJWDJS1MNa2Ge5M1WjUkGHuLqHkweDxwZZU42d16v94mP',
    'Wownero README',
  ],
  [
    'WOW',
    'WW4NzZ6EXLmeBBAjzPJ1J6jkkmqDsZzrp9TGxtP6E8pTMGtXS3yq8VJF3Rv2cbhkVig4cLEqWZnQpgwxjX5isrWT2FxmeWtWy',
    'Haveno tests',
  ],
  [
    'SAL',
    'SaLvdZR6w1A21sf2Wh6jYEh1wzY4GSbT7RX6FjyPsnLsffWLrzFQeXUXJcmBLRWDzZC2YXeYe5t7qKsnrg9FpmxmEcxPHsEYfqA',
    'Salvium config',
  ],
  [
    'ZEPH',
    'ZEPHYR2jZrZXenfKejCcCmEkRzUYwXjgWfJF4yzdCznKQ8yQ3g3PsWUbZjzfzHbeTPMgXVmEuDKQUB9rPkgtVwyWRh9knU4EpfJ57',
    'Zephyr config',
  ],
  [
    'ZANO',
    'ZxC15vh38qHAZbfsUXTpxoiyeLhavbBzsQQk81fEwP4jYxN4qR8SEhMfXkRBpQw6vbbSEGpK2VPVPADnL6h3ZViL29Remh4oH',
    'zano-utils-js README',
  ],
  ['BTC', '1BoatSLRHtKNngkdXEeobR76b53LETtpyT', 'vanity address of old Bitcoin documentation'],
  ['BTC', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'BIP 173'],
  ['BTC', 'BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4', 'BIP 173'],
  ['BTC', 'bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y', 'BIP 350'],
  ['BTC', 'bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs', 'BIP 350'],
  ['BTC', 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0', 'BIP 350'],
  ['BCH', 'bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a', 'cashaddr specification'],
  ['BCH', 'bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq', 'cashaddr specification'],
  ['BCH', 'qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a', 'cashaddr specification, prefix left out'],
  ['XEC', 'ecash:qqkv9wr69ry2p9l53lxp635va4h86wv435ugq9umvq', 'ecashaddress README'],
  ['KAS', 'kaspa:qqj9fg59mptxkr9j0y53j5mwurcmda5mtza9n6v9pm9uj8h0wgk6uma5pvumr', 'kaspad, util/doc.go'],
  ['KAS', 'qqj9fg59mptxkr9j0y53j5mwurcmda5mtza9n6v9pm9uj8h0wgk6uma5pvumr', 'the same, prefix left out'],
  ['PYI', 'pyrin:qqj9fg59mptxkr9j0y53j5mwurcmda5mtza9n6v9pm9uj8h0wgk6u9aj94505', 'pyrin, util documentation'],
  ['NEXA', 'nexa:nqtsq5g5whssewa9ewt0g8spdu0x6rz7g526w0dut3rntrp9', 'Nexa wallet tests'],
  ['CFX', 'cfx:aarc9abycue0hhzgyrr53m6cxedgccrmmyybjgh4xg', 'CIP-37'],
  ['CFX', 'cfx:type.user:aarc9abycue0hhzgyrr53m6cxedgccrmmyybjgh4xg', 'CIP-37, with kind'],
  ['XEL', 'xel:ys4peuzztwl67rzhsdu0yxfzwcfmgt85uu53hycpeeary7n8qvysqmxznt0', 'Xelis SDK tests'],
  ['ETH', '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', 'EIP-55'],
  ['ETH', '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359', 'EIP-55'],
  ['ETH', '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB', 'EIP-55'],
  ['ETH', '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb', 'EIP-55'],
  ['ERG', '9fRAWhdxEsTcdb8PhGNrZfwqa65zfkuYHAMmkQLcic1gdLSV5vA', 'Ergo documentation'],
  ['AE', 'ak_2a1j2Mk9YSmC1gioUq4PWRm3bsv887MbuRVwyv4KaUGoR1eiKi', 'Aeternity SDK documentation'],
  ['NIM', 'NQ07 0000 0000 0000 0000 0000 0000 0000 0000', 'Nimiq burn address'],
  ['NIM', 'NQ0700000000000000000000000000000000', 'the same without blanks'],
  ['DCR', 'DsUZxxoHJSty8DCfwfartwTYbuhmVct7tJu', 'dcrd tests'],
  ['XRP', 'rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh', 'XRPL documentation, genesis account'],
  [
    'CKB',
    'ckb1qzda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthywaa50xwsqdnnw7qkdnnclfkg59uzn8umtfd2kwxceqxwquc4',
    'Nervos RFC 21',
  ],
  ['CKB', 'ckb1qyqt8xaupvm8837nv3gtc9x0ekkj64vud3jqfwyw5v', 'Nervos RFC 21, deprecated form'],
  ['HNS', 'hs1qt7s3p8mdmunmq7tz7fjkvcjjvvhfg8c04pp2kh', 'rust-handshake tests'],
  ['ZIL', 'zil1fwh4ltdguhde9s7nysnp33d5wye6uqpugufkz7', 'Zilliqa documentation, ZIP-1'],
  ['ALEO', 'aleo1qnr4dkkvkgfqph0vzc3y6z2eu975wnpz2925ntjccd5cfqxtyu8s7pyjh9', 'Leo tests'],
];

/** Invented hashes after each version: what the chain parameters say these addresses begin with. */
const VERSIONS: readonly (readonly [coin: string, version: readonly number[], begins: string])[] = [
  ['BTC', [0x00], '1'],
  ['BTC', [0x05], '3'],
  ['FIRO', [0x52], 'a'],
  ['DASH', [0x4c], 'X'],
  ['DASH', [0x10], '7'],
  ['DOGE', [0x1e], 'D'],
  ['DOGE', [0x16], '9'],
  ['BTG', [0x26], 'G'],
  ['BTG', [0x17], 'A'],
  ['EVR', [0x21], 'E'],
  ['LTC', [0x30], 'L'],
  ['LTC', [0x32], 'M'],
  ['XNA', [0x35], 'N'],
  ['RVN', [0x3c], 'R'],
  ['DGB', [0x3f], 'S'],
  ['TRX', [0x41], 'T'],
  ['VTC', [0x47], 'V'],
  ['KMD', [0x55], 'b'],
  ['VRSC', [0x66], 'i'],
  ['ZEC', [0x1c, 0xb8], 't1'],
  ['ZEC', [0x1c, 0xbd], 't3'],
  ['ZEN', [0x20, 0x89], 'zn'],
  ['ZEN', [0x20, 0x96], 'zs'],
];

/** An invented CryptoNote address: tag, two keys, payment id. */
function cryptonote(tag: readonly number[], paymentId = ''): string {
  const keys = Uint8Array.from({ length: 64 }, (_, i) => (i * 7 + 3) & 0xff);
  const body = Uint8Array.from([...tag, ...keys, ...hex.decode(paymentId)]);
  return base58xmr.encode(Uint8Array.from([...body, ...keccak_256(body).subarray(0, 4)]));
}

const INTEGRATED = cryptonote([19], '0123456789abcdef');

describe('readWallet', () => {
  test.each(PUBLISHED)('%s %s (%s)', (coin, address) => {
    expect(readWallet(address)).toEqual({ coin, address, valid: true });
  });

  test.each(VERSIONS)('%s of version %j begins with %s', (coin, version, begins) => {
    const address = base58Address(version, 0x5a);
    expect(address.startsWith(begins)).toBe(true);
    expect(readWallet(address)).toEqual({ coin, address, valid: true });
  });

  test('an integrated address holds its payment id', () => {
    expect(INTEGRATED).toHaveLength(106);
    expect(readWallet(INTEGRATED)).toEqual({ coin: 'XMR', address: INTEGRATED, valid: true });
    expect(readWalletShape(INTEGRATED)?.paymentId).toBe('0123456789abcdef');
    expect(readWalletShape(cryptonote([18]))?.paymentId).toBeNull();
  });

  test('a right checksum behind the tag of another network is no Monero address', () => {
    // 53 is Monero's test network; this beginning (9) belongs to no coin here.
    expect(readWallet(cryptonote([53]))).toBeNull();
    // A plain address with the tag of integrated ones.
    expect(readWallet(cryptonote([19]))?.valid).toBe(false);
  });

  test('one changed character never stays valid, and the text stays a wallet of the coin', () => {
    const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7lABCDEFGHJKLMNPQRSTUVWXYZ123456789';
    for (const [coin, address] of [...PUBLISHED.map(([c, a]) => [c, a] as const), ['XMR', INTEGRATED] as const]) {
      let shaped = 0;
      for (let i = 0; i < address.length; i++) {
        for (const other of [alphabet[i % alphabet.length], alphabet[(i * 7 + 5) % alphabet.length]]) {
          if (other === undefined || other.toLowerCase() === address[i]?.toLowerCase()) continue;
          const changed = address.slice(0, i) + other + address.slice(i + 1);
          const read = readWallet(changed);
          expect(read?.valid ?? null, changed).not.toBe(true);
          if (read?.coin === coin && read.valid === false) shaped++;
        }
      }
      // Prefixes and letters outside of the alphabet make it something else; the rest is a wallet with a wrong checksum.
      // Forms that say little without their checksum are then no wallets at all.
      const weak = coin === 'XRP' || (address.startsWith('qqj9') && coin === 'KAS');
      if (weak) expect(shaped, address).toBe(0);
      else expect(shaped, address).toBeGreaterThan(address.length / 2);
    }
  });

  test('EIP-55 holds for mixed case alone', () => {
    const [mixed] = ['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'];
    expect(readWallet(mixed.toLowerCase())?.valid).toBeNull();
    expect(readWallet(`0x${mixed.slice(2).toUpperCase()}`)?.valid).toBeNull();
    expect(readWallet(mixed.replace('aA', 'Aa'))?.valid).toBe(false);
    expect(readWallet(`0x${'1'.repeat(40)}`)?.valid).toBeNull();
  });

  test.each([
    ['BIP 173: bech32m for version 0', 'bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd'],
    ['BIP 350: bech32 for version 1', 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd'],
    ['BIP 350: witness version 17', 'BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R'],
    ['BIP 350: program of 41 bytes', 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav'],
    ['BIP 173: program of 16 bytes for version 0', 'BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P'],
  ])('%s is false', (_, address) => {
    expect(readWallet(address)).toMatchObject({ coin: 'BTC', valid: false });
  });

  test.each([
    ['Alephium', 'ALPH', '1DrDyTr9RpRsQnDnXo2YRiPzPW4ooHX5LLoqXrqfMrpQH'],
    ['Kadena', 'KDA', `k:${'0123456789abcdef'.repeat(4)}`],
    ['Tari', 'XTM', `12${'3'.repeat(89)}`],
  ])('%s has no checksum that is known', (_, coin, address) => {
    expect(readWallet(address)).toEqual({ coin, address, valid: null });
  });

  test('coins that share a form are told apart by hints, in the order of the hints', () => {
    const evm = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
    expect(readWallet(evm, ['XMR', 'ETC', 'ETHW'])?.coin).toBe('ETC');
    expect(readWallet(evm, ['XMR'])?.coin).toBe('ETH');
    expect(readWallet(base58Address([0x3c], 1), ['VRSC'])?.coin).toBe('VRSC');
    expect(readWallet(base58Address([0x00], 1), ['BCH'])?.coin).toBe('BCH');
    // What has a coin of its own keeps it.
    expect(readWallet(cryptonote([18]), ['ZEPH'])?.coin).toBe('XMR');
  });

  test('64 hexadecimal digits are a wallet only where Iron Fish is known', () => {
    const key = '0123456789abcdef'.repeat(4);
    expect(readWallet(key)).toBeNull();
    expect(readWallet(key, ['IRON'])).toEqual({ coin: 'IRON', address: key, valid: null });
  });

  test.each([
    ['nothing', ''],
    ['an account name', 'exampleaccount'],
    ['a long account name', 'averylongaccountnameofsomebodyexample'],
    ['an e-mail address', 'somebody.with.a.name@mail.example.com'],
    ['another human-readable part', bech32m.encode('example', bech32m.toWords(new Uint8Array(20)))],
    ["Kaspa's test network", 'kaspatest:qqj9fg59mptxkr9j0y53j5mwurcmda5mtza9n6v9pm9uj8h0wgk6uma5pvumr'],
    ['a version of no coin here', createBase58check(sha256).encode(new Uint8Array(21).fill(0x6f))],
    ['41 hexadecimal digits', `0x${'a'.repeat(41)}`],
    ['mixed case in bech32', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3T4'],
    ['more than 256 characters', `kaspa:${'q'.repeat(300)}`],
  ])('%s is none', (_, text) => {
    expect(readWallet(text)).toBeNull();
  });

  test('any text is read without a throw, and an address is the text', () => {
    const addresses = PUBLISHED.map(([, address]) => address);
    const texts = fc.oneof(
      fc.string({ maxLength: 300, unit: 'binary' }),
      fc.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{20,130}$/),
      fc.stringMatching(/^(?:bc1|ltc1|kaspa:|xel:|cfx:|ak_|NQ|0x|k:)[0-9a-zA-Z ]{0,120}$/),
      fc
        .tuple(fc.constantFrom(...addresses), fc.nat(130), fc.string({ maxLength: 4 }))
        .map(([address, at, text]) => address.slice(0, at) + text + address.slice(at + 1)),
    );
    fc.assert(
      fc.property(texts, fc.array(fc.constantFrom('XMR', 'IRON', 'SOL', 'ETC'), { maxLength: 2 }), (text, hints) => {
        const read = readWallet(text, hints);
        if (read !== null) expect(read).toMatchObject({ address: text, coin: expect.stringMatching(/^[A-Z]{2,5}$/) });
      }),
      { numRuns: 2000, seed: 6 },
    );
  });
});
