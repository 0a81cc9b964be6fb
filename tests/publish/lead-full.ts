/** An invented lead in which every field is filled with something that can be found again wherever it turns up. */
import type { Lead } from '../../src/ledger/types.ts';

const band = (mid: number) => ({ low: mid - 1111, mid, high: mid + 3333 });

type MarkerName =
  | 'project'
  | 'enterprise'
  | 'address'
  | 'ip'
  | 'pool'
  | 'wallet'
  | 'worker'
  | 'hashrate'
  | 'energy'
  | 'power_account'
  | 'person'
  | 'evidence'
  | 'detection'
  | 'surcharge'
  | 'involvement'
  | 'text'
  | 'never';

/** What each row of the field-set table covers: found in the full lead, and what stands for it when reduced. */
export const MARKERS: Readonly<Record<MarkerName, readonly string[]>> = {
  project: ['rectifying', 'planned', 'office'],
  enterprise: ['虚构矿业有限公司', '91640500MA76TEST0X', '虚构接入有限公司'],
  address: ['虚构路17号', '机房B座3层', '虚构备案路5号', '640502199'],
  ip: [
    '198.51.100.77',
    '2001:db8:7:8::99',
    '45871',
    'bng-zw-marker',
    '02:14:07',
    '2026-11-03T',
    '198.51.100.0/24 range',
  ],
  pool: ['pool.marker.invalid', '13333', 'MarkerPool', 'markeragent/9', 'marker-account', 'stratum-marker'],
  wallet: ['bc1qmarkerwallet'],
  worker: ['rig-marker-07'],
  hashrate: ['sha256d-marker', '987123321', 'MARKCOIN', '"asic"'],
  energy: ['45678', '76543', '1.2345', 'metered by marker', 'hardware-marker'],
  power_account: ['0064000012345678'],
  person: ['张三标记', '13900001111', '64050219990101', 'acct:person-marker'],
  evidence: ['e1'.repeat(32)],
  detection: ['d1'.repeat(32), 'sensor-marker', 'signature-marker'],
  surcharge: ['2026-09-17', '91234.56', '0.3123'],
  involvement: ['"involvement":"passive"'],
  /** Words of the ledger that go to nobody but where everything goes. */
  text: ['secret-rule', 'secret-remark', 'secret-gap'],
  never: ['note-marker', 'actor-marker', 'reason-marker', 'unit-row-marker'],
};

const TIME = '2026-11-03T02:14:07.123456Z';

