/** Leads for dossiers; every person, firm and address is invented. */

import type { Lead, LeadSubject } from '../../src/ledger/types.ts';
import type { DossierOptions, EvidenceListRow } from '../../src/publish/dossier.ts';
import { sampleDetection } from '../cli/sample.ts';

const FIRM: LeadSubject = {
  key: 'uscc:91640500MA00000000',
  role: 'line_subscriber',
  name: '中卫示例云算科技有限公司（虚构）',
  uscc: '91640500MA00000000',
  person: false,
  grades: { subscriber: 95, enterprise: 92, address: 75 },
  because: 'static line in the filing and in the customer table; checked 2026-10-01',
};

export function day(number: number): string {
  return new Date(Date.UTC(2026, 9, 20 + number)).toISOString().slice(0, 10);
}

const band = (mid: number): { low: number; mid: number; high: number } => ({ low: mid * 0.8, mid, high: mid * 1.3 });

export function richLead(change: Partial<Lead> = {}): Lead {
  return {
    type: 'lead',
    version: 1,
    id: 'L0123456789abcdef01234567',
    number: 'L-640502-2026-000123',
    key: { kind: 'subject_site', subject: FIRM.key, site: 'site' },
    status: 'rectifying',
    status_since: '2026-11-10T02:00:00.000000Z',
    category: 'new',
    involvement: 'active',
    site_type: 'data_centre',
    flags: [
      { flag: 'bitcoin', rule: 'coin BTC' },
      { flag: 'industrial', rule: 'power' },
      { flag: 'data_centre', rule: 'service 7' },
    ],
    activity: 'mining',
    confidence: 'confirmed',
    first_seen: '2026-10-21T01:14:07.123456Z',
    last_seen: '2026-11-20T22:59:58.000001Z',
    region: '640502',
    subject: FIRM,
    parties: [
      FIRM,
      { ...FIRM, role: 'ip_holder', name: '示例电信宁夏分公司（虚构）', uscc: '91640000MA00000001', because: 'filing' },
      {
        ...FIRM,
        key: 'acct:k1',
        role: 'power_account_holder',
        name: null,
        uscc: null,
        person: true,
        grades: { subscriber: 45, enterprise: 0, address: 60 },
        because: 'power account at the same address',
      },
    ],
    places: [
      { kind: 'registered', region: '640502', text: '中卫市沙坡头区虚构路1号', detail: null },
      { kind: 'install', region: '640502', text: '中卫市沙坡头区西部云基地虚构大道9号', detail: '3号楼2层B07机柜' },
      { kind: 'power', region: '640502', text: '中卫市沙坡头区西部云基地虚构大道9号院', detail: null },
      { kind: 'filing', region: '640500', text: '中卫市虚构街22号', detail: null },
    ],
    missing: [{ code: 'no_meter', text: 'No meter reading for October 2026.' }],
    contradictions: [
      { code: 'filing_region', text: 'The filing names 中卫市虚构街22号, the install address is another.' },
    ],
    addresses: [0, 1, 2].map((n) => ({
      ip: `203.0.113.${20 + n}`,
      realm: null,
      nat: 'none',
      first_seen: '2026-10-21T01:14:07.123456Z',
      last_seen: '2026-11-20T22:59:58.000001Z',
      ports: [46_838, 46_840, 50_001],
    })),
    pools: [
      { endpoint: 'btc.pool.example:3333', name: 'Example Pool', ip: '198.51.100.7' },
      { endpoint: '198.51.100.9:8888', name: null, ip: '198.51.100.9' },
    ],
    coins: ['BTC'],
    accounts: [
      {
        login: 'sample.rig01',
        account: 'sample',
        workers: Array.from({ length: 30 }, (_, n) => `rig${n + 1}`),
        wallet: { coin: 'BTC', address: '1BoatSLRHtKNngkdXEeobR76b53LETtpyT', valid: true },
      },
    ],
    agents: ['cgminer/4.11.1', 'bmminer/2.0.0'],
    hardware_class: 'asic',
    hashrates: [{ algorithm: 'sha256d', unit: 'H/s', ...band(9.52e15) }],
    energy: {
      method: 'shares',
      itKw: band(285),
      siteKw: band(316),
      kwhPerMonth: band(227_520),
      assessedKwhPerMonth: band(455_040),
      pue: { low: 1.05, mid: 1.11, high: 1.2 },
      utilisation: { low: 0.9, mid: 0.95, high: 1 },
      meteredRatio: null,
      surcharge: {
        rate: '0.5000',
        region: '640000',
        isDefault: false,
        document: '示例文件〔2022〕1号（虚构）',
        status: 'in force',
        yuanPerMonth: { low: '91008.00', mid: '113760.00', high: '147888.00' },
        yuanToDate: { low: '94041.60', mid: '117552.00', high: '152817.60' },
        from: '2026-10-21',
        to: '2026-11-21',
        notes: [],
      },
      parts: [],
      notes: [{ code: 'table', text: 'Efficiency from the hardware table of 2026.' }],
      tables: [{ name: 'hardware', version: '2026-11-01' }],
      unestimated: [],
    },
    power_accounts: ['0064050200012345'],
    department: 'ndrc',
    deadline: '2026-12-08',
    reports: [],
    detections: Array.from({ length: 26 }, (_, n) => n)
      .filter((n) => n < 8 || n > 14)
      .map((n) => ({
        id: `${n}`.padStart(64, '0'),
        sensor: 'sensor-1',
        day: day(n + 1),
        first_seen: `${day(n + 1)}T01:14:07.123456Z`,
        last_seen: `${day(n + 1)}T22:59:58.000001Z`,
        activity: 'mining' as const,
        confidence: 'confirmed' as const,
        ip: '203.0.113.20',
        realm: null,
        nat: 'none',
        ports: [46_838],
        pool: 'btc.pool.example:3333',
        pool_ip: '198.51.100.7',
        pool_port: 3333,
        transport: 'tcp',
        dialect: 'stratum-v1',
        coins: ['BTC'],
        algorithm: 'sha256d',
        hashrate: null,
        shares: { submitted: 4210, accepted: 4200, rejected: 10 },
        flows: 3,
        signatures: [
          { id: 'stratum-v1.handshake', version: 3 },
          { id: 'stratum.submit', version: 2 },
        ],
        shared: false,
      })),
    links: [{ lead: 'Labcdefabcdefabcdefabcdef', kind: 'wallet', value: '1BoatSLRHtKNngkdXEeobR76b53LETtpyT' }],
    observed: { seconds: 1_900_000, until: '2026-11-21T00:00:00.000000Z', quiet_seconds: 3600 },
    aliases: [],
    ...change,
  };
}

