/** Parameters of deterministic NAT (RFC 7422) as a table of our own: one row per pool and time. */
import { natRuleProblem, portsPerUser } from '../nat-rule.ts';
import type { NatRule } from '../types.ts';
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
  present,
  problem,
  realmNames,
} from './session-fields.ts';
import { timeOf, zoneOf } from './session-time.ts';

const COLUMNS: Columns = {
  outsideFirst: ['outside_first', 'external_first', '外网起始IP', '公网起始IP'],
  outsideLast: ['outside_last', 'external_last', '外网终止IP', '公网终止IP'],
  insideFirst: ['inside_first', 'internal_first', '内网起始IP', '私网起始IP'],
  insideLast: ['inside_last', 'internal_last', '内网终止IP', '私网终止IP'],
  firstPort: ['first_port', '起始端口'],
  portsPerUser: ['ports_per_user', 'block_size', '每用户端口数', '端口块大小'],
  ratio: ['ratio', 'compression_ratio', '复用比'],
  dynamic: ['dynamic', 'dynamic_ratio', '动态预留'],
  order: ['order', '分配顺序'],
  from: ['valid_from', '生效时间'],
  to: ['valid_to', '失效时间'],
  realm: ['realm', 'nas', 'vrf', '域'],
  device: ['device', 'NAT设备标识', '设备'],
};
const NEEDED = ['outsideFirst', 'outsideLast', 'insideFirst', 'insideLast', 'ratio', 'from'];

const ORDERS: Readonly<Record<string, NatRule['order']>> = {
  '': 'sequential',
  sequential: 'sequential',
  顺序: 'sequential',
  'round-robin': 'round_robin',
  round_robin: 'round_robin',
  轮询: 'round_robin',
};

/** Deterministic NAT parameters; rows whose arithmetic cannot be are faults. */
export const natRuleLayout: TableLayout = {
  id: 'nat-rule',
  title: 'deterministic NAT parameters (RFC 7422)',
  input: 'table',
  detect: (head) => detectTable(head, COLUMNS, NEEDED),
  open: openNatRule,
};

function openNatRule(context: Context): Reader<readonly string[]> {
  const cell = cellReader(context.header, COLUMNS);
  const zone = zoneOf(context);
  const realmOf = realmNames(context);
  const numberOf = (text: string, fallback: number | null): number | null =>
    text === '' ? fallback : /^\d{1,6}$/.test(text) ? Number(text) : null;

  const read = (cells: readonly string[]): Outcome => {
    const addresses: string[] = [];
    for (const field of ['outsideFirst', 'outsideLast', 'insideFirst', 'insideLast']) {
      const text = cell(cells, field);
      const address = canonicalAddress(text);
      if (address === null) return problem('bad_address', `${field} is no IP address{}; correct the cell`, text);
      addresses.push(address);
    }
    const [first = '', last = '', insideFirst = '', insideLast = ''] = addresses;
    const from = timeOf(cell(cells, 'from'), zone, context.now);
    const toText = cell(cells, 'to');
    const to = toText === '' ? null : timeOf(toText, zone, context.now);
    if (from === null) return problem('bad_time', 'valid_from is no time{}; parameters need one', cell(cells, 'from'));
    if (toText !== '' && to === null)
      return problem('bad_time', 'valid_to is no time{}; leave it empty or correct it', toText);
    if (to !== null && to <= from)
      return problem('end_before_start', 'valid_to is not after valid_from; correct one of them');
    const order = ORDERS[cell(cells, 'order').toLowerCase()];
    if (order === undefined) {
      return problem(
        'bad_order',
        'order{} is neither sequential nor round_robin; correct the cell',
        cell(cells, 'order'),
      );
    }
    const firstPort = numberOf(cell(cells, 'firstPort'), 1024);
    const ratio = numberOf(cell(cells, 'ratio'), null);
    const dynamic = numberOf(cell(cells, 'dynamic'), 0);
    if (firstPort === null || ratio === null || ratio === 0 || dynamic === null) {
      return problem('bad_number', 'first_port, ratio or dynamic is no whole number; correct the cell');
    }
    const ports = numberOf(cell(cells, 'portsPerUser'), portsPerUser(firstPort, ratio, dynamic));
    if (ports === null) {
      return problem(
        'bad_number',
        'ports_per_user{} is no whole number; correct the cell',
        cell(cells, 'portsPerUser'),
      );
    }
    const realm = realmOf(plain(cell(cells, 'realm')));
    const natRule: NatRule = {
      insideFirst,
      insideLast,
      insideRealm: realm,
      firstPort,
      portsPerUser: ports,
      ratio,
      order,
    };
    const wrong = natRuleProblem(natRule, first, last, cell(cells, 'dynamic') === '' ? null : dynamic);
    if (wrong !== null) return problem('nat_rule_arithmetic', `${wrong}; correct the parameters`);
    return [
      addressRow(context, {
        kind: 'nat_rule',
        range: { first, last },
        valid: { from, to },
        ports: [firstPort, firstPort + ratio * ports - 1],
        realm: isPrivateAddress(first) ? realm : null,
        natRule,
        extra: present({ device: plain(cell(cells, 'device')) }),
      }),
    ];
  };
  return { feed: (cells, row) => give(context, row, read(cells)), end: () => undefined };
}
