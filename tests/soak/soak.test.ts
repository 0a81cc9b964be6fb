/** Twenty seconds of a soak: every part runs and everything ends well. How fast it is says nothing here. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, expect, test } from 'vitest';
import { soak } from './soak.ts';

const directory = mkdtempSync(join(tmpdir(), 'poolprint-soak-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.runIf(process.platform === 'linux')(
  'all parts run, and the daemon ends whole',
  async () => {
    const lines: string[] = [];
    const { outcome, feeds } = await soak({
      minutes: 1 / 3,
      packets: 40_000,
      captures: [],
      seed: 1,
      slope: 60,
      threads: 1,
      every: 5,
      directory,
      nodeFlags: [],
      print: (line) => lines.push(line),
    });
    // A machine that is busy with other tests may be slow to answer: that is for a soak of its own.
    expect(outcome.failures.filter((line) => !line.includes('does not answer'))).toEqual([]);
    expect(outcome.wrong).toEqual([]);
    expect(outcome.alone).toEqual([]);
    expect(outcome.expected.size).toBeGreaterThan(25);
    expect(feeds.pipe?.packets).toBeGreaterThan(0);
    expect(feeds.pipe?.floods).toBeGreaterThan(0);
    expect(feeds.spool?.files).toBeGreaterThan(1);
    expect(feeds.collector?.storms).toBeGreaterThan(0);
    const [tap, spool, flows] = outcome.status.inputs;
    expect(tap?.packets).toBeGreaterThan(0);
    expect(spool?.files).toBeGreaterThan(0);
    expect(flows?.records).toBeGreaterThan(0);
    expect(flows?.recordFaults.not_allowed).toBeGreaterThan(0);
    expect(outcome.points.size).toBeGreaterThan(0);
    expect(lines.some((line) => line.startsWith('verdict'))).toBe(true);
    const table = readFileSync(join(directory, 'samples.csv'), 'utf8').trim().split('\n');
    expect(table[0]).toMatch(/^seconds,rss_mib,/);
    expect(existsSync(join(directory, 'daemon.log'))).toBe(true);
  },
  300_000,
);
