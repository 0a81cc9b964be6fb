import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keaLeaseLayout, keaRelayIds } from '../../../src/attribution/import/lease.ts';
import { iscLeaseLayout } from '../../../src/attribution/import/lease-isc.ts';
import { brief, briefs, importBytes, runLines, runTable } from './session-harness.ts';

const V4 = 'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context';
const V6 =
  'address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source';
/** 2026-11-03T00:00:00Z in seconds. */
const T0 = Date.UTC(2026, 10, 3) / 1000;
const hex = (text: string): string => Buffer.from(text).toString('hex');

function lease(client: string, start: number, lifetime: number, state = 0): string {
  return `192.0.2.10,${client},,${lifetime},${T0 + start + lifetime},1,0,0,host,${state},`;
}

describe('Kea', () => {
  it.each([
    ['one lease', [lease('00:00:5e:00:53:01', 0, 3600)], ['2026-11-03T00:00:00Z 2026-11-03T01:00:00Z']],
    [
      'renewals run into one',
      [
        lease('00:00:5e:00:53:01', 0, 3600),
        lease('00:00:5e:00:53:01', 1800, 3600),
        lease('00:00:5e:00:53:01', 3600, 3600),
      ],
      ['2026-11-03T00:00:00Z 2026-11-03T02:00:00Z'],
    ],
    [
      'a gap makes two',
      [lease('00:00:5e:00:53:01', 0, 3600), lease('00:00:5e:00:53:01', 7200, 3600)],
      ['2026-11-03T00:00:00Z 2026-11-03T01:00:00Z', '2026-11-03T02:00:00Z 2026-11-03T03:00:00Z'],
    ],
    [
      'the next client cuts it off',
      [lease('00:00:5e:00:53:01', 0, 3600), lease('00:00:5e:00:53:02', 1200, 3600)],
      ['2026-11-03T00:00:00Z 2026-11-03T00:20:00Z~', '2026-11-03T00:20:00Z 2026-11-03T01:20:00Z'],
    ],
    [
      'deleted at an unknown time',
      [lease('00:00:5e:00:53:01', 0, 3600), lease('00:00:5e:00:53:01', 0, 0)],
      ['2026-11-03T00:00:00Z 2026-11-03T01:00:00Z~'],
    ],
    ['declined is no client', [lease('', 0, 3600, 1)], []],
  ])('%s', (_name, rows, expected) => {
    const result = runTable(keaLeaseLayout, [V4, ...rows].join('\n'));
    expect(result.faults).toEqual([]);
    expect(briefs(result)).toEqual(expected.map((time) => `lease 192.0.2.10 ${time}`));
  });

  it('seals hardware address, client id and host name', () => {
    const [row] = runTable(
      keaLeaseLayout,
      `${V4}\n192.0.2.10,00:00:5e:00:53:01,01:02,60,${T0 + 60},1,0,0,zhang-pc,0,`,
    ).rows;
    expect(row?.sealed).toEqual({ hardware: '00:00:5e:00:53:01', client_id: '01:02', hostname: 'zhang-pc' });
    expect(JSON.stringify({ ...row, sealed: null })).not.toContain('zhang');
  });

  it('reads v6 addresses and delegated prefixes', () => {
    const rows = [
      `2001:db8::1,00:03:00:01,3600,${T0 + 3600},1,1800,0,1,128,0,0,,,0,,,`,
      `2001:db8:1::,00:03:00:01,3600,${T0 + 3600},1,1800,2,2,56,0,0,,,0,,,`,
    ];
    expect(briefs(runTable(keaLeaseLayout, [V6, ...rows].join('\n')))).toEqual([
      'lease 2001:db8:1::-2001:db8:1:ff:ffff:ffff:ffff:ffff 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z',
      'lease 2001:db8::1 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z',
    ]);
  });

  it.each([
    [
      'sub-options in hex',
      `{"ISC":{"relay-agent-info":{"sub-options":"0x0104${hex('eth1')}0202${hex('r1')}0602${hex('k7')}"}}}`,
      'eth1',
      'r1',
      'k7',
    ],
    ['the older form', `{"ISC":{"relay-agent-info":"0x0104${hex('eth1')}"}}`, 'eth1', null, null],
    [
      'relay options of v6',
      `{"ISC":{"relay-info":[{"hop":0,"options":"0x00120004${hex('eth1')}0025000600000009${hex('r1')}"}]}}`,
      'eth1',
      'r1',
      null,
    ],
    ['ids as text', '{"circuit-id":"eth 3/1/2:1024.2035","remote-id":"r1"}', 'eth 3/1/2:1024.2035', 'r1', null],
    ['escaped commas', '{"circuit-id":"a"&#x2c"remote-id":"r1"}', 'a', 'r1', null],
    ['a sub-option longer than its data', '{"ISC":{"relay-agent-info":"0x01ff41"}}', null, null, null],
    ['no JSON', '{', null, null, null],
  ])('option 82, 18 and 37: %s', (_name, context, circuit, remote, subscriber) => {
    expect(keaRelayIds(context)).toEqual({ circuit, remote, subscriber });
  });

  it('joins by the line, and seals a remote id that is a hardware address', () => {
    const context = '{"circuit-id":"eth 3/1/2:1024.2035 OLT-ZW-01/0/0/5/0/12"&#x2c"remote-id":"00:00:5e:00:53:01"}';
    const [row] = runTable(
      keaLeaseLayout,
      `${V4}\n192.0.2.10,00:00:5e:00:53:02,,60,${T0 + 60},1,0,0,,0,${context}`,
    ).rows;
    expect(row?.account).toBe('eth 3/1/2:1024.2035 OLT-ZW-01/0/0/5/0/12');
    expect(row?.extra).toMatchObject({ svlan: '1024', access_node: 'OLT-ZW-01' });
    expect(row?.sealed).toMatchObject({ remote_id: '00:00:5e:00:53:01' });
  });

  it('leaves the hours before a move to another line with the line before', () => {
    const on = (line: string, start: number): string =>
      `192.0.2.10,00:00:5e:00:53:02,,7200,${T0 + start + 7200},1,0,0,,0,{"circuit-id":"${line}"}`;
    const { rows } = runTable(keaLeaseLayout, [V4, on('line-a', 0), on('line-b', 5400)].join('\n'));
    expect(rows.map((row) => row.family === 'address' && [row.account, (row.valid.from / 1e6 - T0) / 60])).toEqual([
      ['line-a', 0],
      ['line-b', 90],
    ]);
    expect(rows[0]?.valid.to).toBe((T0 + 5400) * 1e6);
  });

  it('reports bad rows and goes on', () => {
    const bad = [`192.0.2.999,a,,60,${T0},1,0,0,,0,`, '192.0.2.9,a,,x,5,1,0,0,,0,', '192.0.2.9,a,,60,5,1,0,0,,0,'];
    const result = runTable(keaLeaseLayout, [V4, ...bad, lease('a', 0, 60)].join('\n'));
    expect(result.faults.map((f) => [f.row, f.reason])).toEqual([
      [2, 'bad_address'],
      [3, 'bad_time'],
      [4, 'bad_time'],
    ]);
    expect(result.rows).toHaveLength(1);
  });
});

