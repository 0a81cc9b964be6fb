/** Who a party is: its key, whether it is the operator itself, and what its code and nature say. */
import { checkUscc } from '../identifier/uscc.ts';
import type { GradeCapName } from './grade.ts';
import type { Remarks } from './resolve-remarks.ts';
import type { Party, Place } from './types.ts';

const LONGEST_NAME = 200;

/** A name for comparing: NFKC, brackets of one kind, no spaces, lower case; at most 200 characters. */
export function nameKey(name: string): string {
  return name
    .slice(0, LONGEST_NAME)
    .toWellFormed()
    .normalize('NFKC')
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, '')
    .replaceAll('（', '(')
    .replaceAll('）', ')')
    .toLowerCase();
}

/** The valid credit code of a party, or null. */
export function validCode(party: Party | null): string | null {
  if (party?.code == null) return null;
  const check = checkUscc(party.code);
  return check.valid ? check.code : null;
}

/**
 * Key of a subject: credit code where valid, else account, else the unit's name. A person without account, and rows
 * without either, are known by their line alone.
 */
export function subjectKey(party: Party | null, account: string | null, line: string): string {
  const code = validCode(party);
  if (code !== null) return `uscc:${code}`;
  if (account !== null) return `acct:${account}`;
  if (party !== null && !party.person && party.name !== null && nameKey(party.name) !== '') {
    return `name:${nameKey(party.name)}`;
  }
  return `line:${line}`;
}

/** Categories of the filing that are operators and data centres (attribution tables: 单位所属分类). */
const OPERATOR_CATEGORIES: ReadonlySet<string> = new Set(
  ['1', '2', '3', '11', 'ISP', 'IDC', 'ISP和IDC', '电信业务经营者'].map(nameKey),
);
/** Words in names of carriers, which file their pools under their own name. */
const OPERATOR_NAME =
  /(?:中国|省|市|区|县|分)?(?:电信|联通|铁通|移动通信|广电网络|有线电视网络|宽带网络|网络通信).*公司/;

/** Whether a row names a carrier or a data centre rather than the user. `operators` are further names. */
export function isOperator(party: Party | null, operators: ReadonlySet<string>): boolean {
  if (party === null || party.person) return false;
  if (party.category !== null && OPERATOR_CATEGORIES.has(nameKey(party.category))) return true;
  if (party.name === null) return false;
  const key = nameKey(party.name);
  return operators.has(key) || OPERATOR_NAME.test(key);
}

const ENTERPRISE_NATURES: ReadonlySet<string> = new Set(['4', '企业']);

/** Bounds from what a party's row says of itself; remarks say what to ask for. */
export function partyCaps(party: Party | null, remarks: Remarks, known: string | null): GradeCapName[] {
  if (party === null) return [];
  const caps: GradeCapName[] = [];
  if (party.person) {
    if (party.nature !== null && ENTERPRISE_NATURES.has(party.nature.trim())) {
      caps.push('person_with_enterprise_nature');
      remarks.contradiction('person_with_enterprise_nature');
    }
    return caps;
  }
  if (validCode(party) !== null) return caps;
  if (party.code !== null) {
    caps.push('code_invalid');
    remarks.contradiction('code_invalid', party.code.slice(0, 40));
  } else if (known === null) {
    caps.push('code_missing');
  }
  if (known === null) remarks.missing('need_uscc', party.name ?? 'the unit');
  return caps;
}

/** Bound from the best place that is known: equipment stands at the install, power or site address. */
export function placeCap(places: readonly Place[], remarks: Remarks): GradeCapName | null {
  const has = (kind: Place['kind']): boolean => places.some((place) => place.kind === kind && place.text !== null);
  if (has('install') || has('site') || has('power')) return null;
  remarks.missing('need_install_address');
  if (has('filing')) return 'address_filing';
  if (has('registered')) return 'address_registered';
  return has('gateway') ? 'address_gateway' : 'address_missing';
}
