/** Zeek logs as Zeek writes them; addresses are those of documentation, names are invented. */
import { describe, expect, test } from 'vitest';
import { faultsOf, readLog, word } from './text-logs-helper.ts';

const heading = (path: string, fields: string): string =>
  [
    '#separator \\x09',
    '#set_separator\t,',
    '#empty_field\t(empty)',
    '#unset_field\t-',
    `#path\t${path}`,
    '#open\t2026-11-21-00-00-01',
    `#fields\t${fields.replaceAll(' ', '\t')}`,
    '#types\ttime\tstring\taddr',
    '',
  ].join('\n');
const CONN_FIELDS =
  'ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig local_resp ' +
  'missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents ip_proto';
const conn = (cells: string): string => `${cells.replaceAll(' ', '\t')}\n`;
const TCP = conn(
  '1795312289.305988 CHhAvV 10.0.0.5 53605 203.0.113.9 3333 tcp - 3600.25 900 5000 SF T F 0 ShADadFf 40 2980 38 6976 - 6',
);

describe('conn.log', () => {
  test('tab-separated: both directions, who opened it, flags out of the history', () => {
    const log = heading('conn', CONN_FIELDS) + TCP;
    const { records, reader } = readLog('zeek', log);
    expect(faultsOf(reader.counts)).toEqual({});
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      source0: word('10.0.0.5'),
      destination0: word('203.0.113.9'),
      sourcePort: 53605,
      destinationPort: 3333,
      protocol: 6,
      start: 1795312289305988,
      end: 1795315889555988,
      packets: 40,
      bytes: 2980,
      reversePackets: 38,
      reverseBytes: 6976,
      tcpFlags: 0x13,
      oriented: true,
      number: 1,
    });
  });

  test('a rotation in the middle, unset fields, other separators, a connection without its opening', () => {
    const log =
      heading('conn', CONN_FIELDS) +
      TCP +
      '#close\t2026-11-21-01-00-00\n' +
      heading('conn', CONN_FIELDS).replace('#unset_field\t-', '#unset_field\tNONE') +
      conn('1795312290.5 C2 10.0.0.5 8 203.0.113.9 0 icmp - NONE NONE NONE OTH T F 0 NONE 1 84 0 0 (empty) 1') +
      conn('1795312291 C3 10.0.0.5 53605 203.0.113.9 3333 tcp - 10.0 90 50 OTH T F 0 DadA 4 298 3 206 (empty) 6') +
      conn('1795312292 C4 2001:db8::5 1 2001:db8::9 2 unknown_transport - - - - OTH T F 0 - 1 60 0 0 (empty) 132') +
      '#fields\tts\tuid\n';
    const { records, reader } = readLog('zeek', log, 3);
    expect(faultsOf(reader.counts)).toEqual({});
    expect(records.map((r) => [r.protocol, r.sourcePort, r.tcpFlags, r.oriented, r.end - r.start])).toEqual([
      [6, 53605, 0x13, true, 3_600_250_000],
      [1, 0, -1, true, 0],
      [6, 53605, 0x10, false, 10_000_000],
      [132, 1, -1, true, 0],
    ]);
  });

  test('JSON, flat and nested, seconds and ISO times', () => {
    const flat =
      '{"ts":1795312289.305988,"uid":"CHhAvV","id.orig_h":"10.0.0.5","id.orig_p":53605,"id.resp_h":"203.0.113.9","id.resp_p":3333,' +
      '"proto":"tcp","duration":3600.25,"orig_bytes":900,"resp_bytes":5000,"conn_state":"SF","history":"ShADadFf","orig_pkts":40,' +
      '"orig_ip_bytes":2980,"resp_pkts":38,"resp_ip_bytes":6976}';
    const nested =
      '{"_path":"conn","ts":"2026-11-22T00:31:29.305988Z","id":{"orig_h":"10.0.0.5","orig_p":53605,"resp_h":"203.0.113.9","resp_p":3333},' +
      '"proto":"tcp","orig_pkts":40,"orig_ip_bytes":2980,"resp_pkts":0,"resp_ip_bytes":0,"vlan":7}';
    const { records, reader } = readLog('zeek', `${flat}\n${nested}`);
    expect(faultsOf(reader.counts)).toEqual({});
    expect(records[0]).toMatchObject({ start: 1795312289305988, bytes: 2980, reverseBytes: 6976, tcpFlags: 0x13 });
    expect(records[1]).toMatchObject({
      start: Date.UTC(2026, 10, 22, 0, 31, 29) * 1000 + 305988,
      vlan: 7,
      reversePackets: 0,
    });
  });

  test('JSON with times in milliseconds: durations stay seconds', () => {
    const line = (ts: string): string =>
      `{"_path":"conn","ts":${ts},"id.orig_h":"10.0.0.5","id.orig_p":53605,"id.resp_h":"203.0.113.9","id.resp_p":3333,` +
      '"proto":"tcp","duration":3600.25,"orig_pkts":40,"orig_ip_bytes":2980,"resp_pkts":38,"resp_ip_bytes":6976}\n';
    const { records, reader } = readLog('zeek', line('1795312289305') + line('1e11') + line('99999999') + line('9e15'));
    expect(records.map((r) => [r.start, r.end - r.start])).toEqual([
      [1795312289305000, 3_600_250_000],
      [1e14, 3_600_250_000],
      [99999999e6, 3_600_250_000],
    ]);
    expect(faultsOf(reader.counts)).toEqual({ bad_time: 1 });
  });

  test('rows that lie', () => {
    const bad = [
      TCP.replace('10.0.0.5', 'host'),
      TCP.replace('1795312289.305988', '-'),
      TCP.replace('\t40\t', '\t-\t'),
      TCP.replace('53605', '70000'),
      'one\ttwo\n',
      '{"ts":1,"id.orig_h":\n',
    ];
    const { reader } = readLog('zeek', heading('conn', CONN_FIELDS) + bad.join('') + TCP);
    expect(faultsOf(reader.counts)).toEqual({ bad_field: 3, bad_time: 1, bad_line: 2 });
    expect(reader.counts.records).toBe(1);
  });
});

