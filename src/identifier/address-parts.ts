/** What follows the region in an address: township, village, park, road, number, building, floor, room, and the rest. */

export interface AddressParts {
  readonly township: string | null;
  readonly village: string | null;
  readonly park: string | null;
  readonly road: string | null;
  readonly number: string | null;
  readonly building: string | null;
  readonly unit: string | null;
  readonly floor: string | null;
  readonly room: string | null;
  /** What is none of these, kept: 水电站旁东侧500米, 原化肥厂院内. */
  readonly free_text: string | null;
}

type PartName = Exclude<keyof AddressParts, 'free_text'>;

const NUM = '(?:\\d{1,6}|[〇零一二三四五六七八九十百]{1,7})';
const WORD = '[\\p{Script=Han}A-Z0-9]';
/** A township or village is not one where a road has its name: 新镇路, 中关村大街. */
const NO_ROAD = '(?!(?:[东西南北中]{0,2}|[一二三四五六七八九十])(?:路|大街|大道|巷|胡同)|街(?!道))';
const PARKS =
  '经济技术开发区|高新技术产业开发区|高新技术开发区|经济开发区|工业开发区|开发区|高新区|经开区|工业集中区|工业园区|工业园|产业园区|产业园|科技园区|科技园|软件园|创业园|科创园|创意园|物流园|园区|工业区|保税区|示范区|集聚区|大数据中心|数据中心|云计算中心|算力中心|云谷|云基地|产业基地|科技城|孵化器';

/**
 * Sticky patterns, tried in this order at each place. Every repetition is bounded and lazy up to one of few words, so a
 * place costs a bounded number of steps and the whole text a linear one. `many`: a second one is joined to the first.
 */
const PARTS: readonly (readonly [name: PartName, many: boolean, pattern: RegExp])[] = [
  [
    'township',
    false,
    new RegExp(
      `[\\p{Script=Han}--[号层栋幢]]{1,10}?(?:街道办事处|街道|地区办事处|苏木)|[\\p{Script=Han}--[号路街巷村园]]{1,7}?(?:镇|乡)(?:人民政府)?${NO_ROAD}`,
      'vy',
    ),
  ],
  [
    'park',
    true,
    new RegExp(
      `[[\\p{Script=Han}A-Z0-9]--[号路街巷弄栋幢层楼室镇乡村]]{0,16}?(?:${PARKS})(?:[A-Z东西南北]区|[一二三四五六]期)?(?!路|街|大道|大街)`,
      'vy',
    ),
  ],
  [
    'village',
    true,
    new RegExp(
      `(?:[\\p{Script=Han}--[号路街巷弄栋幢层楼]]|街(?=村)){1,8}?(?:村民委员会|村委会|居委会|社区|嘎查|行政村|自然村|村)(?:第?${NUM}(?:村民小组|组|社|队))?(?!小区|[东西南北]区)${NO_ROAD}`,
      'vy',
    ),
  ],
  [
    'road',
    true,
    new RegExp(
      `(?:${NUM}(?:弄|巷)|[[\\p{Script=Han}A-Z0-9]--[号旁侧]]{1,12}?(?:大道|大街|公路|国道|省道|县道|胡同|路|街(?!道)|巷|弄|道(?!口)|里(?=\\d{1,5}号)))(?:[东西南北中]段|${NUM}段)?`,
      'vy',
    ),
  ],
  [
    'number',
    false,
    new RegExp(
      `[甲乙丙]?${NUM}(?:[\\-~至]${NUM})?(?:号之${NUM}|号附${NUM}号?|号-${NUM}(?:号|$)|号院?[甲乙丙]?)(?!楼|栋|幢|座|厂房|仓库|馆|机房|机柜|线|库|车间|门|井|柜|室|房|桩)`,
      'uy',
    ),
  ],
  [
    'building',
    true,
    new RegExp(
      `(?:[A-Z]区)?(?:${NUM}[A-Z]?|[A-Z]{1,2}\\d{0,3})(?:号楼|#楼|栋楼|栋|幢|座|号厂房|#厂房|号仓库|#仓库|号馆|号车间|号库|#)|[A-Z]楼|[东西南北主副]楼|(?!原|旧)${WORD}{1,12}?(?:大厦|大楼|写字楼|商厦|公寓|综合楼|办公楼|宿舍楼|厂房|仓库|广场|车间)(?:[A-Z]座)?`,
      'uy',
    ),
  ],
  ['unit', false, new RegExp(`(?:${NUM}|[A-Z])单元`, 'uy')],
  [
    'floor',
    false,
    new RegExp(
      `(?:地下|负|-|B)?${NUM}(?:[\\-~至]${NUM})?(?:层|楼|F(?![A-Z0-9]))|[FB]\\d{1,2}(?:层|(?![A-Z0-9]))|顶楼|顶层`,
      'uy',
    ),
  ],
  [
    'room',
    true,
    new RegExp(
      `(?:[A-Z]{0,2}\\d{1,5}(?:-\\d{1,5})?[A-Z]?|${NUM}|[A-Z])号?(?:室|房间|房|机房|铺|机柜|机架|柜)|\\p{Script=Han}{0,4}?(?:机房|配电房|弱电间|地下室)|(?<=[楼层栋幢座元])[A-Z]?\\d{3,5}$`,
      'uy',
    ),
  ],
];

