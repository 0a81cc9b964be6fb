/** The second half of the ledger's columns: where, power and price, measures and follow-up. */
import {
  ACTIVITY_TERMS,
  CONFIDENCE_TERMS,
  DEPARTMENT_TERMS,
  gradeTerm,
  STATUS_TERMS,
  termOf,
} from '../common/terms.ts';
import {
  BY_HAND,
  type CellValue,
  type Column,
  type ColumnContext,
  column,
  dayCell,
  joined,
  placeText,
  SUPPLY_TERMS,
  stopDay,
  TARIFF_TERMS,
  type Value,
  words,
  YES_NO,
} from './columns.ts';

const region =
  (level: 'province' | 'city' | 'county'): Value =>
  (lead, { regionNames }: ColumnContext) =>
    lead.region === null ? null : (regionNames(lead.region)?.[level] ?? null);

/** The least of the three grades with its word; 0 for a lead without subject. */
const gradeCell: Value = ({ subject }) => {
  const { subscriber = 0, enterprise = 0, address = 0 } = subject?.grades ?? {};
  const least = Math.min(subscriber, enterprise, address);
  return `${least} ${gradeTerm(least).zh}`;
};

/** The day on which a lead with a surcharge stopped, as exact as its start is told; an estimate that runs on ends nowhere. */
const surchargeEnd: Value = (lead): CellValue => {
  const surcharge = lead.energy?.surcharge ?? null;
  const stop = surcharge === null ? null : stopDay(lead);
  if (surcharge === null || stop === null || typeof stop !== 'object') return stop;
  return surcharge.from.length === 7 ? stop.day.slice(0, 7) : stop;
};

