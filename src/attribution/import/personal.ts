/**
 * What points to a natural person. In doubt a value counts as personal: it stays readable for those who may read it, and is
 * shown to nobody else.
 */
import { checkOrganisationCode, checkUscc } from '../../identifier/uscc.ts';
import type { Party, Sealed } from '../types.ts';

const PERSONAL_HEADING =
  /联系|责任人|负责人|经办人|操作人|维护人|法人|法定代表|姓名|电话|手机|移动号码|邮箱|邮件|身份证|证件号|护照|微信|qq|e-?mail|phone|mobile|contact|person|\bname\b|msisdn|imsi|imei|mac地址|密码|password/i;

export function isPersonalHeading(heading: string): boolean {
  return PERSONAL_HEADING.test(heading.normalize('NFKC'));
}

/** A cell in which a mobile number, an id number or a mail address stands. */
export function looksPersonal(text: string): boolean {
  if (text.length < 6) return false;
  const cut = text.length > 2000 ? text.slice(0, 2000) : text;
  return (
    cut.includes('@') ||
    /(?<!\d)(?:\+?86[- ]?)?1[3-9]\d{9}(?!\d)/.test(cut) ||
    /(?<!\d)\d{17}[\dXx](?![\dA-Za-z])/.test(cut)
  );
}

/** Eighteen digits of a citizen: a plausible birthday and the check digit (GB 11643-1999, ISO 7064 MOD 11-2). */
export function isCitizenNumber(text: string): boolean {
  if (!/^[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]$/.test(text)) return false;
  let rest = 0;
  for (let i = 0; i < 17; i++) rest = ((rest + Number(text[i])) * 2) % 11;
  return '10X98765432'[rest] === text[17]?.toUpperCase();
}

const ORGANISATION_WORD =
  /超市|市场|商城|大厦|广场|小区|物业|公寓|科技|网络|电子|能源|矿业|数据|电力|通信|移动|联通|电信|中心|集团/u;
const ORGANISATION_END = /[司厂局院校社站店部所队委会行馆团府村处矿场园库房网台室组铺]$/u;

/** 2–4 Chinese characters without a mark of an organisation, or two such names with a dot between. */
export function looksLikePersonName(name: string): boolean {
  if (name.length > 24) return false;
  if (/^\p{Script=Han}{1,8}[·•.]\p{Script=Han}{1,12}$/u.test(name) || /(?:先生|女士)$/u.test(name)) return true;
  return /^\p{Script=Han}{2,4}$/u.test(name) && !ORGANISATION_WORD.test(name) && !ORGANISATION_END.test(name);
}

export interface PartySource {
  readonly name: string;
  readonly idType?: string;
  readonly idNumber?: string;
  readonly nature?: string;
  readonly category?: string;
  readonly industry?: string;
  readonly licence?: string;
  /** Code 9 is a resident's travel permit (台胞证) in the data-centre system and an organisation code in filings. */
  readonly isms?: boolean;
  /** The source is one of households too: a bare name without an id may be a person's. */
  readonly households?: boolean;
}

/** Whether a holder is a natural person; the id type decides, then the number, the nature, and at last the name. */
export function isPerson(source: PartySource): boolean {
  const type = (source.idType ?? '').normalize('NFKC').replace(/\s/g, '');
  const number = (source.idNumber ?? '').replace(/\s/g, '');
  if (
    /^0?[278]$/.test(type) ||
    /身份证|护照|军官证|士兵证|台胞|回乡|通行证|居住证|户口|passport|id_?card|^person/i.test(type)
  )
    return true;
  if (/^0?9$/.test(type)) return source.isms === true;
  if (
    /^0?[13456]$/.test(type) ||
    /信用代码|执照|机构代码|法人|代号|登记证|uscc|organi[sz]ation|licen[cs]e/i.test(type)
  ) {
    return isCitizenNumber(number);
  }
  if (isCitizenNumber(number)) return true;
  const nature = (source.nature ?? '').normalize('NFKC').trim();
  if (nature === '5' || nature === '个人' || nature === '自然人') return true;
  // A masked, old or mistyped number is no proof of an organisation.
  if (number !== '' && (checkUscc(number).valid || checkOrganisationCode(number).valid)) return false;
  if (nature !== '' && !/^(?:99+|未知|其他|其它)$/.test(nature)) return false;
  const name = source.name.replace(/\s/g, '');
  if (looksLikePersonName(name)) return true;
  // Beside a number that is no valid code, a name without a mark of an organisation may be anybody's.
  return number !== '' && !ORGANISATION_WORD.test(name) && !ORGANISATION_END.test(name);
}

/** The holder for the open fields; what is a person's goes to `sealed`. Null where nothing is said. */
export function partyOf(source: PartySource, sealed: Record<string, string>): Party | null {
  const { name, idNumber = '' } = source;
  const rest = {
    nature: source.nature || null,
    category: source.category || null,
    industry: source.industry || null,
    licence: source.licence || null,
  };
  if (name === '' && idNumber === '' && Object.values(rest).every((value) => value === null)) return null;
  const person = isPerson(source);
  if (!person) {
    return { name: name || null, code: idNumber.toUpperCase().replace(/[\s-]/g, '') || null, person, ...rest };
  }
  if (name !== '') sealed['name'] = name;
  if (idNumber !== '') sealed['id_number'] = idNumber;
  return { name: null, code: null, person, ...rest };
}

/** Sealed fields, or null without any. */
export function sealedOf(fields: Record<string, string>): Sealed | null {
  for (const _ in fields) return fields;
  return null;
}