/** A unit with everything; `person` adds a natural person among its parties and in texts. */
export function fullLead(person = false): Lead {
  const grades = { subscriber: 90, enterprise: 85, address: 80 };
  const unit = {
    key: 'uscc:91640500MA76TEST0X',
    role: 'line_subscriber',
    name: '虚构矿业有限公司',
    uscc: '91640500MA76TEST0X',
    person: false,
    grades,
    because: 'static line',
  };
  const words = person ? 'secret-remark 张三标记 198.51.100.77' : 'secret-remark 虚构矿业有限公司 198.51.100.77';
  return {
    type: 'lead',
    version: 1,
    id: 'L00112233445566778899aabb',
    number: 'L-640502-2026-000123',
    key: { kind: 'subject_site', subject: 'uscc:91640500MA76TEST0X', site: '640502 虚构路17号' },
    status: 'rectifying',
    status_since: TIME,
    category: 'planned',
    involvement: 'passive',
    site_type: 'office',
    flags: [
      { flag: 'bitcoin', rule: 'secret-rule MARKCOIN' },
      { flag: 'industrial', rule: 'secret-rule site power 45678 kW' },
      { flag: 'key', rule: 'secret-rule person: 张三标记'.slice(0, person ? 99 : 16) },
      { flag: 'residential_tariff', rule: 'secret-rule 0064000012345678' },
      { flag: 'state_owned', rule: 'secret-rule 虚构矿业有限公司' },
    ],
    activity: 'mining',
    confidence: 'confirmed',
    first_seen: TIME,
    last_seen: '2026-11-09T11:40:55.654321Z',
    region: '640502199',
    subject: unit,
    parties: [
      unit,
      { ...unit, key: 'acct:unit-row-marker', role: 'access_provider', name: '虚构接入有限公司', uscc: null },
      ...(person
        ? [
            {
              ...unit,
              key: 'acct:person-marker',
              role: 'beneficiary',
              name: null,
              uscc: null,
              person: true,
              because: 'of 张三标记',
            },
          ]
        : []),
    ],
    places: [
      { kind: 'install', region: '640502199', text: '虚构路17号', detail: '机房B座3层' },
      { kind: 'filing', region: '640502', text: '虚构备案路5号', detail: null },
    ],
    missing: [{ code: 'need_source_port', text: 'secret-gap 198.51.100.77' }],
    contradictions: [{ code: 'subjects_differ', text: words }],
    addresses: [
      {
        ip: '198.51.100.77',
        realm: 'bng-zw-marker',
        nat: 'outside',
        first_seen: TIME,
        last_seen: '2026-11-09T11:40:55.654321Z',
        ports: [45871],
      },
      { ip: '2001:db8:7:8::99', realm: null, nat: 'none', first_seen: TIME, last_seen: TIME, ports: [] },
    ],
    pools: [{ endpoint: 'pool.marker.invalid:13333', name: 'MarkerPool', ip: '203.0.113.200' }],
    coins: ['MARKCOIN'],
    accounts: [
      {
        login: 'bc1qmarkerwallet.rig-marker-07',
        account: 'bc1qmarkerwallet',
        workers: ['rig-marker-07'],
        wallet: { coin: 'MARKCOIN', address: 'bc1qmarkerwallet', valid: true },
      },
      { login: 'marker-account.rig-marker-07', account: 'marker-account', workers: ['rig-marker-07'], wallet: null },
    ],
    agents: ['markeragent/9'],
    hardware_class: 'asic',
    hashrates: [{ algorithm: 'sha256d-marker', unit: 'H/s', ...band(987_123_321) }],
    energy: {
      method: 'metered',
      itKw: band(45_678),
      siteKw: band(45_678),
      kwhPerMonth: band(76_543),
      assessedKwhPerMonth: band(176_543),
      pue: { low: 1.2345, mid: 1.2345, high: 1.2345 },
      utilisation: { low: 0.9, mid: 0.9, high: 0.9 },
      meteredRatio: 1.2345,
      surcharge: {
        rate: '0.3123',
        region: '640502199',
        isDefault: false,
        document: null,
        status: 'in_force',
        yuanPerMonth: { low: '91234.56', mid: '91234.56', high: '91234.56' },
        yuanToDate: { low: '91234.56', mid: '91234.56', high: '91234.56' },
        from: '2026-09-17',
        to: '2026-11-09',
        notes: [],
      },
      parts: [{ what: 'sha256d-marker metered by marker', kw: band(45_678), source: 'hardware-marker' }],
      notes: [{ code: 'flat_load', text: 'metered by marker' }],
      tables: [{ name: 'hardware-marker', version: '1' }],
    },
    power_accounts: ['0064000012345678'],
    department: 'ndrc',
    deadline: '2026-12-01',
    reports: [{ source: 'national', reference: '198.51.100.77:45871', received: TIME }],
    detections: [
      {
        id: 'd1'.repeat(32),
        sensor: 'sensor-marker',
        day: '2026-11-03',
        first_seen: TIME,
        last_seen: TIME,
        activity: 'mining',
        confidence: 'confirmed',
        ip: '198.51.100.77',
        realm: 'bng-zw-marker',
        nat: 'outside',
        ports: [45871],
        pool: 'pool.marker.invalid:13333',
        pool_ip: '203.0.113.200',
        pool_port: 3333,
        transport: 'tcp',
        dialect: 'stratum-marker',
        coins: ['MARKCOIN'],
        algorithm: 'sha256d-marker',
        hashrate: { ...band(987_123_321), unit: 'H/s' },
        shares: { submitted: 214, accepted: 213, rejected: 1 },
        flows: 3,
        signatures: [{ id: 'signature-marker', version: 3 }],
        shared: false,
      },
    ],
    links: [
      { lead: 'Lffeeddccbbaa998877665544', kind: 'wallet', value: 'bc1qmarkerwallet' },
      { lead: 'Lffeeddccbbaa998877665544', kind: 'account', value: 'marker-account' },
      { lead: 'Lffeeddccbbaa998877665544', kind: 'worker', value: 'rig-marker-07' },
      { lead: 'Lffeeddccbbaa998877665544', kind: 'pool', value: 'pool.marker.invalid:13333' },
      { lead: 'Lffeeddccbbaa998877665544', kind: 'range', value: '198.51.100.0/24 range' },
      { lead: 'Lffeeddccbbaa998877665544', kind: 'person', value: person ? '张三标记' : 'secret-rule' },
    ],
    observed: { seconds: 90_001, until: TIME, quiet_seconds: 7 },
    aliases: ['L0987123321abcdef01234567'],
    history: [
      {
        seq: 1,
        time: TIME,
        actor: 'actor-marker',
        action: 'lead.note',
        detail: { note: 'note-marker 张三标记 13900001111' },
      },
      {
        seq: 2,
        time: TIME,
        actor: 'actor-marker',
        action: 'lead.status',
        detail: {
          status: 'rectifying',
          previous: 'true',
          reason: 'reason-marker 虚构矿业有限公司',
          ip: '198.51.100.77',
        },
      },
      {
        seq: 3,
        time: TIME,
        actor: 'actor-marker',
        action: 'lead.power_account',
        detail: { account: '0064000012345678' },
      },
    ],
  };
}

/** Sealed fields of the person in `fullLead(true)`. */
export const SEALED = { 'acct:person-marker': { name: '张三标记', phone: '13900001111', number: '64050219990101' } };
