/** Flags, kinds of site, meters and machines of a subject. All names and codes are invented. */
import { beforeAll, describe, expect, test } from 'vitest';
import { SiteFacts, type SiteKeys } from '../../src/attribution/site-facts.ts';
import type { Candidate, Place, SiteRow, StoredRow } from '../../src/attribution/types.ts';
import { identifier } from '../../src/cli/identify.ts';
import { Reference } from '../../src/cli/reference.ts';
import type { Identified, IdentifyInput } from '../../src/ledger/services.ts';

let reference: Reference;
beforeAll(() => {
  reference = new Reference(null);
});

const KEYS: SiteKeys = { nameKey: (name) => name, siteKey: ({ text }) => text };
const DAY = 86_400e6;

const place = (text: string, kind: Place['kind'] = 'install'): Place => ({ kind, region: null, text, detail: null });

function candidate(more: Partial<Candidate> = {}): Candidate {
  return {
    role: 'line_subscriber',
    subject: 'name:示例商贸有限公司',
    name: '示例商贸有限公司（虚构）',
    uscc: null,
    person: false,
    places: [],
    valid: { from: 0, to: null },
    proofs: [],
    grades: { subscriber: 90, enterprise: 90, address: 90 },
    because: '',
    party: null,
    account: 'k1',
    ...more,
  };
}

let rows = 0;
function stored(kind: SiteRow['kind'], key: string, more: Partial<SiteRow> = {}): StoredRow<SiteRow> {
  const value: SiteRow = {
    ...{ family: 'site', kind, key, valid: { from: 0, to: null }, account: null, party: null, places: [] },
    ...{ meter: null, machine: null, checked: null, extra: {}, sealed: null },
    ...more,
  } as SiteRow;
  rows += 1;
  return { id: rows, digest: `${rows}`, source: 's', row: rows, recordedAt: 0, supersededAt: null, value };
}

const meter = (more: Partial<NonNullable<SiteRow['meter']>>): SiteRow['meter'] => ({
  ...{ kwh: null, capacityKva: null, tariff: null, supply: null },
  ...more,
});

function identify(input: Partial<IdentifyInput>, facts: readonly StoredRow<SiteRow>[] = []): Identified {
  const whole = {
    subject: null,
    candidates: [],
    places: [],
    powerAccounts: [],
    from: 10 * DAY,
    to: 11 * DAY,
    ...input,
  };
  return identifier(reference, () => new SiteFacts(facts, KEYS), KEYS)(whole);
}

const account = (more: Partial<NonNullable<SiteRow['meter']>>): StoredRow<SiteRow>[] => [
  stored('power_account', '0001', { account: 'k1', meter: meter(more) }),
];
const subject = candidate();
const known = { subject, candidates: [subject] };

describe('kind of site', () => {
  test.each<[string, Partial<IdentifyInput>, StoredRow<SiteRow>[], string, string]>([
    ['nobody is known', {}, [], 'unknown', 'unknown'],
    ['a firm without more', known, [], 'unknown', 'unknown'],
    ['a natural person', { subject: candidate({ person: true, name: null }) }, [], 'residential', 'household'],
    ['a residential tariff', known, account({ tariff: 'residential' }), 'residential', 'household'],
    ['an industrial tariff', known, account({ tariff: 'industrial' }), 'industrial', 'dedicated'],
    ['a commercial tariff', known, account({ tariff: 'commercial' }), 'office', 'office'],
    ['a captive supply', known, account({ supply: 'captive' }), 'power_plant', 'container'],
    [
      'a server room by its name alone',
      { ...known, places: [place('示例区示例路1号3层机房')] },
      [],
      'unknown',
      'unknown',
    ],
    [
      'a server room with an industrial tariff',
      { ...known, places: [place('示例区示例路1号3层机房')] },
      account({ tariff: 'industrial' }),
      'industrial',
      'dedicated',
    ],
    [
      'a natural person with an industrial tariff',
      (() => {
        const person = candidate({ person: true, name: null });
        return { subject: person, candidates: [person] };
      })(),
      account({ tariff: 'industrial' }),
      'industrial',
      'dedicated',
    ],
    ['a park', { ...known, places: [place('示例区示例工业园区A区2号')] }, [], 'park', 'unknown'],
    [
      'a filing address is no site',
      { ...known, places: [place('示例路1号3层机房', 'filing')] },
      [],
      'unknown',
      'unknown',
    ],
  ])('%s', (_, input, facts, type, energy) => {
    const { siteType, energy: estimate } = identify(input, facts);
    expect([siteType, estimate.site]).toEqual([type, energy]);
  });
});

describe('flags', () => {
  test.each<[string, Partial<IdentifyInput>, StoredRow<SiteRow>[], string[]]>([
    ['nothing', known, [], []],
    [
      'a code of a public institution',
      { subject: candidate({ uscc: '126405020000045T0C' }) },
      [],
      ['state_owned uscc_prefix:12'],
    ],
    ['a code of a firm says nothing', { subject: candidate({ uscc: '91640502MA00TE5T22' }) }, [], []],
    ['a name alone is a hint, never a flag', { subject: candidate({ name: '示例区人民医院（虚构）' }) }, [], []],
    [
      'a natural person is owned by nobody',
      { subject: candidate({ person: true, name: null, uscc: '126405020000045T0C' }) },
      [],
      [],
    ],
    ['a residential tariff', known, account({ tariff: 'residential' }), ['residential_tariff tariff:residential']],
    ['a park in the address', { ...known, places: [place('示例区示例工业园区A区2号')] }, [], ['park address:park']],
    ['a room by its name is a hint', { ...known, places: [place('示例路1号3层机房')] }, [], []],
  ])('%s', (_, input, facts, flags) => {
    const subjectOf = input.subject ?? null;
    const whole = { ...input, candidates: subjectOf === null ? [] : [subjectOf] };
    expect(identify(whole, facts).flags.map(({ flag, rule }) => `${flag} ${rule}`)).toEqual(flags);
  });

  test('two accounts with the same tariff set one flag', () => {
    const facts = ['1', '2'].map((key) =>
      stored('power_account', key, { account: 'k1', meter: meter({ tariff: 'residential' }) }),
    );
    const { flags, powerAccounts } = identify(known, facts);
    expect(flags.length).toBe(1);
    expect(powerAccounts).toEqual(['1', '2']);
  });
});

