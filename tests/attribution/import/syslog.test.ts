import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { natSyslogLayout } from '../../../src/attribution/import/syslog.ts';
import { syslogHeader } from '../../../src/attribution/import/syslog-header.ts';
import { at, briefs, importBytes, NOW, runLines } from './session-harness.ts';

const SADD =
  '<134>1 2026-11-03T00:15:02.123456Z nat1 NAT 15634 SADD [nsess SSUBIX="7" SVLAN="0" IATYP="IPv4" ISADDR="100.64.0.9" ISPORT="40000" XATYP="IPv4" XSADDR="203.0.113.7" XSPORT="5533" PROTO="6" XDADDR="192.0.2.4" XDPORT="3333"]';
const SDEL = SADD.replace('SADD [', 'SDEL [').replace('00:15:02.123456Z', '01:15:02.123456Z');
const APMADD =
  '<134>1 2026-11-03T00:15:02Z nat1 NAT - APMADD [napmap IATYP="IPv4" ISADDR="192.168.1.9" ISPORT="40000" XATYP="IPv4" XSADDR="203.0.113.7" XSPORT="5533" PROTO="17" SV6ENC="2001:db8::9"]';
const FORTINET = (action: string, time: string, more: string = ''): string =>
  `<189>date=2026-11-03 time=08:15:02 devname="FG1" devid="FGT1" eventtime=${time} tz="+0800" logid="0100022${more || '015'}" type="event" subtype="system" level="notice" vd="root" logdesc="IP pool PBA" action="${action}" saddr="100.64.0.9" nat=203.0.113.7 portbegin=5117 portend=5244 poolname="pool1" duration=600`;
const JUNIPER = (action: string, time: string, tail: string = ''): string =>
  `Nov  3 ${time} mx1 (FPC Slot 2, PIC Slot 0) {SS1}[jservices-nat]: JSERVICES_NAT_PORT_BLOCK_${action}: 100.64.0.9 -> 203.0.113.7:1050-1099${tail}`;
const FLOW = (times: string, operator: string): string =>
  `%@250005%Nov  3 08:15:02:72 2026 Sysname USERLOG/7/NAT: TCP; 100.64.0.9:40000--->203.0.113.7:5533; 192.0.2.4:3333; [${times}]; Operator ${operator}`;
const PAIRS = (event: string, begin: string, end: string): string =>
  `<190>Nov  3 08:15:02 2026 H3C %%10NAT/6/NAT_FLOW: Protocol(1001)=TCP;Application(1002)=other;SrcIPAddr(1003)=100.64.0.9;SrcPort(1004)=40000;NATSrcIPAddr(1005)=203.0.113.7;NATSrcPort(1006)=5533;DstIPAddr(1007)=192.0.2.4;DstPort(1008)=3333;RcvVPNInstance(1042)=;BeginTime_e(1013)=${begin};EndTime_e(1014)=${end};Event(1048)=${event};`;

