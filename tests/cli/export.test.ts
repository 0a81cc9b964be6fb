import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXPORT_FORMATS } from '../../src/cli/leads-options.ts';
import type { Lead } from '../../src/ledger/types.ts';
import { DEPARTMENTS, type Department, parseFieldSets } from '../../src/publish/field-sets.ts';
import { BITCOIN_ADDRESS, MONERO_ADDRESS } from '../generate/wire/chain.ts';
import { Case, COLLEGE, example, FARM, HOUSEHOLD, ONE_LINE, type Row, rowsOf } from './case-town.ts';

let town: Case;
beforeAll(async () => {
  town = new Case();
  await town.found();
}, 60_000);
afterAll(() => town.cleanUp());

const SETS = parseFieldSets(
  readFileSync(new URL('../../signatures/reference/field-sets.csv', import.meta.url), 'utf8'),
);
const TEXT = ['json', 'csv', 'stix', 'eve'];
const FOLDERS = ['dossier', 'evidence', 'shadowserver'];

/** Everything readable in a file: its text, and that of what lies in archives; numbers of the ledger and hashes stay. */
function readable(path: string): string {
  if (statSync(path).isDirectory()) {
    return readdirSync(path)
      .map((name) => readable(join(path, name)))
      .join('\n');
  }
  return textOf(readFileSync(path));
}

function textOf(bytes: Uint8Array): string {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) return Buffer.from(bytes).toString('utf8');
  return Object.values(unzipSync(bytes)).map(textOf).join('\n');
}

/** What may be met in a file only where the field goes out whole. */
const MARKS: Readonly<Record<string, readonly string[]>> = {
  enterprise: ['91640502MA00TE5T22', '示例算力科技有限公司', '126405020000045T0C', '示例职业学院'],
  address: ['云谷路1号', '书院路5号', '滨河路18号'],
  ip: ['198.51.100.35', '198.51.100.17', '198.51.100.18', '41001', FARM],
  power_account: ['0098765432100', '0098765432102'],
  person: ['钱某某', '640502190001010000'],
};
/** Names of workers and passwords go to nobody; wallets and pools by the field `pool`. */
const POOL_MARKS = ['203.0.113.200', '203.0.113.201', 'examplehome'];
const WALLETS = [BITCOIN_ADDRESS, MONERO_ADDRESS];

const DOCUMENT = ['--document', '某函〔2026〕12号'];
const handOver = (department: string): string[] => ['--for', department, '--purpose', '1283 art. 19', ...DOCUMENT];

describe('what each department is sent', () => {
  for (const department of DEPARTMENTS) {
    for (const format of EXPORT_FORMATS) {
      test(`${department} as ${format}`, async () => {
        const own = town.fork();
        const level = SETS.departments[department as Department];
        const out = own.at(`out-${format}`);
        const { code, stderr } = await own.run(
          'leads',
          'export',
          '--format',
          format,
          ...handOver(department),
          '--out',
          out,
        );
        if (format === 'evidence' && level.evidence !== 'full') {
          expect([code, existsSync(out)]).toEqual([2, false]);
          expect(stderr).toMatch(new RegExp(`^poolprint: --format evidence: ${department} gets `));
          // Refused before anything was numbered or noted.
          expect((await own.leads()).every(({ number }) => number === null)).toBe(true);
          own.cleanUp();
          return;
        }
        // Packets that are another subscriber's too stay in the house, which is said.
        const remarks = stderr.split('\n').filter((line) => line !== '' && !/shared with other subscribers/.test(line));
        expect([code, remarks]).toEqual([0, []]);
        expect(stderr !== '').toBe(format === 'evidence');
        const content = readable(out);
        const sent = (mark: string): void => {
          if (content.includes(mark)) throw new Error(`${department} must not get '${mark}' in ${format}`);
        };
        for (const [field, marks] of Object.entries(MARKS)) {
          if (level[field as keyof typeof level] !== 'full') marks.forEach(sent);
        }
        if (level.pool !== 'full') {
          for (const mark of POOL_MARKS) if (level.ip !== 'full' || mark === 'examplehome') sent(mark);
          if (level.pool !== 'wallet') WALLETS.forEach(sent);
        }
        // Packets and the excerpts of a dossier hold the login as it was sent; they are evidence.
        const packets = level.evidence === 'full' && ['evidence', 'dossier'].includes(format);
        if (!packets) for (const worker of ['srv-a', 'srv-b', 'desk1']) sent(worker);
        own.cleanUp();
      });
    }
  }

  test('what may be sent is sent', async () => {
    const own = town.fork();
    await own.ok(
      'leads',
      'export',
      '--format',
      'csv',
      '--lang',
      'zh',
      ...handOver('energy'),
      '--out',
      own.at('energy.csv'),
    );
    const energy = own.text('energy.csv');
    for (const mark of ['91640502MA00TE5T22', '云谷路1号', '0098765432100']) expect(energy).toContain(mark);
    await own.ok('leads', 'export', '--format', 'shadowserver', ...handOver('carrier'), '--out', own.at('carrier'));
    expect(readable(own.at('carrier'))).toMatch(/198\.51\.100\.35"?,"?41001"?,"?tcp"?,"?203\.0\.113\.200"?,"?3333/);
    await own.ok('leads', 'export', '--format', 'json', ...handOver('finance'), '--out', own.at('finance.jsonl'));
    expect(own.text('finance.jsonl')).toContain(BITCOIN_ADDRESS);
    own.cleanUp();
  });

  test('the police get a person for a document, sealed until asked for', async () => {
    const own = town.fork();
    const police = ['leads', 'export', HOUSEHOLD, '--for', 'police', '--purpose', '案件调查'];
    const without = await own.run(...police);
    expect([without.code, without.stdout]).toEqual([2, '']);
    expect(without.stderr).toMatch(/needs the number of the document/);
    expect((await own.lead(HOUSEHOLD)).number).toBeNull();
    expect((await own.run(...police, '--sealed')).stderr).toMatch(/--sealed needs --document/);
    expect(await own.ok(...police, '--document', 'D1')).not.toContain('钱某某');
    const full = await own.ok(...police, '--document', 'D1', '--sealed');
    expect(full).toContain('钱某某');
    expect(full).toContain('640502190001010000');
    for (const words of [['--for', 'ndrc'], []]) {
      const refused = await own.run(
        'leads',
        'export',
        HOUSEHOLD,
        ...words,
        '--purpose',
        'x',
        '--document',
        'D',
        '--sealed',
      );
      expect([refused.code, refused.stdout]).toEqual([2, '']);
      expect(refused.stderr).toMatch(/to the police alone/);
    }
    own.cleanUp();
  });
});

