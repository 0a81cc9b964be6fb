/** Alert lines for a SIEM. Suricata's schema is checked by tests/differential/eve-schema.ts. */
import { describe, expect, test } from 'vitest';
import { eveAlerts, signatureNumber } from '../../src/publish/eve.ts';
import { communityId } from '../../src/publish/eve-community-id.ts';
import { readReports } from '../../src/publish/inbound.ts';
import type { ReducedLead } from '../../src/publish/stix-value.ts';
import { sampleLead, weakened } from './stix-samples.ts';

describe('Community ID', () => {
  // From the baseline of https://github.com/corelight/community-id-spec.
  test.each([
    ['tcp', '128.232.110.120', 34855, '66.35.250.204', 80, '1:LQU9qZlK+B5F3KDmev6m5PMibrg='],
    ['udp', '192.168.1.52', 54585, '8.8.8.8', 53, '1:d/FP5EW3wiY1vCndhwleRRKHowQ='],
    ['sctp', '192.168.170.8', 7, '192.168.170.56', 7, '1:MP2EtRCAUIZvTw6MxJHLV7N7JDs='],
    [
      'tcp',
      '2001:470:e5bf:dead:4957:2174:e82c:4887',
      63943,
      '2607:f8b0:400c:c03::1a',
      25,
      '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=',
    ],
  ] as const)('%s %s', (protocol, srcIp, srcPort, dstIp, dstPort, id) => {
    expect(communityId({ protocol, srcIp, srcPort, dstIp, dstPort })).toBe(id);
    expect(communityId({ protocol, srcIp: dstIp, srcPort: dstPort, dstIp: srcIp, dstPort: srcPort })).toBe(id);
    expect(communityId({ protocol, srcIp, srcPort, dstIp, dstPort }, 1)).not.toBe(id);
  });

  test.each([
    ['192.0.2.1', 1, '2001:db8::1', 2],
    ['192.0.2.1', -1, '192.0.2.2', 2],
    ['192.0.2.1', 1, '192.0.2.2', 65_536],
    ['', 1, '192.0.2.2', 2],
    ['fe80::1%a', 1, 'fe80::2', 2],
  ])('none for %s %d %s %d', (srcIp, srcPort, dstIp, dstPort) => {
    expect(communityId({ protocol: 'tcp', srcIp, srcPort, dstIp, dstPort })).toBeNull();
  });
});

interface Line extends Record<string, unknown> {
  readonly flow_id: number;
  readonly community_id: string;
  readonly alert: { readonly signature_id: number; readonly metadata: Readonly<Record<string, readonly string[]>> };
}
const lines = (leads: readonly ReducedLead[]): Line[] => [...eveAlerts(leads)].map((line) => JSON.parse(line) as Line);

