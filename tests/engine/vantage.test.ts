/** Sensor and vantage of a run: in every detection, in the id, and checked on the command line. */
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/exit.ts';
import { checkReplayArguments } from '../../src/cli/replay-command.ts';
import type { RawReplayArguments } from '../../src/cli/replay-options.ts';
import type { ReplayOptions, ReplayResult } from '../../src/engine/options.ts';
import { replay } from '../../src/engine/replay.ts';
import { ENDPOINTS, SIGNATURES } from './run.ts';

const CAPTURE = new URL('../../captures/aeternity.pcap', import.meta.url).pathname;

function run(options: Partial<ReplayOptions> = {}): Promise<ReplayResult> {
  return replay({
    inputs: [CAPTURE],
    filter: null,
    threads: 1,
    home: [],
    evidence: false,
    signatures: SIGNATURES,
    endpoints: ENDPOINTS,
    endpointOptions: {},
    ...options,
  });
}

describe('in a run', () => {
  test('by default: replay, no translation, no realm', async () => {
    const { detections, coverage, summary } = await run();
    expect(detections[0]).toMatchObject({
      sensor: 'replay',
      window: { kind: 'run' },
      vantage: { nat: 'none', realm: null, clock_error_s: 0 },
    });
    expect([coverage.sensor, summary.sensor]).toEqual(['replay', 'replay']);
  });

  test('as stated, everywhere', async () => {
    const vantage = { nat: 'inside', realm: 'yinchuan-bng1', clockError: 1.5 } as const;
    const result = await run({ vantage, sensor: 'gw-7', window: 'day' });
    expect(result.detections.length).toBeGreaterThan(0);
    for (const d of result.detections) {
      expect(d.sensor).toBe('gw-7');
      expect(d.vantage).toEqual({ nat: 'inside', realm: 'yinchuan-bng1', clock_error_s: 1.5 });
    }
    const rows = [result.coverage, ...(result.coverageDays ?? []), result.summary];
    expect(new Set(rows.map((row) => row.sensor))).toEqual(new Set(['gw-7']));
  });

  test('sensor and realm make another id; the side of the translation and the clock do not', async () => {
    const id = async (options: Partial<ReplayOptions>): Promise<string> => (await run(options)).detections[0]?.id ?? '';
    const vantage = { nat: 'none', realm: null, clockError: 0 } as const;
    const plain = await id({});
    expect(await id({ vantage, sensor: 'replay' })).toBe(plain);
    expect(await id({ vantage: { ...vantage, nat: 'outside', clockError: 3 } })).toBe(plain);
    const others = [
      await id({ sensor: 'b' }),
      await id({ vantage: { ...vantage, realm: 'b' } }),
      await id({ window: 'day' }),
    ];
    expect(new Set([plain, ...others]).size).toBe(4);
  });
});

describe('on the command line', () => {
  const check = (raw: RawReplayArguments) => checkReplayArguments({ inputs: ['a.pcap'], ...raw });

  test('defaults', () => {
    expect(check({})).toMatchObject({
      window: 'run',
      sensor: 'replay',
      vantage: { nat: 'none', realm: null, clockError: 0 },
    });
  });

  test('what is given', () => {
    const given = { window: 'day', nat: 'outside', realm: '银川 城域网', clockError: '0.25', sensor: 'gw-7' };
    expect(check(given)).toMatchObject({
      window: 'day',
      sensor: 'gw-7',
      vantage: { nat: 'outside', realm: '银川 城域网', clockError: 0.25 },
    });
    // One spelling of a name, whatever keyboard wrote it.
    expect(check({ realm: 'Zu\u0308rich' }).vantage.realm).toBe('Z\u00fcrich');
    expect(check({ clockError: '86400' }).vantage.clockError).toBe(86_400);
    expect(check({ sensor: 'x'.repeat(64) }).sensor.length).toBe(64);
  });

  test.each<[string, RawReplayArguments]>([
    ['an empty realm', { realm: '' }],
    ['a blank one', { realm: ' ' }],
    ['blanks around it', { realm: ' a' }],
    ['a control character', { sensor: 'a\tb' }],
    ['a line break', { sensor: 'a\nb' }],
    ['a mark that turns the text round', { sensor: 'a\u202eb' }],
    ['a name too long', { sensor: 'x'.repeat(65) }],
    ['a hostile name', { realm: 'a '.repeat(100_000) }],
    ['a realm given twice', { realm: ['a', 'b'] }],
    ['a clock before the epoch of clocks', { clockError: '-1' }],
    ['no number', { clockError: 'soon' }],
    ['an empty number', { clockError: '' }],
    ['scientific notation', { clockError: '1e3' }],
    ['more than a day', { clockError: '86400.5' }],
    ['a clock given twice', { clockError: ['1', '2'] }],
    ['a window given twice', { window: ['run', 'day'] }],
    ['a side given twice', { nat: ['inside', 'none'] }],
  ])('%s is a usage error of one line', (_name, raw) => {
    const failed = (): unknown => check(raw);
    expect(failed).toThrow(UsageError);
    expect(failed).toThrow(/^[^\n]{1,300}$/);
  });
});