describe('shapes', () => {
  it.each([
    [
      'structured data, session',
      [SADD, SDEL],
      ['nat_session 203.0.113.7:5533-5533/tcp 2026-11-03T00:15:02.123Z 2026-11-03T01:15:02.123Z 100.64.0.9@nat1'],
    ],
    [
      'structured data, DS-Lite: the tunnel is the subscriber',
      [APMADD],
      ['nat_session 203.0.113.7:5533-5533/udp 2026-11-03T00:15:02Z open 2001:db8::9'],
    ],
    [
      'Fortinet allocation and release by message id',
      [FORTINET('create', '1793664902000000000'), FORTINET('x', '1793668502000000000', '016')],
      ['nat_block 203.0.113.7:5117-5244 2026-11-03T00:15:02Z 2026-11-03T01:15:02Z 100.64.0.9@FGT1'],
    ],
    [
      'Fortinet interim: start by its duration',
      [FORTINET('x', '1793664902', '024')],
      ['nat_block 203.0.113.7:5117-5244 2026-11-03T00:05:02Z open 100.64.0.9@FGT1'],
    ],
    [
      'Fortinet release whose allocation was lost: start by its duration',
      [FORTINET('dealloc', '1793664902', '999')],
      ['nat_block 203.0.113.7:5117-5244 2026-11-03T00:05:02Z 2026-11-03T00:15:02Z 100.64.0.9@FGT1'],
    ],
    [
      'Fortinet without eventtime',
      [FORTINET('allocate', '')],
      ['nat_block 203.0.113.7:5117-5244 2026-11-03T00:15:02Z open 100.64.0.9@FGT1'],
    ],
    [
      'Juniper',
      [JUNIPER('ALLOC', '08:15:02'), JUNIPER('ACTIVE', '08:45:02'), JUNIPER('RELEASE', '09:15:02')],
      ['nat_block 203.0.113.7:1050-1099 2026-11-03T00:15:02Z 2026-11-03T01:15:02Z 100.64.0.9@mx1'],
    ],
    [
      'Juniper interim with the time of allocation',
      [JUNIPER('ACTIVE', '08:45:02', ` 0x${(1793664902).toString(16)}`)],
      ['nat_block 203.0.113.7:1050-1099 2026-11-03T00:15:02Z open 100.64.0.9@mx1'],
    ],
    [
      'Juniper with a number that can be no time',
      [JUNIPER('ACTIVE', '08:45:02', ' 0xffffffff')],
      ['nat_block 203.0.113.7:1050-1099 2026-11-03T00:45:02Z open 100.64.0.9@mx1'],
    ],
    [
      'NAT64 of the older Juniper cards',
      [
        'Nov  3 08:15:02  mx1 (FPC Slot 2, PIC Slot 0) 2026-11-03 00:15:02 [FWNAT]:ASP_NAT_PORT_BLOCK_ALLOC: 2001:db8:0:0:0:0:0:1 -> 203.0.113.7:1050-1099',
      ],
      ['nat_block 203.0.113.7:1050-1099 2026-11-03T00:15:02Z open 2001:db8::1'],
    ],
    [
      'user log, two entries in a line, behind a relay',
      [
        'Nov  3 09:00:00 relay 1 2026 Nov 3 08:15:02 asr1 - NAT44 - [UserbasedA - 100.64.0.9 INSIDE - 203.0.113.7 - 12544 12671][UserbasedA - 100.64.0.10 INSIDE - 203.0.113.7 - 12672 12799]',
        'Nov  3 10:00:00 relay 1 2026 Nov 3 09:15:02 asr1 - NAT44 - [UserbasedW - 100.64.0.9 INSIDE - 203.0.113.7 - 12544 12671]',
      ],
      [
        'nat_block 203.0.113.7:12544-12671 2026-11-03T00:15:02Z 2026-11-03T01:15:02Z 100.64.0.9@vrf:INSIDE',
        'nat_block 203.0.113.7:12672-12799 2026-11-03T00:15:02Z open 100.64.0.10@vrf:INSIDE',
      ],
    ],
    [
      'H3C flow log: created and over',
      [
        FLOW('2026/11/03 08:15:02-0000/00/00 00:00:00', '8: Data flow created'),
        FLOW('2026/11/03 08:15:02-2026/11/03 09:15:02', '1: Normal over'),
      ],
      ['nat_session 203.0.113.7:5533-5533/tcp 2026-11-03T00:15:02Z 2026-11-03T01:15:02Z 100.64.0.9@Sysname'],
    ],
    [
      'H3C flow log: only its end',
      [FLOW('2026/11/03 08:15:02-2026/11/03 09:15:02', '1: Normal over')],
      ['nat_session 203.0.113.7:5533-5533/tcp 2026-11-03T00:15:02Z 2026-11-03T01:15:02Z 100.64.0.9@Sysname'],
    ],
    [
      'H3C flow log: still active',
      [FLOW('2026/11/03 08:15:02-2026/11/03 09:15:02', '6: Active data flow timeout')],
      ['nat_session 203.0.113.7:5533-5533/tcp 2026-11-03T00:15:02Z open 100.64.0.9@Sysname'],
    ],
    [
      'H3C flow log broken over lines',
      FLOW('2026/11/03 08:15:02-2026/11/03 09:15:02', '1: Normal over')
        .replaceAll('; [', ';\n[')
        .replace('; Operator', ';\nOperator')
        .split('\n'),
      ['nat_session 203.0.113.7:5533-5533/tcp 2026-11-03T00:15:02Z 2026-11-03T01:15:02Z 100.64.0.9@Sysname'],
    ],
    [
      'H3C pairs, month first',
      [
        PAIRS('(8)Session created', '11032026081502', ''),
        PAIRS('(1)Session deleted', '11032026081502', '11032026091502'),
      ],
      ['nat_session 203.0.113.7:5533-5533/tcp 2026-11-03T00:15:02Z 2026-11-03T01:15:02Z 100.64.0.9@H3C'],
    ],
  ])('%s', (_name, lines, expected) => {
    const result = runLines(natSyslogLayout, lines.join('\n'));
    expect(result.faults).toEqual([]);
    expect(briefs(result)).toEqual(expected);
    expect(JSON.stringify(result.rows)).not.toContain('192.0.2.4');
  });

  it.each([
    ['release_without_allocation', SDEL],
    ['bad_address', SADD.replace('100.64.0.9', '100.64.0.999')],
    ['bad_ports', SADD.replace('XSPORT="5533"', '')],
    ['bad_protocol', SADD.replace('PROTO="6"', 'PROTO="132"')],
    ['bad_time', SADD.replace('2026-11-03T', '2026-13-03T')],
    ['unknown_action', FORTINET('x', '1793664902', '999')],
    ['damaged_line', JUNIPER('ALLOC', '08:15:02').slice(0, -12)],
    ['damaged_line', '2026 Nov 3 08:15:02 asr1 - NAT44 - [UserbasedA - 100.64.0.9 INSIDE'],
    ['damaged_line', FLOW('2026/11/03 08:15:02', '8')],
  ])('reports %s and goes on', (reason, line) => {
    const result = runLines(natSyslogLayout, `${line}\n${JUNIPER('ALLOC', '08:15:02')}`);
    expect(result.faults.map((f) => [f.row, f.reason])).toEqual([[1, reason]]);
    expect(result.rows).toHaveLength(1);
  });

  it('passes over other lines and counts them', () => {
    const result = runLines(
      natSyslogLayout,
      `Nov  3 08:15:02 mx1 sshd[1]: session opened\n\n${JUNIPER('ALLOC', '08:15:02')}`,
    );
    expect(result.faults).toEqual([]);
    expect(result.notes).toEqual(['1 lines of Juniper port block', '1 lines are no NAT message and were passed over']);
  });

  it('reads times in the zone given, and names realms by the map', () => {
    const result = runLines(natSyslogLayout, JUNIPER('ALLOC', '00:15:02'), { zone: 'UTC', 'realm-map': 'mx1=BNG-A' });
    expect(briefs(result)).toEqual(['nat_block 203.0.113.7:1050-1099 2026-11-03T00:15:02Z open 100.64.0.9@BNG-A']);
  });
});

