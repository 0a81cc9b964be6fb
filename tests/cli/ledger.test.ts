import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Case, capture, DAY, FARM, ONE_LINE, type Row } from './case-town.ts';

let town: Case;
beforeAll(async () => {
  town = new Case();
  await town.found();
}, 60_000);
afterAll(() => town.cleanUp());

describe('verify and anchor', () => {
  test('verifies, in words and as JSON; an anchor fits, also later', async () => {
    const own = town.fork();
    expect(await own.ok('ledger', 'verify')).toMatch(
      /^verifies: \d+ entries, \d+ records, 0 parts purged\nhead \d+ +sha256 [0-9a-f]{64}\n +sm3 +[0-9a-f]{64}\n$/,
    );
    const [printed] = (await own.rows('ledger', 'anchor')) as [Row];
    expect(printed).toMatchObject({ type: 'anchor', version: 1 });
    const { code, stdout, stderr } = await own.run('ledger', 'anchor', '--out', own.at('monday.json'));
    expect([code, stdout, stderr]).toEqual([0, '', expect.stringContaining('keep it where nobody')]);
    expect((await own.run('ledger', 'anchor', '-o', own.at('monday.json'))).stderr).toMatch(/is there already/);
    own.put('printed.json', JSON.stringify(printed));
    await own.ok('leads', 'set', FARM, 'status=true');
    const anchors = ['--anchor', own.at('monday.json'), '--anchor', own.at('printed.json')];
    expect(await own.ok('ledger', 'verify', ...anchors)).toMatch(
      /monday\.json: .*as anchored[\s\S]*printed\.json: .*as anchored/,
    );
    const [row] = await own.rows('ledger', 'verify', ...anchors);
    expect(row).toMatchObject({ type: 'ledger_verify', version: 1, ok: true });
    own.cleanUp();
  });

  test('an anchor of another ledger, a broken one, a missing one', async () => {
    const other = new Case();
    await other.replay(capture('example-city.pcap'), '--quiet');
    other.env = {};
    await other.ok('ledger', 'anchor', '--out', other.at('a.json'));
    const own = town.fork();
    const strange = await own.run('ledger', 'verify', '--anchor', own.put('x.json', '{"seq":1}'));
    expect([strange.code, strange.stdout]).toEqual([1, expect.stringMatching(/x\.json: not an anchor/)]);
    const [row] = JSON.parse(
      `[${(await own.run('ledger', 'verify', '--json', '--anchor', own.at('x.json'))).stdout}]`,
    ) as [Row];
    expect(row['ok']).toBe(false);
    const missing = await own.run('ledger', 'verify', '--anchor', own.at('none.json'));
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/none\.json: cannot be read/)]);
    other.cleanUp();
    own.cleanUp();
  });

  test('a flipped byte is found and located', async () => {
    const own = town.fork();
    const bytes = readFileSync(own.ledger);
    const at = bytes.indexOf('"confidence":"confirmed"');
    expect(at).toBeGreaterThan(0);
    bytes.write('"confidence":"Confirmed"', at);
    writeFileSync(own.ledger, bytes);
    const { code, stdout } = await own.run('ledger', 'verify');
    expect(code).toBe(1);
    expect(stdout).toMatch(/DOES NOT VERIFY/);
    expect(stdout).toMatch(/^entry \S+: /m);
    own.cleanUp();
  });
});

describe('backup, restore, purge', () => {
  test('a backup verifies, is restored under another name, and replaces only when told', async () => {
    const own = town.fork();
    const leads = await own.ok('leads', 'export', '--no-history');
    expect(await own.ok('ledger', 'backup', own.at('b.ledger'))).toMatch(
      /b\.ledger: \d+ entries, verifies, head [0-9a-f]{64}\n$/,
    );
    const again = await own.run('ledger', 'backup', own.at('b.ledger'));
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(ONE_LINE)]);
    const [row] = await own.rows('ledger', 'backup', own.at('c.ledger'));
    expect(row).toMatchObject({ type: 'ledger_backup', version: 1 });
    await own.ok('leads', 'set', FARM, 'status=not_true');
    const refused = await own.run('ledger', 'restore', own.at('b.ledger'));
    expect([refused.code > 0, refused.stderr]).toEqual([true, expect.stringMatching(/--replace|there/)]);
    const [restored] = (await own.rows('ledger', 'restore', own.at('b.ledger'), '--replace')) as [Row];
    expect(restored).toMatchObject({ type: 'ledger_restore', version: 1 });
    expect(existsSync(String(restored['aside']))).toBe(true);
    expect(await own.ok('leads', 'export', '--no-history')).toBe(leads);
    expect(await own.ok('ledger', 'restore', own.at('b.ledger'), '--ledger', own.at('new.ledger'))).toMatch(
      /restored from/,
    );
    expect((await own.run('ledger', 'verify', '--ledger', own.at('new.ledger'))).code).toBe(0);
    own.cleanUp();
  });

  test('a backup that does not verify is not restored', async () => {
    const own = town.fork();
    const bad = own.put('bad.ledger', 'no ledger at all, but text of some length to be read');
    const { code, stderr } = await own.run('ledger', 'restore', bad, '--ledger', own.at('new.ledger'));
    expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE)]);
    expect(existsSync(own.at('new.ledger'))).toBe(false);
    own.cleanUp();
  });

  test('purge says what would go, then erases it, and the history still verifies', async () => {
    const own = town.fork();
    await own.ok('leads', 'set', FARM, 'status=not_true', '--note', '张某某说不是');
    own.time += 2000 * DAY;
    const before = readFileSync(own.ledger);
    const dry = await own.ok('ledger', 'purge', '--dry-run');
    expect(dry).toMatch(/[1-9]\d* captures, .*: would be erased\nsha256 of the set [0-9a-f]{64}\n$/);
    expect(readFileSync(own.ledger).equals(before)).toBe(true);
    const [row] = await own.rows('ledger', 'purge', '--dry-run');
    expect(row).toMatchObject({ type: 'ledger_purge', version: 1 });
    expect(
      await own.ok(
        'ledger',
        'purge',
        '--captures-days',
        '99999',
        '--detections-days',
        '99999',
        '--sealed-days',
        '99999',
        '--audit-days',
        '99999',
      ),
    ).toMatch(/nothing to erase/);
    expect(await own.ok('ledger', 'purge')).toMatch(/: erased, entry \d+/);
    expect(await own.ok('ledger', 'verify')).toMatch(/^verifies: .* [1-9]\d* parts purged/);
    expect(readFileSync(own.ledger).includes('张某某说不是')).toBe(false);
    expect(await own.ok('leads', 'show', FARM)).toContain('(purged)');
    own.cleanUp();
  });

  test.each([
    [['purge', '--audit-days', '100'], /--audit-days: at least 183/],
    [['purge', '--captures-days', 'some'], /--captures-days: 'some' is not a number/],
    [['purge', '--detections-days=-1'], /--detections-days/],
    [['purge', '--sealed-days', ''], /--sealed-days/],
    [['backup'], /Not enough non-option arguments/],
    [['nonsense'], /no command given|Unknown argument/],
  ])('wrong: %j', async (words, message) => {
    const { code, stdout, stderr } = await town.run('ledger', ...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(message);
  });
});

test('nothing but the ledger and what was asked for is left in the folder', () => {
  expect(readdirSync(town.folder).filter((name) => !/^town\.ledger(-wal|-shm)?$/.test(name))).toEqual([]);
});
