/** Positions 1 and 2 of the unified social credit code: who registered, and what (GB 32100-2015, table of departments). */

export type UsccKind =
  | 'state_organ'
  | 'institution'
  | 'mass_organisation'
  | 'military'
  | 'enterprise'
  | 'individual_business'
  | 'cooperative'
  | 'social_organisation'
  | 'private_non_enterprise'
  | 'foundation'
  | 'legal_service'
  | 'religious'
  | 'trade_union'
  | 'rural_collective'
  | 'foreign_body'
  | 'other'
  | 'unknown';

export interface UsccCategory {
  readonly department: string;
  readonly category: string;
  readonly kind: UsccKind;
}

/** Market regulation since 2018; older papers say 工商. */
const DEPARTMENTS: Readonly<Record<string, string>> = {
  1: '机构编制',
  2: '外交',
  3: '司法行政',
  4: '文化',
  5: '民政',
  6: '旅游',
  7: '宗教',
  8: '工会',
  9: '市场监管（原工商）',
  A: '中央军委改革和编制办公室',
  N: '农业',
  Y: '其他',
};

const CATEGORIES: Readonly<Record<string, readonly [name: string, kind: UsccKind]>> = {
  11: ['机关', 'state_organ'],
  12: ['事业单位', 'institution'],
  13: ['编办直接管理机构编制的群众团体', 'mass_organisation'],
  19: ['其他', 'other'],
  21: ['外国常驻新闻机构', 'foreign_body'],
  29: ['其他', 'foreign_body'],
  31: ['律师执业机构', 'legal_service'],
  32: ['公证处', 'legal_service'],
  33: ['基层法律服务所', 'legal_service'],
  34: ['司法鉴定机构', 'legal_service'],
  35: ['仲裁委员会', 'legal_service'],
  39: ['其他', 'legal_service'],
  41: ['外国在华文化中心', 'foreign_body'],
  49: ['其他', 'other'],
  51: ['社会团体', 'social_organisation'],
  52: ['民办非企业单位', 'private_non_enterprise'],
  53: ['基金会', 'foundation'],
  59: ['其他', 'other'],
  61: ['外国旅游部门常驻代表机构', 'foreign_body'],
  62: ['港澳台地区旅游部门常驻内地（大陆）代表机构', 'foreign_body'],
  69: ['其他', 'other'],
  71: ['宗教活动场所', 'religious'],
  72: ['宗教院校', 'religious'],
  79: ['其他', 'religious'],
  81: ['基层工会', 'trade_union'],
  89: ['其他', 'trade_union'],
  91: ['企业', 'enterprise'],
  92: ['个体工商户', 'individual_business'],
  93: ['农民专业合作社', 'cooperative'],
  A1: ['军队事业单位', 'military'],
  A9: ['其他', 'military'],
  N1: ['组级集体经济组织', 'rural_collective'],
  N2: ['村级集体经济组织', 'rural_collective'],
  N3: ['乡镇级集体经济组织', 'rural_collective'],
  N9: ['其他', 'rural_collective'],
  Y1: ['其他', 'other'],
};

/** Codes that by themselves say: organ, institution, mass organisation or military unit. */
export const STATE_PREFIXES: readonly string[] = ['11', '12', '13', 'A1'];

/** What the first two characters of a code mean; `unknown` for those that no table has. */
export function usccCategory(prefix: string): UsccCategory {
  const department = DEPARTMENTS[prefix.slice(0, 1)] ?? '';
  const [category, kind] = CATEGORIES[prefix] ?? (['', 'unknown'] as const);
  return { department, category, kind };
}