describe('meters and machines', () => {
  test('readings of the account and machines of the site', () => {
    const facts = [
      stored('power_account', '0001', { account: 'k1', meter: meter({ tariff: 'industrial' }) }),
      stored('meter_reading', '0001', { valid: { from: 9 * DAY, to: 10 * DAY }, meter: meter({ kwh: 9840 }) }),
      stored('meter_reading', '0001', { valid: { from: 10 * DAY, to: null }, meter: meter({ kwh: 1 }) }),
      stored('meter_reading', '0001', { valid: { from: 10 * DAY, to: 11 * DAY }, meter: meter({}) }),
      stored('meter_reading', '0002', { valid: { from: 9 * DAY, to: 10 * DAY }, meter: meter({ kwh: 7 }) }),
      stored('machine', 'M1', { account: 'k1', machine: { model: 'S19', count: 12, watts: 3250 } }),
    ];
    const { energy } = identify(known, facts);
    expect(energy.metered).toEqual([{ from: 9 * DAY, to: 10 * DAY, kwh: 9840 }]);
    expect(energy.machines).toEqual([{ model: 'S19', count: 12, watts: 3250 }]);
  });

  test('an account that a person named counts without a subject', () => {
    const facts = [stored('power_account', '0009', { meter: meter({ tariff: 'industrial' }) })];
    const { powerAccounts, siteType } = identify({ powerAccounts: ['0009'] }, facts);
    expect([powerAccounts, siteType]).toEqual([['0009'], 'industrial']);
  });

  test('another subject of the same code lends its account, another code does not', () => {
    const uscc = '91640502MA00TE5T22';
    const main = candidate({ uscc, account: null, subject: `uscc:${uscc}` });
    const twin = candidate({ uscc, account: 'k9', subject: 'acct:k9' });
    const other = candidate({ account: 'k8', subject: 'acct:k8' });
    const facts = [
      stored('power_account', '9', { account: 'k9', meter: meter({}) }),
      stored('power_account', '8', { account: 'k8', meter: meter({}) }),
    ];
    expect(identify({ subject: main, candidates: [main, twin, other] }, facts).powerAccounts).toEqual(['9']);
  });

  test('an account that ended before the traffic does not count', () => {
    const facts = [stored('power_account', '0001', { account: 'k1', valid: { from: 0, to: DAY }, meter: meter({}) })];
    expect(identify(known, facts).powerAccounts).toEqual([]);
  });

  test('the greatest contracted capacity counts; none without accounts', () => {
    const facts = [
      stored('power_account', '1', { account: 'k1', meter: meter({ capacityKva: 315 }) }),
      stored('power_account', '2', { account: 'k1', meter: meter({ capacityKva: 630 }) }),
      stored('power_account', '3', { account: 'k1', meter: meter({}) }),
    ];
    expect(identify(known, facts).energy.capacityKva).toBe(630);
    expect(identify(known, []).energy.capacityKva).toBeNull();
  });

  describe('an account of the same enterprise', () => {
    const uscc = '91640502MA00TE5T22';
    const firm = candidate({ uscc, subject: `uscc:${uscc}` });
    const party = {
      ...{ name: null, code: uscc, person: false, nature: null },
      category: null,
      industry: null,
      licence: null,
    };
    const here = place('示例路1号');
    const own = (places: readonly Place[]): StoredRow<SiteRow> =>
      stored('power_account', '7', { party, places, meter: meter({}) });
    const line = (more: Partial<SiteRow>): StoredRow<SiteRow> =>
      stored('customer', 'c', { party, extra: { power_account: '7' }, ...more });

    test.each<[string, Partial<IdentifyInput>, StoredRow<SiteRow>[], string[]]>([
      ['at the site counts', {}, [own([place('示例路1号', 'power')])], ['7']],
      ['elsewhere does not', {}, [own([place('示例路9号', 'power')])], []],
      ['without an address does not', {}, [own([])], []],
      ['without an address, where no site is known, does not', { places: [] }, [own([])], []],
      ['named by the customer row of the line counts', {}, [own([]), line({ account: 'k1' })], ['7']],
      ['named by the row of another line elsewhere does not', {}, [own([]), line({ account: 'k2' })], []],
      [
        'named by the row of another line at the site counts',
        {},
        [own([]), line({ account: 'k2', places: [here] })],
        ['7'],
      ],
      ['named by a person counts', { powerAccounts: ['7'] }, [own([])], ['7']],
    ])('%s', (_, input, facts, wanted) => {
      const whole = { subject: firm, candidates: [firm], places: [here], ...input };
      expect(identify(whole, facts).powerAccounts).toEqual(wanted);
    });
  });
});
