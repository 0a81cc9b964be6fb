/** Who had an address by customer lists, resource systems and filings. Everybody in it is invented. */
import { describe, expect, test } from 'vitest';
import type { AddressRow, Attribution, Party, Place, SiteRow } from '../../src/attribution/types.ts';
import {
  ask,
  CODE,
  contradictions,
  customer,
  DAY,
  FIRM,
  grades,
  INSTALL,
  IP,
  missing,
  NOON,
  OPERATOR,
  observed,
  PERSON,
  party,
  place,
  RIVAL,
  row,
  site,
} from './resolve-world.ts';

describe('customers', () => {
  const own = row('session', IP, { account: 'k1' });

  test('no customer list: the account is known, the rest is asked for', () => {
    const answer = ask([own], observed(IP));
    expect(answer.best).toMatchObject({ subject: 'acct:k1', grades: { subscriber: 90, enterprise: 0, address: 0 } });
    expect([answer.overall, missing(answer)]).toEqual([0, ['need_crm']]);
  });

  test('a person is known by the account alone', () => {
    const answer = ask([own, customer('k1', { ...PERSON, name: '张某' })], observed(IP));
    expect(answer.best).toMatchObject({ subject: 'acct:k1', name: null, person: true });
    expect(grades(answer)).toEqual([95, 90, 90]);
    const alone = ask([row('filing', IP, { use: 'static', party: { ...PERSON, name: '张某' } })], observed(IP));
    expect(alone.best?.subject).toBe(`line:${IP}`);
    expect(JSON.stringify([answer.best?.name, alone.best?.subject, alone.best?.name])).not.toContain('张某');
  });

  test('a customer who was gone by then is none', () => {
    const gone = site('customer', 'k1', { party: FIRM, places: [INSTALL], valid: { from: 0, to: NOON - DAY } });
    const answer = ask([own, gone], observed(IP));
    expect(answer.best).toMatchObject({ subject: 'acct:k1', grades: { subscriber: 69 } });
    expect([contradictions(answer), missing(answer)]).toEqual([['customer_not_live'], ['need_crm']]);
  });

  test('just after a change of customer, within the error of the clock, both fit', () => {
    const before = site('customer', 'k1', { party: RIVAL, places: [INSTALL], valid: { from: 0, to: NOON - 1e6 } });
    const after = site('customer', 'k1', { party: FIRM, places: [INSTALL], valid: { from: NOON - 1e6, to: null } });
    const answer = ask([own, before, after], observed(IP, { clockError: 5 }));
    expect(answer.best).toBeNull();
    expect(contradictions(answer)).toContain('customers_differ');
    expect(ask([own, before, after], observed(IP, { clockError: 0 })).best?.uscc).toBe(CODE);
  });

  test('two customers under one account are two', () => {
    const answer = ask([own, customer('k1', FIRM), customer('k1', RIVAL)], observed(IP));
    expect(answer.best).toBeNull();
    expect(contradictions(answer)).toContain('customers_differ');
  });

  test('one firm at two places, and two persons, under one account name nobody surely', () => {
    const elsewhere = site('customer', 'k1', { party: FIRM, places: [place('install', '示例区滨河路9号')] });
    const person = (name: string): SiteRow =>
      site('customer', 'k1', { party: PERSON, places: [INSTALL], sealed: { name } });
    for (const rows of [
      [customer('k1', FIRM), elsewhere],
      [person('张某'), person('李某')],
    ]) {
      const answer = ask([own, ...rows], observed(IP));
      expect(contradictions(answer)).toContain('customers_differ');
      expect(answer.overall).toBeLessThan(70);
    }
    expect(ask([own, person('张某'), person('张某')], observed(IP)).overall).toBe(90);
  });

  test.each([
    [party('示例数据有限公司'), 60, 'need_uscc', []],
    [party('示例数据有限公司', '91440000MA00TE4T60'), 50, 'need_uscc', ['code_invalid']],
  ] as const)('code missing or wrong: %j', (who, enterprise, lack, against) => {
    const answer = ask([own, customer('k1', who)], observed(IP));
    expect([answer.best?.grades.enterprise, missing(answer), contradictions(answer)]).toEqual([
      enterprise,
      [lack],
      against,
    ]);
    expect([answer.best?.subject, answer.best?.uscc]).toEqual(['acct:k1', null]);
  });

  test('addresses: install before filing before registered', () => {
    const address = (places: readonly Place[]): number | undefined =>
      ask([own, customer('k1', FIRM, places)], observed(IP)).best?.grades.address;
    expect(
      [[INSTALL], [place('filing', 'x')], [place('registered', 'x')], [place('gateway', 'x')], []].map(address),
    ).toEqual([90, 55, 30, 20, 0]);
  });

  test('struck off, tunnelled, a person’s document with an enterprise’s nature', () => {
    const rows = [own, customer('k1', FIRM)];
    const struck = ask(rows, observed(IP), { struckOff: () => NOON - DAY });
    expect([grades(struck), contradictions(struck)]).toEqual([[69, 40, 69], ['deregistered']]);
    expect(grades(ask(rows, observed(IP), { struckOff: () => NOON }))).toEqual([95, 90, 90]);
    expect(grades(ask(rows, observed(IP), { tunnelled: () => 'vpn' }))).toEqual([40, 40, 30]);
    expect(grades(ask([{ ...own, extra: { vpn: 'yes' } }, customer('k1', FIRM)], observed(IP)))).toEqual([40, 40, 30]);
    expect(grades(ask([{ ...own, extra: { vpn: 'no' } }, customer('k1', FIRM)], observed(IP)))).toEqual([95, 90, 90]);
    const odd = ask([own, customer('k1', { ...PERSON, nature: '4' })], observed(IP));
    expect([odd.best?.grades.enterprise, contradictions(odd)]).toEqual([60, ['person_with_enterprise_nature']]);
  });

  test('power accounts are joined by account, code, or name and place, and stay apart', () => {
    const power = place('power', '示例区云谷路9号');
    const rows = [
      ...[own, customer('k1', FIRM)],
      site('power_account', '0012345678', { account: 'k1', party: FIRM, places: [power] }),
      site('power_account', '0012345679', { party: FIRM, places: [power] }),
      site('power_account', '0012345680', {
        party: party('示例数据 有限公司'),
        places: [place('power', INSTALL.text ?? '')],
      }),
      site('power_account', '0012345681', { party: party('示例数据有限公司'), places: [place('power', '别处')] }),
    ];
    const answer = ask(rows, observed(IP));
    const found = answer.candidates.filter(({ role }) => role === 'power_account_holder');
    expect(found.flatMap(({ proofs }) => proofs.map(({ row: n }) => n)).sort()).toEqual([4, 5, 6]);
    expect(answer.best?.places).toEqual([INSTALL]);
    expect(found.every(({ places }) => places.every(({ kind }) => kind === 'power'))).toBe(true);
  });
});

