import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipfixNatLayout } from '../../../src/attribution/import/ipfix.ts';
import { natEventMeaning, profileOf } from '../../../src/attribution/import/ipfix-profile.ts';
import {
  BLOCK,
  block,
  dataSet,
  ip,
  join,
  message,
  packet9,
  SESSION,
  session,
  templateSet,
  uint,
} from './ipfix-builder.ts';
import { briefs, importBytes, type Result, runLayout } from './session-harness.ts';

/** 2026-11-03T00:00:00Z in seconds. */
const T0 = Date.UTC(2026, 10, 3) / 1000;
const MS = T0 * 1000;

function run(
  bytes: Uint8Array,
  settings: Readonly<Record<string, string>> = {},
  pieceLength: number = bytes.length,
): Result {
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; from += Math.max(1, pieceLength))
    pieces.push(bytes.slice(from, from + Math.max(1, pieceLength)));
  return runLayout(ipfixNatLayout, pieces, { settings });
}

const TEMPLATES = [templateSet(256, SESSION), templateSet(257, BLOCK)];
const SAMPLE = join(
  message([...TEMPLATES, dataSet(256, [session(MS, 4, 9, 5533)], 3)], T0),
  message([dataSet(257, [block(MS + 1000, 16, 10, 1024, 2047), block(MS + 2000, 16, 11, 2048, 3071)])], T0 + 2),
  message(
    [dataSet(256, [session(MS + 3_600_000, 5, 9, 5533)]), dataSet(257, [block(MS + 60_000, 17, 10, 1024, 2047)])],
    T0 + 3600,
  ),
);
const EXPECTED = [
  'nat_block 203.0.113.7:1024-2047 2026-11-03T00:00:01Z 2026-11-03T00:01:00Z 100.64.0.10',
  'nat_block 203.0.113.7:2048-3071 2026-11-03T00:00:02Z open 100.64.0.11',
  'nat_session 203.0.113.7:5533-5533/tcp 2026-11-03T00:00:00Z 2026-11-03T01:00:00Z 100.64.0.9@vrf:12',
];

