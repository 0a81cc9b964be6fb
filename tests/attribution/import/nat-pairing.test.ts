import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/attribution/import/layout.ts';
import { type NatEvent, pairNatEvents } from '../../../src/attribution/import/nat-pairing.ts';
import type { AddressRow, RowFault } from '../../../src/attribution/types.ts';
import { brief, NOW, type Result } from './session-harness.ts';

const S = 1_000_000;

/** Event at second `time`; inside address 100.64.0.`who`, ports from `block` × 1000. */
function event(
  action: NatEvent['action'],
  time: number,
  who: number | null,
  block: number = 1,
  more: Partial<NatEvent> = {},
): NatEvent {
  return {
    action,
    time: time * S,
    started: null,
    outside: '203.0.113.7',
    ports: [block * 1000, block * 1000 + 999],
    protocol: null,
    inside: who === null ? null : `100.64.0.${who}`,
    realm: 'nat1',
    account: null,
    discriminator: '',
    extra: {},
    row: time,
    ...more,
  };
}

function pair(events: readonly NatEvent[], settings: Readonly<Record<string, string>> = {}): Result {
  const rows: AddressRow[] = [];
  const faults: RowFault[] = [];
  const notes: string[] = [];
  const context: Context = {
    head: { name: '', bytes: new Uint8Array(0), text: '', encoding: 'utf-8', rows: [] },
    header: [],
    now: NOW,
    clockError: 0,
    settings,
    row: (_row, value) => void (value.family === 'address' && rows.push(value)),
    fault: (fault) => void faults.push(fault),
    note: (text) => void notes.push(text),
  };
  const pairing = pairNatEvents(context);
  for (const each of events) pairing.add(each);
  pairing.end();
  return { rows, faults, notes };
}

/** `who first-port from-to`, `~` where the end is inferred; seconds. */
function spans(result: Result): string[] {
  return result.rows
    .map((row) => {
      const to = row.valid.to === null ? 'open' : row.valid.to / S;
      return `${row.inside?.address.slice(9)} ${row.ports?.[0]} ${row.valid.from / S}-${to}${row.endInferred ? '~' : ''}`;
    })
    .sort();
}

