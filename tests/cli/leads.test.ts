import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lead } from '../../src/ledger/types.ts';
import { Case, capture, FARM, HOUSEHOLD, isPlain, ONE_LINE, type Row } from './case-town.ts';

let town: Case;
beforeAll(async () => {
  town = new Case();
  await town.found();
}, 60_000);
afterAll(() => town.cleanUp());

describe('replay --ledger', () => {
  test('adds nothing the second time, and says so', async () => {
    const own = new Case();
    await own.register();
    const first = await own.replay(capture('example-city.pcap'));
    expect(first.stderr).toContain('6 detections added, 0 known already; 4 leads, 4 of them new');
    const leads = await own.ok('leads', 'export', '--no-history');
    const second = await own.replay(capture('example-city.pcap'));
    expect(second.stderr).toContain('0 detections added, 6 known already; 4 leads, 0 of them new');
    expect(await own.ok('leads', 'export', '--no-history')).toBe(leads);
    own.cleanUp();
  });

  test('--json prints detections by day, and the line about the ledger stays on standard error', async () => {
    const own = town.fork();
    const { stdout, stderr, code } = await own.replay('--json', capture('example-city.pcap'));
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
    expect(code).toBe(0);
    expect(rows.every(({ type, version }) => typeof type === 'string' && version === 1)).toBe(true);
    expect(
      rows.filter(({ type }) => type === 'detection').map((row) => (row as { window: Row }).window['kind']),
    ).toEqual(Array(6).fill('day'));
    expect(stderr).toContain('known already');
    own.cleanUp();
  });

  test.each([
    [['--window', 'run'], /--window run: a ledger counts by UTC day/],
    [['--as', ' '], /--as: a name is needed/],
    [['--as', 'a\nb'], /control characters/],
    [['--reference', '/nonexistent-folder'], /there is no such folder/],
    [['--nat', 'sideways'], /Invalid values/],
    [['--clock-error', 'much'], /--clock-error/],
    [['--realm', 'a\tb'], /--realm/],
    [['--sensor', ''], /--sensor/],
  ])('%j is wrong before anything is read', async (words, message) => {
    const { code, stdout, stderr } = await town.run(
      'replay',
      capture('example-city.pcap'),
      '--ledger',
      town.ledger,
      ...words,
    );
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(message);
  });

  test('--as and --reference go with --ledger', async () => {
    for (const words of [
      ['--as', 'x'],
      ['--reference', '.'],
    ]) {
      expect((await town.run('replay', capture('example-city.pcap'), ...words)).stderr).toMatch(/goes with --ledger/);
    }
  });

  test('the actor of a replay is noted', async () => {
    const own = new Case();
    own.env = { POOLPRINT_ACTOR: '李四（虚构）' };
    await own.replay(capture('example-city.pcap'), '--quiet');
    const [lead] = await own.leads();
    expect((await own.lead(lead?.id ?? '')).history?.every(({ actor }) => actor === '李四（虚构）')).toBe(true);
    own.cleanUp();
  });
});