describe('static lines', () => {
  const line = (fields: Partial<AddressRow> = {}): AddressRow =>
    row('resource', IP, {
      ...{ use: 'static', party: FIRM, places: [INSTALL], account: 'c1', checked: NOON - 60 * DAY },
      ...{ valid: { from: NOON - 900 * DAY, to: null } },
      ...fields,
    });
  const filing = (fields: Partial<AddressRow> = {}): AddressRow =>
    row('filing', IP, {
      ...{ use: 'static', party: FIRM, places: [place('filing', '示例区某路1号')], checked: NOON - 60 * DAY },
      ...{ valid: { from: NOON - 900 * DAY, to: null } },
      ...fields,
    });

  test('resource system, verified and confirmed by the customer list or a later check', () => {
    expect(grades(ask([line(), customer('c1', FIRM)], observed(IP)))).toEqual([90, 90, 85]);
    expect(grades(ask([line({ checked: NOON + 9 * DAY })], observed(IP)))).toEqual([90, 90, 85]);
    const bare = ask([line()], observed(IP));
    expect([grades(bare), missing(bare)]).toEqual([[69, 69, 65], ['need_confirmation']]);
    const old = ask([line({ checked: NOON - 800 * DAY }), customer('c1', FIRM)], observed(IP));
    expect([old.best?.grades.subscriber, missing(old).includes('filing_old')]).toEqual([55, true]);
    const gone = site('customer', 'c1', { party: FIRM, valid: { from: 0, to: NOON - DAY } });
    expect(contradictions(ask([line(), gone], observed(IP)))).toEqual(['customer_not_live']);
    expect(ask([line(), customer('c1', RIVAL)], observed(IP)).best).toBeNull();
  });

  test('a change of the record is no check: after the traffic it says nothing of before', () => {
    const changed = (time: string, fields: Partial<AddressRow> = {}): Attribution =>
      ask([line({ checked: null, extra: { changed: time }, ...fields }), customer('c1', FIRM)], observed(IP));
    const since = changed('2026-11-10 00:00:00');
    expect([since.best?.grades.subscriber, missing(since).includes('need_confirmation')]).toEqual([55, true]);
    const recent = { valid: { from: NOON - 90 * DAY, to: null } };
    expect(grades(changed('2026-11-10', recent))).toEqual([60, 60, 60]);
    expect(changed('2026-11-10', recent).best?.because).toContain('changed after the traffic');
    // Not even a check made later reaches back behind the change; the day alone may be its evening.
    expect(grades(changed('2026-11-10', { checked: NOON + 20 * DAY }))).toEqual([60, 60, 60]);
    expect(changed('2026-11-05', recent).best?.grades.subscriber).toBe(60);
    // Before the traffic it shows that the source stood by the row then; alone it confirms nothing.
    expect(grades(changed('2026-11-04'))).toEqual([90, 90, 85]);
    const alone = ask([line({ checked: null, extra: { changed: '2026-11-04' } })], observed(IP));
    expect([grades(alone), missing(alone)]).toEqual([[69, 69, 65], ['need_confirmation']]);
    expect(changed('2023-01-01').best?.grades.subscriber).toBe(55);
  });

  test('a failed check bounds the answer, a user table ages like a filing', () => {
    const failed = ask([filing({ extra: { check_state: '核查不通过' } })], observed(IP));
    expect([grades(failed), missing(failed).includes('need_confirmation')]).toEqual([[40, 40, 40], true]);
    expect(grades(ask([filing({ extra: { check_state: '已核查' } })], observed(IP)))).toEqual([75, 75, 55]);
    const isms = (from: number): number | undefined => {
      const places = [place('site', '示例云谷2号楼', '640502', 'A-01')];
      const user = row('isms', IP, { use: 'static', party: FIRM, places, valid: { from, to: null } });
      return ask([user], observed(IP)).best?.grades.subscriber;
    };
    expect([30, 400, 800, 2000].map((days) => isms(NOON - days * DAY))).toEqual([85, 69, 55, 39]);
  });

  test('filing alone: by code, by the one code of its name, else less; older is worth less', () => {
    expect(grades(ask([filing()], observed(IP)))).toEqual([75, 75, 55]);
    const nameless = party('示例数据有限公司');
    expect(grades(ask([filing({ party: nameless }), customer('x', FIRM)], observed(IP)))).toEqual([75, 75, 55]);
    expect(grades(ask([filing({ party: nameless })], observed(IP)))).toEqual([60, 50, 55]);
    expect(ask([filing()], observed(IP)).best?.role).toBe('filing_unit');
    expect(grades(ask([filing({ checked: NOON - 500 * DAY })], observed(IP)))).toEqual([69, 69, 55]);
  });

  test.each([
    [{ party: OPERATOR }, 'need_customer_list', 'filing_names_operator'],
    [{ party: party('示例云谷', null, { category: '2' }) }, 'need_customer_list', 'filing_names_operator'],
    [{ use: 'dynamic', party: OPERATOR }, 'need_session_log', null],
    [{ use: 'reserved', party: OPERATOR }, null, 'reserved_in_use'],
  ] as const)('a filing that names no user: %j', (fields, lack, against) => {
    const answer = ask([filing(fields)], observed(IP));
    expect(answer.best).toBeNull();
    expect(answer.candidates.map(({ role }) => role)).toEqual(['access_provider']);
    expect([missing(answer), contradictions(answer)]).toEqual([
      lack === null ? [] : [lack],
      against === null ? [] : [against],
    ]);
  });

  test('a pool beside a session log is shown and lowers nothing', () => {
    const rows = [
      row('session', IP, { account: 'k1' }),
      customer('k1', FIRM),
      filing({ use: 'dynamic', party: OPERATOR }),
    ];
    const answer = ask(rows, observed(IP));
    expect([grades(answer), contradictions(answer), missing(answer)]).toEqual([
      [95, 90, 90],
      ['filing_dynamic_pool'],
      [],
    ]);
  });

  test('named operators are none of the users', () => {
    const answer = ask([filing({ party: party('示例网络') })], observed(IP), { operators: ['示例 网络'] });
    expect([answer.best, missing(answer)]).toEqual([null, ['need_customer_list']]);
  });

  test('two live rows for one address: none is guessed', () => {
    const answer = ask([filing(), filing({ party: RIVAL })], observed(IP));
    expect([answer.best, contradictions(answer).includes('two_live_rows')]).toEqual([null, true]);
    expect(answer.candidates.every(({ grades: g }) => g.subscriber <= 40)).toBe(true);
  });

  test('sources that name different units bound each other', () => {
    const split = ask([line(), customer('c1', FIRM), filing({ party: RIVAL })], observed(IP));
    expect([split.best?.subject, split.best?.grades.subscriber, contradictions(split)]).toEqual([
      `uscc:${CODE}`,
      89,
      ['subjects_differ'],
    ]);
    const logged = ask(
      [row('session', IP, { account: 'k1' }), customer('k1', FIRM), line({ party: RIVAL, account: 'c9' })],
      observed(IP),
    );
    expect([logged.best, contradictions(logged).includes('several_subscribers')]).toEqual([null, true]);
  });

  test('filed as static, seen in sessions of several accounts', () => {
    const sessions = ['k1', 'k2'].map((account, n) =>
      row('session', IP, { account, valid: { from: NOON - (5 - n) * DAY, to: NOON - (4 - n) * DAY } }),
    );
    const answer = ask([filing(), ...sessions], observed(IP));
    expect([answer.best?.grades.subscriber, contradictions(answer)]).toEqual([69, ['static_in_several_sessions']]);
  });

  test('data centres: a whole rack, a shelf in a shared one, a hoster', () => {
    const rack = (extra: Record<string, string>, detail: string | null, who: Party = FIRM): Attribution => {
      const places = [place('site', '示例云谷2号楼', '640502', detail)];
      return ask(
        [row('colocation', IP, { use: 'static', party: who, places, extra, valid: { from: 0, to: null } })],
        observed(IP),
      );
    };
    expect([rack({ racks: '2' }, 'A-01').best?.role, grades(rack({ racks: '2' }, 'A-01'))]).toEqual([
      'site_operator',
      [85, 80, 85],
    ]);
    expect(grades(rack({ single_units: '4' }, 'A-01'))).toEqual([60, 40, 95]);
    expect(missing(rack({ single_units: '4' }, 'A-01'))).toContain('need_customer_list');
    expect(rack({ racks: '2' }, 'A-01', OPERATOR).best).toBeNull();
  });

  test('IPv6: the prefix is the key', () => {
    const prefix = row('session', '2001:db8:40:7::', { last: '2001:db8:40:7:ffff:ffff:ffff:ffff', account: 'k1' });
    const rows = [prefix, customer('k1', FIRM)];
    expect(grades(ask(rows, observed('2001:db8:40:7:1:2:3:4', { nat: 'none' })))).toEqual([95, 90, 90]);
    expect(ask(rows, observed('2001:db8:40:8::1', { nat: 'none' })).best).toBeNull();
  });
});
