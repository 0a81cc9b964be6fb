/** What a lead shows of its traffic: addresses with their ports, and detections. */
import { canonicalJson } from '../common/canonical-json.ts';
import { byText } from './combine.ts';
import type { ReportRecord } from './decisions.ts';
import { endpointOf, type Item } from './node-facts.ts';
import { isoTime } from './times.ts';
import type { LeadAddress, LeadConversation, LeadDetection } from './types.ts';

/** Addresses of the traffic and of reports, with times and ports; sorted. */
export function addressesOf(items: readonly Item[], reports: readonly ReportRecord[]): LeadAddress[] {
  const found = new Map<
    string,
    { ip: string; realm: string | null; nat: string; times: string[]; ports: Set<number> }
  >();
  const at = (ip: string, realm: string | null, nat: string) => {
    const key = canonicalJson([ip, realm, nat]);
    const address = found.get(key) ?? { ip, realm, nat, times: [], ports: new Set<number>() };
    found.set(key, address);
    return address;
  };
  for (const item of items) {
    const { row } = item;
    const address = at(row.miner.ip, row.vantage.realm, row.vantage.nat);
    address.times.push(row.first_seen, row.last_seen);
    for (const port of portsOf(item)) address.ports.add(port);
  }
  const seen = new Set(items.map(({ row }) => row.miner.ip));
  for (const { ip, port, from, to } of reports) {
    if (ip === null || seen.has(ip)) continue;
    const address = at(ip, null, 'none');
    for (const time of [from, to]) if (time !== null) address.times.push(isoTime(time));
    if (port !== null) address.ports.add(port);
  }
  return [...found]
    .sort(([a], [b]) => byText(a, b))
    .map(([, { ip, realm, nat, times, ports }]) => {
      times.sort(byText);
      return {
        ip,
        realm,
        nat,
        first_seen: times[0] ?? '1970-01-01T00:00:00.000000Z',
        last_seen: times.at(-1) ?? '1970-01-01T00:00:00.000000Z',
        ports: [...ports].sort((a, b) => a - b),
      };
    });
}

function portsOf({ row, placement }: Item): number[] {
  const ports = placement.ports ?? row.conversations.map(({ miner_port }) => miner_port);
  return [...new Set(ports)].sort((a, b) => a - b);
}

const NO_SHARES = { submitted: 0, accepted: 0, rejected: 0 };

/** A detection as its lead shows it: only what belongs to the lead. */
export function leadDetection(item: Item): LeadDetection {
  const { row, placement } = item;
  const { low, mid, high, unit } = row.hashrate ?? { low: 0, mid: 0, high: 0, unit: '' };
  const ports = portsOf(item);
  const signatures = row.indications.map(({ signature, version }) => ({ id: signature, version }));
  const unique = new Map(signatures.map((each) => [`${each.id}@${each.version}`, each]));
  return {
    id: row.id,
    sensor: row.sensor,
    day: row.first_seen.slice(0, 10),
    first_seen: row.first_seen,
    last_seen: row.last_seen,
    activity: row.activity,
    confidence: row.confidence,
    ip: row.miner.ip,
    realm: row.vantage.realm,
    nat: row.vantage.nat,
    ports,
    conversations: conversationsOf(item),
    pool: endpointOf(row),
    pool_ip: row.pool.ip,
    pool_port: row.pool.port,
    transport: row.transport,
    dialect: row.dialect,
    coins: row.coins,
    algorithm: row.algorithm,
    hashrate: row.hashrate === null || placement.shared ? null : { low, mid, high, unit },
    shares: placement.shared ? NO_SHARES : row.shares,
    flows: row.flows,
    signatures: [...unique].sort(([a], [b]) => byText(a, b)).map(([, each]) => each),
    shared: placement.shared,
  };
}

function conversationsOf({ row }: Item): LeadConversation[] {
  return row.conversations
    .map(({ miner_port: port, first_seen, last_seen }) => ({ port, first_seen, last_seen }))
    .sort((a, b) => byText(a.first_seen, b.first_seen) || a.port - b.port || byText(a.last_seen, b.last_seen));
}