describe('headers', () => {
  it.each([
    ['<34>1 2026-11-03T00:15:02.003Z host app - - - text', '2026-11-03T00:15:02.003Z', 'host'],
    ['2026-11-03T08:15:02+08:00 host text', '2026-11-03T00:15:02Z', 'host'],
    ['<34>Nov  3 08:15:02 host text', '2026-11-03T00:15:02Z', 'host'],
    ['Nov  3 08:15:02 2026 host text', '2026-11-03T00:15:02Z', 'host'],
    ['1793664902 host text', '2026-11-03T00:15:02Z', 'host'],
    ['<34>1 2026 Nov 3 08:15:02 host text', '2026-11-03T00:15:02Z', 'host'],
  ])('%s', (line, iso, host) => {
    const header = syslogHeader(line, { zone: 480, now: NOW });
    expect([header.time, header.host]).toEqual([at(iso), host]);
  });

  it('leaves a line without a time as it is', () => {
    expect(syslogHeader('hello world', { zone: 480, now: NOW })).toEqual({
      time: null,
      host: null,
      rest: 'hello world',
    });
  });
});

it('is recognised', async () => {
  for (const line of [
    SADD,
    FORTINET('create', '1793664902'),
    JUNIPER('ALLOC', '08:15:02'),
    FLOW('2026/11/03 08:15:02-0000/00/00 00:00:00', '8: created'),
    PAIRS('(8)Session created', '11032026081502', ''),
  ]) {
    const result = await importBytes(Buffer.from(`${line}\n`.repeat(3)));
    expect(result.shapes[0]?.layout).toBe('nat-syslog');
    expect(result.rows).toHaveLength(1);
  }
});

it('never throws, and is quick with what was made to be slow', () => {
  const seeds = [
    SADD,
    APMADD,
    FORTINET('create', '1'),
    JUNIPER('ACTIVE', '08:15:02'),
    FLOW('a', '1'),
    PAIRS('x', 'y', 'z'),
    '[UserbasedA - ',
  ];
  const cut = fc
    .tuple(fc.constantFrom(...seeds), fc.nat({ max: 400 }), fc.string({ unit: 'binary', maxLength: 20 }))
    .map(([line, place, junk]) => line.slice(0, place) + junk + line.slice(place));
  fc.assert(
    fc.property(
      fc.array(fc.oneof(cut, fc.string({ unit: 'binary' })), { maxLength: 20 }),
      (lines) => void runLines(natSyslogLayout, lines.join('\n')),
    ),
  );
  const long = [
    'UserbasedA',
    'portbegin= saddr=',
    'NAT_PORT_BLOCK_ALLOC: ',
    '--->',
    'NATSrcIPAddr',
    'SADD [nsess ',
  ].flatMap((mark) =>
    [' a="', '(', ' - ', ';', '1', 'a=b ', '\\'].map((part) => `${mark}${part.repeat(60_000 / part.length)}`),
  );
  runLines(natSyslogLayout, long.join('\n'));
});
