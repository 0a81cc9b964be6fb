/** Energy of a power account in a span or month. */
import { endOf, monthOf } from './dates.ts';
import { tableLayout } from './headings.ts';
import { shown } from './import-error.ts';
import type { TableLayout } from './layout.ts';
import { lacks, numberOf, place, Rest, siteRow, spanOf } from './rows.ts';

const COLUMNS = {
  number: '户号|用电户号|客户编号|用户编号|power_account',
  from: '起|起始日期|开始日期|开始时间|起始时间|上次抄表日期|from',
  to: '止|终止日期|截止日期|结束日期|结束时间|终止时间|本次抄表日期|to',
  month: '电费年月|年月|月份|month',
  energy:
    '电量kWh|电量(kWh)|电量(千瓦时)|电量|用电量|总电量|用电量(kWh)|用电量(万千瓦时)|电量(万千瓦时)|电量(万kWh)|kwh',
  meter_number: '电表编号|电能表编号|表号|计量点编号',
  address: '用电地址',
} as const;
type Key = keyof typeof COLUMNS;

export const meterReading: TableLayout = tableLayout<Key>({
  id: 'meter-reading',
  title: 'energy of power accounts (户号, 起, 止, 电量kWh)',
  columns: COLUMNS,
  need: [['number'], ['energy'], ['from', 'month'], ['to', 'month']],
  open(context, cells) {
    // Ten thousand kilowatt hours is the usual unit of reports.
    const factor = /万/.test(cells.heading('energy', context.header)) ? 10_000 : 1;
    return {
      row(row) {
        const number = cells.get('number');
        if (number === '') {
          lacks(context, row, '户号');
          return;
        }
        const energy = numberOf(cells.get('energy'));
        if (energy === null) {
          const message = `"${shown(cells.get('energy'), 60)}" is no amount of energy: give kWh as a number of 0 or more`;
          context.fault({ row, reason: 'bad_number', code: null, message });
          return;
        }
        const month = cells.get('month');
        const from = cells.get('from');
        const valid = from === '' && month !== '' ? monthOf(month) : spanOf(context, row, from, cells.get('to'));
        if (valid === null && from !== '') return;
        if (
          valid === null ||
          from + month === '' ||
          valid.to === null ||
          (month === '' && endOf(cells.get('to')) === null)
        ) {
          const message = `"${shown(month || from, 60)}" gives no span: give start and end, or a month such as 2026-10`;
          context.fault({ row, reason: 'bad_date', code: null, message });
          return;
        }
        const rest = new Rest();
        rest.keepAll(cells, ['from', 'to', 'month', 'meter_number']);
        cells.others(rest.extra, rest.sealed);
        const meter = { kwh: Math.round(energy * factor * 1000) / 1000, capacityKva: null, tariff: null, supply: null };
        const places = place('power', cells.get('address'));
        context.row(row, siteRow({ kind: 'meter_reading', key: number, valid, places, meter }, rest));
      },
    };
  },
});
