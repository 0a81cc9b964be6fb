/** Suricata EVE events as Suricata 4 to 8 write them; addresses are those of documentation, names are invented. */
import { describe, expect, test } from 'vitest';
import { at, faultsOf, readLog, word } from './text-logs-helper.ts';

const FLOW =
  '{"timestamp":"2026-11-21T12:21:43.564905+0800","flow_id":252156359044262,"in_iface":"eth0","event_type":"flow","vlan":[7,12],' +
  '"src_ip":"10.0.0.5","src_port":52526,"dest_ip":"203.0.113.9","dest_port":3333,"proto":"TCP","app_proto":"failed","flow":{' +
  '"pkts_toserver":9,"pkts_toclient":7,"bytes_toserver":1369,"bytes_toclient":5372,"start":"2026-11-21T12:12:00.386389+0800",' +
  '"end":"2026-11-21T12:21:00.395461+0800","age":540,"state":"closed","reason":"timeout","alerted":false},"tcp":{"tcp_flags":"1b",' +
  '"tcp_flags_ts":"1b","tcp_flags_tc":"1b","syn":true,"fin":true,"psh":true,"ack":true,"state":"closed"}}';

/** An event between two hosts, client first. */
const event = (type: string, body: string, ports: readonly [number, number] = [40000, 443]): string =>
  `{"timestamp":"2026-11-21T12:00:00.000001+0000","flow_id":1,"event_type":"${type}","src_ip":"10.0.0.5","src_port":${ports[0]},` +
  `"dest_ip":"203.0.113.9","dest_port":${ports[1]},"proto":"TCP",${body}}`;
const fromResolver = (line: string): string =>
  line
    .replace('"src_ip":"10.0.0.5","src_port":40000', '"src_ip":"203.0.113.9","src_port":53')
    .replace('"dest_ip":"203.0.113.9","dest_port":53', '"dest_ip":"10.0.0.5","dest_port":40000');

describe('flow events', () => {
  test('both directions, who spoke first, VLAN, local time', () => {
    const { records, reader } = readLog('eve', FLOW);
    expect(faultsOf(reader.counts)).toEqual({});
    expect(records[0]).toMatchObject({
      source0: word('10.0.0.5'),
      destination0: word('203.0.113.9'),
      sourcePort: 52526,
      destinationPort: 3333,
      protocol: 6,
      start: at('2026-11-21T04:12:00Z') + 386389,
      end: at('2026-11-21T04:21:00Z') + 395461,
      packets: 9,
      // 22 bytes of each frame are Ethernet's and those of two tags.
      bytes: 1369 - 9 * 22,
      reversePackets: 7,
      reverseBytes: 5372 - 7 * 22,
      tcpFlags: 0x1b,
      vlan: 12,
      oriented: true,
    });
  });

  test('an unanswered SYN is one of 60 bytes, as in all other formats; links that are none of Ethernet', () => {
    const log = (packets: number, bytes: number): string =>
      FLOW.replace('"vlan":[7,12],', '').replace(
        '"pkts_toserver":9,"pkts_toclient":7,"bytes_toserver":1369,"bytes_toclient":5372',
        `"pkts_toserver":${packets},"pkts_toclient":0,"bytes_toserver":${bytes},"bytes_toclient":0`,
      );
    const { records } = readLog('eve', [log(1, 74), log(2, 66), log(0, 0)].join('\n'));
    expect(records.map((r) => [r.packets, r.bytes, r.reversePackets, r.reverseBytes])).toEqual([
      [1, 60, 0, 0],
      [2, 66, 0, 0],
      [0, 0, 0, 0],
    ]);
  });

  test('without the opening nobody knows who opened it; UDP and IPv6', () => {
    const log = [
      FLOW.replaceAll(/"tcp_flags(_t[sc])?":"1b"/g, '"tcp_flags$1":"00"'),
      FLOW.replace('"proto":"TCP"', '"proto":"UDP"').replace(/,"tcp":\{.*?\}/, ''),
      FLOW.replace('10.0.0.5', '2001:0db8:0000:0000:0000:0000:0000:0005').replace('203.0.113.9', '2001:db8::9'),
      FLOW.replace('"proto":"TCP"', '"proto":"IPv6-ICMP"'),
    ].join('\n');
    const { records } = readLog('eve', log, 100);
    expect(records.map((r) => [r.protocol, r.ipVersion, r.tcpFlags, r.oriented, r.sourcePort])).toEqual([
      [6, 4, -1, false, 52526],
      [17, 4, -1, true, 52526],
      [6, 6, 0x1b, true, 52526],
      [58, 4, -1, true, 0],
    ]);
  });

  test('other events are passed over, lines that lie are counted', () => {
    const log = [
      event('alert', '"alert":{"signature":"x"}'),
      event('stats', '"stats":{}').replace('"event_type":"stats"', '"event_type": "stats"'),
      event('fileinfo', '"http":{"hostname":"pool.example"}'),
      '{"event_type":"flow"}',
      FLOW.replace('"pkts_toserver":9', '"pkts_toserver":9.5'),
      FLOW.replace('"start":"2026', '"start":"x026'),
      FLOW.slice(0, 200),
      'plain text',
      FLOW,
    ].join('\n');
    const { records, names, reader } = readLog('eve', log);
    expect(faultsOf(reader.counts)).toEqual({ bad_field: 2, bad_time: 1, bad_line: 2 });
    expect([records.length, names.length]).toEqual([1, 0]);
  });

  test('fields of the prototype are no fields', () => {
    const { records, reader } = readLog(
      'eve',
      FLOW.replace('"flow":{', '"__proto__":{').replace('"event_type":"flow"', '"event_type": "flow"'),
    );
    expect(records).toEqual([]);
    expect(faultsOf(reader.counts)).toEqual({ bad_field: 1 });
  });
});

