import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Agent, hardwareClass, readAgent } from '../../src/dialect/agent.ts';
import { AGENTS } from '../../src/dialect/hardware.ts';

describe('readAgent', () => {
  test.each(AGENTS.map((row) => [row.example, row] as const))('%s', (example, row) => {
    expect(readAgent(example)).toMatchObject({ software: row.software, hardwareClass: row.hardware });
    expect(hardwareClass([example])).toBe(row.hardware);
    expect(row.source).not.toBe('');
  });

  test.each<readonly [agent: string, expected: Partial<Agent>]>([
    ['XMRig/6.26.0 (Linux x86_64) libuv/1.51.0 gcc/13.2.1', { version: '6.26.0', os: 'linux', model: null }],
    ['XMRig/6.26.0 (Windows NT 10.0; Win64; x64) libuv/1.51.0 msvc/2019', { version: '6.26.0', os: 'windows' }],
    ['XMRig/6.26.0 (Macintosh; macOS; arm64) libuv/1.51.0 clang/15', { version: '6.26.0', os: 'macos' }],
    ['xmrig-proxy/6.26.0 (Linux x86_64)', { software: 'xmrig-proxy', hardwareClass: 'unknown', os: 'linux' }],
    ['cpuminer-opt-26.1-x64L', { software: 'cpuminer-opt', os: 'linux' }],
    ['cpuminer-opt-26.1-x64W', { os: 'windows' }],
    ['Antminer S19j Pro+/Wed Jun 28 09:00:00 CST 2023', { model: 'Antminer S19j Pro+', version: null }],
    ['bmminer/2.0.0/Antminer S9/14000', { software: 'bmminer', version: '2.0.0', model: 'Antminer S9' }],
    ['Antminer S19k Pro|LUXminer 2026.4.3|BHB56902', { software: 'LUXminer', model: 'Antminer S19k Pro' }],
    ['2020-01-01-0-abc-plus;bosminer-plus-am1-s9 0.9.0-26ba61b9', { software: 'bosminer', model: 'am1-s9' }],
    ['Bitmain/S9i 13.5/braiins-os-2018-09-22-1-hash', { software: 'Braiins OS', model: 'S9i 13.5' }],
    ['NerdQAxe++/BM1370/v1.0.36', { software: 'NerdAxe', version: '1.0.36', model: 'BM1370', hardwareClass: 'asic' }],
    ['NerdMinerV2/V1.8.3', { software: 'NerdMiner', version: '1.8.3', hardwareClass: 'cpu' }],
    ['lolMiner 1.97', { version: '1.97' }],
    ['BzMiner-v11.1.0', { version: '11.1.0' }],
    ['rigel/1.23.1', { software: 'Rigel', version: '1.23.1' }],
    ['cgminer 4.11.1', { version: '4.11.1', hardwareClass: 'asic' }],
    ['cgminer/3.12.0', { version: '3.12.0', hardwareClass: 'asic' }],
    ['cgminer/3.7.2', { version: '3.7.2', hardwareClass: 'unknown' }],
    ['whatsminerish/1.0', { software: null, hardwareClass: 'unknown' }],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64)', { software: null, version: null, os: 'windows' }],
    ['', { software: null, version: null, hardwareClass: 'unknown', model: null, os: null }],
  ])('%s', (agent, expected) => {
    expect(readAgent(agent)).toMatchObject(expected);
  });

  test('any text is read without a throw, in bounded parts', () => {
    const names = AGENTS.map((row) => row.example);
    const texts = fc.oneof(
      fc.string({ maxLength: 600, unit: 'binary' }),
      fc.tuple(fc.constantFrom(...names), fc.string({ maxLength: 300 })).map(([name, tail]) => name + tail),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const agent = readAgent(text);
        for (const part of [agent.version, agent.model]) {
          if (part !== null) expect(part.length > 0 && part.length <= 60 && text.includes(part)).toBe(true);
        }
      }),
      { numRuns: 1000, seed: 6 },
    );
  });
});

describe('hardwareClass', () => {
  test.each([
    [['cgminer/4.11.1'], 'asic'],
    [['XMRig/6.26.0 (Linux x86_64) libuv/1.51.0 gcc/13.2.1'], 'cpu'],
    [['xmrig-proxy/6.26.0'], 'unknown'], // what stands behind it does not show
    [['xmrig-proxy/6.26.0', 'XMRig/6.26.0'], 'unknown'],
    [['NiceHash/1.0.0'], 'unknown'],
    [['SomethingNew/1'], 'unknown'],
    [['SomethingNew/1', 'T-Rex/0.26'], 'gpu'],
    [['cgminer/3.7.2', 'ccminer/2.3.1'], 'gpu'],
    [[], 'unknown'],
  ] as const)('%j is %s', (agents, kind) => {
    expect(hardwareClass(agents)).toBe(kind);
  });
});
