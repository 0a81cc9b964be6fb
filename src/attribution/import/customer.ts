/**
 * Customers of lines: the project's own documented table, which a query on any CRM can give. Joins sessions and resource rows
 * by `account`.
 */
import { tableLayout } from './headings.ts';
import type { TableLayout } from './layout.ts';
import { partyOf } from './personal.ts';
import { lacks, place, Rest, siteRow, spanOf } from './rows.ts';

const COLUMNS = {
  account: 'account|宽带账号|账号|用户账号|产品实例标识|业务号码|subscriber_id|subscriberid',
  name: 'name|客户名称|用户名称|单位名称|用户姓名|customer_name',
  id_type: 'id_type|证件类型',
  id_number: 'id_number|证件号码|统一社会信用代码|uscc',
  region: 'region|区划代码|行政区划代码|县编码|区县编码',
  install_address: 'install_address|装机地址|安装地址',
  valid_from: 'valid_from|生效日期|开通时间|生效时间|开通日期|入网时间',
  valid_to: 'valid_to|失效日期|失效时间|拆机时间|销户时间|终止日期',
  registered_address: 'registered_address|注册地址|住所|单位地址',
  nature: 'nature|单位性质|客户性质',
  industry: 'industry|行业分类|所属行业分类',
  contact_name: 'contact_name|联系人|联系人姓名',
  contact_phone: 'contact_phone|联系电话|联系人电话|手机号',
  contact_mail: 'contact_mail|联系人邮箱|电子邮箱',
  detail: 'install_detail|房间|机房机柜',
  product: 'product|产品名称|套餐名称|业务类型',
  bandwidth: 'bandwidth|带宽|速率',
  power_account: 'power_account|户号|用电户号',
  checked: 'checked|核查时间|核实时间',
} as const;
type Key = keyof typeof COLUMNS;

export const customer: TableLayout = tableLayout<Key>({
  id: 'customer',
  title: 'customers of lines (account, name, id_type, id_number, region, install_address, valid_from, valid_to)',
  columns: COLUMNS,
  need: [['account'], ['name', 'id_number'], ['install_address']],
  open(context, cells) {
    return {
      row(row) {
        const account = cells.get('account');
        if (account === '') {
          lacks(context, row, 'account');
          return;
        }
        const valid = spanOf(context, row, cells.get('valid_from'), cells.get('valid_to'));
        if (valid === null) return;
        const checked = cells.get('checked') === '' ? null : spanOf(context, row, cells.get('checked'), '');
        if (checked === null && cells.get('checked') !== '') return;
        const rest = new Rest();
        rest.keepAll(cells, ['id_type', 'product', 'bandwidth', 'power_account', 'valid_from', 'valid_to', 'checked']);
        rest.sealAll(cells, ['contact_name', 'contact_phone', 'contact_mail']);
        cells.others(rest.extra, rest.sealed);
        const source = {
          name: cells.get('name'),
          idType: cells.get('id_type'),
          idNumber: cells.get('id_number'),
          nature: cells.get('nature'),
          industry: cells.get('industry'),
        };
        const party = partyOf(source, rest.sealed);
        const code = cells.get('region');
        const region = /^\d{6}$/.test(code) ? code : null;
        if (region === null && code !== '') {
          rest.defect('2026');
          rest.keep('region', code);
        }
        const places = [
          ...place('install', cells.get('install_address'), region, cells.get('detail')),
          ...place('registered', cells.get('registered_address')),
        ];
        const fields = { account, valid, party, places, checked: checked?.from ?? null };
        context.row(row, siteRow({ kind: 'customer', key: account, ...fields }, rest));
      },
    };
  },
});
