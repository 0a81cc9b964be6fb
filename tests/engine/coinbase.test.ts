import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compactDifficulty, identifyChain, readCoinbase } from '../../src/dialect/coinbase.ts';

/** coinb1 of a job: transaction version, an optional time stamp (Peercoin), the null outpoint, script with the height (BIP 34). */
function coinb1(height: number, tag = '', stamp = ''): string {
  const pushed = [height & 0xff, (height >> 8) & 0xff, (height >> 16) & 0xff].map((b) =>
    b.toString(16).padStart(2, '0'),
  );
  const script = `03${pushed.join('')}${Buffer.from(tag, 'latin1').toString('hex')}`;
  const length = (script.length / 2 + 8).toString(16).padStart(2, '0');
  return `01000000${stamp}01${'0'.repeat(64)}ffffffff${length}${script}`;
}

/** Digits up to the end of the height: version, count, outpoint, length of the script, push of three bytes. */
const WHOLE_HEIGHT = 8 + 2 + 64 + 8 + 2 + 8;

const seconds = (day: string): string => (Date.parse(`${day}Z`) / 1000).toString(16);

describe('readCoinbase', () => {
  // Jobs of one day in May 2018, and Bitcoin blocks since: height, compact target, block version, day.
  test.each([
    ['BTC', 'sha256d', 523_347, '1743eca9', '20000000', '2018-05-18T06:00'],
    ['BCH', 'sha256d', 530_844, '1801f136', '20000000', '2018-05-18T06:00'],
    ['LTC', 'scrypt', 1_424_154, '1a0193d4', '20000000', '2018-05-18T06:00'],
    ['DASH', 'x11', 872_437, '1936d3ad', '20000000', '2018-05-18T06:00'],
    ['DASH', 'x11', 872_441, '19400ee9', '20000000', '2018-05-18T06:00'],
    ['VTC', 'lyra2rev', 930_907, '1b01f8e1', '20000000', '2018-05-18T06:00'],
    ['DOGE', 'scrypt', 2_225_921, '1a0686dd', '00620003', '2018-05-18T06:00'],
    [null, null, 365_918, '19010845', '00000002', '2018-05-18T06:00'], // Peercoin's height, Bitcoin's layout
    ['BTC', 'sha256d', 700_000, '170f48e4', '3fffe004', '2021-09-11T04:14'],
    ['BTC', 'sha256d', 800_000, '17053894', '341d6000', '2023-07-24T03:17'],
    ['BTC', 'sha256d', 840_000, '17034219', '2a000000', '2024-04-20T00:09'],
  ] as const)('%s: %s at height %i', (coin, algorithm, height, bits, version, day) => {
    expect(readCoinbase(coinb1(height), '', version, bits, seconds(day))).toEqual({
      coin,
      algorithm,
      height,
      tag: null,
    });
  });

  test('a transaction with a time stamp is of the Peercoin family: no Bitcoin chain, whatever the numbers say', () => {
    const facts = readCoinbase(
      coinb1(523_347, '', '5afe1234'),
      '',
      '20000000',
      '1743eca9',
      seconds('2018-05-18T06:00'),
    );
    expect(facts).toEqual({ coin: null, algorithm: null, height: 523_347, tag: null });
  });

  test('the height of one chain at the time or the difficulty of another is none', () => {
    const may = seconds('2018-05-18T06:00');
    expect(readCoinbase(coinb1(523_347), '', '20000000', '1743eca9', seconds('2024-05-18T06:00')).coin).toBeNull();
    expect(readCoinbase(coinb1(523_347), '', '20000000', '1d00ffff', may).coin).toBeNull();
    expect(readCoinbase(coinb1(600_000), '', '20000000', '1743eca9', may).coin).toBeNull();
    expect(readCoinbase(coinb1(523_347), '', '20000000', '1743eca9', '00000000').coin).toBeNull();
  });

  test.each([
    ['/slush/', '/slush/', ''],
    ['\u0001\u0002Mined by AntPool bj\u0000', 'Mined by AntPool bj', ''],
    ['', 'KanoPool', `${Buffer.from('KanoPool', 'latin1').toString('hex')}ffffffff02abcdef`],
    ['ab', null, ''], // too short to be a name
    ['12345678', null, ''], // no letters
  ])('the tag in %j is %s', (text, tag, coinb2) => {
    expect(readCoinbase(coinb1(523_347, text), coinb2, '20000000', '1743eca9', '5afe6c80').tag).toBe(tag);
  });

  test('outputs behind the script are no tag', () => {
    const outputs = `ffffffff${Buffer.from('not a tag of a pool', 'latin1').toString('hex')}`;
    expect(readCoinbase(coinb1(523_347), outputs, '20000000', '1743eca9', '5afe6c80').tag).toBeNull();
  });

  test('takes anything and answers nothing', () => {
    const any = fc.oneof(fc.anything(), fc.string(), fc.string({ unit: fc.constantFrom(...'0123456789abcdef') }));
    fc.assert(
      fc.property(any, any, any, any, any, (a, b, c, d, e) => {
        expect(readCoinbase(a, b, c, d, e).coin).toBeNull();
      }),
      { seed: 9, numRuns: 500 },
    );
    // Every truncation of a good one.
    const good = coinb1(523_347, '/slush/');
    for (let n = 0; n < good.length; n++) {
      const facts = readCoinbase(good.slice(0, n), '', '20000000', '1743eca9', '5afe6c80');
      expect(facts.coin, `${n} digits`).toBe(n < WHOLE_HEIGHT ? null : 'BTC');
    }
  });
});

describe('compactDifficulty', () => {
  test.each([
    ['1d00ffff', 1], // genesis
    ['1b0404cb', 16307.420938523983], // the example of Bitcoin's documentation
    ['17034219', 86_388_558_925_171.02], // block 840000
  ])('%s is %d', (bits, difficulty) => {
    expect(compactDifficulty(bits)).toBeCloseTo(difficulty, -Math.floor(Math.log10(difficulty)) + 9);
  });

  test.each(['1d000000', '', '1d00fff', 'nothex!!', 5, null])('%j is none', (bits) => {
    expect(compactDifficulty(bits)).toBeNaN();
  });
});

test('never more than one chain: what fits two is neither', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5_000_000 }),
      fc.integer({ min: 1.4e9, max: 2e9 }),
      fc.double({ min: 0, max: 18 }),
      (h, t, d) => {
        const chain = identifyChain(h, t, 10 ** d);
        if (chain !== null) expect(['BTC', 'BCH', 'LTC', 'DASH', 'VTC']).toContain(chain.coin);
      },
    ),
    { seed: 10, numRuns: 500 },
  );
});