describe('names', () => {
  const told = (...lines: string[]): unknown[] =>
    readLog('eve', lines.join('\n')).names.map((n) => [
      n.source,
      n.name,
      n.client,
      n.server,
      n.clientPort,
      n.serverPort,
      n.ttl,
    ]);
  const dnsEvent = (body: string): string => event('dns', `"dns":${body}`, [40000, 53]);

  test('dns of version 1', () => {
    expect(
      told(
        dnsEvent('{"type":"query","id":16000,"rrname":"Pool.example","rrtype":"A","tx_id":0}'),
        fromResolver(
          dnsEvent(
            '{"type":"answer","id":16000,"flags":"8180","rcode":"NOERROR","rrname":"pool.example","rrtype":"A","ttl":8,"rdata":"198.51.100.6"}',
          ),
        ),
        dnsEvent('{"type":"query","id":16001,"rrname":"pool.example","rrtype":"TXT"}'),
      ),
    ).toEqual([
      ['dns', 'pool.example', '10.0.0.5', null, null, null, 0],
      ['dns', 'pool.example', '10.0.0.5', '198.51.100.6', null, null, 8],
    ]);
  });

  test('dns of version 2, detailed and grouped', () => {
    const answers =
      '[{"rrname":"pool.example","rrtype":"CNAME","ttl":3324,"rdata":"eu.pool.example"},{"rrname":"eu.pool.example","rrtype":"A","ttl":10,"rdata":"198.51.100.24"}]';
    expect(
      told(
        dnsEvent(
          `{"version":2,"type":"answer","id":4,"flags":"8180","qr":true,"rrname":"pool.example","rrtype":"A","rcode":"NOERROR","answers":${answers}}`,
        ),
        dnsEvent(
          '{"version":2,"type":"answer","rrname":"pool.example","rrtype":"A","grouped":{"A":["198.51.100.24","198.51.100.25"],"CNAME":["eu.pool.example"]}}',
        ),
        dnsEvent('{"version":2,"type":"answer","rrname":"pool.example","rrtype":"A","rcode":"NXDOMAIN"}'),
      ),
    ).toEqual([
      ['dns', 'pool.example', '10.0.0.5', '198.51.100.24', null, null, 10],
      ['dns', 'eu.pool.example', '10.0.0.5', '198.51.100.24', null, null, 10],
      ['dns', 'pool.example', '10.0.0.5', '198.51.100.24', null, null, 0],
      ['dns', 'pool.example', '10.0.0.5', '198.51.100.25', null, null, 0],
    ]);
  });

  test('dns of version 3: the response has the addresses of its packet', () => {
    const queries = '"queries":[{"rrname":"pool.example","rrtype":"AAAA"}]';
    expect(
      told(
        dnsEvent(`{"version":3,"type":"request","tx_id":0,"id":4,"rd":true,"opcode":0,"rcode":"NOERROR",${queries}}`),
        fromResolver(
          dnsEvent(
            `{"version":3,"type":"response","id":4,${queries},"answers":[{"rrname":"pool.example","rrtype":"AAAA","ttl":60,"rdata":"2001:0DB8::0009"}]}`,
          ),
        ),
      ),
    ).toEqual([
      ['dns', 'pool.example', '10.0.0.5', null, null, null, 0],
      ['dns', 'pool.example', '10.0.0.5', '2001:db8::9', null, null, 60],
    ]);
  });

  test('tls, quic and http', () => {
    expect(
      told(
        event(
          'tls',
          '"tls":{"subject":"C=US, O=Invented, Inc., CN=*.Pool.example","issuerdn":"CN=x","sni":"eu.pool.example","version":"TLS 1.2","subjectaltname":["*.pool.example","pool.example"]}',
        ),
        event('tls', '"tls":{"session_resumed":true}'),
        event('quic', '"quic":{"version":"1","sni":"q.example"}'),
        event(
          'http',
          '"http":{"hostname":"pool.example","http_port":8080,"url":"/","http_method":"POST"}',
          [40000, 8080],
        ),
        event('http', '"http":{"hostname":"other.example","http_method":"CONNECT"}', [40000, 8080]),
        event('http', '"http":{"hostname":"203.0.113.9","url":"/"}', [40000, 8080]),
      ),
    ).toEqual([
      ['sni', 'eu.pool.example', '10.0.0.5', '203.0.113.9', 40000, 443, 0],
      ['certificate', '*.pool.example', '10.0.0.5', '203.0.113.9', 40000, 443, 0],
      ['certificate', 'pool.example', '10.0.0.5', '203.0.113.9', 40000, 443, 0],
      ['sni', 'q.example', '10.0.0.5', '203.0.113.9', 40000, 443, 0],
      ['http-host', 'pool.example', '10.0.0.5', '203.0.113.9', 40000, 8080, 0],
    ]);
  });
});
