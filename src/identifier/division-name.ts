/** Names of administrative divisions without the word for their kind: 惠州市 → 惠州, 延边朝鲜族自治州 → 延边. */

/** The nationalities in names of autonomous areas; longer names first where one contains another. */
const NATIONALITIES =
  '各族 塔吉克 蒙古族 蒙古 回族 藏族 维吾尔族 维吾尔 苗族 彝族 壮族 布依族 朝鲜族 满族 侗族 瑶族 白族 土家族 哈尼族 哈萨克族 哈萨克 傣族 黎族 傈僳族 佤族 畲族 高山族 拉祜族 水族 东乡族 纳西族 景颇族 柯尔克孜族 柯尔克孜 土族 达斡尔族 仫佬族 羌族 布朗族 撒拉族 毛南族 仡佬族 锡伯 阿昌族 普米族 塔吉克族 怒族 乌孜别克族 俄罗斯族 鄂温克族 德昂族 保安族 裕固族 京族 塔塔尔族 独龙族 鄂伦春族 赫哲族 门巴族 珞巴族 基诺族'
    .split(' ')
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1));

/** Kinds of division, longest first. */
const KINDS = [
  '特别行政区',
  '自治区',
  '自治州',
  '自治县',
  '自治旗',
  '地区',
  '林区',
  '特区',
  '省',
  '市',
  '州',
  '盟',
  '区',
  '县',
  '旗',
];

/** The name without its kind and the nationalities before it; the name itself where less than two characters would stay. */
export function divisionStem(name: string): string {
  const kind = KINDS.find((word) => name.endsWith(word));
  if (kind === undefined || name.length - kind.length < 2) return name;
  let stem = name.slice(0, -kind.length);
  if (!kind.startsWith('自治')) return stem;
  for (let more = true; more; ) {
    const nationality = NATIONALITIES.find((word) => stem.endsWith(word) && stem.length - word.length >= 2);
    more = nationality !== undefined;
    if (nationality !== undefined) stem = stem.slice(0, -nationality.length);
  }
  return stem;
}

/** Names that are brackets in the list and no places: they are dropped from paths and addresses. */
export function isBracket(name: string): boolean {
  return name === '市辖区' || name === '县' || /直辖县级行政(?:区划|单位)$|^省直辖行政单位$/.test(name);
}