describe('without a department', () => {
  test.each(EXPORT_FORMATS.map((format) => [format]))('%s', async (format) => {
    const own = town.fork();
    const out = own.at('out');
    const text = await own.ok('leads', 'export', '--format', format, '--out', out);
    expect(text).toMatch(/out: 4 leads, .* sha256 [0-9a-f]{64}\n$/);
    expect(readable(out)).not.toMatch(/钱某某|640502190001010000/);
    expect(readdirSync(own.folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(statSync(out).mode & 0o077).toBe(0);
    expect((await own.leads()).every(({ number }) => number === null)).toBe(true);
    // The same again is refused, and nothing more is noted.
    const before = await own.ok('ledger', 'verify');
    const again = await own.run('leads', 'export', '--format', format, '--out', out);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/is there already; name another with --out/);
    if (format !== 'evidence') expect(await own.ok('ledger', 'verify')).toBe(before);
    own.cleanUp();
  });

  test.each(TEXT)('%s goes to standard output as it goes into the file', async (format) => {
    const own = town.fork();
    const printed = await own.ok('leads', 'export', '--format', format, '--no-history');
    await own.ok('leads', 'export', '--format', format, '--no-history', '--out', own.at('file'));
    expect(Buffer.from(printed).equals(readFileSync(own.at('file')))).toBe(true);
    own.cleanUp();
  });

  test.each([...FOLDERS, 'xlsx'])('%s needs --out', async (format) => {
    const { code, stderr } = await town.run('leads', 'export', '--format', format);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/needs --out/)]);
  });

  test('JSON: a lead each line, filters and ids choose, history only where wanted', async () => {
    const own = town.fork();
    const rows = rowsOf(await own.ok('leads', 'export', '--flag', 'bitcoin'));
    expect(rows.map(({ type, version, id }) => [type, version, id])).toEqual([['lead', 1, FARM]]);
    expect((rows[0] as Row)['history']).toBeDefined();
    const chosen = rowsOf(await own.ok('leads', 'export', HOUSEHOLD, FARM, HOUSEHOLD, '--no-history'));
    expect(chosen.map(({ id }) => id)).toEqual([FARM, HOUSEHOLD].toSorted());
    expect((chosen[0] as Row)['history']).toBeUndefined();
    expect(await own.ok('leads', 'export', '--status', 'closed')).toBe('');
    own.cleanUp();
  });

  test('--observed-at counts what was observed up to then', async () => {
    const quiet = async (at: string): Promise<number> => {
      const [lead] = rowsOf(await town.ok('leads', 'export', FARM, '--observed-at', at)) as unknown as Lead[];
      return lead?.observed.seconds ?? -1;
    };
    expect(await quiet('2026-11-03T23:54:00Z')).toBe(60);
    expect(await quiet('2026-11-05')).toBeGreaterThan(800);
  });

  test('CSV in GB18030, headings in both languages; a bundle with its marking', async () => {
    const own = town.fork();
    await own.ok(
      'leads',
      'export',
      '--format',
      'csv',
      '--encoding',
      'gb18030',
      '--lang',
      'zh',
      '--unit',
      '示例区网信办（虚构）',
      '--out',
      own.at('gb.csv'),
    );
    expect(iconv.decode(readFileSync(own.at('gb.csv')), 'gb18030')).toContain('示例算力科技有限公司（虚构）');
    expect(await own.ok('leads', 'export', '--format', 'csv')).toMatch(/^\ufeff"No\."/);
    for (const tlp of ['clear', 'red']) {
      const bundle = await own.ok('leads', 'export', '--format', 'stix', '--tlp', tlp, '--unit', 'unit-x');
      expect(bundle.toLowerCase()).toContain(`tlp:${tlp}`);
      expect(bundle).toContain('unit-x');
    }
    own.cleanUp();
  });
});

