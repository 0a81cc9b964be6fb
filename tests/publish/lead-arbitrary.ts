/** Leads for tests: one with every field filled (invented), and an arbitrary over all shapes of a lead. */
import fc from 'fast-check';
import type { Place } from '../../src/attribution/types.ts';
import type { Band, EnergyEstimate } from '../../src/estimate/types.ts';
import {
  CATEGORIES,
  FLAGS,
  INVOLVEMENTS,
  type Lead,
  type LeadAddress,
  type LeadDetection,
  type LeadKey,
  type LeadSubject,
  SITE_TYPES,
  STATUSES,
} from '../../src/ledger/types.ts';

/** An invented lead without anything in it. */
export const EMPTY_LEAD: Lead = {
  type: 'lead',
  version: 1,
  id: 'L000000000000000000000001',
  number: null,
  key: { kind: 'address', ip: '192.0.2.1', realm: null, nat: 'none' },
  status: 'waiting',
  status_since: null,
  category: 'unknown',
  involvement: 'unknown',
  site_type: 'unknown',
  flags: [],
  activity: null,
  confidence: null,
  first_seen: null,
  last_seen: null,
  region: null,
  subject: null,
  parties: [],
  places: [],
  missing: [],
  contradictions: [],
  addresses: [],
  pools: [],
  coins: [],
  accounts: [],
  agents: [],
  hardware_class: 'unknown',
  hashrates: [],
  energy: null,
  power_accounts: [],
  department: null,
  deadline: null,
  reports: [],
  detections: [],
  links: [],
  observed: { seconds: 0, until: null, quiet_seconds: 0 },
  aliases: [],
};

/** Text as strangers may send it: formulas, markup, controls, Chinese, lone surrogates. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    "=cmd|'/c calc'!A1",
    '+1+1',
    '-2+3',
    '@SUM(A1)',
    '\t=1',
    '\r\n=1',
    "'=1",
    '＝1',
    '<script>alert(1)</script>',
    '"quoted", and\r\nbroken',
    '\u202eevil\u0000\u001b[31m',
    '\ud800',
    '自然人甲（虚构）',
    '𠮷野家',
    '_x000D_',
    '',
  ),
);

const nullable = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const few = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(arbitrary, { maxLength: 3 });

export const isoTimes: fc.Arbitrary<string> = fc
  .integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) })
  .map((at) => `${new Date(at).toISOString().slice(0, -1)}000Z`);
const days = isoTimes.map((time) => time.slice(0, 10));
const ports = few(fc.integer({ min: 1, max: 65_535 }));
/** Documentation and private addresses alone. */
export const addresses: fc.Arbitrary<string> = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((last) => `192.0.2.${last}`),
  fc.integer({ min: 0, max: 255 }).map((last) => `198.51.100.${last}`),
  fc.integer({ min: 0, max: 65_535 }).map((last) => `10.0.${last >> 8}.${last & 255}`),
  fc.integer({ min: 1, max: 0xffff }).map((last) => `2001:db8::${last.toString(16)}`),
);
const regions = fc.constantFrom('640502', '640500', '440305', '110101');
const nats = fc.constantFrom('inside', 'outside', 'none');
const hex = (length: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length }).map((all) => all.join(''));
const figures: fc.Arbitrary<number> = fc.double({ min: 0, max: 1e21, noNaN: true, noDefaultInfinity: true });

export const bands: fc.Arbitrary<Band> = fc.tuple(figures, figures, figures).map((all) => {
  const [low = 0, mid = 0, high = 0] = all.map((value) => value + 0).sort((a, b) => a - b);
  return { low, mid, high };
});

const subjects: fc.Arbitrary<LeadSubject> = fc.record({
  key: fc.oneof(hostileText, fc.constantFrom('uscc:91640500MA76TEST0X', 'acct:k7730011', 'name:虚构矿业')),
  role: fc.constantFrom('line_subscriber', 'site_operator', 'power_account_holder'),
  name: nullable(hostileText),
  uscc: nullable(fc.constant('91640500MA76TEST0X')),
  person: fc.boolean(),
  grades: fc.record({
    subscriber: fc.integer({ min: 0, max: 100 }),
    enterprise: fc.integer({ min: 0, max: 100 }),
    address: fc.integer({ min: 0, max: 100 }),
  }),
  because: hostileText,
});

const places: fc.Arbitrary<Place> = fc.record({
  kind: fc.constantFrom('registered', 'filing', 'install', 'power', 'gateway', 'site'),
  region: nullable(regions),
  text: nullable(hostileText),
  detail: nullable(hostileText),
});

const keys: fc.Arbitrary<LeadKey> = fc.oneof(
  fc.record({ kind: fc.constant('subject_site' as const), subject: hostileText, site: hostileText }),
  fc.record({ kind: fc.constant('address' as const), ip: addresses, realm: nullable(hostileText), nat: nats }),
  fc.record({ kind: fc.constant('report' as const), source: hostileText, reference: hostileText }),
);

const leadAddresses: fc.Arbitrary<LeadAddress> = fc.record({
  ip: addresses,
  realm: nullable(hostileText),
  nat: nats,
  first_seen: isoTimes,
  last_seen: isoTimes,
  ports,
});

const counts = fc.integer({ min: 0, max: 1e9 });
const activities = fc.constantFrom('mining' as const, 'attempt' as const, 'probe' as const, 'proxy' as const);
const confidences = fc.constantFrom('confirmed' as const, 'probable' as const, 'suspected' as const);