export const SITE_COLUMNS: readonly Column[] = [
  column('province', '省', 'Province', null, region('province'), '场所所在省', '1283号第十九条', { width: 10 }),
  column('city', '市', 'City', null, region('city'), '场所所在市', '1283号第十九条', { width: 10 }),
  column('county', '县', 'County', 'address', region('county'), '场所所在县区', '1283号第十九条', { width: 10 }),
  column('region', '行政区划代码', 'Division code', null, (l) => l.region, 'GB/T 2260，6位', '1283号第十九条', {
    width: 10,
  }),
  column(
    'address',
    '详细地址（装机）',
    'Install address',
    'address',
    (l) => placeText(l, ['install', 'site']),
    '装机或机房地址',
    '1283号第十九条',
    { width: 34 },
  ),
  column(
    'other_address',
    '其他地址（备案/住所）',
    'Filing or registered address',
    'address',
    (l) => placeText(l, ['filing', 'registered']),
    '备案地址、住所，未必为场所',
    '1283号第十九条',
    { width: 34 },
  ),
  column(
    'confidence',
    '可信度',
    'Confidence',
    null,
    (l) => (l.confidence === null ? null : termOf(CONFIDENCE_TERMS, l.confidence, 'zh')),
    '对存在“挖矿”流量的把握，不涉及归属',
    '1283号第十九条',
    { codes: CONFIDENCE_TERMS, width: 10 },
  ),
  column(
    'activity',
    '活动',
    'Activity',
    null,
    (l) => (l.activity === null ? null : termOf(ACTIVITY_TERMS, l.activity, 'zh')),
    '流量中所见行为',
    '1283号第十九条',
    { codes: ACTIVITY_TERMS, width: 10 },
  ),
  column(
    'grade',
    '归属等级',
    'Grade of attribution',
    'enterprise',
    gradeCell,
    '用户、单位、地址三项中最低一项：90以上确认，70—89高，40—69中，1—39低，0无法归属',
    '1283号第十九条',
    { width: 12 },
  ),
  column('representative', '法定代表人/负责人', 'Legal representative', 'person', null, BY_HAND, '举报登记表'),
  column(
    'power_account',
    '电力户号',
    'Power account',
    'power_account',
    (l) => joined(l.power_accounts),
    '文本，保留前导零',
    '地方规定；1283号第十三条',
    { width: 18 },
  ),
  column(
    'power_address',
    '用电地址',
    'Power address',
    'address',
    (l) => placeText(l, ['power']),
    '电表所在地址',
    '地方规定；1283号第十二条',
    { width: 34 },
  ),
  column(
    'tariff',
    '用电类别',
    'Tariff',
    'energy',
    (l) =>
      l.flags.some(({ flag }) => flag === 'residential_tariff') ? termOf(TARIFF_TERMS, 'residential', 'zh') : null,
    '居民、一般工商业、大工业',
    '地方规定；1283号第十二条',
    { codes: TARIFF_TERMS, width: 10 },
  ),
  column('supply', '供电方式', 'Supply', 'energy', null, BY_HAND, '1283号第十二条', { codes: SUPPLY_TERMS, width: 10 }),
  column('power_market', '是否参与电力市场', 'In the power market', 'energy', null, BY_HAND, '1283号第十四条', {
    codes: YES_NO,
    width: 10,
  }),
  column(
    'surcharge',
    '差别电价标准（元/千瓦时）',
    'Surcharge, yuan per kWh',
    'surcharge',
    ({ energy }) =>
      energy?.surcharge && /^\d+(?:\.\d+)?$/.test(energy.surcharge.rate) ? Number(energy.surcharge.rate) : null,
    '差别电价加价',
    '1283号第十三条',
    { kind: 'number' },
  ),
  column(
    'surcharge_from',
    '差别电价开始日期',
    'Surcharge from',
    'surcharge',
    ({ energy }) => dayCell(energy?.surcharge?.from),
    '',
    '1283号第十三条',
    { kind: 'day', width: 12 },
  ),
  column(
    'surcharge_to',
    '差别电价停止日期',
    'Surcharge to',
    'surcharge',
    surchargeEnd,
    '停止“挖矿”之日；仍在执行的为空',
    '1283号第十三条',
    { kind: 'day', width: 12 },
  ),
  column('stopped', '停止“挖矿”时间', 'Mining stopped', 'project', stopDay, '核定的停止日期', '地方规定', {
    kind: 'day',
    width: 12,
  }),
  column('tax_benefits', '财税优惠', 'Tax benefits', 'loans', null, BY_HAND, '1283号第十五条'),
  column('rent_benefits', '租金优惠', 'Rent benefits', 'loans', null, BY_HAND, '1283号第十五条'),
  column('utility_benefits', '水电优惠', 'Utility benefits', 'loans', null, BY_HAND, '1283号第十五条'),
  column('loans', '贷款余额', 'Loans', 'loans', null, BY_HAND, '1283号第十六条', { kind: 'number' }),
  column(
    'loans_recovered',
    '贷款停止/收回情况',
    'Loans stopped or recovered',
    'loans',
    null,
    BY_HAND,
    '1283号第十六条',
  ),
  column('commitment', '信用承诺书签署日期', 'Commitment signed', 'project', null, BY_HAND, '1283号第九条', {
    kind: 'day',
  }),
  column('measures', '整改措施', 'Measures', 'project', null, BY_HAND, '1283号第二十条'),
  column('timetable', '时间表', 'Timetable', 'project', null, BY_HAND, '1283号第二十条'),
  column(
    'owner',
    '责任单位',
    'Responsible unit',
    'project',
    (l) => (l.department === null ? null : termOf(DEPARTMENT_TERMS, l.department, 'zh')),
    '牵头办理单位',
    '1283号第二十条',
  ),
  column('responsible', '责任人', 'Responsible person', 'project', null, BY_HAND, '1283号第二十条'),
  column('deadline', '完成时限', 'Deadline', 'project', (l) => dayCell(l.deadline), '', '1283号第二十条', {
    kind: 'day',
    width: 12,
  }),
  column(
    'status',
    '进展状态',
    'Status',
    'project',
    words(STATUS_TERMS, (l) => l.status),
    '状态流程见说明',
    '1283号第二十条',
    { codes: STATUS_TERMS, width: 10 },
  ),
  column('inspection', '核查情况', 'Inspection', 'project', null, BY_HAND, '1283号第二十条', { width: 24 }),
  column(
    'closed',
    '销号日期',
    'Closed on',
    'project',
    (l) => (l.status === 'closed' ? dayCell(l.status_since) : null),
    '',
    '1283号第二十条',
    { kind: 'day', width: 12 },
  ),
  column('closed_basis', '销号依据', 'Basis for closing', 'project', null, BY_HAND, '1283号第二十条'),
  column(
    'source',
    '线索来源',
    'Source',
    'project',
    (l) =>
      joined([
        l.detections.length > 0 || l.first_seen !== null ? '流量监测' : null,
        ...l.reports.map(({ source }) => source),
      ]),
    '平台、运营商、电网、举报、部门移送',
    '1283号第十九条',
    { width: 18 },
  ),
  column(
    'reference',
    '线索编号',
    'Reference',
    'project',
    (l) => joined(l.reports.map(({ reference }) => reference)),
    '来源方编号',
    '1283号第十九条',
    { width: 18 },
  ),
  column('updated', '更新时间', 'Updated', null, (_, { day }) => dayCell(day), '每周更新', '1283号第三条', {
    kind: 'day',
    width: 12,
  }),
  column('unit', '填报单位', 'Reported by', null, (_, { unit }) => unit, '', '1283号第三条', { width: 18 }),
  column('filled_by', '填报人', 'Filled in by', null, null, BY_HAND, '1283号第三条'),
  column('checked_by', '审核人', 'Checked by', null, null, BY_HAND, '1283号第三条'),
];
