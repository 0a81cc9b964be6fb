import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/publish/report-data.ts';
import { Case, COLLEGE, DAY, FARM, HOUSEHOLD, isPlain, ONE_LINE } from './case-town.ts';

let town: Case;
beforeAll(async () => {
  town = new Case();
  await town.found();
  await town.ok('leads', 'set', FARM, 'status=true', 'department=ndrc', 'key=yes');
  await town.ok('leads', 'set', COLLEGE, 'status=not_true');
}, 60_000);
afterAll(() => town.cleanUp());

const report = async (...words: string[]): Promise<Report> => {
  const [row] = await town.rows('report', ...words);
  return row as unknown as Report;
};

test('the week, by default from the Friday before to the one that comes, in China', async () => {
  const own = await report('weekly');
  // Friday 6 November, 10:00 in China: the week that began today.
  expect([own.type, own.version, own.kind]).toEqual(['report', 1, 'weekly']);
  expect([own.from, own.to]).toEqual(['2026-11-05T16:00:00.000Z', '2026-11-12T16:00:00.000Z']);
  expect(own.total).toMatchObject({ listed: 3, running: 3, cleared: 0 });
  const text = await town.ok('report', 'weekly', '--from', '2026-11-01', '--to', '2026-11-08');
  expect(text).toMatch(/^Weekly report\n/);
  expect(text).toMatch(/\nnew +3\n/);
  expect(text).toMatch(/sha256d +PH\/s/);
  const chinese = await town.ok('report', 'weekly', '--lang', 'zh', '--to', '2026-11-08');
  expect(chinese).toMatch(/^“挖矿”整治周报\n/);
  expect(isPlain(chinese)).toBe(true);
});

test('by region and by department', async () => {
  expect((await report('region')).total.listed).toBe(3);
  expect((await report('region', '--region', '6405')).total.listed).toBe(3);
  expect((await report('region', '--region', '44')).total.listed).toBe(0);
  expect((await report('department', '--department', 'ndrc')).total.listed).toBe(1);
  expect((await report('department')).total.listed).toBe(2);
  expect((await report('department', '--department', 'nobody')).total.listed).toBe(0);
});

test('CSV says what the text says, and is read back', async () => {
  const csv = await town.ok('report', 'weekly', '--csv', '--to', '2026-11-08', '--from', '2026-11-01');
  const rows = parse(csv, { relax_column_count: true, skip_empty_lines: true }) as string[][];
  expect(rows.length).toBeGreaterThan(20);
  expect(csv).toContain('宁夏回族自治区');
  const chinese = await town.ok('report', 'weekly', '--csv', '--lang', 'zh');
  expect(chinese).not.toBe(csv);
});

test('--previous gives the differences', async () => {
  const file = town.put(
    'before.json',
    await town.ok('report', 'weekly', '--json', '--from', '2026-10-30', '--to', '2026-11-01'),
  );
  const own = town.fork();
  own.put('before.json', town.text('before.json'));
  own.time += 5 * DAY;
  await own.ok('leads', 'set', HOUSEHOLD, 'status=not_true');
  const words = ['--from', '2026-11-06', '--to', '2026-11-13'];
  const plain = await own.ok('report', 'weekly', ...words);
  const compared = await own.ok('report', 'weekly', ...words, '--previous', own.at('before.json'));
  expect(compared).not.toBe(plain);
  expect(await own.ok('report', 'weekly', ...words, '--previous', file, '--csv')).not.toBe(
    await own.ok('report', 'weekly', ...words, '--csv'),
  );
  own.cleanUp();
});

describe('wrong', () => {
  test.each([
    [['weekly', '--from', '2026-11-08', '--to', '2026-11-08'], /--from 2026-11-08 is not before --to/],
    [['weekly', '--from', 'monday'], /--from: 'monday' is not a day/],
    [['weekly', '--to', '2026-11-31'], /'2026-11-31' is not a/],
    [['region', '--region', 'xx'], /--region: 'xx' is no code/],
    [['weekly', '--region', '64'], /Unknown argument/],
    [['daily'], /no command given|Unknown argument/],
    [['weekly', '--lang', 'fr'], /Invalid values/],
  ])('%j', async (words, message) => {
    const { code, stdout, stderr } = await town.run('report', ...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(message);
  });

  test.each([
    ['no such file', null, 1, /cannot be read/],
    ['no JSON', 'hello', 2, /is no report/],
    ['another kind', '{"type":"lead","version":1}', 2, /is no report/],
    ['a list', '[]', 2, /is no report/],
    ['null', 'null', 2, /is no report/],
    ['a report with nothing in it', '{"type":"report","version":1,"total":{}}', 2, /is no report/],
    ['a newer report', '{"type":"report","version":2,"total":{}}', 2, /is no report/],
  ])('--previous: %s', async (_, content, code, message) => {
    const file = content === null ? town.at('none.json') : town.put('previous.json', content);
    for (const form of [[], ['--csv'], ['--json']]) {
      const outcome = await town.run('report', 'weekly', '--previous', file, ...form);
      expect([outcome.code, outcome.stdout]).toEqual([code, '']);
      expect(outcome.stderr).toMatch(ONE_LINE);
      expect(outcome.stderr).toMatch(message);
    }
  });
});
