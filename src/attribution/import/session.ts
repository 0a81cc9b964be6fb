/**
 * Session exports of access networks as tables: the home-broadband export with address, port block and account in one
 * row, and the record of the mobile core. Times without a zone are UTC+8.
 */
import { createHmac } from 'node:crypto';
import type { AddressRow } from '../types.ts';
import type { Context, Reader, TableLayout } from './layout.ts';
import {
  addressRange,
  addressRow,
  type Columns,
  canonicalAddress,
  cellReader,
  detectTable,
  give,
  isPrivateAddress,
  type Outcome,
  plain,
  portNumber,
  portRange,
  present,
  problem,
  protocolName,
  realmNames,
  sealedFields,
} from './session-fields.ts';
import { timeOf, zoneOf } from './session-time.ts';

const BROADBAND: Columns = {
  account: ['SUBSCRIBERID', 'SUBSCRIBER', '宽带账号', '用户账号'],
  begin: ['BEGINTIME', '上线时间'],
  end: ['ENDTIME', '下线时间'],
  ipv4: ['IPV4ADDRESS', 'IPV4地址'],
  ipv6: ['IPV6ADDRESS', 'IPV6PREFIX', 'IPV6地址'],
  firstPort: ['NAT_BEGIN_PORT', 'NAT起始端口'],
  lastPort: ['NAT_END_PORT', 'NAT终止端口'],
  city: ['CITY_ID', '城市编码'],
};

/** Home broadband: BRAS session and NAT port block in one row; IPv4 and each IPv6 prefix become rows of their own. */
export const broadbandLayout: TableLayout = {
  id: 'session-broadband',
  title: 'home-broadband session export (BRAS and NAT)',
  input: 'table',
  detect: (head) => detectTable(head, BROADBAND, ['account', 'begin', 'end', 'ipv4|ipv6']),
  open: openBroadband,
};

/** Begin and end of a session; an empty end is open. */
function spanOf(
  begin: string,
  end: string,
  zone: number,
  now: number,
): { from: number; to: number | null } | { reason: string; message: string; shown?: string } {
  const from = timeOf(begin, zone, now);
  if (from === null)
    return problem('bad_time', 'begin{} is no time (yyyymmddhhmmss or ISO 8601); correct the cell', begin);
  const to = end === '' ? null : timeOf(end, zone, now);
  if (end !== '' && to === null)
    return problem('bad_time', 'end{} is no time; leave it empty for a session still open', end);
  if (to !== null && to < from)
    return problem('end_before_start', 'the session ends before it begins; correct one of the times');
  // Both ends named to the second: a session within one second has that second.
  return { from, to: to === from ? from + 1_000_000 : to };
}

function openBroadband(context: Context): Reader<readonly string[]> {
  const cell = cellReader(context.header, BROADBAND);
  const zone = zoneOf(context);
  const realmOf = realmNames(context);

  const read = (cells: readonly string[]): Outcome => {
    const valid = spanOf(cell(cells, 'begin'), cell(cells, 'end'), zone, context.now);
    if ('reason' in valid) return valid;
    const account = plain(cell(cells, 'account'));
    const city = plain(cell(cells, 'city'));
    const extra = present({ city, begin: plain(cell(cells, 'begin')), end: plain(cell(cells, 'end')) });
    const rows: AddressRow[] = [];
    const ipv4 = cell(cells, 'ipv4');
    if (ipv4 !== '') {
      const address = canonicalAddress(ipv4);
      if (address === null) return problem('bad_address', 'the IPv4 address{} is none; correct the cell', ipv4);
      const first = cell(cells, 'firstPort');
      const last = cell(cells, 'lastPort');
      const ports = first === '' && last === '' ? null : portRange(first, last);
      if (ports === null && (first !== '' || last !== '')) {
        return problem(
          'bad_ports',
          'the port block{} is none; correct the cells or leave both empty',
          `${first}-${last}`,
        );
      }
      // Whoever has only a block shares the address: without a port such a row must not answer.
      rows.push(
        addressRow(context, {
          kind: ports === null ? 'session' : 'nat_block',
          range: { first: address, last: address },
          valid,
          ports,
          realm: isPrivateAddress(address) ? realmOf(city) : null,
          account,
          extra,
        }),
      );
    }
    for (const text of cell(cells, 'ipv6').split(/[;|\s]+/, 16)) {
      if (text === '') continue;
      const range = addressRange(text);
      if (range === null) return problem('bad_address', 'the IPv6 address or prefix{} is none; correct the cell', text);
      const realm = isPrivateAddress(range.first) ? realmOf(city) : null;
      rows.push(addressRow(context, { kind: 'session', range, valid, realm, account, extra }));
    }
    if (rows.length === 0)
      return problem('no_address', 'the row has neither an IPv4 nor an IPv6 address; nothing to keep');
    return rows;
  };
  return { feed: (cells, row) => give(context, row, read(cells)), end: () => undefined };
}

