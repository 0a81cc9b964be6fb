/** IP-address filing as data centres keep it (工信部IP分配信息表): 19 columns, values as names or codes. */
import { tableLayout } from './headings.ts';
import type { TableLayout } from './layout.ts';
import { partyOf } from './personal.ts';
import { addressRow, keepGateway, lacks, place, Rest, rangeOf, regionOf, spanOf, useOf } from './rows.ts';

const COLUMNS = {
  start: '起始IP|起始IP地址|开始IP|起始地址|startip|start_ip',
  end: '结束IP|终止IP|结束IP地址|终止IP地址|endip|end_ip',
  allocation: '分配方式',
  use: '使用方式',
  allocated: '分配时间|分配日期|启用时间',
  gateway_ip: '网关IP|网关IP地址',
  gateway_address: '网关物理地址|网关地址',
  source_unit: '来源单位',
  name: '使用单位名称|使用单位|单位名称',
  industry: '所属行业分类|单位行业分类|单位所属行业分类|行业分类',
  category: '单位所属分类|单位分类',
  nature: '单位性质',
  province: '省编码|省代码|省份编码',
  city: '市编码|市代码|地市编码',
  county: '县编码|县代码|区县编码',
  address: '详细地址|单位详细地址|单位地址',
  contact_name: '联系人姓名|联系人',
  contact_phone: '手机号|联系人电话|手机|联系电话',
  contact_mail: '电子邮箱|邮箱|联系人邮箱|联系人电子邮件',
  licence: '经营许可证编号|许可证号',
  service: '应用服务类型',
  id_type: '单位证件类型|证件类型',
  id_number: '单位证件号码|证件号码|统一社会信用代码',
} as const;
type Key = keyof typeof COLUMNS;

export const filingB: TableLayout = tableLayout<Key>({
  id: 'filing-b',
  title: 'IP-address filing, table of a data centre (19 columns)',
  columns: COLUMNS,
  need: [
    ['start'],
    ['name'],
    ['allocation', 'use', 'source_unit'],
    ['gateway_ip', 'gateway_address', 'nature', 'category'],
  ],
  open(context, cells) {
    return {
      row(row) {
        const range = rangeOf(context, row, cells.get('start'), cells.get('end'));
        if (range === null) return;
        const name = cells.get('name');
        if (name === '') {
          lacks(context, row, '使用单位名称', '2031');
          return;
        }
        const valid = spanOf(context, row, cells.get('allocated'), '', '2030');
        if (valid === null) return;
        const rest = new Rest();
        const use = useOf(cells.get('use'));
        if (use === null && cells.get('use') !== '') {
          rest.defect('2021');
          rest.keep('use', cells.get('use'));
        }
        rest.keepAll(cells, ['allocation', 'allocated', 'source_unit', 'id_type']);
        rest.sealAll(cells, ['contact_name', 'contact_phone', 'contact_mail']);
        keepGateway(rest, cells.get('gateway_ip'));
        cells.others(rest.extra, rest.sealed);
        const source = {
          name,
          idType: cells.get('id_type'),
          idNumber: cells.get('id_number'),
          nature: cells.get('nature'),
          category: cells.get('category'),
          industry: cells.get('industry'),
          licence: cells.get('licence'),
        };
        // Category 11 needs its licence.
        if (source.category === '11' && source.licence === '') rest.defect('2022');
        const party = partyOf(source, rest.sealed);
        const region = regionOf(cells.get('province'), cells.get('city'), cells.get('county'), rest);
        const places = [
          ...place('filing', cells.get('address'), region),
          ...place('gateway', cells.get('gateway_address')),
        ];
        const service = cells.get('service') || null;
        context.row(row, addressRow({ kind: 'filing', ...range, valid, use, service, party, places }, rest));
      },
    };
  },
});
