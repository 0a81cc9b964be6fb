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
