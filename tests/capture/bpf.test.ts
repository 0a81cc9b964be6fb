import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type BpfProgram, parseBpf, runFilter } from '../../src/capture/bpf.ts';
import { compileFilter } from '../../src/capture/bpf-compile.ts';
import { FilterError } from '../../src/capture/capture-error.ts';
import { concat, pcap, type Sample, u16, u32 } from './builder.ts';
import { readPieces } from './collect.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-bpf-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hasTcpdump = spawnSync('tcpdump', ['--version'], { stdio: 'ignore' }).error === undefined;
if (!hasTcpdump) console.log('tcpdump is not installed: filters are not compared with it');

function run(program: BpfProgram, bytes: Uint8Array, originalLength = bytes.length): boolean {
  // A margin on both sides shows loads that leave the packet.
  const framed = concat(new Uint8Array(5).fill(0xff), bytes, new Uint8Array(5).fill(0xff));
  return runFilter(program, new DataView(framed.buffer), 5, 5 + bytes.length, originalLength);
}

/** A program of the form code, jump if true, jump if false, constant. */
function program(...lines: (readonly [number, number, number, number])[]): BpfProgram {
  return parseBpf(`${lines.length}\n${lines.map((line) => line.join(' ')).join('\n')}\n`);
}

const RET_A = [0x16, 0, 0, 0] as const;
const RET_1 = [0x06, 0, 0, 1] as const;
const RET_0 = [0x06, 0, 0, 0] as const;
/** Accepts where the accumulator equals `value`. */
const isA = (value: number) => [[0x15, 0, 1, value >>> 0], RET_1, RET_0] as const;
const ld = (value: number) => [0x00, 0, 0, value >>> 0] as const;
const ldx = (value: number) => [0x01, 0, 0, value >>> 0] as const;

