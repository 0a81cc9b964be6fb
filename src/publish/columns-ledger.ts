/**
 * The columns of the ledger, in order: composed from the articles of notice 发改运行〔2021〕1283号 and from published
 * provincial rules; no official table is known. Columns without a value are filled in by people.
 */
import { CATEGORY_TERMS, INVOLVEMENT_TERMS, SITE_TYPE_TERMS } from '../common/terms.ts';
import {
  BY_HAND,
  type Column,
  column,
  energySource,
  flagged,
  joined,
  localTime,
  rateText,
  tenThousands,
  type Value,
  words,
  YES_NO,
} from './columns.ts';
import { SITE_COLUMNS } from './columns-site.ts';

/** Machines as counted; only the inventory knows them. */
const machines: Value = ({ energy }) =>
  energy?.method === 'inventory' ? joined(energy.parts.map(({ what }) => what)) : null;

export const LEDGER_COLUMNS: readonly Column[] = [
  column('no', '序号', 'No.', null, (_, __, at) => at + 1, '本表行号', '惯例', { kind: 'number', width: 6 }),
  column('project', '项目编号', 'Project id', null, (lead) => lead.number ?? lead.id, '反馈时以此编号对应', '惯例', {
    width: 24,
  }),
  column('name', '项目名称', 'Project', 'enterprise', null, BY_HAND, '1283号第三条'),
  column(
    'enterprise',
    '所属企业',
    'Enterprise',
    'enterprise',
    ({ subject }) => subject?.name ?? null,
    '线路用户或场所运营单位；自然人不列姓名',
    '1283号第三条',
    { width: 28 },
  ),
  column(
    'uscc',
    '统一社会信用代码',
    'Credit code',
    'enterprise',
    ({ subject }) => subject?.uscc ?? null,
    '18位，校验通过的代码',
    '1283号第三条',
    { width: 22 },
  ),
  column(
    'category',
    '类别',
    'Category',
    'project',
    words(CATEGORY_TERMS, (l) => l.category),
    '存量、增量、在建、拟建',
    '1283号第三、四条',
    { codes: CATEGORY_TERMS, width: 10 },
  ),
  column(
    'site_type',
    '场所类型',
    'Site type',
    'project',
    words(SITE_TYPE_TERMS, (l) => l.site_type),
    '场所性质',
    '1283号第三、五、十二条',
    { codes: SITE_TYPE_TERMS },
  ),
  column(
    'state_owned',
    '国有单位',
    'State-owned',
    'enterprise',
    flagged('state_owned'),
    '是否国有单位',
    '新闻发布会2021-11-16',
    { codes: YES_NO, width: 10 },
  ),
  column('state_owned_type', '国有单位类型', 'Kind of state unit', 'enterprise', null, BY_HAND, '新闻发布会2021-11-16'),
  column(
    'involvement',
    '主动/被动',
    'Active or passive',
    'involvement',
    words(INVOLVEMENT_TERMS, (l) => l.involvement),
    '主动：单位或个人自行挖矿；被动：被植入',
    '地方通报',
    { codes: INVOLVEMENT_TERMS, width: 10 },
  ),
  column('machines', '矿机台数', 'Machines', 'hashrate', null, BY_HAND, '1283号第三条', { kind: 'number', width: 10 }),
  column('models', '矿机型号', 'Models', 'hashrate', machines, '清点所得型号', '1283号第三条'),
  column('coins', '币种', 'Coins', 'hashrate', (l) => joined(l.coins), '流量中所见币种', '1283号第三条', { width: 10 }),
  column(
    'algorithm',
    '算法',
    'Algorithm',
    'hashrate',
    (l) => joined(l.hashrates.map((r) => r.algorithm)),
    '各算法分列，不合计',
    '1283号第三条',
  ),
  column(
    'hashrate',
    '算力（含单位）',
    'Hashrate',
    'hashrate',
    (l) =>
      joined(
        l.hashrates.map(
          ({ algorithm, unit, low, mid, high }) =>
            `${algorithm} ${[low, mid, high].map((value) => rateText(value, unit)).join('—')}`,
        ),
      ),
    '低—中—高，按算法分列',
    '1283号第三条',
    { width: 30 },
  ),
  column(
    'energy',
    '耗电量（万千瓦时/月）',
    'Energy, 10 MWh a month',
    'energy',
    ({ energy }) => (energy === null ? null : tenThousands(energy.kwhPerMonth.mid)),
    '按30天计，取中值',
    '1283号第三条',
    { kind: 'number' },
  ),
  column(
    'energy_source',
    '数据来源（低—中—高）',
    'Method and band',
    'energy',
    energySource,
    '实测或估算方法及范围，单位万千瓦时/月',
    '1283号第三条',
    { width: 28 },
  ),
  column('planned_start', '计划投产时间', 'Planned start', 'project', null, BY_HAND, '1283号第四条', { kind: 'day' }),
  column(
    'ip',
    'IP地址（段）',
    'IP addresses',
    'ip',
    (l) => joined(l.addresses.map(({ ip }) => ip)),
    '观测到的地址',
    '1283号第十九条',
    { width: 24 },
  ),
  column(
    'ports',
    '端口',
    'Ports',
    'ip',
    (l) => joined(l.addresses.flatMap(({ ports }) => ports.map(String))),
    '用户侧源端口',
    '1283号第十九条',
  ),
  column(
    'pools',
    '矿池',
    'Pools',
    'pool',
    (l) => joined(l.pools.map(({ endpoint, name }) => (name === null ? endpoint : `${endpoint}（${name}）`))),
    '矿池地址及端口',
    '1283号第十九条',
    { width: 28 },
  ),
  column(
    'wallets',
    '钱包地址',
    'Wallets',
    'pool',
    (l) => joined(l.accounts.map(({ wallet }) => wallet && `${wallet.coin}:${wallet.address}`)),
    '登录中所见钱包',
    '1283号第十六条',
    { width: 28 },
  ),
  column(
    'first_seen',
    '首次发现时间',
    'First seen',
    null,
    (l) => localTime(l.first_seen),
    '北京时间',
    '1283号第十九条',
    { width: 20 },
  ),
  column('last_seen', '最近发现时间', 'Last seen', null, (l) => localTime(l.last_seen), '北京时间', '1283号第十九条', {
    width: 20,
  }),
  column(
    'reported_times',
    '下发/提交次数',
    'Times reported',
    'project',
    (l) => l.reports.length,
    '上级下发或举报次数',
    '1283号第十九条',
    { kind: 'number', width: 10 },
  ),
  ...SITE_COLUMNS,
];

/** Columns by id, in the order asked for; `unknown` are ids that no column has. */
export function columnsOf(ids: readonly string[]): {
  readonly columns: readonly Column[];
  readonly unknown: readonly string[];
} {
  const byId = new Map(LEDGER_COLUMNS.map((each) => [each.id, each]));
  return {
    columns: ids.flatMap((id) => byId.get(id) ?? []),
    unknown: ids.filter((id) => !byId.has(id)),
  };
}
