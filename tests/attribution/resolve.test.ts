/** Who had an address by the logs: chains, time and vantage, one case each; and whatever the rows say. Everybody in it is invented. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AddressKind, AddressRow, Attribution, Observation, StoredRow } from '../../src/attribution/types.ts';
import {
  ask,
  block,
  CODE,
  contradictions,
  customer,
  DAY,
  FIRM,
  grades,
  HOUR,
  INSTALL,
  IP,
  missing,
  NOON,
  OTHER_CODE,
  observed,
  place,
  RIVAL,
  row,
  session,
  site,
  stored,
} from './resolve-world.ts';

describe('behind a NAT with logs', () => {
  test('block, session and customer give unit and install address', () => {
    const answer = ask([block(), session('k1'), customer('k1', FIRM)], observed(IP));
    expect(answer.best).toMatchObject({
      ...{ role: 'line_subscriber', subject: `uscc:${CODE}`, name: FIRM.name, uscc: CODE, account: 'k1' },
      ...{ places: [INSTALL], grades: { subscriber: 95, enterprise: 90, address: 90 } },
    });
    expect(answer.best?.proofs.map(({ kind, source, row: n }) => [kind, source, n])).toEqual([
      ['nat_block', 'invented.csv', 2],
      ['session', 'invented.csv', 3],
      ['customer', 'invented.csv', 4],
    ]);
    expect([answer.overall, answer.missing, answer.contradictions]).toEqual([90, [], []]);
  });

  test('another port is somebody else’s', () => {
    const neighbour = block({ ports: [6144, 7167], account: 'k2', inside: null });
    const rows = [block(), session('k1'), neighbour, customer('k1', FIRM), customer('k2', RIVAL)];
    expect(ask(rows, observed(IP, { port: 6143 })).best?.account).toBe('k1');
    expect(ask(rows, observed(IP, { port: 6144 })).best?.account).toBe('k2');
    const none = ask(rows, observed(IP, { port: 9000 }));
    expect([none.best, none.overall]).toEqual([null, 0]);
  });

  test('without the session log the question names inside address and time', () => {
    const answer = ask([block(), customer('k1', FIRM)], observed(IP));
    expect(answer.best).toBeNull();
    expect(answer.missing.find(({ code }) => code === 'need_session_log')?.text).toMatch(
      /100\.64\.1\.9.*BNG-A.*2026-11-05T12:00:00Z/,
    );
  });

  test('an account in the NAT log alone is worth less, one that contradicts the session makes two', () => {
    const named = ask([block({ account: 'k1' }), customer('k1', FIRM)], observed(IP));
    expect(grades(named)).toEqual([90, 85, 85]);
    const two = ask(
      [block({ account: 'k2' }), session('k1'), customer('k1', FIRM), customer('k2', RIVAL)],
      observed(IP),
    );
    expect(two.best).toBeNull();
    expect(two.candidates.map(({ subject }) => subject).sort()).toEqual([`uscc:${CODE}`, `uscc:${OTHER_CODE}`]);
    expect(Math.max(...two.candidates.map(({ grades: g }) => g.subscriber))).toBe(40);
    expect(contradictions(two)).toContain('several_subscribers');
  });

  test('an inside address without realm is no key', () => {
    const answer = ask([block({ inside: { address: '100.64.1.9', realm: null } }), session('k1')], observed(IP));
    expect(missing(answer)).toEqual(expect.arrayContaining(['need_realm', 'need_session_log']));
  });

  test('no port: everybody who was there, none to act upon', () => {
    const rows = Array.from({ length: 4 }, (_, n) =>
      block({ ports: [1024 + n * 1000, 2023 + n * 1000], inside: null, account: `k${n}` }),
    );
    const answer = ask([...rows, customer('k0', FIRM)], observed(IP, { port: null }));
    expect(answer.best).toBeNull();
    expect(answer.candidates.map(({ grades: g }) => g.subscriber)).toEqual([25, 25, 25, 25]);
    expect(missing(answer)).toEqual(['need_source_port']);
    const many = Array.from({ length: 40 }, (_, n) =>
      block({ ports: [1024 + n * 9, 1032 + n * 9], inside: null, account: `k${n}` }),
    );
    const crowd = ask(many, observed(IP, { port: null }));
    expect([crowd.candidates, crowd.missing[0]?.text.includes('40 known')]).toEqual([[], true]);
  });

  test('deterministic: by arithmetic, while the parameters hold', () => {
    const natRule = {
      ...{ insideFirst: '100.64.1.0', insideLast: '100.64.1.15', insideRealm: 'BNG-A', firstPort: 1024 },
      ...{ portsPerUser: 4032, ratio: 16, order: 'sequential' as const },
    };
    const rule = row('nat_rule', IP, { natRule });
    // The tenth user has ports 1024 + 9 × 4032 and on.
    const port = 1024 + 9 * 4032;
    const rows = [rule, session('k1', {}), customer('k1', FIRM)];
    expect(grades(ask(rows, observed(IP, { port })))).toEqual([90, 85, 85]);
    expect(ask(rows, observed(IP, { port: port - 1 })).best).toBeNull();
    expect(contradictions(ask(rows, observed(IP, { port: 80 })))).toEqual(['port_outside_rule']);
    expect(ask(rows, observed(IP, { port, from: NOON + 7 * HOUR, to: NOON + 8 * HOUR })).best).toBeNull();
  });

  test('mobile: the place is a cell', () => {
    const mobile = row('nat_session', IP, { ports: [5533, 5533], account: 'm1', extra: { cell: '460-00-1-2' } });
    expect(grades(ask([mobile, customer('m1', FIRM)], observed(IP)))).toEqual([90, 60, 40]);
  });
});

describe('time', () => {
  const first = block({ account: 'k1', inside: null, valid: { from: NOON - HOUR, to: NOON } });
  const second = block({ account: 'k2', inside: null, valid: { from: NOON + 1e6, to: NOON + HOUR } });
  const rows = [first, second, customer('k1', FIRM), customer('k2', RIVAL)];
  const when = (seconds: number, fields: Partial<Observation> = {}): Attribution =>
    ask(rows, observed(IP, { from: NOON + seconds * 1e6, to: NOON + seconds * 1e6, ...fields }));

  test('within the clock errors of a change of hands both are told and none is guessed', () => {
    expect(when(-10).best?.account).toBe('k1');
    expect([when(0), when(1)].map(({ best }) => best)).toEqual([null, null]);
    expect(
      when(1)
        .candidates.map(({ account }) => account)
        .sort(),
    ).toEqual(['k1', 'k2']);
    expect(when(10).best?.account).toBe('k2');
  });

  test('one alone who fits only within the errors is not sure: a line of the log may be lost', () => {
    const alone = ask([first, customer('k1', FIRM)], observed(IP, { from: NOON + 1e6, to: NOON + 1e6 }));
    expect(grades(alone)).toEqual([60, 60, 60]);
    expect(missing(alone)).toContain('need_better_clock');
  });

  test('opened in view: by the start; else by any moment of it', () => {
    const long = { from: NOON - HOUR / 2, to: NOON + HOUR / 2 };
    expect(when(0, { ...long, opened: true }).best?.account).toBe('k1');
    expect(contradictions(when(0, { ...long, opened: true }))).toContain('flow_outlives_assignment');
    expect(when(0, { ...long, opened: false }).best).toBeNull();
  });

  test('a block without release counts as possibly open, until somebody else has it', () => {
    const open = block({ account: 'k1', inside: null, valid: { from: NOON - 30 * DAY, to: null } });
    const alone = ask([open, customer('k1', FIRM)], observed(IP));
    expect(grades(alone)).toEqual([60, 60, 60]);
    expect(missing(alone)).toContain('need_release_log');
    const followed = ask(
      [open, second, customer('k1', FIRM), customer('k2', RIVAL)],
      observed(IP, { from: NOON + HOUR / 2 }),
    );
    expect(followed.best?.account).toBe('k2');
    expect(followed.candidates).toHaveLength(1);
    // A sign of life after the observation proves it.
    const alive = { ...open, extra: { last_sign: '2026-11-05T18:00:00Z' } };
    expect(grades(ask([alive, customer('k1', FIRM)], observed(IP)))).toEqual([95, 90, 90]);
  });

  test('answers as of an earlier time of knowledge', () => {
    const [old, corrected, list, other] = stored([
      first,
      { ...first, account: 'k2' },
      customer('k1', FIRM),
      customer('k2', RIVAL),
    ]) as [StoredRow, StoredRow, StoredRow, StoredRow];
    const all = [{ ...old, recordedAt: 10, supersededAt: 20 }, { ...corrected, recordedAt: 20 }, list, other];
    const what = observed(IP, { from: NOON - HOUR / 2, to: NOON - HOUR / 2 });
    expect(ask(all, what, { knownAt: 15 }).best?.account).toBe('k1');
    expect(ask(all, what).best?.account).toBe('k2');
  });
});

describe('vantage', () => {
  const rows = [session('k1'), session('k2', { realm: 'BNG-B' }), customer('k1', FIRM), customer('k2', RIVAL)];

  test('inside: realm and private address', () => {
    const inside = observed('100.64.1.9', { nat: 'inside' });
    expect(ask(rows, { ...inside, realm: 'BNG-A' }).best?.account).toBe('k1');
    expect(ask(rows, { ...inside, realm: 'BNG-B' }).best?.account).toBe('k2');
    expect(missing(ask(rows, inside))).toEqual(['need_realm']);
    expect(missing(ask(rows, { ...inside, realm: 'BNG-C' }))).toEqual(['need_session_log']);
  });

  test('inside: a NAT row that names inside address, realm and account answers alone', () => {
    const inside = observed('100.64.1.9', { nat: 'inside', realm: 'BNG-A', port: 40_000 });
    const lists = [customer('k1', FIRM), customer('k2', RIVAL)];
    const named = ask([block({ account: 'k1' }), ...lists], inside);
    expect([named.best?.account, grades(named), named.contradictions]).toEqual(['k1', [90, 85, 85], []]);
    expect(ask([block({ account: 'k1' }), ...lists], { ...inside, port: null }).best?.account).toBe('k1');
    expect(ask([block({ account: 'k1' }), ...lists], { ...inside, realm: 'BNG-B' }).best).toBeNull();
    expect(ask([block(), ...lists], inside).candidates).toEqual([]);
    const late = { ...inside, from: NOON + 9 * HOUR, to: NOON + 9 * HOUR };
    expect(ask([block({ account: 'k1' }), ...lists], late).best).toBeNull();
    // Beside a session it proves the same or contradicts it.
    const both = ask([block({ account: 'k1' }), session('k1'), ...lists], inside);
    expect([grades(both), both.best?.proofs.map(({ kind }) => kind)]).toEqual([
      [95, 90, 90],
      ['session', 'customer', 'nat_block'],
    ]);
    const two = ask([block({ account: 'k2' }), session('k1'), ...lists], inside);
    expect([two.best, contradictions(two)]).toEqual([null, ['several_subscribers']]);
    // Short mappings beside the one that lasts say nothing against it.
    const short = block({ ports: [7000, 7000], account: 'k1', valid: { from: NOON - 5e6, to: NOON + 5e6 } });
    expect(contradictions(ask([short, block({ account: 'k1' }), ...lists], inside))).toEqual([]);
  });

  test('inside: a mapping without release is over once somebody else has the address', () => {
    const inside = observed('100.64.1.9', { nat: 'inside', realm: 'BNG-A' });
    const lost = block({ account: 'k2', valid: { from: NOON - 9 * DAY, to: null } });
    const lists = [customer('k1', FIRM), customer('k2', RIVAL)];
    expect(grades(ask([lost, ...lists], inside))).toEqual([60, 60, 60]);
    expect(ask([lost, session('k1'), ...lists], inside).best?.account).toBe('k1');
    const closed = { ...lost, valid: { from: NOON - 9 * DAY, to: NOON + DAY } };
    expect(ask([closed, session('k1'), ...lists], inside).best).toBeNull();
  });

  test('outside: rows that were found by the outside address stay what they were', () => {
    const own = block({ account: 'k1', inside: { address: IP, realm: null } });
    expect(ask([own, customer('k1', FIRM)], observed(IP)).candidates).toHaveLength(1);
    expect(ask([own, customer('k1', FIRM)], observed(IP, { port: 80 })).best).toBeNull();
  });

  test('none: the customer’s own address, NAT logs contradict it', () => {
    const own = row('session', IP, { account: 'k1' });
    expect(grades(ask([own, ...rows], observed(IP, { nat: 'none', port: null })))).toEqual([95, 90, 90]);
    expect(contradictions(ask([block(), ...rows], observed(IP, { nat: 'none' })))).toContain('nat_stated_none');
  });

  test.each(['nowhere', '', '1.2.3', '999.1.1.1'])('%j is no address', (ip) => {
    expect(missing(ask(rows, observed(ip)))).toEqual(['bad_address']);
  });

  test('times that are none', () => {
    expect(missing(ask(rows, observed(IP, { from: Number.NaN })))).toEqual(['bad_time']);
    expect(missing(ask(rows, observed(IP, { from: NOON, to: NOON - 1 })))).toEqual(['bad_time']);
  });
});

describe('hints', () => {
  const feed = (region: string): AddressRow =>
    row('geofeed', '198.51.100.0', {
      ...{ last: '198.51.100.255', extra: { country: 'CN', region, city: 'Zhongwei' } },
      ...{ places: [place('gateway', `${region} Zhongwei`, null)], valid: { from: 0, to: null } },
    });
  const rows = [row('session', IP, { account: 'k1' }), customer('k1', FIRM)];

  test('never name anybody and are no address', () => {
    const answer = ask([feed('CN-NX')], observed(IP), {}, [
      () => ({ source: 'mmdb', country: 'CN', region: null, city: null, asn: 64_500, organisation: 'Example Net' }),
    ]);
    expect([answer.best, answer.overall, answer.hints?.length]).toEqual([null, 0, 2]);
    expect(answer.candidates).toMatchObject([
      { role: 'ip_holder', places: [], grades: { subscriber: 0, enterprise: 30, address: 0 } },
    ]);
    expect(missing(answer)).toEqual(['need_registry']);
  });

  test('a region that differs is shown and bounds the address', () => {
    expect(contradictions(ask([feed('CN-NX'), ...rows], observed(IP)))).toEqual([]);
    const answer = ask([feed('CN-GD'), ...rows], observed(IP));
    expect([contradictions(answer), grades(answer)]).toEqual([['region_differs'], [95, 90, 69]]);
  });
});

test('never throws, whatever the rows say, and gives no best without a grade', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('k1', CODE, IP, '100.64.1.9', '示例市电信有限公司'),
  );
  const address = fc.constantFrom(IP, '100.64.1.9', '2001:db8::1', 'nonsense', '');
  const who = fc.option(
    fc.record({
      ...{ name: fc.option(text), code: fc.option(text), person: fc.boolean(), nature: fc.option(text) },
      ...{ category: fc.option(text), industry: fc.option(text), licence: fc.option(text) },
    }),
  );
  const span = fc.record({
    from: fc.constantFrom(0, NOON - HOUR, NOON, Number.NaN),
    to: fc.option(fc.constantFrom(NOON, NOON + HOUR, -1)),
  });
  const kind = fc.constantFrom<AddressKind>(
    'filing',
    'isms',
    'resource',
    'house',
    'colocation',
    'session',
    'lease',
    'nat_session',
    'nat_block',
    'nat_rule',
    'geofeed',
  );
  const value = fc
    .record({
      ...{ kind, first: address, party: who, account: fc.option(text), valid: span, endInferred: fc.boolean() },
      ...{ realm: fc.option(fc.constantFrom('BNG-A', '')), clockError: fc.constantFrom(0, 1, -5, Number.NaN, 1e12) },
      ...{
        inside: fc.option(fc.record({ address, realm: fc.option(text) })),
        use: fc.option(fc.constantFrom('static' as const, 'dynamic' as const, 'reserved' as const)),
      },
      ...{
        service: fc.option(text),
        extra: fc.dictionary(text, text),
        checked: fc.option(fc.constantFrom(0, Number.NaN, NOON)),
      },
      ...{ ports: fc.option(fc.constantFrom([0, 65_535] as const, [5533, 5533] as const, [9, 1] as const)) },
    })
    .map(({ kind: k, first, ...rest }) => row(k, first, rest));
  const customers = who.map((one) => site('customer', 'k1', { party: one }));
  fc.assert(
    fc.property(
      fc.array(fc.oneof(value, customers), { maxLength: 12 }),
      address,
      fc.boolean(),
      fc.option(fc.constant('BNG-A')),
      (rows, ip, opened, realm) => {
        for (const port of [null, 5533]) {
          const answer = ask(rows, observed(ip, { port, opened, realm, nat: realm === null ? 'outside' : 'inside' }));
          if (answer.best !== null) {
            expect(answer.best.grades.subscriber).toBeGreaterThan(0);
            expect(answer.candidates).toContain(answer.best);
          }
          expect(answer.overall >= 0 && answer.overall <= 100).toBe(true);
          for (const one of answer.candidates) if (one.person) expect(one.name).toBeNull();
        }
      },
    ),
    { numRuns: 300 },
  );
});
