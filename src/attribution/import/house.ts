/** House segment table of the data-centre system: address segments of a data centre with user and units. */
import { tableLayout } from './headings.ts';
import type { TableLayout } from './layout.ts';
import { partyOf } from './personal.ts';
import { addressRow, Rest, rangeOf, spanOf, useOf } from './rows.ts';

const COLUMNS = {
  id: 'ipID|ip_seg_id|IP地址段ID',
  start: 'startIP|起始IP|start_ip',
  end: 'endIP|终止IP|结束IP|end_ip',
  private_start: 'pstartIP|内网起始IP',
  private_end: 'pendIP|内网终止IP',
  type: 'type|IP地址使用方式|使用方式',
  name: 'user|使用人|使用单位|使用单位名称',
  id_type: 'IDtype|证件类型|使用人证件类型',
  id_number: 'IDnumber|证件号码|使用人证件号码',
  source_unit: 'sourceUnit|来源单位',
  allocation_unit: 'allocationUnit|分配单位',
  allocated: 'useTime|使用时间|分配使用日期|分配时间',
} as const;
type Key = keyof typeof COLUMNS;

export const house: TableLayout = tableLayout<Key>({
  id: 'house',
  title: 'house segment table of the data-centre system (ipID, startIP, endIP …)',
  columns: COLUMNS,
  need: [['start'], ['end'], ['name'], ['allocation_unit'], ['source_unit', 'allocated']],
  open(context, cells) {
    return {
      row(row) {
        const range = rangeOf(context, row, cells.get('start'), cells.get('end'));
        if (range === null) return;
        const valid = spanOf(context, row, cells.get('allocated'), '', '2030');
        if (valid === null) return;
        const rest = new Rest();
        const use = useOf(cells.get('type'));
        if (use === null) rest.keep('type', cells.get('type'));
        rest.keepAll(cells, [
          'id',
          'private_start',
          'private_end',
          'id_type',
          'source_unit',
          'allocation_unit',
          'allocated',
        ]);
        cells.others(rest.extra, rest.sealed);
        const source = {
          name: cells.get('name'),
          idType: cells.get('id_type'),
          idNumber: cells.get('id_number'),
          isms: true,
        };
        const party = partyOf(source, rest.sealed);
        context.row(row, addressRow({ kind: 'house', ...range, valid, use, party }, rest));
      },
    };
  },
});
