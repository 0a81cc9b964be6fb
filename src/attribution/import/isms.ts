/**
 * User table of the data-centre information security system (IDC/ISP 信息安全管理系统, 28 columns): the enterprise with its
 * id number and the rack in one row.
 */
import { tableLayout } from './headings.ts';
import type { TableLayout } from './layout.ts';
import { partyOf } from './personal.ts';
import { addressRow, lacks, place, Rest, rangeOf, spanOf } from './rows.ts';

const COLUMNS = {
  licence: 'IDC/ISP许可证号|许可证号',
  name: '单位名称|用户名称|用户单位名称',
  nature: '单位属性|用户属性',
  id_type: '证件类型|单位证件类型',
  id_number: '证件号码|单位证件号码',
  postcode: '邮政编码|邮编',
  registered: '注册时间',
  opened: '服务开通时间',
  address: '单位地址',
  contact_name: '责任人姓名|姓名|网络信息安全责任人姓名',
  contact_id_type: '责任人证件类型|网络信息安全责任人证件类型',
  contact_id_number: '责任人证件号码|网络信息安全责任人证件号码',
  contact_phone: '责任人固定电话|固定电话',
  contact_mobile: '责任人移动电话|移动电话',
  contact_mail: '责任人Email|Email|责任人电子邮箱',
  remark: '用户备注信息|备注',
  room: '所属机房|机房名称',
  area: '机房区域名称|机房区域',
  rack: '机柜名称|机柜',
  allocated: '资源分配时间|分配时间',
  ip_type: 'IP类型|IP地址类型',
  start: '外网起始IP|起始IP|外网起始IP地址',
  end: '外网终止IP|终止IP|外网结束IP|外网终止IP地址',
  bandwidth: '网络带宽|带宽',
  region: '所属区域',
  service: '应用服务类型',
  business: '业务类型',
  link: '用户使用链路信息|链路信息',
} as const;
type Key = keyof typeof COLUMNS;

export const isms: TableLayout = tableLayout<Key>({
  id: 'isms',
  title: 'user table of the data-centre information security system (28 columns)',
  columns: COLUMNS,
  need: [['name'], ['start'], ['room', 'rack', 'area'], ['id_number', 'nature', 'opened', 'allocated']],
  open(context, cells) {
    return {
      row(row) {
        const range = rangeOf(context, row, cells.get('start'), cells.get('end'));
        if (range === null) return;
        if (cells.get('name') === '' && cells.get('id_number') === '') {
          lacks(context, row, '单位名称', '2031');
          return;
        }
        const valid = spanOf(context, row, cells.get('allocated') || cells.get('opened'), '', '2030');
        if (valid === null) return;
        const rest = new Rest();
        rest.keepAll(cells, ['id_type', 'registered', 'opened', 'allocated', 'remark', 'ip_type', 'bandwidth']);
        rest.keepAll(cells, ['region', 'business', 'link']);
        rest.sealAll(cells, [
          'contact_name',
          'contact_id_type',
          'contact_id_number',
          'contact_phone',
          'contact_mobile',
        ]);
        rest.sealAll(cells, ['contact_mail']);
        cells.others(rest.extra, rest.sealed);
        const party = partyOf(
          {
            name: cells.get('name'),
            idType: cells.get('id_type'),
            idNumber: cells.get('id_number'),
            nature: cells.get('nature'),
            isms: true,
          },
          rest.sealed,
        );
        // The licence here is that of the data centre, not of its customer.
        rest.keep('host_licence', cells.get('licence'));
        const rack = [cells.get('area'), cells.get('rack')].filter((text) => text !== '').join(' ');
        const code = /^\d{6}$/.test(cells.get('region')) ? cells.get('region') : null;
        const places = [...place('registered', cells.get('address')), ...place('site', cells.get('room'), code, rack)];
        const service = cells.get('service') || null;
        context.row(row, addressRow({ kind: 'isms', ...range, valid, use: 'static', service, party, places }, rest));
      },
    };
  },
});
