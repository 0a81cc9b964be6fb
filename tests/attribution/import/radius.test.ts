import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { radiusDetailLayout } from '../../../src/attribution/import/radius.ts';
import { accessLine } from '../../../src/attribution/import/radius-record.ts';
import { briefs, importBytes, runLines } from './session-harness.ts';

type Attributes = Readonly<Record<string, string>>;

/** One detail block; `when` is local time (UTC+8) of the same day, as FreeRADIUS writes it. */
function block(status: string, when: string, attributes: Attributes = {}): string {
  const all: Attributes = {
    'Acct-Status-Type': status,
    'NAS-Identifier': '"BNG-A"',
    'NAS-IP-Address': '192.0.2.250',
    'Acct-Session-Id': '"s1"',
    'User-Name': '"k7730011"',
    'Event-Timestamp': `"Nov  3 2026 ${when} CST"`,
    ...attributes,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== '');
  return `Tue Nov  3 ${when} 2026\n${lines.map(([name, value]) => `\t${name} = ${value}\n`).join('')}\n`;
}

const V4: Attributes = { 'Framed-IP-Address': '198.51.100.17' };
const run = (text: string, settings: Attributes = {}): string[] => briefs(runLines(radiusDetailLayout, text, settings));

describe('intervals', () => {
  const start = block('Start', '08:00:00', V4);
  const interim = block('Interim-Update', '08:30:00', V4);
  const stop = block('Stop', '09:00:00', { ...V4, 'Acct-Session-Time': '3600' });

  it.each([
    [
      'start, interim, stop',
      start + interim + stop,
      'session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z k7730011',
    ],
    [
      'stop alone: start by its duration',
      stop,
      'session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z k7730011',
    ],
    [
      'no stop: last interim and the interval',
      start + interim,
      'session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T00:40:00Z~ k7730011',
    ],
    ['no stop, no interim', start, 'session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T00:10:00Z~ k7730011'],
    [
      'the interval the NAS names',
      start + block('3', '08:30:00', { ...V4, 'Acct-Interim-Interval': '3600' }),
      'session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T01:30:00Z~ k7730011',
    ],
    [
      'Accounting-Off closes at its time',
      start + block('Accounting-Off', '08:50:00', { 'Acct-Session-Id': '', 'User-Name': '' }),
      'session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T00:50:00Z k7730011',
    ],
    [
      'Accounting-On closes at its time, inferred',
      start + block('7', '08:50:00', { 'Acct-Session-Id': '', 'User-Name': '' }),
      'session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T00:50:00Z~ k7730011',
    ],
    [
      'a restart of another NAS closes nothing',
      start + block('8', '08:50:00', { 'NAS-Identifier': '"BNG-B"', 'Acct-Session-Id': '' }),
      'session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T00:10:00Z~ k7730011',
    ],
    [
      'a restart before the session closes nothing',
      block('8', '07:00:00') + start + stop,
      'session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z k7730011',
    ],
  ])('%s', (_name, text, expected) => {
    expect(run(text)).toEqual([expected]);
  });

  it('takes the interval from the settings', () => {
    expect(run(start, { 'interim-interval': '60' })).toEqual([
      'session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T00:01:00Z~ k7730011',
    ]);
  });

  it('closes every session of a NAS at its restart', () => {
    const sessions = [1, 2, 3].map((n) =>
      block('Start', '08:00:00', { 'Acct-Session-Id': `"s${n}"`, 'Framed-IP-Address': `198.51.100.${n}` }),
    );
    expect(run(sessions.join('') + block('8', '08:50:00', { 'Acct-Session-Id': '' }))).toEqual(
      [1, 2, 3].map((n) => `session 198.51.100.${n} 2026-11-03T00:00:00Z 2026-11-03T00:50:00Z k7730011`),
    );
  });

  it('takes a later Start under the same id for another session', () => {
    expect(run(start + block('Start', '08:05:00', { 'Framed-IP-Address': '198.51.100.18' }))).toEqual([
      'session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T00:05:00Z~ k7730011',
      'session 198.51.100.18 2026-11-03T00:05:00Z 2026-11-03T00:15:00Z~ k7730011',
    ]);
  });

  it('knows event time from receipt and delay where there is no Event-Timestamp', () => {
    const delayed = block('Start', '08:00:30', { ...V4, 'Event-Timestamp': '', 'Acct-Delay-Time': '30' });
    expect(run(delayed + stop)).toEqual(['session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z k7730011']);
    const stamped = block('Start', '08:00:30', {
      ...V4,
      'Event-Timestamp': '',
      Timestamp: '1793664010',
      'Acct-Delay-Time': '10',
    });
    expect(run(stamped + stop)).toEqual(['session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z k7730011']);
  });

  it('does not depend on order or repetition, with sessions interleaved', () => {
    const records: string[] = [];
    for (let n = 1; n <= 4; n++) {
      const own: Attributes = {
        'Acct-Session-Id': `"s${n}"`,
        'Framed-IP-Address': `198.51.100.${n}`,
        'Acct-Input-Octets': `${n}`,
      };
      records.push(block('Start', `08:0${n}:00`, own), block('Interim-Update', `08:3${n}:00`, own));
      if (n !== 2)
        records.push(block('Stop', `09:0${n}:00`, { ...own, 'Acct-Session-Time': '3599', 'Acct-Input-Octets': '99' }));
    }
    const expected = runLines(radiusDetailLayout, records.join(''));
    const shape = (result: { rows: readonly unknown[] }): string[] =>
      result.rows.map((row) => JSON.stringify(row)).sort();
    const order = fc.tuple(
      fc.shuffledSubarray(records, { minLength: records.length, maxLength: records.length }),
      fc.array(fc.nat({ max: records.length - 1 }), { maxLength: 12 }),
      fc.array(fc.nat({ max: 30 }), { minLength: 12, maxLength: 12 }),
    );
    fc.assert(
      fc.property(order, ([shuffled, again, places]) => {
        const text = [...shuffled];
        for (const [i, index] of again.entries()) text.splice((places[i] ?? 0) % text.length, 0, records[index] ?? '');
        expect(shape(runLines(radiusDetailLayout, text.join('')))).toEqual(shape(expected));
      }),
    );
  });
});

