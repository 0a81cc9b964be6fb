/** Text as people typed it, brought to one form: width, spaces, numerals and the few traditional characters of names. */

/** Longer input is cut before anything looks at it: names, codes and addresses of the filing formats are shorter. */
export const MAX_TEXT = 512;

/** Spaces of all kinds, control characters, and marks without width that cells and web pages leave behind. */
const BLANK = /[\s\p{Cc}\p{Cf}\p{Zs}\u3164\u115f\u1160]+/gu;
const BLANKS: RegExp = new RegExp(BLANK.source, 'gu');

/**
 * Traditional characters that stand in names and addresses of enterprises, and their simplified form. A small table on
 * purpose: a full conversion is a matter of words, not of characters, and whoever needs it brings simplified text.
 */
const TRADITIONAL =
  '號樓層廠區縣鎮鄉東門園業產電網數據雲機龍華國廣義會際發聯興開車馬環礦為術訊綫線實驗處學醫務陽陝遼寧蘇貴萬億後內豐濟慶漢蘭灣臺廈棟單戶場貿氣團資傳';
const SIMPLIFIED =
  '号楼层厂区县镇乡东门园业产电网数据云机龙华国广义会际发联兴开车马环矿为术讯线线实验处学医务阳陕辽宁苏贵万亿后内丰济庆汉兰湾台厦栋单户场贸气团资传';
const SIMPLER: ReadonlyMap<string, string> = new Map(
  [...TRADITIONAL].map((sign, at) => [sign, SIMPLIFIED[at] ?? sign]),
);
const TRADITIONAL_SIGN = new RegExp(`[${TRADITIONAL}]`, 'g');

/** The characters of the table, as pairs, for documentation and tests. */
export function traditionalPairs(): readonly (readonly [traditional: string, simplified: string])[] {
  return [...SIMPLER];
}

/**
 * NFKC (full width becomes half width, compatibility forms their base), without spaces and invisible marks, at most
 * `limit` UTF-16 units. Lone surrogates become U+FFFD. Applied twice it changes nothing.
 */
export function compact(text: string, limit: number = MAX_TEXT): string {
  const once = text.slice(0, limit).toWellFormed().normalize('NFKC').replace(BLANKS, '').normalize('NFKC');
  return once.slice(0, limit).toWellFormed().normalize('NFKC').replace(BLANKS, '').slice(0, limit);
}

/** Traditional characters of the table to simplified ones. */
export function simplify(text: string): string {
  return text.replace(TRADITIONAL_SIGN, (sign) => SIMPLER.get(sign) ?? sign);
}

const DIGITS: Readonly<Record<string, number>> = {
  〇: 0,
  零: 0,
  一: 1,
  二: 2,
  两: 2,
  三: 3,
  四: 4,
  五: 5,
  六: 6,
  七: 7,
  八: 8,
  九: 9,
};
const UNITS: Readonly<Record<string, number>> = { 十: 10, 百: 100, 千: 1000 };

/** Chinese numerals as they stand in addresses, at most 9 signs. */
const NUMERAL = /[〇零一二两三四五六七八九十百千]{1,9}/g;

/** 三 → 3, 十二 → 12, 一百零五 → 105, 二〇三 → 203; null where the signs make no number. */
export function chineseNumber(text: string): number | null {
  if (text === '' || text.length > 9) return null;
  let plain = '';
  let total = 0;
  let digit: number | null = null;
  let lastUnit = Number.POSITIVE_INFINITY;
  for (const sign of text) {
    const unit = UNITS[sign];
    const value = DIGITS[sign];
    if (unit === undefined && value === undefined) return null;
    if (value !== undefined) {
      plain += value;
      digit = value;
      continue;
    }
    if ((unit as number) >= lastUnit) return null;
    total += (digit ?? 1) * (unit as number);
    lastUnit = unit as number;
    digit = null;
  }
  if (lastUnit === Number.POSITIVE_INFINITY) return Number(plain);
  return total + (digit ?? 0);
}

/** Every Chinese numeral in a text as Arabic digits, leading zeros of any number dropped: for keys, never for storage. */
export function arabicDigits(text: string): string {
  return text
    .replace(NUMERAL, (numeral) => {
      const value = chineseNumber(numeral);
      return value === null ? numeral : String(value);
    })
    .replace(/\d+/g, (digits) => digits.replace(/^0+(?=\d)/, ''));
}
