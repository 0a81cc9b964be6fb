/** Inventories of machines: model, number, power. */
import { tableLayout } from './headings.ts';
import { shown } from './import-error.ts';
import type { TableLayout } from './layout.ts';
import { partyOf } from './personal.ts';
import { lacks, numberOf, place, Rest, siteRow, spanOf } from './rows.ts';

const COLUMNS = {
  number: '编号|资产编号|设备编号|清单编号|inventory_number',
  model: '型号|设备型号|机型|矿机型号|规格型号|model',
  count: '数量|台数|数量(台)|设备数量|count',
  power: '功率|额定功率|单台功率|功率(W)|功率(kW)|单台功率(W)|单台功率(kW)|额定功率(W)|额定功率(kW)|watts',
  maker: '厂商|品牌|生产厂家|maker',
  place: '地点|存放地点|安装地点|地址|所在机房|机房|site',
  detail: '机柜|房间|位置',
  region: '区划代码|行政区划代码|region',
  name: '所有人|单位名称|产权单位|owner',
  uscc: '统一社会信用代码|证件号码|uscc',
  id_type: '证件类型',
  account: 'account|宽带账号|账号|客户ID',
  power_account: '户号|用电户号|power_account',
  from: '上架时间|购入时间|登记时间|清点时间|valid_from',
  to: '下架时间|valid_to',
} as const;
type Key = keyof typeof COLUMNS;

export const machine: TableLayout = tableLayout<Key>({
  id: 'machine',
  title: 'inventory of machines (型号, 数量, 功率)',
  columns: COLUMNS,
  need: [['model'], ['count'], ['power', 'place', 'maker', 'number']],
  open(context, cells) {
    const kilowatts = /kw|千瓦/i.test(cells.heading('power', context.header).normalize('NFKC'));
    return {
      row(row) {
        const model = cells.get('model');
        if (model === '') {
          lacks(context, row, '型号');
          return;
        }
        const count = numberOf(cells.get('count'));
        if (count === null || !Number.isSafeInteger(count)) {
          const message = `"${shown(cells.get('count'), 60)}" is no number of machines: give a whole number`;
          context.fault({ row, reason: 'bad_number', code: null, message });
          return;
        }
        const valid = spanOf(context, row, cells.get('from'), cells.get('to'));
        if (valid === null) return;
        const rest = new Rest();
        rest.keepAll(cells, ['number', 'maker', 'power_account', 'id_type', 'from', 'to']);
        cells.others(rest.extra, rest.sealed);
        const given = cells.get('power');
        const power = numberOf(given);
        const inKw = /kw|千瓦/i.test(given.slice(0, 60).normalize('NFKC')) || (kilowatts && /\d$/.test(given));
        const watts = power === null ? null : Math.round(power * (inKw ? 1e6 : 1e3)) / 1e3;
        if (power === null) rest.keep('power', given);
        const party = partyOf(
          { name: cells.get('name'), idType: cells.get('id_type'), idNumber: cells.get('uscc') },
          rest.sealed,
        );
        const code = cells.get('region');
        const places = place('site', cells.get('place'), /^\d{6}$/.test(code) ? code : null, cells.get('detail'));
        const where = [model, cells.get('place'), cells.get('detail')].filter((part) => part !== '').join(' / ');
        const fields = {
          account: cells.get('account') || null,
          valid,
          party,
          places,
          machine: { model, count, watts },
        };
        context.row(row, siteRow({ kind: 'machine', key: cells.get('number') || where, ...fields }, rest));
      },
    };
  },
});