describe('the interpreter', () => {
  const packet = Uint8Array.from([0x45, 0x80, 0xff, 0x01, 0x02, 0xfe]);
  it.each([
    ['ld word', [[0x20, 0, 0, 1] as const], 0x80ff0102],
    ['ld half', [[0x28, 0, 0, 1] as const], 0x80ff],
    ['ld byte', [[0x30, 0, 0, 5] as const], 0xfe],
    ['ld len', [[0x80, 0, 0, 0] as const], 9],
    [
      'ldx len',
      [
        [0x81, 0, 0, 0],
        [0x87, 0, 0, 0],
      ] as const,
      9,
    ],
    ['ld word at x', [ldx(2), [0x40, 0, 0, 0]] as const, 0xff0102fe],
    ['ld half at x + 1', [ldx(3), [0x48, 0, 0, 1]] as const, 0x02fe],
    ['ld byte at x + 1', [ldx(4), [0x50, 0, 0, 1]] as const, 0xfe],
    [
      'ldx header length',
      [
        [0xb1, 0, 0, 0],
        [0x87, 0, 0, 0],
      ] as const,
      20,
    ],
    ['scratch', [ld(7), [0x02, 0, 0, 15], ld(0), [0x60, 0, 0, 15]] as const, 7],
    ['scratch through x', [ldx(8), [0x03, 0, 0, 0], ldx(0), [0x61, 0, 0, 0], [0x87, 0, 0, 0]] as const, 8],
    ['add', [ld(0xffffffff), [0x04, 0, 0, 2]] as const, 1],
    ['sub x', [ld(1), ldx(2), [0x1c, 0, 0, 0]] as const, 0xffffffff],
    ['sub', [ld(1), [0x14, 0, 0, 3]] as const, 0xfffffffe],
    ['mul', [ld(0x10001), [0x24, 0, 0, 0x10001]] as const, 0x20001],
    ['div is unsigned', [ld(0xfffffffe), [0x34, 0, 0, 2]] as const, 0x7fffffff],
    ['div by 1', [ld(0xfffffffe), [0x34, 0, 0, 1]] as const, 0xfffffffe],
    ['div x', [ld(100), ldx(7), [0x3c, 0, 0, 0]] as const, 14],
    ['mod', [ld(0xffffffff), [0x94, 0, 0, 10]] as const, 5],
    ['mod x', [ld(0xffffffff), ldx(0xfffffff0), [0x9c, 0, 0, 0]] as const, 15],
    ['and', [ld(0xff0f), [0x54, 0, 0, 0x0ff0]] as const, 0x0f00],
    ['or', [ld(0xf0), [0x44, 0, 0, 0x80000001]] as const, 0x800000f1],
    ['xor', [ld(0xff), [0xa4, 0, 0, 0x0f]] as const, 0xf0],
    ['shift left', [ld(3), [0x64, 0, 0, 31]] as const, 0x80000000],
    ['shift right is unsigned', [ld(0x80000000), [0x74, 0, 0, 4]] as const, 0x08000000],
    ['shift by 32 gives 0', [ld(5), ldx(32), [0x7c, 0, 0, 0]] as const, 0],
    ['shift left by 4 billion gives 0', [ld(5), ldx(0xffffffff), [0x6c, 0, 0, 0]] as const, 0],
    ['negate', [ld(1), [0x84, 0, 0, 0]] as const, 0xffffffff],
    ['negate the smallest', [ld(0x80000000), [0x84, 0, 0, 0]] as const, 0x80000000],
    ['tax, txa', [ld(6), [0x07, 0, 0, 0], ld(0), [0x87, 0, 0, 0]] as const, 6],
    ['add x', [ld(6), ldx(4), [0x0c, 0, 0, 0]] as const, 10],
    ['mul x', [ld(0xffffffff), ldx(0xffffffff), [0x2c, 0, 0, 0]] as const, 1],
    ['and x', [ld(6), ldx(3), [0x5c, 0, 0, 0]] as const, 2],
    ['or x', [ld(6), ldx(1), [0x4c, 0, 0, 0]] as const, 7],
    ['xor x', [ld(6), ldx(3), [0xac, 0, 0, 0]] as const, 5],
  ])('%s', (_, code, expected) => {
    expect(run(program(...code, ...isA(expected)), packet, 9)).toBe(true);
    expect(run(program(...code, ...isA(expected ^ 1)), packet, 9)).toBe(false);
  });

  it.each([
    ['jgt is unsigned', 0x25, 0x80000000, 1, true],
    ['jgt of equals', 0x25, 5, 5, false],
    ['jge of equals', 0x35, 5, 5, true],
    ['jge is unsigned', 0x35, 1, 0xffffffff, false],
    ['jeq', 0x15, 0xffffffff, 0xffffffff, true],
    ['jset', 0x45, 0x80000000, 0x80000001, true],
    ['jset of none', 0x45, 0xf0, 0x0f, false],
  ])('%s, with a constant and with x', (_, code, a, b, expected) => {
    expect(run(program(ld(a), [code, 0, 1, b >>> 0], RET_1, RET_0), packet)).toBe(expected);
    expect(run(program(ld(a), ldx(b), [code | 8, 0, 1, 0], RET_1, RET_0), packet)).toBe(expected);
  });

  it('rejects loads outside the packet, the extensions of the kernel and divisions by zero', () => {
    for (const [code, width] of [
      [0x20, 4],
      [0x28, 2],
      [0x30, 1],
    ] as const) {
      expect(run(program([code, 0, 0, 6 - width], RET_1), packet)).toBe(true);
      for (const at of [7 - width, 6, 7, 0x7fffffff, 0x80000000, 0xfffff02c, 0xffffffff]) {
        expect(run(program([code, 0, 0, at], RET_1), packet)).toBe(false);
        expect(run(program(ldx(at), [code + 0x20, 0, 0, 0], RET_1), packet)).toBe(false);
        expect(run(program(ldx(at), [code + 0x20, 0, 0, 0xffffffff], RET_1), packet)).toBe(false);
        expect(run(program(ldx(1), [code + 0x20, 0, 0, at], RET_1), packet)).toBe(false);
      }
    }
    expect(run(program([0xb1, 0, 0, 6], RET_1), packet)).toBe(false);
    for (const code of [0x3c, 0x9c]) expect(run(program(ld(1), ldx(0), [code, 0, 0, 0], RET_1), packet)).toBe(false);
    for (const code of [0x34, 0x94]) expect(run(program(ld(1), [code, 0, 0, 0], RET_1), packet)).toBe(false);
    expect(run(program(RET_1), new Uint8Array(0))).toBe(true);
    expect(run(program(ld(0), RET_A), packet)).toBe(false);
  });

  it('starts every packet with empty scratch memory', () => {
    const counting = program([0x60, 0, 0, 3], [0x04, 0, 0, 1], [0x02, 0, 0, 3], ...isA(1));
    expect([run(counting, packet), run(counting, packet)]).toEqual([true, true]);
  });

  it('ends a program that jumps back for ever', () => {
    expect(run(program(ld(1), [0x05, 0, 0, 0xfffffffe], RET_1), packet)).toBe(false);
  });

  it.each([
    ['no instruction', '0\n'],
    ['fewer lines than stated', '2\n6 0 0 1\n'],
    ['words', 'tcpdump: something\n'],
    ['unknown opcode', '2\n255 0 0 0\n6 0 0 1\n'],
    ['jump behind the end', '2\n21 0 1 0\n6 0 0 1\n'],
    ['jump far behind the end', '2\n5 0 0 1000\n6 0 0 1\n'],
    ['jump before the start', '2\n5 0 0 4294967293\n6 0 0 1\n'],
    ['jump to itself', '2\n5 0 0 4294967295\n6 0 0 1\n'],
    ['scratch address 16', '2\n96 0 0 16\n6 0 0 1\n'],
    ['last instruction that does not return', '1\n0 0 0 1\n'],
    ['field missing', '1\n6 0 0\n'],
    ['too long', `5000\n${'6 0 0 1\n'.repeat(5000)}`],
  ])('refuses %s', (_, text) => {
    expect(() => parseBpf(text)).toThrow(FilterError);
  });

  it('never throws and never hangs, whatever program it accepts and whatever the packet', () => {
    const codes = fc.constantFrom(
      0x20,
      0x28,
      0x30,
      0x40,
      0x48,
      0x50,
      0xb1,
      0,
      1,
      0x60,
      0x61,
      2,
      3,
      5,
      0x15,
      0x25,
      0x3d,
      0x4d,
      0x0c,
      0x2c,
      0x3c,
      0x9c,
      0x6c,
      0x84,
      7,
      0x87,
      6,
      0x16,
    );
    const constant = fc.oneof(fc.nat(20), fc.constantFrom(0xfffffffe, 0xffffffff, 0x80000000, 0x7fffffff));
    const line = fc.tuple(codes, fc.nat(3), fc.nat(3), constant);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.uint8Array({ maxLength: 24 }), (lines, bytes) => {
        try {
          expect(typeof run(program(...lines, RET_1, RET_1, RET_1, RET_1, RET_0), bytes)).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(FilterError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

/** IPv4 or IPv6, TCP, UDP or ICMP packets with and without VLAN tags and options, and some that are cut short. */
function generated(link: 'ethernet' | 'raw'): Sample[] {
  const samples: Sample[] = [];
  for (let i = 0; i < 600; i++) {
    const ports = concat(
      u16(i % 2 === 0 ? 3333 : 1000 + i, false),
      u16([443, 80, 53, 3333, 14444][i % 5] as number, false),
    );
    const flags = [0x02, 0x12, 0x10, 0x18, 0x04][i % 5] as number;
    const tcp = concat(
      ports,
      u32(i, false),
      u32(0, false),
      Uint8Array.of(0x50, flags, 0, 0, 0, 0, 0, 0),
      new Uint8Array(i % 40).fill(i),
    );
    const udp = concat(ports, u16(8 + (i % 40), false), u16(0, false), new Uint8Array(i % 40).fill(i));
    const protocol = [6, 17, 6, 1][i % 4] as number;
    const transport = protocol === 17 ? udp : protocol === 6 ? tcp : concat(Uint8Array.of(8, 0), new Uint8Array(30));
    let network: Uint8Array;
    const v6 = i % 3 === 0;
    if (v6) {
      const hop = i % 9 === 0 ? concat(Uint8Array.of(protocol, 0, 1, 4), new Uint8Array(4)) : new Uint8Array(0);
      const next = hop.length > 0 ? 0 : protocol;
      const addresses = concat(
        u32(0x20010db8, false),
        new Uint8Array(8),
        u32(i % 7, false),
        u32(0xfe800000, false),
        new Uint8Array(12).fill(i),
      );
      network = concat(
        u32(0x60000000, false),
        u16(hop.length + transport.length, false),
        Uint8Array.of(next, 64),
        addresses,
        hop,
        transport,
      );
    } else {
      const options = new Uint8Array((i % 5) * 4);
      const head = concat(
        Uint8Array.of(0x45 + (i % 5), 0),
        u16(20 + options.length + transport.length, false),
        u16(i, false),
      );
      const fragment = u16(i % 11 === 0 ? 0x2005 : 0x4000, false);
      const addresses = concat(u32(0x0a000000 + (i % 300), false), u32(0xc0a80100 + (i % 9), false));
      network = concat(head, fragment, Uint8Array.of(64, protocol, 0, 0), addresses, options, transport);
    }
    const type = u16(v6 ? 0x86dd : 0x0800, false);
    const tag = i % 8 === 0 ? concat(u16(0x8100, false), u16(i % 4 === 0 ? 100 : 7, false)) : new Uint8Array(0);
    const frame = link === 'raw' ? network : concat(new Uint8Array(12).fill(i), tag, type, network);
    const cut = i % 13 === 0 ? frame.subarray(0, (i * 5) % frame.length) : frame;
    samples.push({ data: cut, seconds: i, fraction: i, original: frame.length });
  }
  return samples;
}

const EXPRESSIONS = [
  'tcp',
  'udp port 53',
  'tcp port 3333',
  'tcp port 3333 or udp portrange 50-60',
  'src port 3333 and dst port 443',
  'host 10.0.0.7',
  'net 10.0.0.0/28 and not icmp',
  'dst net 192.168.1.0 mask 255.255.255.252',
  'ip6 host 2001:db8::3',
  'ip6 protochain 6',
  'ip6 and tcp dst port 80',
  'icmp or icmp6',
  'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn',
  'tcp[13] = 0x18',
  'ip[6:2] & 0x1fff != 0',
  'ip[0] & 0xf > 6',
  'len > 90',
  'less 60',
  'greater 100',
  'tcp and ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) > 10',
  'udp[4:2] % 7 = 3',
  'ip[4:2] * 3 / 2 > 400',
  'ip[4:2] / ip[7] > 3',
  'not (tcp or udp)',
  '',
];

describe.skipIf(!hasTcpdump)('filters compiled by tcpdump', () => {
  const matched = (path: string, expression: string): string[] =>
    readPieces([
      execFileSync('tcpdump', ['-r', path, '-w', '-', '--', expression], { stdio: ['ignore', 'pipe', 'ignore'] }),
    ]).seen.map((s) => s.data);

  for (const [link, linkType, extra] of [
    ['ethernet', 1, ['vlan', 'vlan 100 and tcp', 'ether proto 0x86dd', 'ether src 08:08:08:08:08:08']],
    ['raw', 101, []],
  ] as const) {
    const samples = generated(link);
    const path = join(folder, `${link}.pcap`);
    writeFileSync(path, pcap(samples, { linkType }));
    it.each([...EXPRESSIONS, ...extra])(`${link}: %s`, async (expression) => {
      const compiled = await compileFilter(expression, linkType);
      const ours = samples
        .filter((s) => run(compiled, s.data, s.original))
        .map((s) => Buffer.from(s.data).toString('hex'));
      expect(ours).toEqual(matched(path, expression));
      // A filter that takes everything or nothing would compare little.
      if (expression !== '') expect([0, samples.length]).not.toContain(ours.length);
    });
  }

  it('says in one line what is wrong with an expression', async () => {
    for (const [expression, message] of [
      ['tcp port', /^filter: .*syntax error/],
      ['foo bar', /^filter: \S/],
      ['-w /tmp/file', /^filter: .*syntax error/],
      ['--version', /^filter: \S/],
      ['port 99999', /^filter: .*99999/],
      ['tcp\0', /zero byte/],
      ['x'.repeat(3_000_000), /too long/],
    ] as const) {
      const error = await compileFilter(expression, 1).then(
        () => null,
        (e: FilterError) => e,
      );
      expect(error).toBeInstanceOf(FilterError);
      expect(error?.exitCode).toBe(2);
      expect(error?.message).toMatch(message);
      expect(error?.message).not.toMatch(/\n/);
    }
    await expect(compileFilter('tcp', 9999)).rejects.toThrow('packets of link type 9999 cannot be filtered');
  });

  it('compiles once per link type and expression', async () => {
    expect(await compileFilter('tcp port 3333', 1)).toBe(await compileFilter('tcp port 3333', 1));
    expect(await compileFilter('tcp port 3333', 1)).not.toBe(await compileFilter('tcp port 3333', 101));
    await expect(compileFilter('tcp port', 1)).rejects.toThrow(FilterError);
    await expect(compileFilter('tcp port', 1)).rejects.toThrow(FilterError);
  });
});

it('says that tcpdump is not installed', async () => {
  const before = process.env['PATH'];
  process.env['PATH'] = folder;
  try {
    await expect(compileFilter('udp port 9', 1)).rejects.toThrow(/^tcpdump is not installed: /);
  } finally {
    process.env['PATH'] = before;
  }
});