const detections: fc.Arbitrary<LeadDetection> = fc
  .record({
    id: hex(64),
    sensor: hostileText,
    day: days,
    first_seen: isoTimes,
    last_seen: isoTimes,
    activity: activities,
    confidence: confidences,
    ip: addresses,
    realm: nullable(hostileText),
    nat: nats,
    ports,
    conversations: few(
      fc.record({ port: fc.integer({ min: 1, max: 65_535 }), first_seen: isoTimes, last_seen: isoTimes }),
    ),
    pool: hostileText,
    pool_ip: nullable(addresses),
    pool_port: nullable(fc.integer({ min: 1, max: 65_535 })),
    transport: fc.constantFrom('tcp', 'tls', 'ws', 'quic'),
    dialect: nullable(fc.constantFrom('stratum-v1', 'cryptonote')),
    coins: few(hostileText),
    algorithm: nullable(hostileText),
    hashrate: nullable(bands.map((band) => ({ ...band, unit: 'H/s' }))),
    shares: fc.record({ submitted: counts, accepted: counts, rejected: counts }),
    flows: counts,
    signatures: few(fc.record({ id: fc.constantFrom('stratum-v1.submit', 'tls.pool-name'), version: counts })),
    shared: fc.boolean(),
  })
  // Mostly of its own ports, as the ledger gives them.
  .map((each) => ({
    ...each,
    conversations: each.conversations.map((talk, at) => ({ ...talk, port: each.ports[at] ?? talk.port })),
  }));

const money = fc.constantFrom('0.00', '1234.50').map((value) => ({ low: value, mid: value, high: value }));
const energies: fc.Arbitrary<EnergyEstimate> = fc.record({
  method: fc.constantFrom('metered', 'inventory', 'shares', 'connections', 'addresses'),
  itKw: bands,
  siteKw: bands,
  kwhPerMonth: bands,
  assessedKwhPerMonth: bands,
  pue: bands,
  utilisation: bands,
  meteredRatio: nullable(figures),
  surcharge: nullable(
    fc.record({
      rate: fc.constant('0.3000'),
      region: regions,
      isDefault: fc.boolean(),
      document: nullable(hostileText),
      status: fc.constant('in_force'),
      yuanPerMonth: money,
      yuanToDate: money,
      from: days,
      to: days,
      notes: few(hostileText),
    }),
  ),
  parts: few(fc.record({ what: hostileText, kw: bands, source: hostileText })),
  notes: few(fc.record({ code: fc.constant('flat_load'), text: hostileText })),
  tables: few(fc.record({ name: fc.constant('hardware'), version: fc.constant('2026.11') })),
});

const remarks = few(
  fc.record({ code: fc.constantFrom('need_source_port', 'subjects_differ', 'unheard_of'), text: hostileText }),
);

/** Any lead: `number` always given, as at a hand-over. */
export const leads: fc.Arbitrary<Lead> = fc.record({
  type: fc.constant('lead' as const),
  version: fc.constant(1 as const),
  id: hex(24).map((digits) => `L${digits}`),
  number: fc.integer({ min: 1, max: 999_999 }).map((serial) => `L-640502-2026-${String(serial).padStart(6, '0')}`),
  key: keys,
  status: fc.constantFrom(...STATUSES),
  status_since: nullable(isoTimes),
  category: fc.constantFrom(...CATEGORIES),
  involvement: fc.constantFrom(...INVOLVEMENTS),
  site_type: fc.constantFrom(...SITE_TYPES),
  flags: few(fc.record({ flag: fc.constantFrom(...FLAGS), rule: hostileText })),
  activity: nullable(activities),
  confidence: nullable(confidences),
  first_seen: nullable(isoTimes),
  last_seen: nullable(isoTimes),
  region: nullable(regions),
  subject: nullable(subjects),
  parties: few(subjects),
  places: few(places),
  missing: remarks,
  contradictions: remarks,
  addresses: few(leadAddresses),
  pools: few(fc.record({ endpoint: hostileText, name: nullable(hostileText), ip: nullable(addresses) })),
  coins: few(hostileText),
  accounts: few(
    fc.record({
      login: hostileText,
      account: hostileText,
      workers: few(hostileText),
      wallet: nullable(fc.record({ coin: fc.constant('BTC'), address: hostileText, valid: nullable(fc.boolean()) })),
    }),
  ),
  agents: few(hostileText),
  hardware_class: fc.constantFrom('asic', 'gpu', 'cpu', 'unknown'),
  hashrates: few(bands.map((band) => ({ algorithm: 'sha256d', unit: 'H/s', ...band }))),
  energy: nullable(energies),
  power_accounts: few(fc.constantFrom('0012345678', '6400123456789')),
  department: nullable(fc.oneof(hostileText, fc.constant('ndrc'))),
  deadline: nullable(days),
  reports: few(fc.record({ source: hostileText, reference: hostileText, received: isoTimes, count: nullable(counts) })),
  detections: few(detections),
  links: few(
    fc.record({
      lead: hex(24).map((digits) => `L${digits}`),
      kind: fc.constantFrom('wallet', 'account', 'worker', 'pool', 'range', 'restart_of', 'merged_from', 'person'),
      value: hostileText,
    }),
  ),
  observed: fc.record({ seconds: counts, until: nullable(isoTimes), quiet_seconds: counts }),
  aliases: few(hex(24).map((digits) => `L${digits}`)),
});
