import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { payload, pcap, type Sample } from './builder.ts';
import { differencesFromPcapParser, readWithPcapParser } from './oracle-pcap-parser.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-oracle-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Classic captures with microseconds below the repository's `captures/`. */
function classicCaptures(root: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const head = Buffer.alloc(4);
    const file = openSync(path, 'r');
    readSync(file, head, 0, 4, 0);
    closeSync(file);
    if (['d4c3b2a1', 'a1b2c3d4'].includes(head.toString('hex'))) found.push(path);
  }
  return found.sort();
}

describe('pcap-parser as an oracle', () => {
  it.each([true, false])('little-endian %s: every packet the same', async (little) => {
    const samples: Sample[] = Array.from({ length: 3000 }, (_, i) => ({
      data: payload((i * 37) % 1500, i),
      seconds: 1_600_000_000 + i,
      fraction: (i * 7919) % 1_000_000,
      original: ((i * 37) % 1500) + (i % 3),
    }));
    const path = join(folder, `${little}.pcap`);
    writeFileSync(path, pcap(samples, { little }));
    expect(await readWithPcapParser(path)).toHaveLength(3000);
    expect(await differencesFromPcapParser(path)).toEqual([]);
  });

  it('notices a difference', async () => {
    // pcap-parser believes any length; ours stops at 256 KiB.
    const path = join(folder, 'long.pcap');
    writeFileSync(path, pcap([{ data: payload(262_145, 1), seconds: 1, fraction: 1 }]));
    expect(await differencesFromPcapParser(path)).toEqual(['1 packets, ours 0']);
  });

  const captures = classicCaptures(join(import.meta.dirname, '../../captures'));
  it.each(captures.length > 0 ? captures : [null])('capture %s', async (path) => {
    if (path !== null) expect(await differencesFromPcapParser(path)).toEqual([]);
    else console.log('no classic capture under captures/: nothing to compare there');
  });
});