const ISC = `# The format of this file is documented in the dhcpd.leases(5) manual page.
lease 192.0.2.10 {
  starts 2 2026/11/03 00:00:00;
  ends 2 2026/11/03 01:00:00;
  cltt 2 2026/11/03 00:00:00;
  binding state active;
  next binding state free;
  hardware ethernet 00:00:5e:00:53:01;
  uid "\\001\\000\\000^\\000S\\001";
  option agent.circuit-id "eth 3/1/2:1024.2035 OLT-ZW-01/0/0/5/0/12";
  client-hostname "zhang-pc";
}
lease 192.0.2.10 {
  starts epoch ${T0 + 1800}; # Tue Nov  3 00:30:00 2026
  ends epoch ${T0 + 5400}; # Tue Nov  3 01:30:00 2026
  binding state active;
  uid "\\001\\000\\000^\\000S\\001";
  hardware ethernet 00:00:5e:00:53:01;
}
lease 192.0.2.11 {
  starts 2 2026/11/03 00:00:00;
  ends never;
  binding state active;
  hardware ethernet 00:00:5e:00:53:02;
}
ia-na "\\001\\000\\000\\000\\000\\001" {
  cltt 2 2026/11/03 00:00:00;
  iaaddr 2001:db8::1 {
    binding state active;
    preferred-life 1800;
    max-life 3600;
    ends 2 2026/11/03 01:00:00;
  }
}
`;

describe('ISC DHCP', () => {
  it('reads leases, renewals, leases without end and v6', () => {
    const result = runLines(iscLeaseLayout, ISC);
    expect(result.faults).toEqual([]);
    expect(briefs(result)).toEqual([
      'lease 192.0.2.10 2026-11-03T00:00:00Z 2026-11-03T01:30:00Z',
      'lease 192.0.2.11 2026-11-03T00:00:00Z open',
      'lease 2001:db8::1 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z',
    ]);
  });

  it('keeps the line and seals the person', () => {
    const first = ISC.slice(0, ISC.indexOf('lease 192.0.2.10', 100));
    const [row] = runLines(iscLeaseLayout, first).rows;
    expect(row === undefined ? '' : brief(row)).toContain('eth 3/1/2:1024.2035');
    expect(row?.sealed).toEqual({
      hardware: '00:00:5e:00:53:01',
      client_id: '01:00:00:5e:00:53:01',
      hostname: 'zhang-pc',
    });
  });

  it('reports damage by its line and goes on', () => {
    const text =
      'lease 192.0.2.999 {\n starts 2 2026/11/03 00:00:00;\n}\nlease 192.0.2.9 {\n}\nlease 192.0.2.8 {\nlease 192.0.2.7 {\n starts 2 2026/11/03 00:00:00;\n ends never;\n}\nlease 192.0.2.6 {\n';
    const result = runLines(iscLeaseLayout, text);
    expect(result.faults.map((f) => [f.row, f.reason])).toEqual([
      [1, 'bad_address'],
      [4, 'bad_time'],
      [6, 'cut_off'],
      [11, 'cut_off'],
    ]);
    expect(result.rows).toHaveLength(1);
  });
});

it('recognises the three', async () => {
  const kea4 = await importBytes(Buffer.from(`${V4}\n${lease('00:00:5e:00:53:01', 0, 60)}\n`));
  const kea6 = await importBytes(
    Buffer.from(`${V6}\n2001:db8::1,00:03:00:01,3600,${T0 + 3600},1,1800,0,1,128,0,0,,,0,,,\n`),
  );
  const isc = await importBytes(Buffer.from(ISC));
  expect([kea4, kea6, isc].map((r) => r.shapes[0]?.layout)).toEqual(['lease-kea', 'lease-kea', 'lease-isc']);
  expect([kea4, kea6, isc].map((r) => r.rows.length)).toEqual([1, 1, 3]);
});

it('never throws', () => {
  const line = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...ISC.split('\n')));
  fc.assert(fc.property(fc.array(line, { maxLength: 40 }), (lines) => void runLines(iscLeaseLayout, lines.join('\n'))));
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary' }), { maxLength: 12 }),
      (cells) => void runTable(keaLeaseLayout, `${V4}\n${cells.join(',')}`),
    ),
  );
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => void keaRelayIds(text)));
});