describe('messages', () => {
  it('reads templates, data, padding and several messages', () => {
    const result = run(SAMPLE);
    expect(result.faults).toEqual([]);
    expect(briefs(result)).toEqual(EXPECTED);
    expect(JSON.stringify(result.rows)).not.toContain('192.0.2.4');
    expect(result.notes.join('\n')).toContain(
      'domain 1: natEvent numbers of profile rfc8158 (natEvent 4 with these fields is its alone)',
    );
  });

  it('gives the same however it is cut into pieces', () => {
    for (const length of [1, 2, 7, 16, 33, 1000]) expect(run(SAMPLE, {}, length)).toEqual(run(SAMPLE));
  });

  it('takes any truncation: no throw, no row that is not of the whole, one word about the cut', () => {
    for (let end = 0; end < SAMPLE.length; end++) {
      const result = run(SAMPLE.subarray(0, end));
      for (const row of result.rows)
        expect(EXPECTED.map((line) => line.split(' ')[1])).toContain(
          `203.0.113.7:${row.ports?.join('-')}${row.protocol === null ? '' : '/tcp'}`,
        );
      expect(result.faults.filter((f) => f.reason === 'cut_off').length).toBeLessThanOrEqual(1);
      expect(result.faults.every((f) => f.reason === 'cut_off')).toBe(true);
    }
  });

  it('keeps templates per observation domain', () => {
    const short = templateSet(256, [[230, 1]]);
    const result = run(
      join(
        message([templateSet(256, SESSION)], T0, 1),
        message([short], T0, 2),
        message([dataSet(256, [session(MS, 4, 9, 5533)])], T0, 1),
      ),
    );
    expect(briefs(result)).toEqual([
      'nat_session 203.0.113.7:5533-5533/tcp 2026-11-03T00:00:00Z open 100.64.0.9@vrf:12',
    ]);
  });

  it('counts data whose template has not been seen', () => {
    const result = run(message([dataSet(256, [session(MS, 4, 9, 5533)])], T0));
    expect(result.rows).toEqual([]);
    expect(result.notes).toContain('1 data sets without their template: begin the file earlier');
  });

  it('skips variable lengths, enterprise elements and option records', () => {
    const fields = [
      ...uint(256, 2),
      ...uint(7, 2),
      ...uint(284, 2),
      ...uint(65535, 2),
      ...uint(0x8000 | 99, 2),
      ...uint(3, 2),
      ...uint(2636, 4),
    ];
    const rest = [
      [8, 4],
      [225, 4],
      [361, 2],
      [362, 2],
      [230, 1],
    ].flatMap(([e = 0, l = 0]) => [...uint(e, 2), ...uint(l, 2)]);
    const template = [...uint(2, 2), ...uint(fields.length + rest.length + 4, 2), ...fields, ...rest];
    const options = [
      ...uint(3, 2),
      ...uint(18, 2),
      ...uint(300, 2),
      ...uint(2, 2),
      ...uint(1, 2),
      ...uint(149, 2),
      ...uint(4, 2),
      ...uint(41, 2),
      ...uint(8, 2),
    ];
    const name = [...Buffer.from('pool1')];
    const values = [...ip('100.64.0.9'), ...ip('203.0.113.7'), ...uint(1024, 2), ...uint(2047, 2), 16];
    const long = [255, ...uint(5, 2), ...name, 1, 2, 3, ...values];
    const result = run(
      message(
        [
          template,
          options,
          dataSet(300, [[0, 0, 0, 1, ...uint(7, 8)]]),
          dataSet(256, [[5, ...name, 1, 2, 3, ...values], long]),
        ],
        T0,
      ),
    );
    expect(result.faults).toEqual([]);
    expect(briefs(result)).toEqual(['nat_block 203.0.113.7:1024-2047 2026-11-03T00:00:00Z open 100.64.0.9']);
    expect(result.rows[0]?.extra).toMatchObject({ pool: 'pool1', observation_domain: '1' });
  });

  it('finds the next message after damage', () => {
    const second = message([...TEMPLATES, dataSet(257, [block(MS, 17, 9, 1, 2), block(MS, 16, 10, 1024, 2047)])], T0);
    const result = run(join(Uint8Array.from([1, 2, 3, 10, 0, 10, 9]), second));
    expect(briefs(result)).toEqual(['nat_block 203.0.113.7:1024-2047 2026-11-03T00:00:00Z open 100.64.0.10']);
    expect(result.faults.map((f) => f.reason)).toEqual(['damaged_message', 'release_without_allocation']);
  });

  it.each([
    ['damaged_set', message([[...uint(256, 2), ...uint(400, 2), 0, 0]], T0)],
    ['damaged_template', message([[...uint(2, 2), ...uint(8, 2), ...uint(256, 2), ...uint(9, 2)]], T0)],
    [
      'damaged_record',
      message(
        [
          templateSet(256, [
            [284, 65535],
            [230, 1],
          ]),
          dataSet(256, [[200, 1]]),
        ],
        T0,
      ),
    ],
  ])('reports %s', (reason, bytes) => {
    expect(run(bytes).faults.map((f) => f.reason)).toEqual([reason]);
  });

  it('never throws, whatever is changed', () => {
    const change = fc.array(fc.tuple(fc.nat({ max: SAMPLE.length - 1 }), fc.nat({ max: 255 })), { maxLength: 12 });
    fc.assert(
      fc.property(change, fc.integer({ min: 1, max: 400 }), (changes, piece) => {
        const bytes = Uint8Array.from(SAMPLE);
        for (const [place, value] of changes) bytes[place] = value;
        run(bytes, {}, piece);
      }),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void run(bytes)));
  });

  it('is not held up by templates of nothing or by a file of zeros', () => {
    run(message([templateSet(256, [[230, 0]]), dataSet(256, [Array<number>(1000).fill(0)])], T0));
    const zeros = run(new Uint8Array(3_000_000), {}, 65_536);
    expect(zeros.faults.map((f) => f.reason)).toEqual(['damaged_message']);
  });
});

describe('NetFlow v9', () => {
  it('reads NAT events, packet after packet', () => {
    const packets = join(
      packet9([templateSet(256, SESSION, 0), dataSet(256, [session(MS, 4, 9, 5533)], 3)], 2, T0),
      packet9([dataSet(256, [session(MS + 5000, 5, 9, 5533), session(MS + 5000, 4, 10, 6000)])], 2, T0 + 5),
    );
    const expected = [
      'nat_session 203.0.113.7:5533-5533/tcp 2026-11-03T00:00:00Z 2026-11-03T00:00:05Z 100.64.0.9@vrf:12',
      'nat_session 203.0.113.7:6000-6000/tcp 2026-11-03T00:00:05Z open 100.64.0.10@vrf:12',
    ];
    for (const length of [1, 19, 1000]) {
      const result = run(packets, {}, length);
      expect(result.faults).toEqual([]);
      expect(briefs(result)).toEqual(expected);
    }
  });
});

