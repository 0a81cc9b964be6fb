/** STIX bundles of invented leads. The official schemas are checked by tests/differential/stix-schema.ts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Lead } from '../../src/ledger/types.ts';
import { DEPARTMENTS, parseFieldSets } from '../../src/publish/field-sets.ts';
import { applyFieldSet } from '../../src/publish/hand-over.ts';
import { type StixBundle, type StixOptions, stixBundle } from '../../src/publish/stix.ts';
import { objectId, observableId, uuid5 } from '../../src/publish/stix-id.ts';
import { TLP_LEVELS, tlpMarking } from '../../src/publish/stix-marking.ts';
import { domainOf, splitEndpoint } from '../../src/publish/stix-observable.ts';
import { addressOf, instant, type ReducedLead } from '../../src/publish/stix-value.ts';
import { leads as anyLead } from './lead-arbitrary.ts';
import { fullLead, MARKERS } from './lead-full.ts';
import { sampleLead, sampleLeads, weakened } from './stix-samples.ts';

const OPTIONS: StixOptions = { tlp: 'amber', producer: { name: 'Example office (invented)' } };
const bundle = (leads: readonly ReducedLead[], options: Partial<StixOptions> = {}): StixBundle =>
  stixBundle(leads, { ...OPTIONS, ...options });
/** Properties the tests look at; each object has some of them. */
interface Made extends Record<string, unknown> {
  readonly id: string;
  readonly created: string;
  readonly modified: string;
  readonly published: string;
  readonly value: string;
  readonly src_ref: string;
  readonly relationship_type: string;
  readonly target_ref: string;
  readonly observed_data_refs: readonly string[];
  readonly external_references: readonly { readonly external_id: string }[];
  readonly extensions: Readonly<Record<string, object>>;
}
const ofType = (made: StixBundle, type: string): Made[] =>
  made.objects.filter((object) => object.type === type) as unknown as Made[];
/** The only or first one of a type. */
const oneOf = (made: StixBundle, type: string): Made => ofType(made, type)[0] as Made;

const ID = /^[a-z][a-z0-9-]+--[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** Required properties beyond the common ones (STIX 2.1 sections 4 to 6). */
const NEEDED: Record<string, readonly string[]> = {
  infrastructure: ['name', 'infrastructure_types'],
  identity: ['name'],
  location: ['country'],
  indicator: ['pattern', 'pattern_type', 'valid_from'],
  'observed-data': ['first_observed', 'last_observed', 'number_observed', 'object_refs'],
  sighting: ['sighting_of_ref', 'observed_data_refs'],
  relationship: ['relationship_type', 'source_ref', 'target_ref'],
  report: ['name', 'published', 'object_refs'],
  'network-traffic': ['protocols'],
  'ipv4-addr': ['value'],
  'ipv6-addr': ['value'],
  'domain-name': ['value'],
  'autonomous-system': ['number'],
  'cryptocurrency-wallet': ['value', 'extensions'],
  'extension-definition': ['name', 'schema', 'version', 'extension_types', 'created_by_ref'],
  'marking-definition': [],
};
const OBSERVABLE = /^(?:network-traffic|ipv[46]-addr|domain-name|autonomous-system|cryptocurrency-wallet)--/;

/** Everything that makes a bundle wrong by the specification, in words. */
function wrongs(made: StixBundle): string[] {
  const wrong: string[] = [];
  const ids = new Set(made.objects.map(({ id }) => id));
  if (ids.size !== made.objects.length) wrong.push('an id stands twice');
  const walk = (value: unknown, path: string): void => {
    if (value === null || value === undefined) wrong.push(`${path} is null`);
    else if (typeof value === 'number' && !Number.isFinite(value)) wrong.push(`${path} is no number`);
    else if (typeof value === 'string' && !value.isWellFormed()) wrong.push(`${path} is not well formed`);
    else if (Array.isArray(value)) {
      if (value.length === 0) wrong.push(`${path} is empty`);
      for (const [index, item] of value.entries()) walk(item, `${path}[${index}]`);
    } else if (typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) {
        if (key.length < 3 && key !== 'id') wrong.push(`${path}.${key} is too short a name`);
        const refs = key.endsWith('_ref') ? [item] : key.endsWith('_refs') ? (item as unknown[]) : [];
        for (const ref of refs) if (!ids.has(ref as string)) wrong.push(`${path}.${key} leads nowhere: ${ref}`);
        walk(item, `${path}.${key}`);
      }
    }
  };
  walk(made, 'bundle');
  for (const object of made.objects) {
    const at = object.id;
    if (!ID.test(at) || !at.startsWith(`${object.type}--`)) wrong.push(`${at} is no id`);
    if (object['spec_version'] !== '2.1') wrong.push(`${at} has no spec_version`);
    const needed = NEEDED[object.type];
    if (needed === undefined) wrong.push(`${at} is of an unknown type`);
    for (const name of needed ?? []) if (!(name in object)) wrong.push(`${at} lacks ${name}`);
    if (OBSERVABLE.test(at)) {
      if ('created' in object) wrong.push(`${at} must have no created`);
    } else if (object.type !== 'marking-definition') {
      const [created, modified] = [object['created'] as string, object['modified'] as string];
      if (!STAMP.test(created) || !STAMP.test(modified) || modified < created)
        wrong.push(`${at} times ${created} ${modified}`);
    }
    for (const [from, to] of [
      ['first_seen', 'last_seen'],
      ['start', 'end'],
      ['first_observed', 'last_observed'],
    ] as const) {
      if ((object[to] as string) < (object[from] as string)) wrong.push(`${at} ${to} before ${from}`);
    }
    const { confidence } = object as { confidence?: number };
    if (confidence !== undefined && !(Number.isInteger(confidence) && confidence >= 0 && confidence <= 100))
      wrong.push(`${at} confidence`);
    const traffic = object.type === 'network-traffic';
    if (traffic && !('src_ref' in object) && !('dst_ref' in object)) wrong.push(`${at} has no end`);
  }
  return wrong;
}