describe('hand-over', () => {
  test('is numbered once, and noted with recipient, purpose, document, day and hash of the file', async () => {
    const own = town.fork();
    const words = [
      '--recipient',
      '示例区发展改革局（虚构）',
      '--feedback',
      '2026-12-11',
      '--unit',
      '示例区网信办（虚构）',
    ];
    const [record] = await own.rows(
      'leads',
      'export',
      '--format',
      'xlsx',
      ...handOver('ndrc'),
      ...words,
      '--out',
      own.at('a.xlsx'),
    );
    const sha256 = createHash('sha256')
      .update(readFileSync(own.at('a.xlsx')))
      .digest('hex');
    expect(record).toMatchObject({
      type: 'export',
      version: 1,
      department: 'ndrc',
      count: 4,
      sha256,
      feedback_by: '2026-12-11',
      field_set: SETS.version,
      purpose: '1283 art. 19',
      document: '某函〔2026〕12号',
      recipient: '示例区发展改革局（虚构）',
    });
    const numbers = (await own.leads()).map(({ number }) => number);
    expect(numbers.toSorted()).toEqual([1, 2, 3, 4].map((n) => `L-640502-2026-00000${n}`));
    const { history = [] } = await own.lead(FARM);
    const sent = history.find(({ action }) => action === 'lead.sent');
    expect(sent?.detail).toMatchObject({
      department: 'ndrc',
      recipient: '示例区发展改革局（虚构）',
      sha256,
      document: '某函〔2026〕12号',
      feedback_by: '2026-12-11',
      purpose: '1283 art. 19',
    });
    expect(await own.ok('leads', 'show', FARM)).toContain(sha256);
    await own.ok('leads', 'export', '--format', 'csv', ...handOver('energy'), '--out', own.at('b.csv'));
    expect((await own.leads()).map(({ number }) => number)).toEqual(numbers);
    expect((await own.lead(numbers[0] as string)).number).toBe(numbers[0]);
    expect((await own.run('ledger', 'verify')).code).toBe(0);
    own.cleanUp();
  });

  test("without ids only what may go out goes; ids are a person's decision, but what is not true stays", async () => {
    const own = town.fork();
    await own.ok('leads', 'import', example('national-list.csv'), '--source', '国家监测平台（虚构）');
    await own.ok('leads', 'set', HOUSEHOLD, 'status=not_true', '--note', '误报');
    const [waiting] = await own.leads('--status', 'waiting');
    const ids = async (...words: readonly string[]): Promise<string[]> =>
      rowsOf(await own.ok('leads', 'export', ...words, '--no-history')).map(({ number }) => String(number));
    expect((await ids()).length).toBe(5);
    const sent = await own.run('leads', 'export', ...handOver('cac'));
    expect(rowsOf(sent.stdout).length).toBe(3);
    expect(sent.stderr).toMatch(/^poolprint: 2 leads left out: they wait for a person or are not true; [^\n]+\n$/);
    // What stayed has no number: nobody was told of it.
    expect(
      (await own.leads())
        .filter(({ number }) => number === null)
        .map(({ status }) => status)
        .toSorted(),
    ).toEqual(['not_true', 'waiting']);
    const entries = async (): Promise<unknown> => (await own.rows('ledger', 'verify'))[0]?.['entries'];
    const before = await entries();
    const refused = await own.run('leads', 'export', FARM, HOUSEHOLD, ...handOver('cac'));
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(ONE_LINE);
    expect(refused.stderr).toContain(`${HOUSEHOLD}: was judged not true`);
    expect(await entries()).toBe(before);
    expect((await ids(waiting?.id as string, ...handOver('cac'))).length).toBe(1);
    expect((await own.lead(waiting?.id as string)).number).not.toBeNull();
    own.cleanUp();
  });

  test('the chain in a package that leaves the house tells of traffic and evidence alone', async () => {
    const own = town.fork();
    const entriesOf = async (...words: readonly string[]): Promise<Row[]> => {
      const out = own.at(`${words.length}.zip`);
      await own.ok('leads', 'export', FARM, '--format', 'evidence', ...words, '--out', out);
      const files = unzipSync(readFileSync(out));
      const name = Object.keys(files).find((each) => /chain/.test(each)) as string;
      const text = Buffer.from(files[name] as Uint8Array).toString('utf8');
      return rowsOf(text).filter(({ action }) => typeof action === 'string');
    };
    const told = (rows: readonly Row[]): string[] =>
      [
        ...new Set(
          rows.filter(({ detail }) => Object.keys(detail as Row).length > 0).map(({ action }) => String(action)),
        ),
      ].toSorted();
    const inside = await entriesOf();
    expect(told(inside)).toContain('lead.opened');
    const outside = await entriesOf(...handOver('cac'));
    expect(outside.map(({ action }) => action)).toContain('lead.opened');
    expect(told(outside)).toEqual(['detection.recorded', 'evidence.recorded']);
    own.cleanUp();
  });

  test.each([
    [['--for', 'energy'], /--for needs --purpose/],
    [['--for', 'energy', '--purpose', ' '], /--for needs --purpose/],
    [['--for', 'nobody', '--purpose', 'x'], /Invalid values/],
    [['--purpose', 'x'], /--purpose goes with --for/],
    [['--recipient', 'x'], /--recipient goes with --for/],
    [['--feedback', '2026-12-11'], /--feedback goes with --for/],
    [['--for', 'energy', '--purpose', 'x', '--feedback', 'soon'], /--feedback: 'soon' is not a day/],
    [['--for', 'cac', '--purpose', 'x'], /needs a document number/],
    [['--for', 'energy', '--purpose', 'x', '--recipient', ''], /--recipient: an office is needed/],
    [['--encoding', 'gb18030'], /--encoding goes with --format csv/],
    [['--format', 'csv', '--encoding', 'gb18030'], /--encoding gb18030 needs --out/],
    [['--format', 'csv', '--encoding', 'latin1'], /Invalid values/],
    [['--tlp', 'red'], /--tlp goes with --format stix/],
    [['--format', 'stix', '--tlp', 'purple'], /Invalid values/],
    [['--mmdb', 'x'], /--mmdb goes with --format/],
    [['--format', 'pdf'], /Invalid values/],
    [['--out', ''], /--out: a file or folder is needed/],
    [['--observed-at', 'now'], /--observed-at/],
    [['--region', 'x'], /--region/],
    [['L0'], /there is no lead 'L0'/],
    [['--sealed'], /--sealed needs --document and --purpose/],
  ])('wrong: %j', async (words, message) => {
    const before = await town.ok('ledger', 'verify');
    const { code, stdout, stderr } = await town.run('leads', 'export', ...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(message);
    expect(await town.ok('ledger', 'verify')).toBe(before);
  });

  test('a file that cannot be written is one line, and nothing is noted', async () => {
    const own = town.fork();
    const entries = async (): Promise<unknown> => (await own.rows('ledger', 'verify'))[0]?.['entries'];
    const before = await entries();
    const nowhere = await own.run('leads', 'export', '--out', own.at('no', 'such', 'folder.jsonl'));
    expect([nowhere.code, nowhere.stdout]).toEqual([1, '']);
    expect(nowhere.stderr).toMatch(/no such file or folder; nothing was handed over or noted\n$/);
    mkdirSync(own.at('dossiers'));
    own.put(`dossiers/${COLLEGE}.html`, 'mine');
    const taken = await own.run('leads', 'export', '--format', 'dossier', '--out', own.at('dossiers'));
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringMatching(/is there already/)]);
    expect(readdirSync(own.at('dossiers'))).toEqual([`${COLLEGE}.html`]);
    expect(own.text(`dossiers/${COLLEGE}.html`)).toBe('mine');
    expect(await entries()).toBe(before);
    chmodSync(own.at('dossiers'), 0o700);
    own.cleanUp();
  });

  test('a database that is none', async () => {
    const own = town.fork();
    const { code, stderr } = await own.run('leads', 'export', '--format', 'stix', '--mmdb', own.put('x.mmdb', 'none'));
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(ONE_LINE);
    own.cleanUp();
  });

  test('evidence is checked by evidence verify', async () => {
    const own = town.fork();
    await own.ok('leads', 'export', FARM, '--format', 'evidence', '--out', own.at('farm.zip'));
    const { code, stdout } = await own.run('evidence', 'verify', own.at('farm.zip'));
    expect([code, stdout]).toEqual([0, expect.stringContaining('everything holds')]);
    own.cleanUp();
  });
});
