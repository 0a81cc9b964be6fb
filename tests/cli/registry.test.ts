import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createImportBar } from '../../src/cli/import-progress.ts';
import { Case, example, isPlain, ONE_LINE, type Row } from './case-town.ts';

let town: Case;
beforeAll(async () => {
  town = new Case();
  await town.found();
}, 60_000);
afterAll(() => town.cleanUp());

describe('import', () => {
  test('names layout, encoding, reason and each bad row, and takes the rest', async () => {
    const own = new Case();
    const { code, stdout, stderr } = await own.register();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('filing.csv: layout filing-b, gb18030 (headings 起始IP');
    expect(stdout).toMatch(/filing\.csv: row 4: 2030 "2026-13-01" is no date: write it as 2026-11-20/);
    expect(stdout).toContain('filing.csv: 2 rows, 1 bad: 2 added, 0 unchanged, 0 superseded');
    const again = await own.register();
    expect(again.stdout).toContain('filing.csv: 2 rows, 1 bad: 0 added, 2 unchanged, 0 superseded');
    expect((await own.run('ledger', 'verify')).code).toBe(0);
    own.cleanUp();
  });

  test('a row with other content supersedes, and the past stays as it was known', async () => {
    const own = new Case();
    await own.register();
    const then = own.time;
    own.time += 60e6;
    const changed = own.put(
      'customers.csv',
      (await import('node:fs'))
        .readFileSync(example('customers.csv'), 'utf8')
        .replace('书院路5号信息楼1层机房', '书院路7号实训楼'),
    );
    expect(await own.ok('registry', 'import', changed)).toContain('4 rows, 0 bad: 1 added, 3 unchanged, 1 superseded');
    const ask = ['registry', 'lookup', '198.51.100.17:7801', '--nat', 'outside', '--at', '2026-11-03T23:55:00Z'];
    expect(await own.ok(...ask)).toContain('书院路7号实训楼');
    const before = await own.ok(...ask, '--known-at', new Date(then / 1000 + 1000).toISOString());
    expect(before).toContain('书院路5号信息楼1层机房');
    expect(before).not.toContain('书院路7号');
    own.cleanUp();
  });

  test.each([
    ['a folder', ['.'], 1, /is a folder/],
    ['no such file', ['nowhere.csv'], 1, /nowhere\.csv.*(ENOENT|no such file)/],
    ['an unknown layout', ['x.csv', '--layout', 'nonsense'], 2, /there is no 'nonsense'/],
    ['an unknown encoding', ['x.csv', '--encoding', 'klingon'], 2, /--encoding: .*klingon/],
    ['a setting without a value', ['x.csv', '--set', 'zone'], 2, /'zone' is not NAME=VALUE/],
    ['a clock error that is no number', ['x.csv', '--clock-error', 'much'], 2, /--clock-error: 'much' is not a number/],
    ['a negative clock error', ['x.csv', '--clock-error=-1'], 2, /--clock-error/],
    ['faults that are no number', ['x.csv', '--max-faults', 'all'], 2, /--max-faults/],
    ['a carrier with a stroke', ['x.csv', '--carrier', 'a/b'], 2, /--carrier: 'a\/b' is no name/],
    ['a carrier without a name', ['x.csv', '--carrier', ' '], 2, /--carrier/],
    ['no file', [], 2, /Not enough non-option arguments/],
    ['an option twice', ['x.csv', '--layout', 'filing-b', '--layout', 'filing-a'], 2, /--layout is given twice/],
  ])('%s', async (_, words, code, message) => {
    const outcome = await town.run('registry', 'import', ...words, '--dry-run');
    expect(outcome.code).toBe(code);
    const said = outcome.stderr + outcome.stdout;
    expect(said).toMatch(message);
    expect(said.trimEnd().split('\n').length).toBe(1);
    expect(isPlain(said)).toBe(true);
  });

  test('a file that begins with a dash, packed, with a limit of faults, and a dry run takes nothing', async () => {
    const own = new Case();
    const packed = own.put('-odd.csv.gz', gzipSync(`IP,x\n${'a,b\n'.repeat(50)}`));
    expect(packed).toContain('-odd');
    const plain = (await import('node:fs')).readFileSync(example('filing.csv'));
    own.put('-filing.csv.gz', gzipSync(plain));
    const here = process.cwd();
    process.chdir(own.folder);
    try {
      const { code, stdout } = await own.run(
        'registry',
        'import',
        '--dry-run',
        '--max-faults',
        '0',
        '--',
        '-filing.csv.gz',
      );
      expect(code).toBe(0);
      expect(stdout).toContain('-filing.csv.gz: 1 more bad rows (--max-faults)');
      expect(stdout).toContain('2 rows, 1 bad: nothing imported (--dry-run)');
    } finally {
      process.chdir(here);
    }
    expect((await own.run('registry', 'list')).code).toBe(1);
    own.cleanUp();
  });

  test('options reach the rows: layout, realm, error of the clock, settings, encoding', async () => {
    const own = new Case();
    const text =
      'begin,end,inside,outside,first_port,last_port,protocol,subscriber\n2026-11-02 21:14:09,2026-11-05 06:30:00,10.4.3.18,198.51.100.18,8192,9215,tcp,k1\n';
    const file = own.put('nat.csv', Buffer.from(text, 'utf16le'));
    const words = [
      '--layout',
      'nat-table',
      '--encoding',
      'utf-16le',
      '--realm',
      'bng-1',
      '--clock-error',
      '7',
      '--set',
      'zone=+00:00',
    ];
    const [row] = await own.rows('registry', 'import', file, ...words, '--profile', 'rfc8158');
    expect(row).toMatchObject({ type: 'registry_import', version: 1, rows: 1, faults: 0, error: null });
    const [answer] = await own.rows(
      'registry',
      'lookup',
      '198.51.100.18:9000',
      '--nat',
      'outside',
      '--at',
      '2026-11-02T21:14:12Z',
    );
    // Within the stated error of the source's clock after the start: nobody can be sure.
    expect((answer as { overall: number }).overall).toBeLessThan(90);
    // The realm given to the inside address is the one in which its session lies.
    const lease = 'SUBSCRIBERID,BEGINTIME,ENDTIME,IPV4ADDRESS\nk1,20261101000133,20261130235959,10.4.3.18\n';
    await own.ok('registry', 'import', own.put('sessions.csv', lease), '--realm', 'bng-1');
    const outside = ['198.51.100.18:9000', '--nat', 'outside', '--at', '2026-11-03T00:00:00Z'];
    expect(await own.ok('registry', 'lookup', ...outside)).not.toContain('state the realm');
    own.cleanUp();
  });

  test('a NAT log with inside address, realm and subscriber answers from the inside', async () => {
    const own = new Case();
    const text =
      'begin,end,inside,outside,ports,protocol,subscriber\n2026-11-02 21:14:09,2026-11-05 06:30:00,10.4.3.18,198.51.100.18,8192-9215,tcp,k1\n';
    await own.ok('registry', 'import', own.put('nat.csv', text), '--realm', 'bng-1');
    const ask = ['registry', 'lookup', '10.4.3.18:40000', '--nat', 'inside', '--at', '2026-11-03T00:00:00Z'];
    const [answer] = await own.rows(...ask, '--realm', 'bng-1');
    expect(answer).toMatchObject({ best: { account: 'k1', grades: { subscriber: 90 } } });
    expect(((await own.rows(...ask, '--realm', 'bng-2'))[0] as Row)['best']).toBeNull();
    own.cleanUp();
  });

  test('two logs that name different subscribers for one block: both stay, none is guessed', async () => {
    const own = new Case();
    for (const account of ['k1', 'k2']) {
      const text = `begin,end,outside,ports,protocol,subscriber\n2026-11-02 21:14:09,2026-11-05 06:30:00,198.51.100.18,8192-9215,tcp,${account}\n`;
      const said = await own.ok('registry', 'import', own.put(`${account}.csv`, text), '--layout', 'nat-table');
      expect(said).toContain('1 added, 0 unchanged, 0 superseded');
    }
    const ask = ['registry', 'lookup', '198.51.100.18:9000', '--nat', 'outside', '--at', '2026-11-03T00:00:00Z'];
    const [answer] = await own.rows(...ask);
    expect((answer as Row)['best']).toBeNull();
    expect(JSON.stringify((answer as Row)['contradictions'])).toContain('several_subscribers');
    own.cleanUp();
  });

  test('accounts of two carriers are two', async () => {
    const own = new Case();
    const sessions = (address: string): string =>
      `SUBSCRIBERID,BEGINTIME,ENDTIME,IPV4ADDRESS\n1001,20261101000133,20261130235959,${address}\n`;
    const customers = (name: string): string =>
      `account,name,install_address,valid_from\n1001,${name},示例区云谷路1号,2025-03-11\n`;
    const given = [
      ['甲', '198.51.100.61', '示例甲数据有限公司'],
      ['乙', '198.51.100.62', '示例乙数据有限公司'],
    ] as const;
    for (const [carrier, address, name] of given) {
      const files = [own.put(`s${address}.csv`, sessions(address)), own.put(`c${address}.csv`, customers(name))];
      await own.ok('registry', 'import', ...files, '--carrier', carrier);
    }
    for (const [carrier, address, name] of given) {
      const [answer] = await own.rows('registry', 'lookup', address, '--at', '2026-11-03T00:00:00Z');
      expect(answer).toMatchObject({ best: { name, account: `${carrier}/1001` } });
      expect(((answer as Row)['candidates'] as Row[]).length).toBe(1);
    }
    own.cleanUp();
  });

  test('JSON: a line for each file, with shapes and faults', async () => {
    const rows = await town.rows('registry', 'import', '--dry-run', example('filing.csv'), example('customers.csv'));
    expect(rows.map(({ type, version, rows: n, faults }) => [type, version, n, faults])).toEqual([
      ['registry_import', 1, 2, 1],
      ['registry_import', 1, 4, 0],
    ]);
    expect(((rows[0] as Row)['listed_faults'] as Row[])[0]).toMatchObject({ row: 4, code: '2030' });
  });
});