describe('fields', () => {
  it('gives each address its row, and reads octets, access line and sealed ids', () => {
    const own: Attributes = {
      'Framed-IP-Address': '100.64.3.4',
      'Framed-IPv6-Prefix': '2001:db8:40:7::/64',
      'Delegated-IPv6-Prefix': '2001:db8:50:100::/56',
      'Framed-IPv6-Address': '2001:db8:40:7::1',
      'Acct-Input-Octets': '5',
      'Acct-Input-Gigawords': '2',
      'Calling-Station-Id': '"00:00:5e:00:53:01"',
      'User-Password': '"hidden"',
      'NAS-Port-Id': '"eth 3/1/2:1024.2035 OLT-ZW-01/0/0/5/0/12"',
    };
    const text = block('Start', '08:00:00', own) + block('Stop', '09:00:00', own);
    const result = runLines(radiusDetailLayout, text);
    expect(briefs(result)).toEqual([
      'session 100.64.3.4@BNG-A 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z k7730011',
      'session 2001:db8:40:7::-2001:db8:40:7:ffff:ffff:ffff:ffff 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z k7730011',
      'session 2001:db8:40:7::1 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z k7730011',
      'session 2001:db8:50:100::-2001:db8:50:1ff:ffff:ffff:ffff:ffff 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z k7730011',
    ]);
    const [row] = result.rows;
    expect(row?.sealed).toEqual({ calling_station: '00:00:5e:00:53:01' });
    expect(row?.extra).toMatchObject({
      nas: 'BNG-A',
      octets_in: String(2 * 2 ** 32 + 5),
      uplink_port: '3/1/2',
      svlan: '1024',
      cvlan: '2035',
      access_node: 'OLT-ZW-01',
      access_port: '0/0/5/0/12',
    });
    expect(JSON.stringify(result)).not.toContain('hidden');
    expect(accessLine('something else')).toEqual({});
  });

  it('counts an address that comes later from then on, and one that changes until the change', () => {
    const text =
      block('Start', '08:00:00', V4) +
      block('Interim-Update', '08:20:00', { 'Framed-IP-Address': '198.51.100.18' }) +
      block('Stop', '09:00:00', { 'Framed-IP-Address': '198.51.100.18', 'Delegated-IPv6-Prefix': '2001:db8:1::/56' });
    expect(run(text)).toEqual([
      'session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T00:20:00Z k7730011',
      'session 198.51.100.18 2026-11-03T00:20:00Z 2026-11-03T01:00:00Z k7730011',
    ]);
  });

  it('takes a Stop whose length begins after the last Stop for another session under the same id', () => {
    const start = block('Start', '08:00:00', V4);
    const stop = block('Stop', '09:00:00', { ...V4, 'Acct-Session-Time': '3600' });
    const again = block('Stop', '20:00:00', { ...V4, 'Acct-Session-Time': '600' });
    expect(run(start + stop + again)).toEqual([
      'session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z k7730011',
      'session 198.51.100.17 2026-11-03T11:50:00Z 2026-11-03T12:00:00Z k7730011',
    ]);
  });

  it('gives an address only the interims carry the whole session', () => {
    expect(
      run(block('Start', '08:00:00') + block('Interim-Update', '08:20:00', V4) + block('Stop', '09:00:00', V4)),
    ).toEqual(['session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z k7730011']);
  });

  it.each([
    ['bad_status', block('Failed', '08:00:00', V4)],
    ['no_nas', block('Start', '08:00:00', { ...V4, 'NAS-Identifier': '', 'NAS-IP-Address': '' })],
    ['no_session', block('Start', '08:00:00', { ...V4, 'Acct-Session-Id': '' })],
    ['bad_address', block('Start', '08:00:00', { 'Framed-IP-Address': '198.51.100.999' })],
    [
      'bad_time',
      block('Start', '08:00:00', { ...V4, 'Event-Timestamp': '' }).replace('Tue Nov  3 08:00:00 2026', 'garbage'),
    ],
  ])('reports %s with the line of the block and goes on', (reason, text) => {
    const result = runLines(radiusDetailLayout, text + block('Stop', '09:00:00', { ...V4, 'Acct-Session-Id': '"s2"' }));
    expect(result.faults.map((f) => [f.row, f.reason])).toEqual([[1, reason]]);
    expect(result.rows).toHaveLength(1);
  });

  it('gives sessions out early when there are too many, and says how many', () => {
    const many = Array.from({ length: 150 }, (_, n) =>
      block('Start', '08:00:00', { ...V4, 'Acct-Session-Id': `"s${n}"` }),
    );
    const result = runLines(radiusDetailLayout, many.join(''), { 'open-limit': '100' });
    expect(result.rows).toHaveLength(150);
    expect(result.rows.every((row) => row.endInferred)).toBe(true);
    expect(result.notes.join('\n')).toContain('50 open sessions given out early');
  });
});

it('is recognised with or without CRLF', async () => {
  const text = block('Start', '08:00:00', V4) + block('Stop', '09:00:00', V4);
  for (const bytes of [text, text.replaceAll('\n', '\r\n')]) {
    const result = await importBytes(Buffer.from(bytes));
    expect(result.shapes[0]?.layout).toBe('radius-detail');
    expect(briefs(result)).toEqual(['session 198.51.100.17 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z k7730011']);
  }
});

it('never throws', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '',
      'Tue Nov  3 08:00:00 2026',
      '\tAcct-Status-Type = Start',
      '\tAcct-Session-Id = "s"',
      '\tNAS-Identifier = "a"',
    ),
    fc
      .tuple(
        fc.constantFrom('Framed-IP-Address', 'Event-Timestamp', 'Acct-Session-Time', 'Framed-IPv6-Prefix'),
        fc.string(),
      )
      .map(([name, value]) => `\t${name} = ${value}`),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (lines) => void runLines(radiusDetailLayout, lines.join('\n'))),
  );
});
