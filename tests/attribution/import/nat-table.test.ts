import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { natTableLayout } from '../../../src/attribution/import/nat-table.ts';
import { briefs, importBytes, runTable } from './session-harness.ts';

const HEADER = 'begin,end,inside,outside,ports,protocol,subscriber,realm,device';

describe('CGNAT table', () => {
  it.each([
    [
      'a block',
      '2026-11-03 08:15:02,2026-11-03 09:15:02,100.64.0.9,203.0.113.7,1024-2047,,,BNG-A,nat1',
      'nat_block 203.0.113.7:1024-2047 2026-11-03T00:15:02Z 2026-11-03T01:15:02Z 100.64.0.9@BNG-A',
    ],
    [
      'a session, with its zone',
      '2026-11-03T00:15:02Z,,100.64.0.9,203.0.113.7,5533,tcp,,,nat1',
      'nat_session 203.0.113.7:5533-5533/tcp 2026-11-03T00:15:02Z open 100.64.0.9@nat1',
    ],
    [
      'only a subscriber',
      '20261103081502,,,203.0.113.7,1024-2047,0,k77,,',
      'nat_block 203.0.113.7:1024-2047 2026-11-03T00:15:02Z open k77',
    ],
    [
      'NAT64: an IPv6 inside needs no realm',
      '20261103081502,,2001:db8::9,203.0.113.7,1024,17,,BNG-A,',
      'nat_session 203.0.113.7:1024-1024/udp 2026-11-03T00:15:02Z open 2001:db8::9',
    ],
  ])('%s', (_name, row, expected) => {
    const result = runTable(natTableLayout, `${HEADER}\n${row}`);
    expect(result.faults).toEqual([]);
    expect(briefs(result)).toEqual([expected]);
  });

  it.each([
    ['bad_time', 'x,,100.64.0.9,203.0.113.7,1024,,,,'],
    ['bad_time', '20261103081502,x,100.64.0.9,203.0.113.7,1024,,,,'],
    ['end_before_start', '20261103081502,20261103081501,100.64.0.9,203.0.113.7,1024,,,,'],
    ['bad_address', '20261103081502,,100.64.0.9,203.0.113,1024,,,,'],
    ['bad_address', '20261103081502,,100.64.0.256,203.0.113.7,1024,,,,'],
    ['no_subscriber', '20261103081502,,,203.0.113.7,1024,,,,'],
    ['bad_ports', '20261103081502,,100.64.0.9,203.0.113.7,,,,,'],
    ['bad_ports', '20261103081502,,100.64.0.9,203.0.113.7,2047-1024,,,,'],
    ['bad_protocol', '20261103081502,,100.64.0.9,203.0.113.7,1024,sctp,,,'],
  ])('reports %s', (reason, row) => {
    const result = runTable(natTableLayout, `${HEADER}\n${row}`);
    expect(result.faults.map((f) => [f.row, f.reason])).toEqual([[2, reason]]);
    expect(result.rows).toEqual([]);
  });

  it('is recognised with Chinese headings, ports in two columns', async () => {
    const text =
      '分配时间,释放时间,私网地址,公网地址,起始端口,终止端口,NAT设备标识\n20261103081502,20261103091502,100.64.0.9,203.0.113.7,1024,2047,nat1\n';
    const result = await importBytes(Buffer.from(text));
    expect(result.shapes[0]?.layout).toBe('nat-table');
    expect(briefs(result)).toEqual([
      'nat_block 203.0.113.7:1024-2047 2026-11-03T00:15:02Z 2026-11-03T01:15:02Z 100.64.0.9@nat1',
    ]);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('20261103081502', '203.0.113.7', '1024-2047')),
          { maxLength: 10 },
        ),
        (cells) => {
          runTable(natTableLayout, `${HEADER}\n${cells.join(',').replaceAll('\n', ' ')}`);
        },
      ),
    );
  });
});