/** 云谷路1号 written without its 号, at the end or before a bracket. */
const BARE_NUMBER = /\d{1,5}(?:-\d{1,4})?(?=$|[,;|])/y;
/** Beside something is not at it. */
const NEAR =
  /(?:旁|边上|对面|附近|隔壁|斜对|背后|后面|前面|以[东西南北]|[东西南北]{1,2}(?:侧|面|边|方|[约\d]{1,6}(?:米|公里|千米|M|KM)))/y;
const NEAR_PARTS: readonly PartName[] = ['number', 'building', 'park', 'village', 'room'];
const SEPARATORS = /[,;。、|/·.:]*/y;
/** 1号(原化肥厂) : what stands in brackets is a remark. */
const BRACKETED = /[([（【]([^()[\]（）【】]{0,120})[)\]）】]/g;

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

/** Splits the part of a compacted address behind its region. Total and linear; what fits nowhere is `free_text`. */
export function addressParts(text: string): AddressParts {
  const remarks: string[] = [];
  const plain = text
    .replace(BRACKETED, (_, inner: string) => {
      if (inner !== '') remarks.push(inner);
      return '|';
    })
    .toUpperCase();
  const found: Partial<Record<PartName, string>> = {};
  let at = 0;
  let free = '';
  for (let steps = 0; at < plain.length && steps < 24; steps++) {
    at += skip(SEPARATORS, plain, at);
    if (at >= plain.length) break;
    let taken = 0;
    for (const [name, many, pattern] of PARTS) {
      if (found[name] !== undefined && !many) continue;
      const length = skip(pattern, plain, at);
      if (length === 0) continue;
      if (NEAR_PARTS.includes(name) && skip(NEAR, plain, at + length) > 0) break;
      found[name] = (found[name] ?? '') + plain.slice(at, at + length);
      taken = length;
      break;
    }
    if (taken === 0 && found.road !== undefined && found.number === undefined) {
      taken = skip(BARE_NUMBER, plain, at);
      if (taken > 0) found.number = plain.slice(at, at + taken);
    }
    if (taken === 0) {
      free = plain.slice(at);
      break;
    }
    at += taken;
    free = plain.slice(at);
  }
  const rest = [free.replace(/[|,;]+/g, ' ').trim(), ...remarks].filter((part) => part !== '').join(' ');
  return {
    township: found.township ?? null,
    village: found.village ?? null,
    park: found.park ?? null,
    road: found.road ?? null,
    number: found.number ?? null,
    building: found.building ?? null,
    unit: found.unit ?? null,
    floor: found.floor ?? null,
    room: found.room ?? null,
    free_text: rest === '' ? null : rest,
  };
}
