/** Articles of notice 发改运行〔2021〕1283号 that concern a lead, by its category, flags and findings. */
import type { Term } from '../common/terms.ts';
import { listOf } from './dossier-format.ts';
import { isUnattributed } from './dossier-places.ts';
import type { DossierLead } from './dossier-types.ts';

export interface Article {
  readonly number: string;
  readonly duty: Term;
}

const NUMERALS = ['', '一', '二', '三', '四', '五', '六', '七', '八', '九', '十'];

function numeral(number: number): string {
  if (number <= 10) return NUMERALS[number] ?? '';
  return number === 20 ? '二十' : `十${NUMERALS[number - 10] ?? ''}`;
}

const DUTIES: Readonly<Record<number, Term>> = {
  3: { zh: '梳理在运项目，建立清单并每周更新', en: 'List of operating projects, updated weekly' },
  4: { zh: '梳理在建、拟建项目', en: 'List of projects under construction or planned' },
  5: { zh: '分析异常用电，排查数据中心大用户', en: 'Abnormal load; big consumers in data centres' },
  6: { zh: '新增项目加倍计算能源消费量', en: 'Energy of new projects counts double' },
  7: { zh: '按淘汰类产业管理', en: 'Managed as an industry to be eliminated' },
  8: {
    zh: '不得以数据中心、数字经济等名义开展“挖矿”',
    en: 'No mining under the name of a data centre or the digital economy',
  },
  10: { zh: '严禁新增项目报装接电', en: 'No connection and no supply for new projects' },
  11: { zh: '新增项目不得享受财税金融支持，不得入园', en: 'No public support and no place in a park for new projects' },
  12: { zh: '查处违法供电和违规用电', en: 'Illegal supply and illegal use of electricity' },
  13: { zh: '实行差别电价', en: 'Differential electricity price' },
  14: { zh: '不得参与电力市场', en: 'No part in the power market' },
  15: { zh: '停止财税等优惠', en: 'Preferences end' },
  16: { zh: '停止金融服务', en: 'No financial services' },
  17: { zh: '限期淘汰', en: 'Elimination by a deadline' },
  19: { zh: '将监测线索落实到IP地址、企业和物理位置', en: 'Locate sites to IP address, enterprise and premises' },
  20: { zh: '建立台账，明确时间表和路线图', en: 'Ledger, timetable and road map' },
};

/** In order of their numbers; articles 19 and 20 concern every lead. */
export function articlesOf(lead: DossierLead): readonly Article[] {
  // Measures have an addressee; while there is none, only the duty to find one applies.
  const wanted = new Set([19, 20, ...(isUnattributed(lead) ? [] : measures(lead))]);
  return [...wanted]
    .sort((a, b) => a - b)
    .flatMap((number) => {
      const duty = DUTIES[number];
      return duty === undefined ? [] : [{ number: `（${numeral(number)}） ${number}`, duty }];
    });
}

function measures(lead: DossierLead): readonly number[] {
  const flags = new Set(listOf(lead.flags).map(({ flag }) => flag));
  return [
    ...(lead.category === 'existing' ? [3, 13, 14, 15, 16, 17] : []),
    ...(lead.category === 'new' ? [6, 7, 10, 11, 13, 16] : []),
    ...(lead.category === 'building' || lead.category === 'planned' ? [4, 7, 10, 11, 16] : []),
    ...(flags.has('data_centre') || lead.site_type === 'data_centre' ? [5, 8] : []),
    ...(flags.has('park') || lead.site_type === 'park' ? [3, 11, 15] : []),
    ...(flags.has('residential_tariff') || lead.site_type === 'power_plant' ? [12] : []),
    ...(flags.has('industrial') ? [5] : []),
  ];
}
