/** Logs of nfdump, in the shape of what nfdump 1.7.1 and later versions print; addresses are those of documentation. */
import { describe, expect, test } from 'vitest';
import { at, faultsOf, readLog, word } from './text-logs-helper.ts';

const OLD_HEADING =
  'ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das,smk,dmk,dtos,dir,nh,nhb,svln,dvln,ismc,odmc,' +
  'idmc,osmc,mpls1,mpls2,mpls3,mpls4,mpls5,mpls6,mpls7,mpls8,mpls9,mpls10,cl,sl,al,ra,eng,exid,tr';
const OLD_REST =
  '0,0,0,0,0,0,0,1,0.0.0.0,0.0.0.0,7,0,00:00:00:00:00:00,00:00:00:00:00:00,00:00:00:00:00:00,00:00:00:00:00:00,' +
  '0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,    0.000,    0.000,    0.000,192.0.2.1,0/0,1,' +
  '2026-11-22 04:57:06.542';
const OLD_TCP = `2026-11-21 01:51:29,2026-11-21 01:51:52,22.896,10.0.0.5,203.0.113.9,53605,3333,TCP,...AP.SF,0,0,38,4248,20,2284,${OLD_REST}`;
const OLD_TCP6 = `2026-11-21 01:51:29,2026-11-21 01:51:29,0.000,2001:db8::5,2001:db8::9,1,2,TCP,........,0,0,1,60,0,0,${OLD_REST}`;
const OLD_ICMP = `2026-11-21 01:51:29,2026-11-21 01:51:30,1.000,10.0.0.5,203.0.113.9,0,8.0,ICMP,........,0,0,2,98,0,0,${OLD_REST}`;
const SUMMARY = 'Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n297,2503652,1723,49,0,1453';

describe('nfdump CSV', () => {
  test('of all columns: times, counts of both directions, flags, VLAN, exporter', () => {
    const { records, reader } = readLog(
      'nfdump-csv',
      `${OLD_HEADING}\n${OLD_TCP}\n${OLD_TCP6}\n${OLD_ICMP}\n${SUMMARY}\n`,
    );
    expect(faultsOf(reader.counts)).toEqual({});
    expect(reader.counts.records).toBe(3);
    expect(records[0]).toMatchObject({
      ipVersion: 4,
      source0: word('10.0.0.5'),
      destination0: word('203.0.113.9'),
      sourcePort: 53605,
      destinationPort: 3333,
      protocol: 6,
      tcpFlags: 0x1b,
      // Whole seconds and an exact duration: it began no earlier than 22.896 s before the end.
      start: at('2026-11-21T01:51:29.104Z'),
      end: at('2026-11-21T01:51:52Z'),
      packets: 38,
      bytes: 4248,
      reversePackets: 20,
      reverseBytes: 2284,
      samplingRate: 1,
      vlan: 7,
      oriented: false,
      exporter: 1,
      number: 1,
      input: 3,
    });
    expect(records[1]).toMatchObject({ ipVersion: 6, source0: 0x2001_0db8, source3: 5, destination3: 9, tcpFlags: -1 });
    expect(records[1]).toMatchObject({ reversePackets: -1, reverseBytes: -1, number: 2 });
    expect(records[2]).toMatchObject({ protocol: 1, sourcePort: 0, destinationPort: 0, packets: 2, number: 3 });
  });

  test('of later versions: the heading tells which column is what, and may come again', () => {
    const log = [
      'firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows',
      '2026-11-21 01:51:29.373,00:00:22.896,TCP,10.0.0.5,53605,203.0.113.9,3333,2,98,1',
      'cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,srcAS,dstAS,input,output,flags,srcTos,packets,bytes',
      '1,2,1795312289373,1795312312269,17,10.0.0.6,5,203.0.113.8,53,0,0,0,0,........,0,1,70',
      'firstSeen,endReason,biDirection,ingressVrfID,srcAddr,dstAddr,proto,inPackets,inBytes,outPackets,outBytes',
      '1795312289.373,2,1,9,10.0.0.7,203.0.113.7,6,3,180,4,900',
    ].join('\r\n');
    const { records, reader } = readLog('nfdump-csv', log);
    expect(faultsOf(reader.counts)).toEqual({});
    expect(records.map((r) => [r.source0, r.sourcePort, r.destinationPort, r.protocol, r.packets, r.bytes])).toEqual([
      [word('10.0.0.5'), 53605, 3333, 6, 2, 98],
      [word('10.0.0.6'), 5, 53, 17, 1, 70],
      [word('10.0.0.7'), 0, 0, 6, 3, 180],
    ]);
    expect(records[0]).toMatchObject({ start: at('2026-11-21T01:51:29.373Z'), end: at('2026-11-21T01:51:52.269Z') });
    expect(records[1]).toMatchObject({ start: 1795312289373000, end: 1795312312269000 });
    expect(records[2]).toMatchObject({
      start: 1795312289373000,
      goesOn: true,
      oriented: true,
      vrf: 9,
      reverseBytes: 900,
    });
  });

  test('statistics, empty results and rows that lie give no records', () => {
    const statistics = readLog(
      'nfdump-csv',
      'ts,te,td,pr,val,fl,flP,ipkt,ibyt\n2026-11-21 01:51:29,x,0,any,10.0.0.1,1,2,3,4\n',
    );
    expect(statistics.records).toEqual([]);
    expect(faultsOf(statistics.reader.counts)).toEqual({});
    expect(readLog('nfdump-csv', `${OLD_HEADING}\nNo matching flows\n${SUMMARY}\n`).reader.failure).toBeNull();
    const bad = [
      OLD_TCP.replace('10.0.0.5', '10.0.0.256'),
      OLD_TCP.replace('10.0.0.5', '2001:db8::1'), // two versions
      OLD_TCP.replace('53605', '65536'),
      OLD_TCP.replace('TCP', 'no protocol'),
      OLD_TCP.replace(',38,', ',-38,'),
      OLD_TCP.replace('2026-11-21 01:51:29', '2026-02-30 01:51:29'),
      '2026-11-21 01:51:29,2026-11-21 01:51:52,22.896,10.0.0.5',
    ];
    const { reader } = readLog('nfdump-csv', [OLD_HEADING, ...bad, OLD_TCP].join('\n'));
    expect(faultsOf(reader.counts)).toEqual({ bad_field: 5, bad_time: 1, bad_line: 1 });
    expect(reader.counts.records).toBe(1);
  });
});

