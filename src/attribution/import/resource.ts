/**
 * Dump of an operator's resource system (综资, 32 columns). The credit code in it is the cleanest join to the enterprise, the
 * product instance (产品实例标识) that to the customer list.
 */
import { startOf } from './dates.ts';
import { tableLayout } from './headings.ts';
import type { TableLayout } from './layout.ts';
import { partyOf } from './personal.ts';
import { addressRow, keepGateway, lacks, place, Rest, rangeOf, spanInForce, spanOf, stateOf, useOf } from './rows.ts';

const COLUMNS = {
  range: 'IP地址段名称|IP地址名称|IP地址段|IP段名称|IP段|网段名称|IP子网名称|IP地址|名称|IP地址/网段',
  start: '起始IP|起始IP地址|起始地址|开始IP',
  end: '终止IP|终止IP地址|结束IP|终止地址',
  name: '单位名称/具体业务信息|单位名称|使用单位名称|客户名称',
  category: '单位所属分类',
  nature: '单位性质',
  city: '所属地市|地市',
  county: '所属区县|区县',
  level: '单位行政级别',
  industry: '单位所属行业分类|所属行业分类',
  address: '地址详细地址|详细地址|单位详细地址|单位地址',
  contact_name: '联系人姓名(客户侧)|联系人姓名',
  contact_phone: '联系人电话(客户侧)|联系人电话',
  contact_mail: '联系人邮箱(客户侧)|联系人邮箱',
  gateway_address: '网关物理位置|网关物理地址',
  use: '使用方式',
  gateway_ip: '网关IP地址|网关IP',
  business: '业务类型',
  use_state: '使用状态',
  manage_state: '管理状态',
  device_room: '设备所属机房',
  loopback: 'Loopback地址|设备Loopback地址',
  department: '负责部门(运营商侧)|负责部门',
  manager: '负责人(运营商侧)|负责人',
  id_type: '单位证件类型',
  id_number: '单位证件号码',
  address_type: '地址类型',
  instance: '产品实例标识',
  device: '所属设备',
  changed: '变更时间',
  allocated: '分配时间|分配日期|启用时间',
  checked: '核查时间|核实时间|最近核查时间',
  install_address: '装机地址|装机详细地址',
} as const;
type Key = keyof typeof COLUMNS;

export const resource: TableLayout = tableLayout<Key>({
  id: 'resource',
  title: "dump of an operator's resource system (综资, 32 columns)",
  columns: COLUMNS,
  need: [
    ['range', 'start'],
    ['name'],
    ['instance', 'loopback', 'manage_state', 'device_room', 'device'],
    ['id_number', 'business', 'use_state', 'use'],
  ],
  open(context, cells) {
    return {
      row(row) {
        const start = cells.get('start');
        const range = rangeOf(context, row, start || cells.get('range'), start ? cells.get('end') : '');
        if (range === null) return;
        if (cells.get('name') === '' && cells.get('id_number') === '') {
          lacks(context, row, '单位名称', '2031');
          return;
        }
        const changed = cells.get('changed');
        const stated = spanOf(context, row, cells.get('allocated') || changed, '', '2030');
        if (stated === null) return;
        const states = [cells.get('use_state'), cells.get('manage_state')];
        const words = states.filter((text) => text !== '').join(' ');
        const valid = spanInForce(context, row, stated, stateOf(...states), words, changed);
        if (valid === null) return;
        const rest = new Rest();
        const use = useOf(cells.get('use')) ?? useOf(cells.get('business'));
        if (use === null && cells.get('use') !== '') {
          rest.defect('2021');
          rest.keep('use', cells.get('use'));
        }
        rest.keepAll(cells, [
          'city',
          'county',
          'level',
          'business',
          'use_state',
          'manage_state',
          'device_room',
          'loopback',
        ]);
        rest.keepAll(cells, ['department', 'id_type', 'address_type', 'device', 'changed', 'allocated', 'checked']);
        rest.sealAll(cells, ['contact_name', 'contact_phone', 'contact_mail', 'manager']);
        keepGateway(rest, cells.get('gateway_ip'));
        cells.others(rest.extra, rest.sealed);
        const party = partyOf(
          {
            name: cells.get('name'),
            idType: cells.get('id_type'),
            idNumber: cells.get('id_number'),
            nature: cells.get('nature'),
            category: cells.get('category'),
            industry: cells.get('industry'),
          },
          rest.sealed,
        );
        const code = /^\d{6}$/.test(cells.get('county')) ? cells.get('county') : null;
        const places = [
          ...place('install', cells.get('install_address'), cells.get('install_address') === '' ? null : code),
          ...place('filing', cells.get('address'), code),
          ...place('gateway', cells.get('gateway_address')),
        ];
        const account = cells.get('instance') || null;
        // A time of change is no check: it says nothing of before. It stays in `extra`, where the grading looks at it.
        const checked = startOf(cells.get('checked'));
        context.row(row, addressRow({ kind: 'resource', ...range, valid, use, account, party, places, checked }, rest));
      },
    };
  },
});
