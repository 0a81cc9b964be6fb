/** Names of enterprises: one form to store, a key to compare, branches, and whether two records mean one enterprise. */
import type { Divisions } from './divisions.ts';
import { arabicDigits, compact, simplify } from './text.ts';
import { checkOrganisationCode, checkUscc } from './uscc.ts';

const MAX_NAME = 256;

/** Longest first, so that 股份有限公司 is not read as 有限公司. */
const LEGAL_FORMS: readonly string[] = [
  '农民专业合作社',
  '集团股份有限公司',
  '股份有限责任公司',
  '集团有限责任公司',
  '集团有限公司',
  '股份有限公司',
  '有限责任公司',
  '特殊普通合伙',
  '个人独资企业',
  '个体工商户',
  '有限合伙',
  '普通合伙',
  '股份公司',
  '合作社',
  '有限公司',
  '总公司',
  '合伙企业',
  '集团公司',
  '公司',
];

/** The form to store: NFKC, brackets as （）, no spaces, simplified characters of the small table, Latin letters upper case. */
export function normaliseName(name: string): string {
  const plain = simplify(compact(name, MAX_NAME)).toUpperCase().normalize('NFKC');
  return plain
    .replace(/[([{<〔【〈《「『[]/g, '（')
    .replace(/[)\]}>〕】〉》」』]/g, '）')
    .replace(/[·•‧・]/g, '·')
    .slice(0, MAX_NAME);
}

export interface Branch {
  /** Name of the enterprise the branch belongs to, normalised. */
  readonly parent: string;
  /** What follows it: 惠州分公司, 第三营业部. */
  readonly branch: string;
}

/** Ends of names of branches; they have codes of their own, the parent is liable. */
const BRANCH_END = /(?:分公司|分行|支公司|支行|分部|营业部|营业厅|营业所|分店|门市部|办事处|分院|分校|分中心)$/;
const PARENT_END = /公司|银行|集团|合作社|医院|学校|中心/g;

/** Parent and branch of a name such as 示例数据有限公司惠州分公司; null where it names no branch. */
export function branchOf(name: string): Branch | null {
  const plain = normaliseName(name).replace(/）+$/, '');
  const end = BRANCH_END.exec(plain);
  if (!end) return null;
  // The parent ends at the last word for a legal form before the branch's own word.
  let cut = 0;
  for (const match of plain.slice(0, end.index).matchAll(PARENT_END)) cut = match.index + match[0].length;
  const rest = plain.slice(cut).replace(/^（/, '');
  return cut > 2 && rest.length >= end[0].length ? { parent: plain.slice(0, cut), branch: rest } : null;
}

/** Length of the region words at the start of a name: up to three divisions, each full or, for provinces and cities, short. */
function regionPrefix(name: string, divisions: Divisions): number {
  let at = 0;
  for (let words = 0; words < 3; words++) {
    let found = 0;
    for (let length = Math.min(divisions.longestName, name.length - at); length >= 2 && found === 0; length--) {
      const word = name.slice(at, at + length);
      const fits = divisions
        .named(word)
        .some((row) => row.level !== 'zone' && (row.name === word || row.level !== 'county'));
      if (fits) found = length;
    }
    if (found === 0) break;
    at += found;
  }
  return at;
}

/**
 * The key under which spellings of one name meet: without region words at its start and in brackets, without brackets, with
 * the legal form (有限责任公司, 有限公司, 股份有限公司 …) cut off, numerals as digits. The whole name where less than two
 * characters would stay. For comparison only; two enterprises in two regions often share it.
 */
export function compareKey(name: string, divisions: Divisions): string {
  const full = normaliseName(name);
  const branch = branchOf(full);
  if (branch) return `${compareKey(branch.parent, divisions)}/${arabicDigits(branch.branch)}`;
  let key = full.replace(/（([^（）]{0,40})）/g, (whole, inner: string) =>
    inner === '' || regionPrefix(inner, divisions) === inner.length || LEGAL_FORMS.includes(inner) ? '' : whole,
  );
  key = key.replace(/[（）]/g, '');
  const prefix = regionPrefix(key, divisions);
  const form = LEGAL_FORMS.find((word) => key.endsWith(word)) ?? '';
  const core = key.slice(prefix, key.length - form.length);
  const kept = core.length >= 2 ? core : key.slice(0, key.length - form.length);
  return arabicDigits(kept.length >= 2 ? kept : key);
}

export interface EnterpriseRecord {
  readonly name?: string | null;
  /** Unified social credit code or organisation code, as written. */
  readonly code?: string | null;
  /** GB/T 2260 code of the enterprise's region; null where unknown. */
  readonly region?: string | null;
}

export type EnterpriseMatch =
  | 'uscc'
  | 'organisation_code'
  | 'different_code'
  | 'name'
  | 'branch'
  | 'key_and_region'
  | 'similar'
  | 'none';

export interface SameEnterprise {
  /** `review`: alike, a person decides. */
  readonly same: 'yes' | 'no' | 'review';
  readonly by: EnterpriseMatch;
}

interface Codes {
  readonly uscc: string | null;
  readonly organisation: string | null;
}

function codesOf(text: string | null | undefined): Codes {
  const uscc = checkUscc(text ?? '');
  if (uscc.valid) return { uscc: uscc.code, organisation: uscc.code.slice(8, 17) };
  const organisation = checkOrganisationCode(text ?? '');
  return { uscc: null, organisation: organisation.valid ? organisation.code : null };
}

/** Dice coefficient of pairs of neighbouring characters, 0 to 1. */
function similarity(a: string, b: string): number {
  if (a.length < 2 || b.length < 2) return 0;
  const pairs = new Map<string, number>();
  for (let i = 1; i < a.length; i++) pairs.set(a.slice(i - 1, i + 1), (pairs.get(a.slice(i - 1, i + 1)) ?? 0) + 1);
  let shared = 0;
  for (let i = 1; i < b.length; i++) {
    const left = pairs.get(b.slice(i - 1, i + 1)) ?? 0;
    if (left > 0) {
      shared++;
      pairs.set(b.slice(i - 1, i + 1), left - 1);
    }
  }
  return (2 * shared) / (a.length + b.length - 2);
}

const SIMILAR = 0.75;

/** Same prefecture, or same province where that is a municipality. */
function sameRegion(a: string, b: string, divisions: Divisions): boolean {
  const [left, right] = [divisions.current(a)?.code ?? a, divisions.current(b)?.code ?? b];
  const municipality = /^(?:11|12|31|50)/.test(left);
  const length = municipality ? 2 : 4;
  return left.slice(0, length) === right.slice(0, length) && (municipality || left.slice(2, 4) !== '00');
}

/**
 * Whether two records mean one enterprise, in this order: equal valid codes; valid codes that differ (never the same,
 * whatever the names); equal normalised names; a branch and its parent (not the same, they have codes of their own);
 * equal keys in one region; names alike, for a person.
 */
export function sameEnterprise(a: EnterpriseRecord, b: EnterpriseRecord, divisions: Divisions): SameEnterprise {
  const left = codesOf(a.code);
  const right = codesOf(b.code);
  if (left.uscc !== null && right.uscc !== null) {
    return left.uscc === right.uscc ? { same: 'yes', by: 'uscc' } : { same: 'no', by: 'different_code' };
  }
  if (left.organisation !== null && right.organisation !== null) {
    const equal = left.organisation === right.organisation;
    return equal ? { same: 'yes', by: 'organisation_code' } : { same: 'no', by: 'different_code' };
  }
  const [one, two] = [normaliseName(a.name ?? ''), normaliseName(b.name ?? '')];
  if (one === '' || two === '') return { same: 'no', by: 'none' };
  if (one === two) return { same: 'yes', by: 'name' };
  const [leftBranch, rightBranch] = [branchOf(one), branchOf(two)];
  if (leftBranch?.parent === two || rightBranch?.parent === one) return { same: 'no', by: 'branch' };
  const [leftKey, rightKey] = [compareKey(one, divisions), compareKey(two, divisions)];
  if (leftKey === rightKey) {
    const region = a.region && b.region ? sameRegion(a.region, b.region, divisions) : null;
    if (region) return { same: 'yes', by: 'key_and_region' };
    return { same: region === null ? 'review' : 'no', by: region === null ? 'similar' : 'none' };
  }
  if ((leftBranch === null) !== (rightBranch === null)) return { same: 'no', by: 'none' };
  return similarity(leftKey, rightKey) >= SIMILAR ? { same: 'review', by: 'similar' } : { same: 'no', by: 'none' };
}