describe('list', () => {
  test('a table with who and where; the household stays sealed', async () => {
    const text = await town.ok('leads', 'list');
    expect(text).toMatch(
      /L6343853f22d5167873f4f990 +open +confirmed mining +示例算力科技有限公司（虚构） +示例区云谷路1号2号楼3层机房 +BTC +23\.7 ±13 PH\/s +411/,
    );
    expect(text).toContain('natural person (sealed)');
    expect(text).not.toContain('钱某某');
    // Where a person lives stands in no list; who works on the lead sees it.
    expect(text).not.toContain('滨河路');
    expect(text).toMatch(/natural person \(sealed\) +宁夏回族自治区 中卫市 沙坡头区/);
    expect(await town.ok('leads', 'show', HOUSEHOLD)).toContain('滨河路18号');
    expect(text).toMatch(/\n4 leads: 4 open\n$/);
    const chinese = await town.ok('leads', 'list', '--lang', 'zh');
    expect(chinese).toMatch(/线索 +状态 +发现/);
    expect(chinese).toContain('自然人（已封存）');
    expect(chinese).toMatch(/线索 4 条：4 待核\n$/);
  });

  test.each([
    [['--region', '64'], 4],
    [['--region', '6405'], 4],
    [['--region', '640502'], 4],
    [['--region', '44'], 0],
    [['--status', 'open'], 4],
    [['--status', 'closed'], 0],
    [['--status', 'closed', '--status', 'open'], 4],
    [['--category', 'new'], 4],
    [['--category', 'existing'], 0],
    [['--confidence', 'confirmed'], 4],
    [['--confidence', 'suspected'], 0],
    [['--flag', 'bitcoin'], 1],
    [['--flag', 'residential_tariff'], 1],
    [['--flag', 'state_owned'], 1],
    [['--flag', 'key'], 0],
    [['--from', '2026-11-03', '--to', '2026-11-05'], 4],
    [['--from', '2026-11-05'], 0],
    [['--to', '2026-11-03T23:00:00+00:00'], 0],
    [['--flag', 'bitcoin', '--region', '64', '--status', 'open'], 1],
  ])('%j: %d', async (words, count) => {
    expect((await town.leads(...words)).length).toBe(count);
    if (count === 0) expect(await town.ok('leads', 'list', ...words)).toBe('no leads\n');
  });

  test.each([
    [['--region', '6'], /--region: '6' is no code/],
    [['--region', 'ningxia'], /--region/],
    [['--status', 'running'], /Invalid values/],
    [['--category', 'old'], /Invalid values/],
    [['--confidence', 'certain'], /Invalid values/],
    [['--flag', 'nice'], /Invalid values/],
    [['--from', 'monday'], /--from: 'monday' is not a time/],
    [['--to', '2026-11-31'], /--to/],
    [['--from', '2026-11-05', '--to', '2026-11-05'], /--from does not lie before --to/],
    [['--ledger', ''], /--ledger: a file is needed/],
    [['extra'], /Unknown argument/],
  ])('wrong: %j', async (words, message) => {
    const { code, stdout, stderr } = await town.run('leads', 'list', ...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(message);
  });

  test('JSON has type and version, one lead a line, in one order', async () => {
    const leads = await town.leads();
    expect(leads.map(({ type, version }) => [type, version])).toEqual(Array(4).fill(['lead', 1]));
    expect(leads.map(({ id }) => id)).toEqual(leads.map(({ id }) => id).toSorted());
  });
});

describe('show', () => {
  test('everything about a lead, by id', async () => {
    const text = await town.ok('leads', 'show', FARM, HOUSEHOLD);
    for (const words of [
      '91640502MA00TE5T22',
      'high 85',
      '411 / 411 / 411 kW, metered',
      'coin BTC in the detections',
      'lead.opened',
      'range 198.51.100.0/24',
      '296,100',
    ]) {
      expect(text).toContain(words);
    }
    expect(text).not.toContain('钱某某');
    const chinese = await town.ok('leads', 'show', FARM, '--lang', 'zh');
    expect(chinese).toContain('差别电价');
    expect(isPlain(chinese)).toBe(true);
  });

  test('sealed fields for a document, noted', async () => {
    const own = town.fork();
    expect((await own.run('leads', 'show', HOUSEHOLD, '--sealed')).code).toBe(2);
    expect((await own.run('leads', 'show', HOUSEHOLD, '--sealed', '--document', 'x')).code).toBe(2);
    const why = ['--sealed', '--document', '某公调〔2026〕5号', '--purpose', '案件调查'];
    expect(await own.ok('leads', 'show', HOUSEHOLD, ...why)).toContain('钱某某');
    const [lead] = await own.rows('leads', 'show', HOUSEHOLD, ...why);
    expect(JSON.stringify((lead as Row)['sealed'])).toContain('钱某某');
    expect(JSON.stringify({ ...lead, sealed: null })).not.toContain('钱某某');
    expect((await own.run('ledger', 'verify')).code).toBe(0);
    own.cleanUp();
  });

  test('an unknown lead', async () => {
    const { code, stdout, stderr } = await town.run('leads', 'show', FARM, 'L\u001b[2Jx');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/there is no lead 'L\\x1b\[2Jx'/);
  });
});

