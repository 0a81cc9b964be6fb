/** One lead as STIX objects: the site, whom and where it belongs to, what was seen of it, and the pools it worked for. */
import { PLACE_TERMS } from '../common/terms.ts';
import type { LeadDetection } from '../ledger/types.ts';
import { LEAD_EXTENSION, leadExtension } from './stix-extension.ts';
import { objectId } from './stix-id.ts';
import { CONTENT_TIME, type StixObjects } from './stix-object.ts';
import {
  type AsnLookup,
  addAddress,
  addEndpoints,
  addTraffic,
  addWallet,
  type Endpoint,
  splitEndpoint,
} from './stix-observable.ts';
import { addParties, addPlaces, type PlaceNames, percent } from './stix-place.ts';
import {
  addressOf,
  compactObject,
  earliest,
  instant,
  latest,
  list,
  millis,
  plain,
  plainList,
  type Reduced,
  type ReducedLead,
  whole,
} from './stix-value.ts';

export interface LeadTables {
  readonly wallets: boolean;
  readonly asn?: AsnLookup | undefined;
  readonly placeNames?: PlaceNames | undefined;
  /** What the leads were reduced with: two reductions of a lead are two objects, not two versions of one. */
  readonly variant: string;
}

/** What several leads say of one pool endpoint or wallet; written when all leads were read. */
export interface Shared {
  readonly endpoints: Map<string, { readonly end: Endpoint; first: string; last: string }>;
  readonly coins: Map<string, Set<string>>;
}

interface Times {
  readonly created: string;
  readonly modified: string;
}

/** Detections on the scale of STIX: High from 70, Med from 30, Low from 1. */
const CONFIDENCE: Readonly<Record<string, number>> = { confirmed: 95, probable: 70, suspected: 25 };

/** When the lead began and when it last changed: traffic, status, history and reports, whatever of them is there. */
export function leadTimes(lead: ReducedLead): Times & { readonly first?: string; readonly last?: string } {
  const detections = list(lead.detections);
  const addresses = list(lead.addresses);
  const seen = [lead, ...detections, ...addresses];
  const first = earliest(seen.map(({ first_seen }) => instant(first_seen, 'first')));
  const last = latest(seen.map(({ last_seen }) => instant(last_seen, 'last')));
  const received = list(lead.reports).map((report) => instant(report.received, 'first'));
  const history = list(lead.history).map(({ time }) => instant(time, 'first'));
  const created = first ?? earliest([...received, ...history, instant(lead.status_since, 'first')]) ?? CONTENT_TIME;
  const changed = latest([created, last, instant(lead.status_since, 'first'), ...received, ...history]) as string;
  const ordered = last !== undefined && first !== undefined && last < first ? undefined : last;
  return compactObject({ created: millis(created), modified: millis(changed), first, last: ordered }) as Times;
}

/** What a lead is known by; one that lost both id and number is known by what is left of it. */
function leadKey(lead: ReducedLead): unknown {
  const id = plain(lead.id, 128) ?? plain(lead.number, 128);
  return id ?? { content: leadExtension(lead), first: lead.first_seen ?? null };
}

/** Adds the objects of one lead. Pools and wallets go to `shared`, because other leads may know them too. */
export function addLead(objects: StixObjects, lead: ReducedLead, shared: Shared, tables: LeadTables): void {
  const times = leadTimes(lead);
  const known = { lead: leadKey(lead), variant: tables.variant, producer: objects.producer };
  const site = objectId('infrastructure', known);
  const confidence = CONFIDENCE[lead.confidence ?? ''];
  const relate = (type: string, target: string, more: object = {}): void => {
    const id = objectId('relationship', { ...known, type, source: site, target });
    const ends = { relationship_type: type, source_ref: site, target_ref: target };
    objects.object('relationship', id, times, { ...ends, ...more });
  };
  const parties = addParties(objects, lead);
  objects.object(
    'infrastructure',
    site,
    times,
    compactObject({
      name: `Cryptocurrency mining, lead ${plain(lead.number, 128) ?? plain(lead.id, 128) ?? 'without number'}`,
      infrastructure_types: ['unknown'],
      first_seen: times.first,
      last_seen: times.last,
      confidence,
      labels: plainList(list(lead.flags).map(({ flag }) => flag)),
      extensions: { [LEAD_EXTENSION]: leadExtension(lead) },
    }),
  );
  for (const { ref, roles, confidence: grade } of parties) {
    relate('related-to', ref, compactObject({ description: roles.join(', ') || undefined, confidence: grade }));
  }
  for (const { ref, kinds } of addPlaces(objects, lead, tables.placeNames)) {
    const description = kinds.map((kind) => PLACE_TERMS[kind]?.en ?? kind).join(', ') || undefined;
    relate('located-at', ref, compactObject({ description, confidence: percent(lead.subject?.grades?.address) }));
  }
  for (const { ip } of list(lead.addresses)) {
    const address = addressOf(ip);
    if (address !== undefined) relate('consists-of', addAddress(objects, address, tables.asn));
  }
  addPools(objects, lead, relate, shared, tables, times);
  addSightings(objects, lead, { known, times, shared, tables, relate });
  if (tables.wallets) addWallets(objects, lead, relate, shared);
}

type Relate = (type: string, target: string, more?: object) => void;

function addPools(
  objects: StixObjects,
  lead: ReducedLead,
  relate: Relate,
  shared: Shared,
  tables: LeadTables,
  times: { readonly first?: string; readonly last?: string } & Times,
): void {
  for (const pool of list(lead.pools)) {
    const { host, port } = splitEndpoint(pool.endpoint ?? '');
    for (const end of addEndpoints(objects, { host, ip: addressOf(pool.ip), port }, tables.asn)) {
      relate('communicates-with', end.ref);
      note(shared, end, times.first ?? times.created, times.last ?? times.modified);
    }
  }
}

