/**
 * Readings of rack power meters. Each sample is a machine row of its rack that holds until the rack's next sample, so that a
 * rack is never counted twice at one time.
 */
import type { SiteRow } from '../types.ts';
import { parseMoment } from './dates.ts';
import { tableLayout } from './headings.ts';
import { shown } from './import-error.ts';
import type { TableLayout } from './layout.ts';
import { lacks, numberOf, place, Rest, siteRow } from './rows.ts';

const COLUMNS = {
  rack: '机柜|机柜名称|机柜编号|rack',
  pdu: 'PDU|PDU编号',
  rated: '额定kW|额定功率kW|额定功率(kW)',
  measured: '实测kW|实测功率kW|实测功率(kW)',
  sampled: '采样时间|采集时间|时间',
  room: '所在机房|所属机房|机房|机房名称',
  customer: '客户ID|客户编号',
} as const;
type Key = keyof typeof COLUMNS;

/** Racks whose last sample waits for the next one. */
const HELD = 100_000;

export const rackPower: TableLayout = tableLayout<Key>({
  id: 'rack-power',
  title: 'readings of rack power meters (机柜, PDU, 额定kW, 实测kW, 采样时间)',
  columns: COLUMNS,
  need: [['rack'], ['measured'], ['sampled']],
  open(context, cells) {
    const held = new Map<string, { row: number; value: SiteRow }>();
    const release = (key: string, to: number | null): void => {
      const last = held.get(key);
      held.delete(key);
      if (last) context.row(last.row, { ...last.value, valid: { from: last.value.valid.from, to } });
    };
    return {
      row(row) {
        const rack = cells.get('rack');
        if (rack === '') {
          lacks(context, row, '机柜');
          return;
        }
        const kw = numberOf(cells.get('measured'));
        const sampled = parseMoment(cells.get('sampled'));
        if (kw === null || sampled === null) {
          const [reason, text] =
            kw === null ? ['bad_number', cells.get('measured')] : ['bad_date', cells.get('sampled')];
          const what = kw === null ? 'power in kW' : 'time such as 2026-11-20 08:15:00';
          const message = `"${shown(text as string, 60)}" is no ${what}: correct it`;
          context.fault({ row, reason: reason as string, code: null, message });
          return;
        }
        const rest = new Rest();
        rest.keepAll(cells, ['rack', 'pdu', 'rated', 'measured', 'sampled']);
        cells.others(rest.extra, rest.sealed);
        const key = [cells.get('room'), rack, cells.get('pdu')].filter((part) => part !== '').join('/');
        const fields = {
          account: cells.get('customer') || null,
          valid: { from: sampled.time, to: null },
          places: place('site', cells.get('room'), null, rack),
          machine: { model: 'rack', count: 1, watts: Math.round(kw * 1e6) / 1e3 },
        };
        const value = siteRow({ kind: 'machine', key, ...fields }, rest);
        const last = held.get(key);
        if (last && sampled.time <= last.value.valid.from) {
          // Older than the one in hand, or the same again: only an older one says something, up to that one.
          if (sampled.time < last.value.valid.from) {
            context.row(row, { ...value, valid: { from: sampled.time, to: last.value.valid.from } });
          }
          return;
        }
        release(key, sampled.time);
        held.set(key, { row, value });
        const [oldest] = held.keys();
        if (held.size > HELD && oldest !== undefined) release(oldest, null);
      },
      end() {
        for (const key of [...held.keys()]) release(key, null);
      },
    };
  },
});