describe('names', () => {
  const DNS_FIELDS =
    'ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id rtt query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected';
  const dns = (query: string, type: string, answers: string, ttls: string): string =>
    conn(
      `1795312289.5 D1 10.0.0.5 40000 10.0.0.1 53 udp 7 0.01 ${query} 1 C_INTERNET 1 ${type} 0 NOERROR F F T T 0 ${answers} ${ttls} F`,
    );

  test('dns.log: answered addresses, look-ups without, questions for no address', () => {
    const log =
      heading('dns', DNS_FIELDS) +
      dns('Pool.Example.', 'A', 'eu.pool.example,203.0.113.9,203.0.113.10', '60.000000,300.000000,299.5') +
      dns('gone.example', 'AAAA', '-', '-') +
      dns('9.113.0.203.in-addr.arpa', 'PTR', 'x.example', '60.0');
    const { names, reader } = readLog('zeek', log);
    expect(faultsOf(reader.counts)).toEqual({});
    const common = {
      source: 'dns',
      client: '10.0.0.5',
      clientPort: null,
      serverPort: null,
      time: 1795312289500000,
      input: 3,
    };
    expect(names).toEqual([
      { ...common, name: 'pool.example', server: '203.0.113.9', ttl: 300, number: 1 },
      { ...common, name: 'pool.example', server: '203.0.113.10', ttl: 299, number: 2 },
      { ...common, name: 'gone.example', server: null, ttl: 0, number: 3 },
    ]);
    expect(reader.counts.names).toBe(3);
  });

  test('ssl.log and http.log', () => {
    const at = '10.0.0.5 40000 203.0.113.9 443';
    const log =
      heading('ssl', 'ts uid id.orig_h id.orig_p id.resp_h id.resp_p version cipher server_name resumed subject') +
      `1795312289.5\tS1\t${at.replaceAll(' ', '\t')}\tTLSv12\t-\tpool.example\tF\tCN=*.pool.example,O=Invented\\x2c Inc,C=US\n` +
      heading('http', 'ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth method host uri') +
      conn(`1795312289.5 H1 ${at} 1 POST pool.example:8080 /`) +
      conn(`1795312289.5 H2 ${at} 1 CONNECT other.example:443 -`) +
      conn(`1795312289.5 H3 ${at} 1 GET 203.0.113.9 /`) +
      heading('weird', 'ts uid name') +
      conn('1795312289.5 W1 bad_checksum');
    const { names, reader } = readLog('zeek', log);
    expect(faultsOf(reader.counts)).toEqual({});
    const common = { client: '10.0.0.5', server: '203.0.113.9', clientPort: 40000, serverPort: 443, ttl: 0 };
    expect(names).toMatchObject([
      { ...common, source: 'sni', name: 'pool.example' },
      { ...common, source: 'certificate', name: '*.pool.example' },
      { ...common, source: 'http-host', name: 'pool.example' },
    ]);
  });
});