const MOBILE: Columns = {
  subscriber: ['用户永久标识', 'SUPI', 'IMSI'],
  phone: ['手机号', '用户号码', 'MSISDN'],
  equipment: ['终端标识', 'IMEI'],
  insideIp: ['私网IP'],
  insidePort: ['私网端口'],
  outsidePort: ['源端口', '公网端口'],
  outsideIp: ['源公网IP', '公网IP'],
  protocol: ['协议'],
  place: ['接入位置'],
  cellIn: ['登录小区号'],
  cellOut: ['下线小区号'],
  station: ['基站标识'],
  visited: ['拜访网络'],
  network: ['网络类型'],
  roaming: ['漫游标识'],
  slice: ['切片'],
  begin: ['开始时间'],
  end: ['结束时间'],
  device: ['NAT设备标识'],
  dnn: ['DNN', 'APN'],
  home: ['归属地标识'],
  city: ['城市编码'],
};
const GENERATIONS: Readonly<Record<string, string>> = { '1': '3G', '2': '4G', '3': '5G' };

/** Mobile core: inside and outside tuple with the cell; destination and URL are not kept. */
export const mobileLayout: TableLayout = {
  id: 'session-mobile',
  title: 'session record of the mobile core',
  input: 'table',
  detect: (head) =>
    detectTable(head, MOBILE, ['subscriber', 'outsideIp|insideIp', 'begin', 'end', 'cellIn|station|cellOut']),
  open: openMobile,
};

function openMobile(context: Context): Reader<readonly string[]> {
  const cell = cellReader(context.header, MOBILE);
  const zone = zoneOf(context);
  const realmOf = realmNames(context);
  const secret = context.settings['pseudonym-key'] ?? '';
  // A plain hash of a subscriber number can be undone by trying all numbers, so without a key there is no account.
  const pseudonym = (subscriber: string | null): string | null =>
    subscriber === null || secret === ''
      ? null
      : `sub-${createHmac('sha256', secret).update(subscriber).digest('hex').slice(0, 24)}`;

  const read = (cells: readonly string[]): Outcome => {
    const text = (field: string): string | null => plain(cell(cells, field));
    const valid = spanOf(cell(cells, 'begin'), cell(cells, 'end'), zone, context.now);
    if ('reason' in valid) return valid;
    const insideText = cell(cells, 'insideIp');
    const outsideText = cell(cells, 'outsideIp');
    const inside = insideText === '' ? null : canonicalAddress(insideText);
    const outside = outsideText === '' ? null : canonicalAddress(outsideText);
    if (insideText !== '' && inside === null)
      return problem('bad_address', '私网IP{} is no address; correct the cell', insideText);
    if (outsideText !== '' && outside === null)
      return problem('bad_address', '源公网IP{} is no address; correct the cell', outsideText);
    const address = outside ?? inside;
    if (address === null) return problem('no_address', 'the row has neither 源公网IP nor 私网IP; nothing to keep');
    const portText = cell(cells, 'outsidePort');
    const port = portText === '' ? null : portNumber(portText);
    if (portText !== '' && port === null)
      return problem('bad_ports', '源端口{} is no port; correct the cell', portText);
    const protocol = protocolName(cell(cells, 'protocol'));
    if (protocol === undefined)
      return problem('bad_protocol', '协议{} is none this registry keeps', cell(cells, 'protocol'));
    const translated = outside !== null && inside !== null && outside !== inside;
    if (translated && port === null) {
      return problem(
        'need_source_port',
        '源端口 is empty: a translated address without its port names nobody; export it too',
      );
    }
    const device = text('device');
    const realm = realmOf(device);
    return [
      addressRow(context, {
        kind: translated ? 'nat_session' : 'session',
        range: { first: address, last: address },
        valid,
        ports: translated && port !== null ? [port, port] : null,
        protocol: translated ? protocol : null,
        realm: isPrivateAddress(address) ? realm : null,
        account: pseudonym(text('subscriber')),
        inside: translated ? { address: inside, realm } : null,
        extra: present({
          network: GENERATIONS[cell(cells, 'network')] ?? text('network'),
          location: text('place'),
          cell: text('cellIn'),
          cell_end: text('cellOut'),
          base_station: text('station'),
          visited_network: text('visited'),
          roaming: text('roaming'),
          slice: text('slice'),
          nat_device: device,
          dnn: text('dnn'),
          home: text('home'),
          city: text('city'),
          inside_port: text('insidePort'),
          begin: text('begin'),
          end: text('end'),
        }),
        sealed: sealedFields({ subscriber: text('subscriber'), phone: text('phone'), equipment: text('equipment') }),
      }),
    ];
  };
  return { feed: (cells, row) => give(context, row, read(cells)), end: () => undefined };
}