/** What is left where nobody knows anything. */
export function poorLead(): Lead {
  return richLead({
    key: { kind: 'address', ip: '192.0.2.7', realm: null, nat: 'none' },
    number: null,
    status: 'waiting',
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
    ...{ parties: [], places: [], missing: [], contradictions: [], addresses: [], pools: [], coins: [], accounts: [] },
    ...{ agents: [], hashrates: [], power_accounts: [], detections: [], links: [], energy: null },
    ...{ hardware_class: 'unknown' as const, department: null, deadline: null },
    observed: { seconds: 0, until: null, quiet_seconds: 0 },
  });
}

export function evidenceRow(change: Partial<EvidenceListRow> = {}): EvidenceListRow {
  return {
    evidence_id: 'E-0123456789abcdef',
    category: 'packet_capture',
    format: 'pcapng',
    bytes: 48_120,
    sha256: 'a1'.repeat(32),
    sm3: 'b2'.repeat(32),
    captured_at: '2026-10-21T01:14:07.123456Z',
    clock_source: 'NTP, error below 0.1 s',
    collector: '示例探针一号（虚构）',
    tool_version: 'poolprint 1.2.3',
    rule_version: 'signatures 9c1f',
    custodian: '示例网信办（虚构）',
    ...change,
  };
}

export function dossierOptions(change: Partial<DossierOptions> = {}): DossierOptions {
  const { indications } = sampleDetection();
  return {
    history: [
      ['2026-10-21T02:00:00.000000Z', 'lead.opened', { status: 'open' }],
      ['2026-10-21T02:00:01.000000Z', 'evidence.recorded', { detection: 'a'.repeat(64), bytes: 48_120 }],
      ['2026-10-28T03:00:00.000000Z', 'lead.status', { status: 'true', from: 'open', document: '示例〔2026〕7号' }],
      ['2026-11-10T02:00:00.000000Z', 'lead.status', { status: 'rectifying', from: 'true' }],
      ['2026-11-12T02:00:00.000000Z', 'export', { recipient: 'ndrc', count: 1 }],
    ].map(([time, action, detail], at) => ({
      seq: 40 + at,
      time: time as string,
      actor: '示例值班员（虚构）',
      action: action as string,
      detail: detail as Record<string, unknown>,
    })),
    evidence: [
      evidenceRow(),
      evidenceRow({ evidence_id: 'E-fedcba9876543210', category: 'meter_reading', format: 'csv' }),
    ],
    lang: 'zh',
    generatedAt: '2026-11-22T02:00:00.000000Z',
    actor: '示例制表员（虚构）',
    producer: '示例市网信办（虚构）',
    explain: (id) =>
      id === 'stratum-v1.handshake'
        ? {
            title: { zh: 'Stratum v1 握手', en: 'Stratum v1 handshake' },
            description: {
              zh: '矿机向矿池登记并申请任务的第一条报文，只有挖矿软件会发送。',
              en: 'The first message by which a miner subscribes to a pool; only mining software sends it.',
            },
          }
        : { title: { zh: '提交份额', en: 'Share' }, description: null },
    regionName: (code) => (code === '640502' ? '宁夏回族自治区 中卫市 沙坡头区' : code),
    fieldSetNote: null,
    indications: [{ id: 'x', indications }],
    observed: [
      { from: '2026-10-21T00:00:00Z', to: '2026-10-30T12:00:00Z' },
      { from: '2026-11-04T00:00:00Z', to: '2026-11-21T00:00:00Z' },
    ],
    ...change,
  };
}
