import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { ROOT } from '../bench/mix.ts';
import { compare } from './compare.ts';
import { replay } from './daemon-process.ts';
import { whyNot } from './namespaces.ts';
import { readSendable, writeSendable } from './sendable.ts';
import { parseSent } from './sender.ts';

/** The last one lacks segments. */
const CAPTURES = ['stratum-v1-bitcoin.pcap', 'cryptonote.pcap', 'stratum-v1-gaps.pcap'].map((name) =>
  join(ROOT, 'captures', name),
);
const RUN = join(import.meta.dirname, 'netns-run.ts');
const LONGEST = 65_549;

describe.skipIf(whyNot() !== null)('over a cable between two network namespaces', () => {
  test('the daemon finds on a live interface what replay finds', { timeout: 180_000 }, () => {
    const args = [RUN, ...CAPTURES.flatMap((file) => ['--captures', file])];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^3 captures; 527 packets sent, 527 recorded, 527 read by the daemon, 0 dropped; exit code 0$/m,
    );
    expect(stdout).toMatch(/^against replay of what crossed the cable: 3 of 3 detections equal .*, 3 found$/m);
    expect(stdout).toMatch(/^against replay of the captures with their own times: 3 of 3 equal/m);
    expect(status).toBe(0);
  });
});

test('options that make no sense are refused', () => {
  for (const args of [
    ['--rates', 'fast'],
    ['--program', 'windump'],
    ['--topspeed', '--pps', '9'],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8' });
    expect([status, stderr.split('\n').length]).toEqual([2, 2]);
  }
});

test('the words of tcpreplay', () => {
  const text = [
    'Actual: 541047 packets (192670581 bytes) sent in 0.709149 seconds',
    'Rated: 271692664.0 Bps, 2173.54 Mbps, 762952.49 pps',
    '\tFailed packets:            3',
  ].join('\n');
  const sent = { packets: 541047, bytes: 192670581, seconds: 0.709149, failed: 3, problem: null };
  expect(parseSent(text, null)).toEqual(sent);
  expect(parseSent('', null).problem).not.toBeNull();
});

describe('what is sent', () => {
  const file = CAPTURES[0] as string;

  test('is what the capture holds, and longer frames are left out and counted', () => {
    const whole = readSendable(file, LONGEST);
    expect([whole.frames.length, whole.long, whole.short, whole.foreign]).toEqual([186, 0, 0, 0]);
    const longest = Math.max(...whole.frames.map(({ bytes }) => bytes.length));
    const cut = readSendable(file, longest - 1);
    expect(cut.long).toBeGreaterThan(0);
    expect(cut.frames.length + cut.long).toBe(186);
    const other = readSendable(join(ROOT, 'captures', 'link-raw.pcap'), LONGEST);
    expect([other.frames.length, other.foreign > 0]).toEqual([0, true]);
  });

  test('says the same as the capture', { timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'live-test-'));
    const copy = join(folder, 'copy.pcap');
    writeSendable(copy, readSendable(file, LONGEST).frames);
    const [before, after] = [replay([file], 'day'), replay([copy], 'day')];
    rmSync(folder, { recursive: true });
    const found = compare(before, after, ({ id }) => id);
    expect(found).toMatchObject({ expected: 1, found: 1, equal: 1, whollyEqual: 1, differences: [], remarks: [] });
  });
});

describe('comparing', () => {
  const row = (id: string, change: Partial<DetectionRow> = {}): DetectionRow => {
    const shares = { submitted: 3, accepted: 2, rejected: 1 };
    const pool = { ip: '203.0.113.9', port: 3333, host: null, name: null };
    const fixed = { id, miner: { ip: '10.0.0.1' }, pool, transport: 'tcp', dialect: 'stratum-v1', shares };
    return { ...fixed, confidence: 'confirmed', activity: 'mining', indications: [], ...change } as DetectionRow;
  };
  const byId = ({ id }: DetectionRow): string => id;

  test('sees one share less, another activity, and what is missing or too much', () => {
    const shares = { submitted: 2, accepted: 2, rejected: 0 };
    const expected = [row('same'), row('share'), row('activity'), row('gone')];
    const found = [row('same'), row('share', { shares }), row('activity', { activity: 'attempt' }), row('new')];
    const { equal, differences } = compare(expected, found, byId);
    expect(equal).toBe(1);
    expect(differences.map((line) => line.split(': ')[1]?.split(' ')[0])).toEqual([
      'shares',
      'activity',
      'missing',
      'not',
    ]);
  });

  test('tells of other differences apart', () => {
    const found = compare([row('a')], [row('a', { flows: 2 })], byId);
    expect([found.equal, found.whollyEqual, found.differences, found.remarks.length]).toEqual([1, 0, [], 1]);
  });
});