const FLOW = `{
	"type" : "FLOW",
	"sampled" : 1,
	"export_sysid" : 1,
	"first" : "2026-11-21T01:51:29.373",
	"last" : "2026-11-21T01:51:52.269",
	"received" : "2026-11-22T04:57:06.542",
	"in_packets" : 2,
	"in_bytes" : 98,
	"proto" : 6,
	"tcp_flags" : "...A.R.F",
	"src_port" : 53605,
	"dst_port" : 3333,
	"src_tos" : 0,
	"src4_addr" : "10.0.0.5",
	"dst4_addr" : "203.0.113.9",
	"out_packets" : 3,
	"out_bytes" : 300,
	"src_vlan" : 12,
	"ingress_vrf" : "4",
	"ip4_router" : "192.0.2.1",
	"label" : "a } and \\\\ and \\" and {"
}`;

/** As nfdump 1.6 prints it: other names of times, and TCP flags in six letters up to 1.6.17. */
const FLOW_16 = `{
	"type" : "FLOW",
	"sampled" : 0,
	"export_sysid" : 1,
	"t_first" : "2026-11-21T01:51:29.373",
	"t_last" : "2026-11-21T01:51:52.269",
	"proto" : 6,
	"src6_addr" : "2001:db8::5",
	"dst6_addr" : "2001:db8::9",
	"src_port" : 53605,
	"dst_port" : 3333,
	"fwd_status" : 0,
	"tcp_flags" : ".AP.SF",
	"src_tos" : 0,
	"in_packets" : 3,
	"in_bytes" : 204,
	"src_vlan" : 12,
	"dst_vlan" : 0,
	"ip4_router" : "192.0.2.1",
	"t_received" : "2026-11-21T01:51:53.9",
	"ingress_vrf" : "4",
	"egress_vrf" : "0",
	"label" : "<none>"
}`;

