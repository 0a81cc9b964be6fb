/** CGNAT logs as tables, one finished mapping a row: a single port is a session, several are a block. */
import type { Context, Reader, TableLayout } from './layout.ts';
import {
  addressRow,
  type Columns,
  canonicalAddress,
  cellReader,
  detectTable,
  give,
  isPrivateAddress,
  type Outcome,
  plain,
  portRange,
  present,
  problem,
  protocolName,
  realmNames,
} from './session-fields.ts';
import { timeOf, zoneOf } from './session-time.ts';

const COLUMNS: Columns = {
  begin: ['begin', 'start', 'begin_time', 'start_time', 'valid_from', '开始时间', '起始时间', '分配时间'],
  end: ['end', 'stop', 'end_time', 'stop_time', 'valid_to', '结束时间', '终止时间', '释放时间', '回收时间'],
  inside: ['inside', 'inside_ip', 'private_ip', 'internal_ip', '私网IP', '私网地址', '内网IP'],
  outside: ['outside', 'outside_ip', 'public_ip', 'external_ip', '公网IP', '公网地址', '外网IP'],
  ports: ['ports', 'port', 'port_range', 'outside_port', 'public_port', '公网端口', '端口', '端口块', '端口范围'],
  firstPort: ['port_begin', 'first_port', 'start_port', '起始端口', '端口块起始', '开始端口'],
  lastPort: ['port_end', 'last_port', 'end_port', '终止端口', '结束端口', '端口块终止'],
  protocol: ['protocol', 'proto', '协议'],
  account: ['subscriber', 'subscriber_id', 'account', 'user', '用户账号', '宽带账号', '账号'],
  realm: ['realm', 'vrf', 'nas', 'bras', '域', 'BRAS标识'],
  device: ['device', 'nat_device', 'NAT设备标识', '设备标识', '设备'],
};

/** CGNAT session or port-block log as a table. */
export const natTableLayout: TableLayout = {
  id: 'nat-table',
  title: 'CGNAT session or port-block log (table)',
  input: 'table',
  detect: (head) => detectTable(head, COLUMNS, ['begin', 'end', 'inside|account', 'outside', 'ports|firstPort']),
  open: openNatTable,
};

function openNatTable(context: Context): Reader<readonly string[]> {
  const cell = cellReader(context.header, COLUMNS);
  const zone = zoneOf(context);
  const realmOf = realmNames(context);

  const read = (cells: readonly string[]): Outcome => {
    const from = timeOf(cell(cells, 'begin'), zone, context.now);
    if (from === null) return problem('bad_time', 'begin{} is no time; correct the cell', cell(cells, 'begin'));
    const end = cell(cells, 'end');
    const ended = end === '' ? null : timeOf(end, zone, context.now);
    if (end !== '' && ended === null)
      return problem('bad_time', 'end{} is no time; leave it empty while allocated', end);
    if (ended !== null && ended < from)
      return problem('end_before_start', 'the mapping ends before it begins; correct one of the times');
    const outside = canonicalAddress(cell(cells, 'outside'));
    if (outside === null)
      return problem('bad_address', 'outside{} is no IP address; correct the cell', cell(cells, 'outside'));
    const insideText = cell(cells, 'inside');
    const inside = insideText === '' ? null : canonicalAddress(insideText);
    if (insideText !== '' && inside === null)
      return problem('bad_address', 'inside{} is no IP address; correct the cell', insideText);
    const account = plain(cell(cells, 'account'));
    if (inside === null && account === null)
      return problem('no_subscriber', 'neither inside address nor subscriber: the row names nobody');
    const portText = cell(cells, 'ports') || cell(cells, 'firstPort');
    const ports = portRange(portText, cell(cells, 'ports') === '' ? cell(cells, 'lastPort') : '');
    if (ports === null)
      return problem('bad_ports', 'ports{} are no port or range; a mapping without its ports names nobody', portText);
    const protocol = protocolName(cell(cells, 'protocol'));
    if (protocol === undefined)
      return problem('bad_protocol', 'protocol{} is none this registry keeps', cell(cells, 'protocol'));
    const device = plain(cell(cells, 'device'));
    const realm = realmOf(plain(cell(cells, 'realm')) ?? device);
    return [
      addressRow(context, {
        kind: ports[0] === ports[1] ? 'nat_session' : 'nat_block',
        range: { first: outside, last: outside },
        valid: { from, to: ended === from ? from + 1_000_000 : ended },
        ports,
        protocol,
        realm: isPrivateAddress(outside) ? realm : null,
        account,
        inside: inside === null ? null : { address: inside, realm: isPrivateAddress(inside) ? realm : null },
        extra: present({ device }),
      }),
    ];
  };
  return { feed: (cells, row) => give(context, row, read(cells)), end: () => undefined };
}