/** Remembers an endpoint; an indicator needs its port, since an address alone says nothing. */
function note({ endpoints }: Shared, end: Endpoint, first: string, last: string): void {
  if (end.port === undefined) return;
  const key = `${end.ref} ${end.port}`;
  const entry = endpoints.get(key);
  if (entry === undefined) endpoints.set(key, { end, first, last });
  else {
    if (first < entry.first) entry.first = first;
    if (last > entry.last) entry.last = last;
  }
}

interface Context {
  readonly known: object;
  readonly times: Times & { readonly first?: string; readonly last?: string };
  readonly shared: Shared;
  readonly tables: LeadTables;
  readonly relate: Relate;
}

interface Seen {
  readonly end: Endpoint;
  count: number;
  first: string;
  last: string;
  readonly observed: string[];
}

/** Observed data of each detection, and one sighting of each pool endpoint with the observed data that shows it. */
function addSightings(objects: StixObjects, lead: ReducedLead, context: Context): void {
  const { shared, tables, times, known, relate } = context;
  const sightings = new Map<string, Seen>();
  for (const detection of list(lead.detections)) {
    const source = addressOf(detection.ip);
    const address = addressOf(detection.pool_ip);
    const { host, port } = splitEndpoint(detection.pool ?? '');
    const dstPort = whole(detection.pool_port, 0, 65_535) ?? port;
    const ends = addEndpoints(objects, { host, ip: address, port: dstPort }, tables.asn);
    const src = source === undefined ? undefined : addAddress(objects, source, tables.asn);
    // The address is what the traffic went to; a name only where no address is known.
    const dst = ends.at(-1)?.ref;
    const family = source?.family ?? address?.family;
    const traffic = addTraffic(objects, detection, { src, dst, family, dstPort });
    if (traffic === undefined) continue;
    for (const { ref } of ends) relate('communicates-with', ref);
    const first = instant(detection.first_seen, 'first') ?? times.first ?? times.created;
    const last = latest([first, instant(detection.last_seen, 'last') ?? times.last]) as string;
    const count = countOf(detection);
    const refs = [...new Set([traffic, src, ...ends.map(({ ref }) => ref)])].filter((ref) => ref !== undefined).sort();
    const observed = objects.object(
      'observed-data',
      objectId('observed-data', { ...known, detection: plain(detection.id, 256) ?? null, traffic }),
      times,
      compactObject({
        first_observed: first,
        last_observed: last,
        number_observed: count,
        object_refs: refs,
        confidence: CONFIDENCE[detection.confidence ?? ''],
      }),
    );
    for (const end of ends) {
      if (end.port === undefined) continue;
      note(shared, end, first, last);
      const key = `${end.ref} ${end.port}`;
      const seen = sightings.get(key) ?? { end, count: 0, first, last, observed: [] };
      sightings.set(key, seen);
      seen.observed.push(observed);
      seen.count += count;
      if (first < seen.first) seen.first = first;
      if (last > seen.last) seen.last = last;
    }
  }
  for (const { end, count, first, last, observed } of sightings.values()) {
    const indicator = indicatorId(objects, end);
    objects.object('sighting', objectId('sighting', { ...known, indicator }), times, {
      first_seen: first,
      last_seen: last,
      count: Math.min(count, 999_999_999),
      sighting_of_ref: indicator,
      observed_data_refs: [...new Set(observed)].sort(),
      where_sighted_refs: [objects.producer],
    });
  }
}

/** Conversations; those of a detection shared by several subscribers are claimed for none. */
function countOf(detection: Reduced<LeadDetection>): number {
  return detection.shared === true ? 1 : (whole(detection.flows, 1, 999_999_999) ?? 1);
}

function addWallets(objects: StixObjects, lead: ReducedLead, relate: Relate, shared: Shared): void {
  for (const { wallet } of list(lead.accounts)) {
    const address = wallet?.valid === false ? undefined : plain(wallet?.address, 256);
    if (address === undefined) continue;
    const coins = shared.coins.get(address) ?? new Set<string>();
    shared.coins.set(address, coins);
    const coin = plain(wallet?.coin, 32);
    if (coin !== undefined) coins.add(coin);
    relate('related-to', addWallet(objects, { address, coins: [...coins] }));
  }
}

function indicatorId(objects: StixObjects, end: Endpoint): string {
  return objectId('indicator', { pattern: patternOf(end), producer: objects.producer });
}

/** Connections to the endpoint (STIX 2.1 section 9, patterning). */
export function patternOf({ type, value, port }: Endpoint): string {
  const literal = value.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  const end = `network-traffic:dst_ref.type = '${type}' AND network-traffic:dst_ref.value = '${literal}'`;
  return `[${end} AND network-traffic:dst_port = ${port}]`;
}

/** One indicator for each pool endpoint met, with the first and the last time over all leads of the bundle. */
export function addIndicators(objects: StixObjects, { endpoints }: Shared): void {
  for (const { end, first, last } of endpoints.values()) {
    const times = { created: CONTENT_TIME, modified: latest([CONTENT_TIME, millis(last)]) as string };
    objects.object('indicator', indicatorId(objects, end), times, {
      name: `Mining pool endpoint ${end.type === 'ipv6-addr' ? `[${end.value}]` : end.value}:${end.port}`,
      indicator_types: ['anomalous-activity'],
      pattern: patternOf(end),
      pattern_type: 'stix',
      pattern_version: '2.1',
      valid_from: first,
    });
  }
}