describe('profiles', () => {
  const draft = join(
    message([...TEMPLATES, dataSet(256, [session(MS, 1, 9, 5533)]), dataSet(257, [block(MS, 14, 10, 1024, 2047)])], T0),
    message(
      [dataSet(256, [session(MS + 1000, 2, 9, 5533)]), dataSet(257, [block(MS + 2000, 15, 10, 1024, 2047)])],
      T0 + 2,
    ),
  );

  it('finds out the draft numbering', () => {
    const result = run(draft);
    expect(briefs(result)).toEqual([
      'nat_block 203.0.113.7:1024-2047 2026-11-03T00:00:00Z 2026-11-03T00:00:02Z 100.64.0.10',
      'nat_session 203.0.113.7:5533-5533/tcp 2026-11-03T00:00:00Z 2026-11-03T00:00:01Z 100.64.0.9@vrf:12',
    ]);
    expect(result.notes.join('\n')).toContain('profile draft (natEvent 1');
  });

  it('holds what may be either until one event tells', () => {
    // 16 is an allocation for one and a sign of life for the other; 17 has a meaning in the RFC only.
    const result = run(
      message([...TEMPLATES, dataSet(257, [block(MS, 16, 9, 1024, 2047), block(MS + 1000, 17, 9, 1024, 2047)])], T0),
    );
    expect(briefs(result)).toEqual([
      'nat_block 203.0.113.7:1024-2047 2026-11-03T00:00:00Z 2026-11-03T00:00:01Z 100.64.0.9',
    ]);
    const other = run(
      message([...TEMPLATES, dataSet(257, [block(MS, 16, 9, 1024, 2047), block(MS + 1000, 15, 9, 1024, 2047)])], T0),
    );
    expect(briefs(other)).toEqual([
      'nat_block 203.0.113.7:1024-2047 2026-11-03T00:00:00Z 2026-11-03T00:00:01Z 100.64.0.9',
    ]);
    expect(other.rows[0]?.extra['start']).toBe('interim');
  });

  it('each exporter has its own', () => {
    const rfc = message([...TEMPLATES, dataSet(256, [session(MS, 4, 20, 7000)])], T0, 2);
    expect(
      run(join(draft, rfc))
        .notes.filter((note) => note.includes('profile'))
        .map((note) => note.slice(0, 48)),
    ).toEqual(['domain 1: natEvent numbers of profile draft (nat', 'domain 2: natEvent numbers of profile rfc8158 (n']);
  });

  it('does as told, and reports what does not fit', () => {
    const result = run(draft, { 'nat-profile': 'rfc8158' });
    expect(result.rows).toEqual([]);
    expect(result.faults.map((f) => f.reason)).toEqual(Array(4).fill('profile_mismatch'));
  });

  it('counts exhaustion and quota only', () => {
    const fields = [
      [283, 4],
      [230, 1],
    ] as const;
    const result = run(
      message(
        [
          templateSet(256, fields),
          dataSet(256, [
            [...uint(1, 4), 3],
            [...uint(1, 4), 12],
          ]),
          templateSet(257, [
            [8, 4],
            [230, 1],
          ]),
          dataSet(257, [[...ip('100.64.0.9'), 13]]),
        ],
        T0,
      ),
      { 'nat-profile': 'rfc8158' },
    );
    expect(result.rows).toEqual([]);
    expect(result.faults).toEqual([]);
    expect(result.notes).toContain('2 events counted only: exhausted');
    expect(result.notes).toContain('1 events counted only: quota');
  });

  it.each([
    [4, 4, 'rfc8158'],
    [4, 6, 'draft'],
    [6, 4, 'draft'],
    [6, 6, 'rfc8158'],
    [1, 4, 'draft'],
    [3, 0, null],
    [200, 4, null],
  ] as const)('natEvent %i from IPv%i: %s', (event, inside, profile) => {
    expect(profileOf({ event, inside, outsidePort: inside !== 0, portBlock: false })).toBe(profile);
  });

  it('has the numbers of both', () => {
    expect(natEventMeaning('rfc8158', 14)?.kind).toBe('address');
    expect(natEventMeaning('draft', 14)?.kind).toBe('block');
    expect(natEventMeaning('rfc8158', 1)).toBeNull();
  });
});

describe('events', () => {
  it('reads NAT64, and blocks given by their length', () => {
    const fields = [
      [27, 16],
      [225, 4],
      [361, 2],
      [364, 2],
      [230, 1],
    ] as const;
    const record = [...ip('2001:db8::9'), ...ip('203.0.113.7'), ...uint(1024, 2), ...uint(512, 2), 16];
    expect(briefs(run(message([templateSet(256, fields), dataSet(256, [record])], T0)))).toEqual([
      'nat_block 203.0.113.7:1024-1535 2026-11-03T00:00:00Z open 2001:db8::9',
    ]);
  });

  it('does not take blocks with gaps or upside down', () => {
    const fields = [...BLOCK, [363, 2]] as const;
    const stepped = [...block(MS, 16, 9, 1024, 2047), ...uint(4, 2)];
    const turned = [...block(MS, 16, 9, 2047, 1024), ...uint(1, 2)];
    const result = run(message([templateSet(256, fields), dataSet(256, [stepped, turned])], T0));
    expect(result.rows).toEqual([]);
    expect(result.faults.map((f) => f.reason)).toEqual(['incomplete_event', 'incomplete_event']);
  });

  it('names realms by the map', () => {
    expect(
      run(SAMPLE, { 'realm-map': 'vrf:12=BNG-A', realm: 'BNG-B' })
        .rows.map((row) => row.inside?.realm)
        .sort(),
    ).toEqual(['BNG-A', 'BNG-B', 'BNG-B']);
  });
});

it('is recognised', async () => {
  const result = await importBytes(SAMPLE);
  expect(result.shapes[0]?.layout).toBe('nat-ipfix');
  expect(briefs(result)).toEqual(EXPECTED);
});