describe('nfdump JSON', () => {
  test('an array over many lines', () => {
    const { records, reader } = readLog('nfdump-json', `[\n${FLOW},\n${FLOW.replace('53605', '53606')}]\n`, 7, {
      samplingRate: 100,
    });
    expect(faultsOf(reader.counts)).toEqual({});
    expect(records.map((r) => r.sourcePort)).toEqual([53605, 53606]);
    expect(records[1]).toMatchObject({
      start: at('2026-11-21T01:51:29.373Z'),
      end: at('2026-11-21T01:51:52.269Z'),
      tcpFlags: 0x15,
      packets: 2,
      bytes: 98,
      reversePackets: 3,
      reverseBytes: 300,
      vlan: 12,
      vrf: 4,
      exporter: 1,
      number: 2,
      // Multiplied when it was stored.
      samplingRate: 1,
    });
  });

  test('one object a line, with a byte order mark', () => {
    const line = FLOW.replace(/\s*\n\s*/g, '').replace('"sampled" : 1', '"sampled" : 0');
    const { records } = readLog('nfdump-json', `\uFEFF${line}\r\n${line}`, 5, { samplingRate: 100 });
    expect(records.map((r) => r.samplingRate)).toEqual([100, 100]);
  });

  test('of 1.6: its names of times, milliseconds without leading zeros, ICMP without ports', () => {
    const tcp = FLOW_16.replace('.373', '.7').replace('.269', '.42');
    const icmp = FLOW_16.replace('"proto" : 6', '"proto" : 1').replace(
      /"src_port.*\n\t"dst_port.*\n/,
      '"icmp_type" : 8,\n\t"icmp_code" : 0,\n',
    );
    const whole = FLOW_16.replace('.373', '.0').replace('.269', '');
    // 1.7 pads: there .7 would be 700 ms.
    const later = FLOW.replace('.373', '.7').replace('.269', '.80');
    const { records, reader } = readLog('nfdump-json', `[\n${tcp}\n,\n${icmp}\n,\n${whole}\n,\n${later}\n]\n`, 9);
    expect(faultsOf(reader.counts)).toEqual({});
    expect(records.map((r) => [r.start, r.end])).toEqual([
      [at('2026-11-21T01:51:29.007Z'), at('2026-11-21T01:51:52.042Z')],
      [at('2026-11-21T01:51:29.373Z'), at('2026-11-21T01:51:52.269Z')],
      [at('2026-11-21T01:51:29Z'), at('2026-11-21T01:51:52Z')],
      [at('2026-11-21T01:51:29.700Z'), at('2026-11-21T01:51:52.800Z')],
    ]);
    expect(records[0]).toMatchObject({
      ipVersion: 6,
      destination3: 9,
      sourcePort: 53605,
      destinationPort: 3333,
      protocol: 6,
      tcpFlags: 0x1b,
      packets: 3,
      bytes: 204,
      reversePackets: -1,
      vlan: 12,
      vrf: 4,
      exporter: 1,
    });
    expect(records[1]).toMatchObject({ protocol: 1, sourcePort: 0, destinationPort: 0 });
  });

  test('times of 1.6 that are none', () => {
    for (const time of ['', 'x', '2026-11-21T01:51:29.', '2026-11-21T01:51:29.-7', '2026-02-30T01:51:29.7']) {
      const { records, reader } = readLog('nfdump-json', FLOW_16.replace('2026-11-21T01:51:29.373', time));
      expect(records).toEqual([]);
      expect(faultsOf(reader.counts)).toEqual({ bad_time: 1 });
    }
  });

  test('fewer bytes than so many packets have are a fault of nfdump; none at all are not', () => {
    const counts = [
      [40, 40],
      [2, 39],
      [2, 1],
      [2, 40],
      [2, 0],
      [0, 0],
    ];
    const log = counts.map(([packets, bytes]) =>
      FLOW.replace('"in_packets" : 2', `"in_packets" : ${packets}`).replace('"in_bytes" : 98', `"in_bytes" : ${bytes}`),
    );
    const { records, reader } = readLog('nfdump-json', log.join('\n'));
    expect(records.map((r) => [r.packets, r.bytes])).toEqual(counts.slice(3));
    expect(faultsOf(reader.counts)).toEqual({ bad_field: 3 });
  });

  test('nothing matched, an empty list and an empty file are no failures', () => {
    for (const log of ['[\nNo matching flows\n]\n', '[]', '[\n]\n', '', '\n']) {
      expect(readLog('nfdump-json', log, 1).reader).toMatchObject({ failure: null, damage: null });
    }
    expect(readLog('nfdump-json', `${OLD_HEADING}\n${OLD_TCP}\n`, 1).reader.failure).toBe(
      'not nfdump JSON: holds no object (begins "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,"); set the format that it is',
    );
  });

  test('a broken object costs itself alone', () => {
    const cut = FLOW.slice(0, FLOW.indexOf('"proto"'));
    const inString = FLOW.slice(0, FLOW.indexOf('.373'));
    const { records, reader } = readLog('nfdump-json', `[\n${FLOW},\n${cut}\n${FLOW},\n${inString}\n${FLOW}]\n`, 11);
    expect(records).toHaveLength(3);
    expect(faultsOf(reader.counts)).toEqual({ bad_line: 2 });
    expect(reader.damage).toBeNull();
  });

  test('a file cut off tells where', () => {
    const log = `[\n${FLOW},\n${FLOW.slice(0, 60)}`;
    const { records, reader } = readLog('nfdump-json', log, 13);
    expect(records).toHaveLength(1);
    expect(reader.damage).toEqual({ offset: 2 + FLOW.length + 2, reason: 'cut off in the middle of an object' });
    expect(reader.failure).toBeNull();
  });
});
