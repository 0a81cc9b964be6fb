import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pad, shellWord, shorten, textWidth, visible } from '../../src/cli/text.ts';

describe('visible', () => {
  test.each([
    ['plain', 'cgminer/4.11.1', 'cgminer/4.11.1'],
    ['colour escape', '\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
    ['8-bit control sequence introducer', '\u009b2J', '\\x9b2J'],
    ['line ends and tabs', 'a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['right-to-left override', 'gpj\u202eexe', 'gpj\\u202eexe'],
    ['zero width space', 'pool\u200b.com', 'pool\\u200b.com'],
    ['line separator', 'a\u2028b', 'a\\u2028b'],
    ['half a surrogate pair', 'a\ud800b', 'a\\ud800b'],
    ['tag character', 'a\u{e0041}b', 'a\\u{e0041}b'],
    ['Chinese and emoji stay', '矿工一号 ⛏', '矿工一号 ⛏'],
    ['a heap of combining marks', `Z${'\u0336'.repeat(40)}x`, `Z${'\u0336'.repeat(4)}…x`],
  ])('%s', (_, input, expected) => {
    expect(visible(input)).toBe(expected);
  });

  test('never lets a control character through, and is bounded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
    expect(visible('a'.repeat(1_000_000)).length).toBe(8193);
  });
});

describe('widths', () => {
  test('Chinese takes two columns a character', () => {
    expect(textWidth('矿池协议')).toBe(8);
    expect(pad('矿池', 6)).toBe('矿池  ');
    expect(pad('42', 5, true)).toBe('   42');
  });

  test.each([
    ['fits', 'abcdef', 6, 'abcdef'],
    ['middle', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 11, '1A1zP1…vfNa'],
    ['wide characters', '矿工一号矿工一号', 8, '矿工…号'],
    ['one column', 'abcdef', 1, '…'],
  ])('shorten: %s', (_, text, width, expected) => {
    expect(shorten(text, width)).toBe(expected);
  });

  test('shorten: end cut off', () => {
    expect(shorten('XMRig/6.8.1 (Macintosh)', 12, 0)).toBe('XMRig/6.8.1…');
    expect(shorten('矿工一号矿工', 6, 0)).toBe('矿工…');
  });

  test('a shortened text never exceeds its width', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (text, width) => {
        expect(textWidth(shorten(visible(text), width))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

test.each([
  ['capture.pcap', 'capture.pcap'],
  ['my capture.pcap', "'my capture.pcap'"],
  ["it's.pcap", "'it'\\''s.pcap'"],
  ['-r.pcap', './-r.pcap'],
  ['a\nb.pcap', "$'a\\x0ab.pcap'"],
  ['\u009b矿.pcap', "$'\\u009b矿.pcap'"],
  ['$(reboot).pcap', "'$(reboot).pcap'"],
  ["\x1b'\\.pcap", "$'\\x1b\\'\\\\.pcap'"],
])('shellWord %j', (name, expected) => {
  expect(shellWord(name)).toBe(expected);
});