describe('bar', () => {
  const drawn = (isTTY: boolean, env: Record<string, string>): string => {
    let [text, time] = ['', 0];
    const write = (piece: string): boolean => {
      text += piece;
      return true;
    };
    const bar = createImportBar({ isTTY, columns: 100, write }, () => time, env);
    for (const bytes of [100, 200, 5000]) {
      bar.update({ name: 'a\u001b[2J.csv', bytes, total: 10_000, rows: bytes });
      time += 600;
    }
    bar.clear();
    return text;
  };

  test('share, rate and time left on a terminal, cleared at the end, with nothing raw in the name', () => {
    const text = drawn(true, {});
    expect(text).toContain('50 % of 10.0 kB  5,000 rows');
    expect(text).toMatch(/\[=+ +\].*rows\/s .*left .*a\\x1b\[2J\.csv/);
    expect(text.endsWith('\r\u001b[K')).toBe(true);
  });

  test('nothing anywhere else', () => {
    expect([drawn(false, {}), drawn(true, { TERM: 'dumb' })]).toEqual(['', '']);
  });
});

describe('list', () => {
  test('sources with counts, in words and as JSON', async () => {
    const text = await town.ok('registry', 'list');
    expect(text).toMatch(/2026-11-06 02:00:01 +tester +filing-b +gb18030 +2 +2 +0 +0 +1 +filing\.csv/);
    expect(text).toMatch(/2 filing, .*4 customer, 3 power_account, 3 meter_reading\n$/);
    const rows = await town.rows('registry', 'list');
    expect(new Set(rows.map(({ type }) => type))).toEqual(new Set(['registry_source', 'registry_counts']));
    expect(rows.every(({ version }) => version === 1)).toBe(true);
  });

  test('layouts need no ledger', async () => {
    const own = new Case();
    expect(await own.ok('registry', 'list', '--layouts')).toMatch(/filing-b +table/);
    expect((await own.rows('registry', 'list', '--layouts')).length).toBeGreaterThan(15);
    own.cleanUp();
  });
});

describe('lookup', () => {
  const at = ['--at', '2026-11-03T23:55:00Z'];

  test('the port tells subscribers of one address apart; without it nobody is named', async () => {
    const ask = ['registry', 'lookup', '198.51.100.17:7801', '--nat', 'outside', ...at];
    const text = await town.ok(...ask);
    expect(text).toMatch(/^示例职业学院（虚构）: certain 90\n/);
    expect(text).toContain('126405020000045T0C [k7730012]');
    expect(text).toMatch(/\n {4}2026-10-31 16:01:33 – .* UTC\n/);
    expect(await town.ok(...ask, '--lang', 'zh')).toMatch(/^示例职业学院（虚构）: 确认 90\n/);
    const [row] = await town.rows(...ask);
    expect(row).toMatchObject({ type: 'attribution', version: 1, overall: 90 });
    expect((row as { observed: Row }).observed['from']).toBe('2026-11-03T23:55:00.000000Z');
    expect(await town.ok('registry', 'lookup', '198.51.100.17', '--nat', 'outside', ...at)).toMatch(/^unattributed\n/);
  });

  test('sealed fields need a document and a purpose, and reading them is an entry', async () => {
    const ask = ['registry', 'lookup', '198.51.100.17:5533', '--nat', 'outside', ...at];
    const plain = await town.ok(...ask);
    expect(plain).not.toContain('钱某某');
    const refused = await town.run(...ask, '--sealed');
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/--sealed needs --document and --purpose/);
    const before = await entries();
    const read = await town.ok(...ask, '--sealed', '--document', '某公调〔2026〕5号', '--purpose', '案件调查');
    expect(read).toContain('钱某某');
    expect(await entries()).toBe(before + 1);
    const [row] = await town.rows(...ask, '--sealed', '--document', 'D1', '--purpose', 'P1');
    expect(JSON.stringify((row as Row)['sealed'])).toContain('钱某某');
    expect(JSON.stringify({ ...(row as Row), sealed: null })).not.toContain('钱某某');
  });

  async function entries(): Promise<number> {
    const [row] = await town.rows('ledger', 'verify');
    return (row as { entries: number }).entries;
  }

  test('IPv6, with and without a port, and the end of the time', async () => {
    const own = ['--until', '2026-11-03T23:56:00Z', '--protocol', 'udp', '--clock-error', '1', '--realm', 'r'];
    for (const address of ['2001:db8:40:7::1', '[2001:db8:40:7::1]:5533']) {
      expect(await town.ok('registry', 'lookup', address, ...at, ...own)).toContain('k7730011');
    }
  });

  test.each([
    [['nonsense', ...at], /'nonsense' is no address/],
    [['198.51.100.300', ...at], /is no address/],
    [['198.51.100.17:70000', ...at], /port 70000 is above 65535/],
    [['198.51.100.17'], /--at is needed/],
    [['198.51.100.17', '--at', 'yesterday'], /--at: 'yesterday' is not a time/],
    [['198.51.100.17', '--at', '2026-02-30'], /'2026-02-30' is not a time/],
    [['198.51.100.17', ...at, '--until', '2026-11-01'], /--until lies before --at/],
    [['198.51.100.17', ...at, '--known-at', 'x'], /--known-at/],
    [['198.51.100.17', ...at, '--nat', 'sideways'], /Invalid values/],
    [['198.51.100.17', ...at, '--protocol', 'icmp'], /Invalid values/],
    [['198.51.100.17', ...at, '--clock-error', '-3'], /--clock-error|Not enough/],
    [['198.51.100.17', ...at, '--reference', '/nonexistent-folder'], /there is no such folder/],
    [['198.51.100.17', ...at, '--as', ''], /--as: a name is needed/],
    [['198.51.100.17', ...at, '--as', 'a\u001b[2J'], /control characters/],
    [['198.51.100.17', ...at, '--lang', 'fr'], /Invalid values/],
    [['198.51.100.17', ...at, '--color', 'blue'], /Invalid values/],
    [['198.51.100.17', ...at, '--bogus'], /Unknown argument/],
  ])('%j', async (words, message) => {
    const { code, stdout, stderr } = await town.run('registry', 'lookup', ...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(message);
    expect(isPlain(stderr)).toBe(true);
  });

  test('a database that is none is one line', async () => {
    const file = town.put('bad.mmdb', 'no database');
    const { code, stderr } = await town.run('registry', 'lookup', '198.51.100.17', ...at, '--mmdb', file);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(ONE_LINE);
    const missing = await town.run('registry', 'lookup', '198.51.100.17', ...at, '--mmdb', town.at('none.mmdb'));
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/none\.mmdb: cannot be read/)]);
  });
});