describe('set', () => {
  test('every field', async () => {
    const own = town.fork();
    const set = async (...words: string[]): Promise<Lead & Row> => {
      await own.ok('leads', 'set', FARM, ...words);
      return own.lead(FARM);
    };
    expect((await set('category=building', 'involvement=passive', 'site_type=park')).involvement).toBe('passive');
    const lead = await set(
      'region=640521',
      'department=ndrc',
      'deadline=2026-12-31',
      'key=yes',
      'power_account=0098765432199',
    );
    expect(lead).toMatchObject({
      category: 'building',
      site_type: 'park',
      region: '640521',
      department: 'ndrc',
      deadline: '2026-12-31',
    });
    expect(lead.flags.map(({ flag }) => flag)).toContain('key');
    expect(lead.power_accounts).toEqual(['0098765432100', '0098765432199']);
    const back = await set(
      'key=no',
      'power_account=-0098765432199',
      'flag=state_owned',
      'flag=-bitcoin',
      '--document',
      'D-7',
    );
    expect(back.flags.map(({ flag, rule }) => `${flag} ${rule}`)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^state_owned .*D-7/)]),
    );
    expect(back.flags.map(({ flag }) => flag)).not.toContain('bitcoin');
    expect(back.power_accounts).toEqual(['0098765432100']);
    const older = town.fork();
    await older.ok('leads', 'set', FARM, 'running_since=2021-08-01', '--note', '电费单');
    expect((await older.lead(FARM)).category).toBe('existing');
    const [shown] = await own.rows(
      'leads',
      'set',
      FARM,
      'status=true',
      '--department',
      'ndrc',
      '--document',
      '某检〔2026〕1号',
      '--person',
      '王某某',
      '--note',
      '现场核查',
    );
    expect(shown).toMatchObject({ type: 'lead', version: 1, status: 'true' });
    const history = await own.ok('leads', 'show', FARM);
    expect(history).toContain('现场核查');
    expect(history).toContain('某检〔2026〕1号');
    expect(history).not.toContain('王某某');
    older.cleanUp();
    own.cleanUp();
  });

  test.each([
    [['status=closed'], /cannot become closed.*allowed: true/],
    [['status=nonsense'], /cannot become "nonsense"/],
    [['status=true', 'status=open'], /status is given twice/],
    [['category=old'], /category cannot be "old"/],
    [['involvement=half'], /involvement cannot be/],
    [['site_type=tent'], /site_type cannot be/],
    [['region=64'], /region must be/],
    [['deadline=tomorrow'], /deadline "tomorrow" is no day/],
    [['key=perhaps'], /neither yes nor no/],
    [['flag=nice'], /flag cannot be "nice"/],
    [['power_account=x'], /power account has 4 to 32/],
    [['running_since=2021'], /is no day/],
    [['colour=red'], /'colour' is no field; there are status/],
    [['status'], /is not NAME=VALUE/],
    [['=x'], /is not NAME=VALUE/],
    [['status='], /is not NAME=VALUE/],
    [['category=new', '--date', '2026-11-05'], /--date goes with status/],
    [['category=new', '--person', 'x'], /--person goes with status/],
    [['category=new', '--department', 'x'], /--department goes with status/],
    [['category=new', '--method', 'x'], /--method goes with status/],
    [[], /Not enough non-option arguments/],
  ])('wrong: %j', async (words, message) => {
    const before = await town.ok('leads', 'show', FARM, '--json');
    const { code, stdout, stderr } = await town.run('leads', 'set', FARM, ...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(message);
    expect(await town.ok('leads', 'show', FARM, '--json')).toBe(before);
  });

  test('all or nothing: a wrong value at the end undoes the status before it', async () => {
    const before = await town.ok('leads', 'show', FARM, '--json');
    const { code } = await town.run(
      'leads',
      'set',
      FARM,
      'status=true',
      'key=yes',
      'flag=bitcoin',
      'category=nonsense',
      '--note',
      'x',
    );
    expect(code).toBe(2);
    expect(await town.ok('leads', 'show', FARM, '--json')).toBe(before);
    expect((await town.run('ledger', 'verify')).code).toBe(0);
  });

  test('stopped needs day and method, and a day that has come', async () => {
    const own = town.fork();
    await own.ok('leads', 'set', FARM, 'status=true');
    expect((await own.run('leads', 'set', FARM, 'status=stopped')).stderr).toMatch(/needs the day/);
    expect((await own.run('leads', 'set', FARM, 'status=stopped', '--date', '2026-11-05')).stderr).toMatch(/method/);
    expect(
      (await own.run('leads', 'set', FARM, 'status=stopped', '--date', '2030-01-01', '--method', '断电')).stderr,
    ).toMatch(/has not come yet/);
    await own.ok('leads', 'set', FARM, 'status=stopped', '--date', '2026-11-05', '--method', '断电');
    own.cleanUp();
  });
});
