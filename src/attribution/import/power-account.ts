/** Accounts of an electricity company: who pays for which place, at which tariff and capacity. */
import type { SiteRow } from '../types.ts';
import { tableLayout } from './headings.ts';
import type { TableLayout } from './layout.ts';
import { partyOf } from './personal.ts';
import { lacks, numberOf, place, Rest, siteRow, spanOf } from './rows.ts';

type Meter = NonNullable<SiteRow['meter']>;

const COLUMNS = {
  number: '户号|用电户号|客户编号|用户编号|power_account',
  name: '用户名称|户名|客户名称|用户名|用电户名',
  address: '用电地址|用户地址|地址',
  tariff: '用电类别|用电性质|电价类别|用电分类',
  capacity: '容量|合同容量|运行容量|报装容量|合同容量(kVA)|容量(kVA)|运行容量(kVA)',
  supply: '供电方式|电源类型|供电类型|专变/公变',
  region: '区划代码|行政区划代码|县编码',
  opened: '立户日期|立户时间|送电日期|开户日期|valid_from',
  closed: '销户日期|销户时间|valid_to',
  id_type: '证件类型',
  id_number: '证件号码|统一社会信用代码|uscc',
  industry: '行业分类|所属行业|用电行业分类',
  contact_name: '联系人|联系人姓名',
  contact_phone: '联系电话|联系人电话|手机号',
  line: '线路名称|供电线路|线路',
  substation: '变电站|台区|台区名称',
  voltage: '电压等级|供电电压',
  meter_number: '电表编号|电能表编号|表号|计量点编号',
  account: 'account|宽带账号',
} as const;
type Key = keyof typeof COLUMNS;

/** Tariff class of its usual names; 非居民 is commercial. */
export function tariffOf(text: string): Meter['tariff'] {
  if (/非居民|工商业|商业|普通工业|非普|commercial/i.test(text) && !text.includes('大工业')) return 'commercial';
  if (/大工业|两部制|industrial/i.test(text)) return 'industrial';
  return /居民|住宅|residential/i.test(text) ? 'residential' : null;
}

export function supplyOf(text: string): Meter['supply'] {
  if (/自备|自发|自供|captive/i.test(text)) return 'captive';
  if (/专线|专变|专用|dedicated/i.test(text)) return 'dedicated';
  return /公用|公变|公网|公线|public/i.test(text) ? 'public' : null;
}

export const powerAccount: TableLayout = tableLayout<Key>({
  id: 'power-account',
  title: 'accounts of an electricity company (户号, 用户名称, 用电地址, 用电类别, 容量, 供电方式)',
  columns: COLUMNS,
  need: [['number'], ['address'], ['name', 'tariff', 'capacity']],
  open(context, cells) {
    return {
      row(row) {
        const number = cells.get('number');
        if (number === '') {
          lacks(context, row, '户号');
          return;
        }
        const valid = spanOf(context, row, cells.get('opened'), cells.get('closed'));
        if (valid === null) return;
        const rest = new Rest();
        rest.keepAll(cells, [
          'tariff',
          'supply',
          'opened',
          'closed',
          'id_type',
          'line',
          'substation',
          'voltage',
          'meter_number',
        ]);
        rest.sealAll(cells, ['contact_name', 'contact_phone']);
        cells.others(rest.extra, rest.sealed);
        const tariff = tariffOf(cells.get('tariff'));
        const capacityKva = numberOf(cells.get('capacity'));
        if (capacityKva === null) rest.keep('capacity', cells.get('capacity'));
        const source = {
          name: cells.get('name'),
          idType: cells.get('id_type'),
          idNumber: cells.get('id_number'),
          industry: cells.get('industry'),
        };
        const party = partyOf(source, rest.sealed);
        const code = cells.get('region');
        if (code !== '' && !/^\d{6}$/.test(code)) rest.keep('region', code);
        const places = place('power', cells.get('address'), /^\d{6}$/.test(code) ? code : null);
        const meter: Meter = { kwh: null, capacityKva, tariff, supply: supplyOf(cells.get('supply')) };
        const account = cells.get('account') || null;
        context.row(row, siteRow({ kind: 'power_account', key: number, account, valid, party, places, meter }, rest));
      },
    };
  },
});