describe('alert lines', () => {
  test('one for each signature of each conversation', () => {
    const made = lines([sampleLead()]);
    expect(made).toHaveLength(2 * 1 + 2 * 2);
    expect(new Set(made.map(({ flow_id }) => flow_id)).size).toBe(3);
    expect(new Set(made.map(({ community_id }) => community_id)).size).toBe(3);
  });

  test('carry who, when, which rule', () => {
    const [line] = lines([sampleLead()]);
    expect(line).toMatchObject({
      timestamp: '2026-11-03T02:14:07.000000+0000',
      event_type: 'alert',
      src_ip: '192.0.2.10',
      src_port: 40_001,
      dest_ip: '198.51.100.7',
      dest_port: 3333,
      proto: 'TCP',
      direction: 'to_server',
      host: 'sensor-1',
      community_id: communityId({
        protocol: 'tcp',
        srcIp: '192.0.2.10',
        srcPort: 40_001,
        dstIp: '198.51.100.7',
        dstPort: 3333,
      }),
      alert: {
        action: 'allowed',
        signature_id: signatureNumber('stratum-v1-handshake'),
        rev: 3,
        severity: 1,
        source: { ip: '192.0.2.10', port: 40_001 },
        target: { ip: '198.51.100.7', port: 3333 },
        metadata: { lead: ['L0123456789abcdef01234567'], confidence: ['confirmed'], coin: ['BTC'] },
      },
      flow: { start: '2026-11-03T02:14:07.000000+0000', end: '2026-11-03T11:40:55.000000+0000' },
    });
    expect(line?.alert.signature_id).toBeGreaterThanOrEqual(1_500_000_000);
    expect(line?.alert.signature_id).toBeLessThan(2 ** 31);
  });

  test('give flow times only to a conversation that is alone', () => {
    const [first, , third] = lines([sampleLead()]);
    expect(first).toHaveProperty('flow');
    expect(third).not.toHaveProperty('flow');
    expect(third?.['app_proto']).toBe('tls');
  });

  test('take port and times of each conversation, of the ports of the lead alone', () => {
    const lead = sampleLead();
    const [, two] = lead.detections;
    const talk = (port: number, hour: string) => ({
      port,
      first_seen: `2026-11-09T${hour}:00:00.000000Z`,
      last_seen: `2026-11-09T${hour}:30:00.000000Z`,
    });
    const conversations = [talk(50_001, '03'), talk(50_001, '05'), talk(59_999, '06')];
    const made = lines([{ ...lead, detections: [{ ...two, conversations }] }]);
    const seen = made.map((line) => [line['src_port'], String(line['timestamp']).slice(11, 16), 'flow' in line]);
    // Two signatures each; the port without a listed conversation has the times of the detection and no flow of its own.
    expect(seen.filter((_, at) => at % 2 === 0)).toEqual([
      [50_001, '03:00', true],
      [50_001, '05:00', true],
      [50_002, '02:14', false],
    ]);
    expect(made).toHaveLength(6);
    expect(new Set(made.map(({ flow_id }) => flow_id)).size).toBe(3);
    expect(made[0]).toMatchObject({ flow: { start: '2026-11-09T03:00:00.000000+0000', src_port: 50_001 } });
  });

  test('need a full address and a time', () => {
    const lead = sampleLead();
    const [detection] = lead.detections;
    expect(lines([{ ...lead, detections: [{ ...detection, ip: '192.0.2.0/24' }] }])).toEqual([]);
    expect(lines([{ ...lead, detections: [{ ...detection, first_seen: null }] }])).toEqual([]);
    const bare = lines([{ detections: [{ ip: '192.0.2.10', first_seen: '2026-11-03T02:14:07Z' }] }]);
    expect(bare).toHaveLength(1);
    expect(bare[0]).not.toHaveProperty('community_id');
  });

  test('are ASCII without line breaks, whatever a lead says', () => {
    const lead = sampleLead();
    const [detection] = lead.detections;
    const evil = '\u2028\u202e\n"}\u0000\ud800矿';
    const made = [...eveAlerts([{ ...lead, number: evil, detections: [{ ...detection, sensor: evil, pool: evil }] }])];
    expect(made).toHaveLength(2);
    for (const line of made) expect(line).toMatch(/^[\x20-\x7e]+$/);
  });

  test('every field missing, null, empty or odd', () => {
    let tried = 0;
    for (const lead of weakened(sampleLead())) {
      tried++;
      for (const line of eveAlerts([lead])) expect.soft(JSON.parse(line)).toHaveProperty('alert.signature_id');
    }
    expect(tried).toBeGreaterThan(500);
  });

  test('come back as reports about the miner', () => {
    const text = [...eveAlerts([sampleLead()])].join('\n');
    const { kind, reports, faults } = readReports('eve.json', text);
    expect([kind, faults]).toEqual(['eve', []]);
    expect(new Set(reports.map(({ ip }) => ip))).toEqual(new Set(['192.0.2.10', '2001:db8::10']));
    expect(reports[0]).toMatchObject({ ip: '192.0.2.10', port: 40_001, pool: '198.51.100.7:3333', protocol: 'tcp' });
  });
});
