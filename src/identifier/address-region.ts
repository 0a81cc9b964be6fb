/** The region at the start of an address: province, city and county as people write them, against the table of divisions. */
import { divisionStem, isBracket } from './division-name.ts';
import type { Division, Divisions } from './divisions.ts';

export interface Remark {
  readonly code: string;
  readonly text: string;
}

export interface RegionOfText {
  readonly division: Division | null;
  /** Where the rest begins. */
  readonly end: number;
  readonly contradictions: readonly Remark[];
}

const SEPARATORS = /[,;。、|/·.:]*/y;
const COUNTRY = /(?:中华人民共和国|中国)/y;
const POSTCODE = /(?:邮政?编码?:?)?\d{6}(?![\d\-号#栋幢座层楼室弄])/y;
const BRACKETS = /(?:市辖区|(?:省|自治区)直辖县级行政(?:区划|单位)|省直辖行政单位)/y;

/** 北京 in 北京路 is a road, in 北京大厦 a house: what follows a short name decides. */
const NOT_A_REGION =
  /(?:[东西南北中]{0,2}|[一二三四五六七八九十]{1,2})(?:路|街|大道|大街|巷|弄|胡同|道|桥|村|镇|乡|园|大厦|大楼|公司|广场|站|港|国际|科技|银行|科创|[东西南北]侧)/y;
/** 东区 is a district elsewhere; in 东区街道 it is not. */
const NOT_A_COUNTY = /(?:街道|镇|乡|路|街|大道|大街|村|社区|办事处|[\u4e00-\u9fff]{0,6}园)/y;

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  return found ? found[0].length : 0;
}

/** Rows as they are today, each once; those that ended only where nothing else is left. */
function today(rows: readonly Division[], divisions: Divisions): Division[] {
  const found = new Map<string, Division>();
  for (const row of rows) {
    const now = divisions.current(row.code) ?? row;
    // A code may have passed to another division; then the row itself says more.
    const same = now.code !== row.code || now.name === row.name || row.successor === null;
    const kept = same ? now : (divisions.byCode(row.successor ?? '') ?? row);
    found.set(kept.code, kept);
  }
  const all = [...found.values()];
  const going = all.filter(({ validTo }) => validTo === null);
  return going.length > 0 ? going : all;
}

const RANK: Readonly<Record<Division['level'], number>> = { province: 0, city: 1, county: 2, zone: 3 };

interface Word {
  readonly rows: readonly Division[];
  readonly length: number;
}

/** The longest name at a place that a division below `outer` has. Counties need their full name, others may be short. */
function wordAt(text: string, at: number, outer: Division | null, divisions: Divisions): Word | null {
  const most = Math.min(divisions.longestName, text.length - at);
  for (let length = most; length >= 2; length--) {
    const word = text.slice(at, at + length);
    const rows = divisions.named(word, outer?.code ?? null).filter(({ name, level }) => {
      if (level === 'zone' || isBracket(name)) return false;
      return name === word || (level !== 'county' && matchAt(NOT_A_REGION, text, at + length) === 0);
    });
    if (rows.length === 0) continue;
    const full = rows.filter(({ name }) => name === word);
    const list = full.length > 0 ? full : rows;
    const top = Math.min(...list.map(({ level }) => RANK[level]));
    return { rows: list.filter(({ level }) => RANK[level] === top), length };
  }
  return null;
}

/** Length of the name of the division or of one it lies in, written once more: 北京市北京市海淀区. */
function repetition(text: string, at: number, outer: Division | null, divisions: Divisions): number {
  for (let row = outer, steps = 0; row && steps < 4; steps++) {
    if (!isBracket(row.name) && text.startsWith(row.name, at)) return row.name.length;
    const stem = divisionStem(row.name);
    if (/^(?:11|12|31|50)0000$/.test(row.code) && text.startsWith(stem, at)) {
      if (matchAt(NOT_A_REGION, text, at + stem.length) === 0) return stem.length;
    }
    row = row.parent === null ? null : divisions.byCode(row.parent);
  }
  return 0;
}

/**
 * Reads the divisions at the start of a compacted address. A county without its province is taken where only one division
 * of the country has that name, or where `given` decides; names that do not lie in each other become contradictions.
 */
export function regionOfText(text: string, divisions: Divisions, given: Division | null): RegionOfText {
  const contradictions: Remark[] = [];
  let division: Division | null = null;
  let at = matchAt(SEPARATORS, text, 0);
  at += matchAt(POSTCODE, text, at);
  at += matchAt(SEPARATORS, text, at);
  at += matchAt(COUNTRY, text, at);
  for (let steps = 0; steps < 8; steps++) {
    at += matchAt(SEPARATORS, text, at);
    const skipped: number = matchAt(BRACKETS, text, at) || repetition(text, at, division, divisions);
    if (skipped > 0) {
      at += skipped;
      continue;
    }
    if (division?.code === '500000' && /^县[\u4e00-\u9fff]{1,8}县/.test(text.slice(at, at + 10))) at++;
    if (division?.level === 'county') break;
    const word: Word | null = wordAt(text, at, division, divisions);
    if (word) {
      const rows = today(word.rows, divisions);
      const fits = rows.length > 1 && given ? rows.filter(({ code }) => divisions.compatible(code, given.code)) : rows;
      const name = text.slice(at, at + word.length);
      at += word.length;
      if (fits.length === 1) {
        division = fits[0] ?? null;
        continue;
      }
      contradictions.push({ code: 'region_ambiguous', text: `${name} is the name of ${rows.length} divisions` });
      break;
    }
    const other: Word | null = division ? wordAt(text, at, null, divisions) : null;
    const name = other ? text.slice(at, at + other.length) : '';
    const elsewhere = other?.rows.some((row) => row.name === name) && name.length > 2;
    if (!other || !elsewhere || matchAt(NOT_A_COUNTY, text, at + other.length) > 0) break;
    const path = division ? (divisions.path(division.code) ?? division.name) : '';
    contradictions.push({ code: 'region_not_inside', text: `${name} is not in ${path}` });
    at += other.length;
  }
  return { division, end: at, contradictions };
}
