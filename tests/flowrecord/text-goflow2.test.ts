/** JSON of goflow2, both spellings; addresses are those of documentation. */
import { expect, test } from 'vitest';
import { at, faultsOf, readLog, word } from './text-logs-helper.ts';

const FLOW =
  '{"type":"IPFIX","time_received_ns":1795312320787460121,"sequence_num":65361,"sampling_rate":1000,"sampler_address":"192.0.2.1",' +
  '"time_flow_start_ns":1795312289373000000,"time_flow_end_ns":1795312312269000000,"bytes":1430,"packets":10,"src_addr":"10.0.0.5",' +
  '"dst_addr":"203.0.113.9","etype":"IPv4","proto":"TCP","src_port":53605,"dst_port":3333,"in_if":11,"out_if":12,"src_vlan":5,' +
  '"vlan_id":0,"tcp_flags":24,"ip_tos":0}';

test('snake case: nanoseconds, names of protocols, the sampling rate of the exporter', () => {
  const { records, reader } = readLog('goflow2', FLOW, 50, { samplingRate: 7 });
  expect(faultsOf(reader.counts)).toEqual({});
  expect(records[0]).toMatchObject({
    source0: word('10.0.0.5'),
    destination0: word('203.0.113.9'),
    sourcePort: 53605,
    destinationPort: 3333,
    protocol: 6,
    tcpFlags: 24,
    start: 1795312289373000,
    end: 1795312312269000,
    packets: 10,
    bytes: 1430,
    reversePackets: -1,
    samplingRate: 1000,
    vlan: 5,
    exporter: 1,
    oriented: false,
  });
});

test('samples without times of a flow, times as text, another exporter, a rate that is not told', () => {
  const sample = FLOW.replace(/"time_flow_(?:start|end)_ns":\d+,/g, '').replace(
    '"sampling_rate":1000',
    '"sampling_rate":0',
  );
  const dated = FLOW.replace('1795312320787460121', '"2026-11-22T00:32:00.787460121Z"').replace(
    /"time_flow_\w+_ns":\d+/g,
    (m) => m.replace(/\d+$/, '0'),
  );
  const log = `${sample}\n${dated.replace('192.0.2.1', '192.0.2.2')}\n${FLOW.replace('"TCP"', '17')}`;
  const { records } = readLog('goflow2', log, 50, { samplingRate: 7 });
  expect(records.map((r) => [r.start, r.end, r.samplingRate, r.exporter, r.protocol])).toEqual([
    [1795312320787460, 1795312320787460, 7, 1, 6],
    [at('2026-11-22T00:32:00Z') + 787460, at('2026-11-22T00:32:00Z') + 787460, 1000, 2, 6],
    [1795312289373000, 1795312312269000, 1000, 1, 17],
  ]);
});

test('of sFlow the length of the frame is told: its Ethernet header is taken off', () => {
  const log = [FLOW.replace('"IPFIX"', '"SFLOW_5"'), FLOW.replace('"IPFIX"', '"NETFLOW_V9"')].join('\n');
  expect(readLog('goflow2', log).records.map((r) => r.bytes)).toEqual([1430 - 140, 1430]);
});

test('camel case, seconds and milliseconds', () => {
  const old =
    '{"Type":"NETFLOW_V9","TimeReceived":1795312320,"SequenceNum":43,"SamplingRate":0,"SamplerAddress":"192.0.2.1","TimeFlowStart":1795312289,' +
    '"TimeFlowEnd":1795312312,"TimeFlowStartMs":1795312289373,"TimeFlowEndMs":0,"Bytes":61,"Packets":1,"SrcAddr":"2001:db8::5","DstAddr":"2001:db8::9",' +
    '"Proto":6,"SrcPort":1,"DstPort":2,"TCPFlags":2,"VlanID":9,"IngressVrfID":3}';
  const { records } = readLog('goflow2', old);
  expect(records[0]).toMatchObject({
    start: 1795312289373000,
    end: 1795312312000000,
    ipVersion: 6,
    vlan: 9,
    vrf: 3,
    tcpFlags: 2,
  });
});

test('frames without IP are passed over; what lies is counted', () => {
  const arp = FLOW.replace('10.0.0.5', '').replace('203.0.113.9', '').replace('"proto":"TCP"', '"proto":""');
  const log = [
    arp,
    FLOW.replace('10.0.0.5', 'x'),
    FLOW.replace('"packets":10', '"packets":"many"'),
    '[1,2]',
    FLOW,
  ].join('\n');
  const { records, reader } = readLog('goflow2', log);
  expect(records).toHaveLength(1);
  expect(faultsOf(reader.counts)).toEqual({ bad_field: 2, bad_line: 1 });
});

test('times hours away from when the flow was received are not believed, and counted', () => {
  // As goflow2 up to 2.1.3 writes NetFlow v9: the uptime in ms is taken for seconds.
  const off = FLOW.replace(/"time_flow_(start|end)_ns":\d+/g, '"time_flow_$1_ns":1795282332000000000');
  const future = FLOW.replace(/("time_flow_end_ns"):\d+/, '$1:1795316000000000000');
  const startOnly = off.replace(/"time_flow_end_ns":\d+,/, '');
  // The exporter's uptime went back to 0 between the first and the last packet.
  const rolled = FLOW.replace(/("time_flow_start_ns"):\d+/, '$1:1799606400000000000');
  const { records, reader } = readLog('goflow2', [off, future, startOnly, rolled].join('\n'));
  expect(records.map((r) => [r.start, r.end])).toEqual(Array(4).fill([1795312320787460, 1795312320787460]));
  expect(faultsOf(reader.counts)).toEqual({ bad_time: 4 });
  expect(reader.counts.records).toBe(4);
});

test('long flows, an end within the hour, and records that do not tell when they came keep their times', () => {
  const long = FLOW.replace(/("time_flow_start_ns"):\d+/, '$1:1795225920000000000');
  const late = FLOW.replace(/("time_flow_end_ns"):\d+/, '$1:1795315919000000000');
  const unknown = FLOW.replace(/"time_received_ns":\d+,/, '').replace(
    /("time_flow_\w+_ns"):\d+/g,
    '$1:1795282332000000000',
  );
  const { records, reader } = readLog('goflow2', [long, late, unknown].join('\n'));
  expect(records.map((r) => [r.start, r.end])).toEqual([
    [1795225920000000, 1795312312269000],
    [1795312289373000, 1795315919000000],
    [1795282332000000, 1795282332000000],
  ]);
  expect(faultsOf(reader.counts)).toEqual({});
});

test('a record that is not taken counts one fault', () => {
  const off = FLOW.replace(/"time_flow_(start|end)_ns":\d+/g, '"time_flow_$1_ns":1795282332000000000');
  const { records, reader } = readLog('goflow2', off.replace('"packets":10', '"packets":-1'));
  expect(records).toEqual([]);
  expect(faultsOf(reader.counts)).toEqual({ bad_field: 1 });
});

test('a protocol for which goflow2 knows no name is unsupported, one that is wrong is a bad field', () => {
  const log = [
    FLOW.replace('"proto":"TCP"', '"proto":""'),
    FLOW.replace('"proto":"TCP"', '"Proto":""'),
    FLOW.replace('"proto":"TCP"', '"proto":"no protocol"'),
    FLOW.replace('"proto":"TCP",', ''),
    FLOW,
  ];
  const { records, reader } = readLog('goflow2', log.join('\n'));
  expect(records).toHaveLength(1);
  expect(faultsOf(reader.counts)).toEqual({ unsupported: 2, bad_field: 2 });
});