describe('pairing', () => {
  it.each<[string, NatEvent[], string[], string[]]>([
    ['allocation and release', [event('begin', 10, 1), event('end', 20, 1)], ['1 1000 10-20'], []],
    ['no release stays open', [event('begin', 10, 1)], ['1 1000 10-open'], []],
    ['release alone', [event('end', 20, 1)], [], ['release_without_allocation']],
    ['release read before its allocation', [event('end', 20, 1), event('begin', 10, 1)], ['1 1000 10-20'], []],
    [
      'release of before and a later allocation',
      [event('end', 5, 1), event('begin', 10, 1)],
      ['1 1000 10-open'],
      ['release_without_allocation'],
    ],
    [
      'two after one another',
      [event('begin', 10, 1), event('end', 20, 1), event('begin', 30, 2), event('end', 40, 2)],
      ['1 1000 10-20', '2 1000 30-40'],
      [],
    ],
    [
      'lost release: the next holder ends it',
      [event('begin', 10, 1), event('begin', 30, 2)],
      ['1 1000 10-30~', '2 1000 30-open'],
      [],
    ],
    [
      '… also read the other way round',
      [event('begin', 30, 2), event('begin', 10, 1)],
      ['1 1000 10-30~', '2 1000 30-open'],
      [],
    ],
    [
      '… and the release comes late after all',
      [event('begin', 10, 1), event('begin', 30, 2), event('end', 25, 1)],
      ['1 1000 10-25', '2 1000 30-open'],
      [],
    ],
    [
      'allocated again to the same user',
      [event('begin', 10, 1), event('begin', 30, 1)],
      ['1 1000 10-30~', '1 1000 30-open'],
      [],
    ],
    [
      'repeated records',
      [event('begin', 10, 1), event('begin', 10, 1), event('end', 20, 1), event('end', 20, 1), event('begin', 10, 1)],
      ['1 1000 10-20'],
      [],
    ],
    ['interim alone restores', [event('interim', 15, 1), event('interim', 25, 1)], ['1 1000 15-open'], []],
    ['interim that names its start', [event('interim', 15, 1, 1, { started: 3 * S })], ['1 1000 3-open'], []],
    [
      'interim, then the allocation',
      [event('interim', 15, 1), event('begin', 10, 1), event('end', 20, 1)],
      ['1 1000 10-20'],
      [],
    ],
    ['interim between', [event('begin', 10, 1), event('interim', 15, 1), event('end', 20, 1)], ['1 1000 10-20'], []],
    ['a final record that names its start', [event('end', 20, 1, 1, { started: 12 * S })], ['1 1000 12-20'], []],
    ['a release that names nobody', [event('begin', 10, 1), event('end', 20, null)], ['1 1000 10-20'], []],
    [
      'a release by another',
      [event('begin', 10, 1), event('end', 20, 2)],
      ['1 1000 10-open'],
      ['release_without_allocation'],
    ],
    ['within one second', [event('begin', 10, 1), event('end', 10, 1)], ['1 1000 10-11'], []],
  ])('%s', (_name, events, expected, faults) => {
    const result = pair(events);
    expect(spans(result)).toEqual(expected);
    expect(result.faults.map((f) => f.reason)).toEqual(faults);
  });

  it('keeps parallel sessions of one port apart and does not store where they go', () => {
    const to = (place: string): Partial<NatEvent> => ({ ports: [5000, 5000], protocol: 'tcp', discriminator: place });
    const result = pair([
      event('begin', 10, 1, 1, to('192.0.2.1 3333')),
      event('begin', 11, 1, 1, to('192.0.2.2 443')),
      event('end', 20, 1, 1, to('192.0.2.1 3333')),
      event('end', 30, 1, 1, to('192.0.2.2 443')),
    ]);
    expect(spans(result)).toEqual(['1 5000 10-20', '1 5000 11-30']);
    expect(JSON.stringify(result.rows)).not.toContain('192.0.2');
  });

  it('says where the start is only a sign of life', () => {
    expect(pair([event('interim', 15, 1)]).rows[0]?.extra['start']).toBe('interim');
    expect(pair([event('begin', 15, 1)]).rows[0]?.extra['start']).toBeUndefined();
  });

  it('gives out the oldest when the table is full, those with a later holder first, and says how many', () => {
    const events = Array.from({ length: 130 }, (_, n) => event('begin', n + 1, n + 1, n % 60));
    const result = pair(events, { 'open-limit': '100' });
    expect(result.rows).toHaveLength(130);
    expect(result.rows.filter((row) => row.valid.to === null)).toHaveLength(60);
    expect(result.notes).toEqual([]);
    const more = pair(
      Array.from({ length: 130 }, (_, n) => event('begin', n + 1, 1, 1, { ports: [n, n] })),
      { 'open-limit': '100' },
    );
    expect(more.rows).toHaveLength(130);
    expect(more.notes[0]).toContain('30 open mappings');
  });

  it('does not depend on how the records of different blocks interleave, nor on repetition', () => {
    const events: NatEvent[] = [];
    for (let block = 1; block <= 5; block++) {
      events.push(event('begin', 10 * block, block, block), event('interim', 10 * block + 2, block, block));
      if (block !== 3) events.push(event('end', 10 * block + 5, block, block));
    }
    const key = (result: Result): string[] => result.rows.map(brief).sort();
    const expected = key(pair(events));
    fc.assert(
      fc.property(
        fc.shuffledSubarray(events, { minLength: events.length }),
        fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 8 }),
        (shuffled, again) => {
          const all = [...shuffled];
          for (const [which, where] of again)
            all.splice(where % all.length, 0, events[which % events.length] as NatEvent);
          expect(key(pair(all))).toEqual(expected);
        },
      ),
    );
  });

  it('never names two users of the same ports at one time from a complete log', () => {
    const users = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 5 })),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(users, (turns) => {
        const events: NatEvent[] = [];
        let time = 100;
        for (const [who, length, pause] of turns) {
          events.push(event('begin', time, who), event('end', time + length, who));
          time += length + pause + 1;
        }
        const rows = pair(events).rows.sort((a, b) => a.valid.from - b.valid.from);
        expect(rows).toHaveLength(turns.length);
        for (const [i, row] of rows.entries())
          expect(row.valid.to).toBeLessThanOrEqual(rows[i + 1]?.valid.from ?? Number.POSITIVE_INFINITY);
      }),
    );
  });
});
