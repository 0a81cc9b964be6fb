/**
 * Customer list of a data centre. Every row is a customer at a site; where the list has addresses too, each becomes a row
 * that joins it by the customer's id.
 */
import { tableLayout } from './headings.ts';
import type { TableLayout } from './layout.ts';
import { partyOf } from './personal.ts';
import { addressRow, lacks, place, Rest, rangeOf, siteRow, spanOf } from './rows.ts';

const COLUMNS = {
  id: '客户ID|客户编号|客户编码',
  name: '公司名称|客户名称',
  former_name: '曾用名',
  customer_type: '客户类型',
  single_units: '散U托管(U)|散U托管',
  racks: '整柜托管(R)|整柜托管',
  reserved_racks: '预留托管(R)|预留托管',
  bandwidth_type: '带宽类型',
  bandwidth: '带宽数量(M)|带宽数量|带宽',
  addresses: 'IP(个)|IP数量',
  port: '端口|端口数量',
  room: '所在机房|机房|机房名称',
  business_field: '客户行业',
  business: '客户业务',
  industry: '所属行业分类',
  category: '单位所属分类',
  nature: '单位性质',
  expires: '失效时间|到期时间',
  begins: '生效时间|开始时间|合同开始时间',
  range: 'IP地址|IP地址段|IP段|IP列表|分配IP',
  start: '起始IP',
  end: '终止IP|结束IP',
  rack: '机柜|机柜名称|机柜编号',
  uscc: '统一社会信用代码|证件号码|单位证件号码',
  id_type: '证件类型|单位证件类型',
  address: '单位地址|注册地址',
  site_address: '机房地址',
} as const;
type Key = keyof typeof COLUMNS;

/** Addresses of one cell. */
const LISTED = 256;

export const colocation: TableLayout = tableLayout<Key>({
  id: 'colocation',
  title: 'customer list of a data centre (racks, bandwidth, room)',
  columns: COLUMNS,
  need: [['id'], ['name'], ['room', 'rack'], ['racks', 'single_units', 'bandwidth', 'addresses', 'rack']],
  open(context, cells) {
    return {
      row(row) {
        const id = cells.get('id');
        if (id === '') {
          lacks(context, row, '客户ID');
          return;
        }
        const valid = spanOf(context, row, cells.get('begins'), cells.get('expires'));
        if (valid === null) return;
        const rest = new Rest();
        rest.keepAll(cells, [
          'customer_type',
          'single_units',
          'racks',
          'reserved_racks',
          'bandwidth_type',
          'bandwidth',
        ]);
        rest.keepAll(cells, ['addresses', 'port', 'business_field', 'business', 'id_type', 'begins', 'expires']);
        rest.keepAll(cells, ['former_name']);
        cells.others(rest.extra, rest.sealed);
        const source = {
          name: cells.get('name'),
          idType: cells.get('id_type'),
          idNumber: cells.get('uscc'),
          nature: cells.get('nature'),
          category: cells.get('category'),
          industry: cells.get('industry'),
        };
        const party = partyOf(source, rest.sealed);
        const site = [cells.get('site_address'), cells.get('room')].filter((text) => text !== '').join(' ');
        const places = [...place('site', site, null, cells.get('rack')), ...place('registered', cells.get('address'))];
        context.row(row, siteRow({ kind: 'customer', key: id, account: id, valid, party, places }, rest));

        const start = cells.get('start');
        const listed = start ? [start] : cells.get('range').split(/[,;，；、\s]+/u);
        for (const text of listed.filter((part) => part !== '').slice(0, LISTED)) {
          const range = rangeOf(context, row, text, start ? cells.get('end') : '');
          if (range === null) continue;
          const own = new Rest();
          Object.assign(own.extra, rest.extra);
          Object.assign(own.sealed, rest.sealed);
          const fields = { valid, use: 'static', account: id, party, places } as const;
          context.row(row, addressRow({ kind: 'colocation', ...range, ...fields }, own));
        }
      },
    };
  },
});
