/**
 * IP-address filing, the portal's own export (`fpxxList….xls`): 31 columns, codes as text, often one row for every single
 * address. Neighbouring rows that differ in nothing but the address (and their record ids) become one range.
 */
import type { AddressRow } from '../types.ts';
import { startOf } from './dates.ts';
import { type Cells, tableLayout } from './headings.ts';
import type { Context, TableLayout } from './layout.ts';
import { partyOf } from './personal.ts';
import { addressRow, keepGateway, lacks, place, Rest, rangeOf, spanInForce, spanOf, stateOf, useOf } from './rows.ts';

const COLUMNS = {
  id: 'ID|序号',
  start: '起始IP|起始IP地址|起始地址',
  end: '终止IP|终止IP地址|结束IP|终止地址',
  allocation: '分配方式',
  name: '使用单位名称|单位名称',
  created: '创建时间',
  check_state: '核查状态',
  status: '状态',
  network: '移动/铁通',
  belongs: '所属地',
  operator: '操作人',
  target: '分配对象',
  use: '使用方式',
  allocated: '分配日期|分配时间',
  redirect: '域名跳转',
  nature: '单位性质',
  category: '单位所属分类|单位分类',
  industry: '单位行业分类|单位所属行业分类|所属行业分类',
  address: '单位详细地址|单位地址',
  contact_name: '联系人姓名',
  contact_phone: '联系人电话',
  contact_mail: '联系人电子邮件|联系人邮箱',
  gateway_ip: '网关IP地址|网关IP',
  gateway_address: '网关物理地址',
  remark: '备注',
  province_id: '省系统id',
  uploaded: '上传时间',
  passed: '通过时间',
  licence: '经营许可证编号',
  level: '单位行政级别',
  region: '单位所在地区',
  changed: '变更时间|更新时间|注销时间',
} as const;
type Key = keyof typeof COLUMNS;

const OWN: readonly Key[] = ['id', 'province_id', 'start', 'end'];

export const filingA: TableLayout = tableLayout<Key>({
  id: 'filing-a',
  title: 'IP-address filing, export of the portal (31 columns)',
  columns: COLUMNS,
  need: [['start'], ['end'], ['name'], ['check_state', 'passed', 'uploaded', 'province_id'], ['allocation', 'target']],
  open(context, cells) {
    const skip = new Set(OWN.map((key) => cells.index(key)));
    let held: { row: number; value: AddressRow; cells: readonly string[]; count: number } | null = null;
    const release = (): void => {
      if (held === null) return;
      const { row, value, count } = held;
      held = null;
      if (count === 1) {
        context.row(row, value);
        return;
      }
      const { id: _, province_id: __, ...extra } = value.extra;
      context.row(row, { ...value, extra: { ...extra, merged_rows: String(count) } });
    };
    return {
      row(row) {
        const value = read(context, cells, row);
        if (value === null) return;
        const all = cells.all();
        if (held !== null && follows(held.value.last, value) && same(held.cells, all, skip)) {
          held.value = { ...held.value, last: value.last };
          held.count++;
          return;
        }
        release();
        held = { row, value, cells: all, count: 1 };
        // A range stands for itself; only single addresses are joined.
        if (value.first !== value.last) release();
      },
      end: release,
    };
  },
});

function read(context: Context, cells: Cells<Key>, row: number): AddressRow | null {
  const range = rangeOf(context, row, cells.get('start'), cells.get('end'));
  if (range === null) return null;
  const name = cells.get('name');
  if (name === '') return lacks(context, row, '使用单位名称', '2031');
  const stated = spanOf(context, row, cells.get('allocated'), '', '2030');
  if (stated === null) return null;
  const status = cells.get('status');
  const last = cells.get('changed') || cells.get('passed');
  const valid = spanInForce(context, row, stated, stateOf(status), status, last);
  if (valid === null) return null;
  const rest = new Rest();
  const use = useOf(cells.get('use'));
  if (use === null && cells.get('use') !== '') rest.defect('2021');
  const keys = [
    'id',
    'allocation',
    'created',
    'check_state',
    'status',
    'network',
    'belongs',
    'target',
    'allocated',
  ] as const;
  rest.keepAll(cells, keys);
  rest.keepAll(cells, ['remark', 'province_id', 'uploaded', 'passed', 'level', 'region', 'changed']);
  if (use === null) rest.keep('use', cells.get('use'));
  rest.sealAll(cells, ['operator', 'contact_name', 'contact_phone', 'contact_mail']);
  keepGateway(rest, cells.get('gateway_ip'));
  cells.others(rest.extra, rest.sealed);
  const party = partyOf(
    {
      name,
      nature: cells.get('nature'),
      category: cells.get('category'),
      industry: cells.get('industry'),
      licence: cells.get('licence'),
    },
    rest.sealed,
  );
  const passed = cells.get('passed');
  const places = [...place('filing', cells.get('address')), ...place('gateway', cells.get('gateway_address'))];
  return addressRow(
    { kind: 'filing', ...range, valid, use, party, places, checked: passed === '' ? null : startOf(passed) },
    rest,
  );
}

/** The row is the single IPv4 address behind `last`. */
function follows(last: string, { first, last: end }: AddressRow): boolean {
  if (first !== end || first.includes(':') || last.includes(':')) return false;
  return numberOf(first) === numberOf(last) + 1;
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function same(a: readonly string[], b: readonly string[], skip: ReadonlySet<number>): boolean {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) if (!skip.has(i) && (a[i] ?? '') !== (b[i] ?? '')) return false;
  return true;
}