describe('ids', () => {
  test.each([
    ['ipv4-addr', { value: '198.51.100.3' }, 'ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4'],
    ['ipv4-addr', { value: '203.0.113.57' }, 'ipv4-addr--305c9bcb-fd6d-5452-b933-a8180952a226'],
    ['domain-name', { value: 'pool.example.net' }, 'domain-name--3002ecb9-d086-58e4-9118-8ab2c64d44de'],
    [
      'cryptocurrency-wallet',
      { value: 'bc1qexamplewallet0000000000000000000000000' },
      'cryptocurrency-wallet--63c69546-406d-5b56-8079-ecd9c86d38df',
    ],
  ])('%s %j as computed elsewhere', (type, contributing, id) => {
    expect(observableId(type, contributing)).toBe(id);
  });

  test('UUID version 5 of RFC 9562, appendix A.4', () => {
    expect(uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });

  test('of other objects depend on all that they are known by', () => {
    expect(objectId('identity', { name: 'a' })).toMatch(ID);
    expect(objectId('identity', { name: 'a' })).not.toBe(objectId('identity', { name: 'b' }));
    expect(objectId('identity', { name: 'a' }).slice(8)).not.toBe(objectId('location', { name: 'a' }).slice(8));
  });
});

describe('a whole lead', () => {
  const made = bundle([sampleLead()]);

  test('makes a bundle without fault', () => {
    expect(wrongs(made)).toEqual([]);
    expect(new Set(made.objects.map(({ type }) => type))).toEqual(
      new Set(Object.keys(NEEDED).filter((type) => type !== 'autonomous-system')),
    );
  });

  test('names site, enterprise, place and how sure', () => {
    const site = oneOf(made, 'infrastructure');
    expect(site).toMatchObject({
      infrastructure_types: ['unknown'],
      confidence: 95,
      labels: ['bitcoin', 'state_owned'],
    });
    const [extension] = Object.values(site.extensions);
    expect(extension).toMatchObject({
      extension_type: 'property-extension',
      status: 'true',
      status_zh: '属实',
      category: 'new',
      hashrates: [{ algorithm: 'sha256d', unit: 'H/s', low: 8e13, mid: 1e14, high: 1.3e14 }],
      power_kw: { low: 2, mid: 3, high: 4 },
    });
    const enterprise = ofType(made, 'identity').find(({ external_references }) => external_references);
    expect(enterprise).toMatchObject({
      name: '某某科技有限公司（虚构）',
      identity_class: 'organization',
      external_references: [{ source_name: 'uscc', external_id: '91350100M000100Y43' }],
    });
    expect(oneOf(made, 'location')).toMatchObject({ country: 'CN', street_address: '虚构路1号 A座' });
    const relations = ofType(made, 'relationship').map(
      (each) => `${each.relationship_type} ${each.target_ref.split('--')[0]}`,
    );
    expect(new Set(relations)).toEqual(
      new Set([
        'related-to identity',
        'located-at location',
        'consists-of ipv4-addr',
        'consists-of ipv6-addr',
        'communicates-with domain-name',
        'communicates-with ipv4-addr',
        'communicates-with ipv6-addr',
        'related-to cryptocurrency-wallet',
      ]),
    );
  });

  test('shows the traffic, and an indicator whose pattern finds it', () => {
    const [traffic] = ofType(made, 'network-traffic').filter(({ src_ref }) => src_ref.startsWith('ipv4'));
    expect(traffic).toMatchObject({ src_port: 40_001, dst_port: 3333, protocols: ['ipv4', 'tcp', 'stratum-v1'] });
    const indicators = ofType(made, 'indicator');
    const pattern = (type: string, value: string): string =>
      `[network-traffic:dst_ref.type = '${type}' AND network-traffic:dst_ref.value = '${value}' AND network-traffic:dst_port = 3333]`;
    expect(new Set(indicators.map((each) => each['pattern']))).toEqual(
      new Set([
        pattern('domain-name', 'pool.example'),
        pattern('ipv4-addr', '198.51.100.7'),
        pattern('ipv6-addr', '2001:db8:1::7'),
      ]),
    );
    const named = indicators.find((each) => each['name'] === 'Mining pool endpoint pool.example:3333');
    expect(named).toMatchObject({ pattern_type: 'stix', valid_from: '2026-11-03T02:14:07.000000Z' });
    const sighting = ofType(made, 'sighting').find((each) => each['sighting_of_ref'] === named?.id);
    expect(sighting).toMatchObject({ count: 7 });
    expect(sighting?.observed_data_refs).toHaveLength(2);
    const target = made.objects.find(({ id }) => id === traffic?.['dst_ref']);
    expect(target).toMatchObject({ type: 'ipv4-addr', value: '198.51.100.7' });
  });

  test('marks every object that speaks of it', () => {
    const marking = oneOf(made, 'marking-definition').id;
    const unmarked = made.objects.filter(
      (object) => !((object['object_marking_refs'] as string[]) ?? []).includes(marking),
    );
    expect(unmarked.map(({ type }) => type).sort()).toEqual(['extension-definition', 'identity', 'marking-definition']);
  });

  test('keeps workers, logins, agents and power accounts to itself', () => {
    const text = JSON.stringify(made);
    for (const secret of ['hall3', 'farm-account', 'cgminer', '0640502123456']) expect(text).not.toContain(secret);
  });
});

describe('natural persons', () => {
  const person = { ...(sampleLead().subject as object), person: true, name: '张三', uscc: null } as Lead['subject'];
  test.each([
    ['as the subject', { subject: person, parties: [person] }],
    ['among the parties', { subject: null, parties: [person] }],
    ['said to be an enterprise', { subject: { ...person, person: false }, parties: [] }],
    ['said to be nothing', { subject: { ...person, name: '张三丰工作', person: null }, parties: [] }],
  ])('%s have no identity, name or street', (_, fields) => {
    const made = bundle([{ ...sampleLead(), ...(fields as object) } as ReducedLead]);
    expect(wrongs(made)).toEqual([]);
    expect(ofType(made, 'identity')).toHaveLength(2);
    expect(JSON.stringify(made)).not.toMatch(/张三|虚构路/);
    expect(oneOf(made, 'location').external_references[0]?.external_id).toBe('640502');
  });
});

describe('determinism', () => {
  test('the same leads in any order give the same bytes', () => {
    const leads = sampleLeads();
    expect(leads.length).toBeGreaterThan(2);
    const once = JSON.stringify(bundle(leads));
    expect(JSON.stringify(bundle([...leads].reverse()))).toBe(once);
    expect(JSON.stringify(bundle(structuredClone(leads)))).toBe(once);
    expect(wrongs(bundle(leads))).toEqual([]);
  });

  test('a changed lead is a new version of the same object in another bundle', () => {
    const before = bundle([sampleLead()]);
    const after = bundle([{ ...sampleLead(), status: 'closed', status_since: '2026-11-20T00:00:00.000000Z' }]);
    const old = oneOf(before, 'infrastructure');
    const now = oneOf(after, 'infrastructure');
    expect(now.id).toBe(old.id);
    expect(now.created).toBe(old.created);
    expect(now.modified > old.modified).toBe(true);
    expect(after.id).not.toBe(before.id);
  });

  test('two reductions of a lead are two objects', () => {
    const lead = sampleLead();
    const sent = (department: string): ReducedLead => ({ ...lead, hand_over: { department, field_set: '1' } });
    const [a] = ofType(bundle([sent('cac')]), 'infrastructure');
    const [b] = ofType(bundle([sent('finance')]), 'infrastructure');
    expect(a?.id).not.toBe(b?.id);
  });
});

describe('options', () => {
  test('every TLP level in both versions; none becomes weaker', () => {
    expect(TLP_LEVELS.map((level) => tlpMarking(level, '1.0')['name'])).toEqual([
      ...['TLP:WHITE', 'TLP:GREEN', 'TLP:AMBER', 'TLP:RED', 'TLP:RED'],
    ]);
    expect(TLP_LEVELS.map((level) => tlpMarking(level, '2.0')['name'])).toEqual([
      ...['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'],
    ]);
    for (const tlp of TLP_LEVELS) {
      for (const tlpVersion of ['1.0', '2.0'] as const)
        expect(wrongs(bundle([sampleLead()], { tlp, tlpVersion }))).toEqual([]);
    }
  });

  test('wallets only where they are wanted, never invalid ones', () => {
    expect(ofType(bundle([sampleLead()]), 'cryptocurrency-wallet')).toHaveLength(1);
    expect(ofType(bundle([sampleLead()], { extensionWallets: false }), 'cryptocurrency-wallet')).toEqual([]);
  });

  test('systems and place names of the caller', () => {
    const made = bundle([sampleLead()], {
      asn: (ip) => (ip === '192.0.2.10' ? { number: 64_500, name: 'Example net' } : null),
      placeNames: (region) => ({ area: 'CN-NX', city: '中卫市', name: `区划${region}` }),
    });
    expect(wrongs(made)).toEqual([]);
    expect(oneOf(made, 'autonomous-system')).toMatchObject({ number: 64_500 });
    expect(oneOf(made, 'location')).toMatchObject({ administrative_area: 'CN-NX', city: '中卫市' });
  });

  test('the time of publishing moves the report alone', () => {
    const made = bundle([sampleLead()], { now: Date.UTC(2026, 10, 22) * 1000 });
    expect(oneOf(made, 'report').published).toBe('2026-11-22T00:00:00.000Z');
    expect(ofType(made, 'infrastructure')).toEqual(ofType(bundle([sampleLead()]), 'infrastructure'));
  });

  test('a producer without name or with a wrong id is refused', () => {
    expect(() => bundle([], { producer: { name: ' ' } })).toThrow(/needs the name/);
    expect(() => bundle([], { producer: { name: 'x', id: 'identity--1' } })).toThrow(/none of a STIX identity/);
  });

  test('no leads make a bundle of producer and marking', () => {
    const made = bundle([]);
    expect(wrongs(made)).toEqual([]);
    expect(made.objects).toHaveLength(2);
  });
});

describe('reduced leads', () => {
  test('prefixes, days, withheld state', () => {
    const lead = sampleLead();
    const made = bundle([
      {
        ...lead,
        first_seen: '2026-11-03',
        last_seen: '2026-11-03',
        addresses: [{ ip: '192.0.2.0/24' }, { ip: '2001:db8:1::/48' }],
        detections: [],
        hand_over: { withheld: ['project'] },
      },
    ]);
    expect(wrongs(made)).toEqual([]);
    expect(ofType(made, 'ipv4-addr').map(({ value }) => value)).toContain('192.0.2.0/24');
    const site = oneOf(made, 'infrastructure');
    expect(site).toMatchObject({ first_seen: '2026-11-02T16:00:00.000000Z', last_seen: '2026-11-03T15:59:59.999999Z' });
    expect(Object.values(site.extensions as object)[0]).not.toHaveProperty('status');
  });

  test('any leads, whole and as every department may have them', () => {
    const path = join(import.meta.dirname, '..', '..', 'signatures', 'reference', 'field-sets.csv');
    const fieldSets = parseFieldSets(readFileSync(path, 'utf8'));
    const sets = { fieldSets, documentNumber: '虚构〔2026〕1号' };
    const few = fc.array(anyLead, { maxLength: 3 });
    fc.assert(
      fc.property(few, fc.constantFrom(...DEPARTMENTS), (leads, department) => {
        expect(wrongs(bundle(leads))).toEqual([]);
        const reduced = leads
          .filter(({ number }) => number !== null)
          .map((lead) => applyFieldSet(lead, department, sets));
        expect(wrongs(bundle(reduced))).toEqual([]);
      }),
      { numRuns: 200, seed: 10 },
    );
    for (const person of [true, false]) {
      const text = JSON.stringify(bundle([fullLead(person)]));
      for (const marker of MARKERS.person) expect(text).not.toContain(marker);
    }
  });

  test('every field missing, null, empty or odd, one at a time and all at once', () => {
    let tried = 0;
    for (const lead of weakened(sampleLead())) {
      tried++;
      const made = bundle([lead]);
      expect.soft(wrongs(made)).toEqual([]);
      expect.soft(JSON.stringify(bundle([lead]))).toBe(JSON.stringify(made));
    }
    expect(tried).toBeGreaterThan(500);
    expect(wrongs(bundle([{}, {}]))).toEqual([]);
  });
});

describe('values', () => {
  test.each([
    ['2026-02-30', undefined],
    ['2026-02-30T00:00:00Z', undefined],
    ['2026-11-03T02:14:07Z', '2026-11-03T02:14:07.000000Z'],
    ['2026-11-03T02:14:07.123456789Z', '2026-11-03T02:14:07.123456Z'],
    ['', undefined],
    ['yesterday', undefined],
  ])('time %j', (text, time) => {
    expect(instant(text, 'first')).toBe(time);
  });

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.77/24', '192.0.2.0/24'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2', undefined],
    ['0x7f.1', undefined],
    ['fe80::1%eth0', undefined],
    ['192.0.2.1/40', undefined],
  ])('address %j', (text, value) => {
    expect(addressOf(text)?.value).toBe(value);
  });

  test.each([
    ['Pool.Example.', 'pool.example'],
    ['矿池.example', 'xn--yfr36n.example'],
    ['192.0.2.1', undefined],
    ['pool', undefined],
    ["a'b.example", undefined],
    [`${'a'.repeat(64)}.example`, undefined],
  ])('name %j', (text, value) => {
    if (text.startsWith('矿')) expect(domainOf(text)).toMatch(/^xn--[a-z0-9]+\.example$/);
    else expect(domainOf(text)).toBe(value);
  });

  test.each([
    ['pool.example:3333', 'pool.example', 3333],
    ['[2001:db8::1]:1', '2001:db8::1', 1],
    ['2001:db8::1', '2001:db8::1', undefined],
    ['pool.example:99999', 'pool.example', undefined],
  ])('endpoint %j', (text, host, port) => {
    expect(splitEndpoint(text)).toEqual({ host, port });
  });
});
