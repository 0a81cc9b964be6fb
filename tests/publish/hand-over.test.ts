import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEPARTMENTS, type Department, HandOverError, parseFieldSets } from '../../src/publish/field-sets.ts';
import { applyFieldSet, type HandOverLead, type HandOverOptions } from '../../src/publish/hand-over.ts';
import { handOverRecord } from '../../src/publish/hand-over-record.ts';
import { prefixText, widened } from '../../src/publish/hand-over-reduce.ts';
import { leadJsonLine } from '../../src/publish/lead-json.ts';
import { bands, leads } from './lead-arbitrary.ts';
import { fullLead, MARKERS, SEALED } from './lead-full.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const fieldSets = parseFieldSets(readFileSync(join(ROOT, 'signatures/reference/field-sets.csv'), 'utf8'));
const DOCUMENT = '虚构公函〔2026〕7号';
const evidence = [{ sha256: 'e1'.repeat(32), sm3: 'e2'.repeat(32) }];
const options: HandOverOptions = { fieldSets, documentNumber: DOCUMENT, evidence: () => evidence };
const handOver = (department: Department, more: Partial<HandOverOptions> = {}, person = false): string =>
  leadJsonLine(applyFieldSet(fullLead(person), department, { ...options, ...more }));

/** The table once more, as people wrote it: the data file must say the same. F full, R reduced, - not sent, W wallet, D. */
const TABLE: Readonly<Record<string, string>> = {
  //             ndrc cac miit finance energy tax market police discipline carrier
  project: 'F F F F F F F F F -',
  enterprise: 'F F F F F F F F F -',
  address: 'F F R R F R F F F -',
  ip: 'R F R - - - - F - F',
  pool: '- F - W - - - F - -',
  hashrate: 'F F R R R - - F R -',
  energy: 'F R - - F F - F R -',
  power_account: 'F - - - F - - F - -',
  person: '- - - - - - - D - -',
  evidence: 'R F - R R - - F R -',
  surcharge: 'F - - - F R - - - -',
  loans: 'R - - F - - - R - -',
  involvement: 'F F R R R - - F F R',
};
const level = (field: string, department: Department): string =>
  TABLE[field]?.split(' ')[DEPARTMENTS.indexOf(department)] as string;

const CELLS = Object.keys(TABLE).flatMap((field) => DEPARTMENTS.map((department) => [field, department] as const));

/** Strings that stand for a field where it is reduced. */
const REDUCED: Readonly<Record<string, readonly string[]>> = {
  address: ['"region":"640502"', '"text":null'],
  ip: ['198.51.100.0/24', '2001:db8:7::/48', '2026-11-03'],
  hashrate: ['"low":500000000', '"high":1000000000', 'MARKCOIN', 'sha256d-marker'],
  energy: ['"low":20000', '"high":50000', '"method":"metered"'],
  evidence: ['e1'.repeat(32)],
  surcharge: ['0.3123', '"from":"2026-09"'],
  involvement: ['"involvement":"passive"'],
};

const contains = (text: string, marks: readonly string[]): string[] => marks.filter((mark) => text.includes(mark));

describe('the table of field sets, cell by cell', () => {
  test('the data file says what the table says', () => {
    const letters = { full: 'F', reduced: 'R', none: '-', wallet: 'W', document: 'D' };
    for (const [field, department] of CELLS) {
      const data = fieldSets.departments[department][field as keyof (typeof fieldSets.departments)['ndrc']];
      expect([field, department, letters[data]]).toEqual([field, department, level(field, department)]);
    }
  });

  test('the marked lead has every marker, so that their absence means something', () => {
    const text = leadJsonLine(fullLead(true)) + JSON.stringify([SEALED, evidence]);
    const missing = Object.values(MARKERS)
      .flat()
      .filter((mark) => !text.includes(mark));
    expect(missing).toEqual([]);
  });

  test.each(CELLS.filter(([field]) => !['pool', 'person', 'loans', 'evidence'].includes(field)))(
    '%s for %s',
    (field, department) => {
      const text = handOver(department);
      const marks: readonly string[] = MARKERS[field as keyof typeof MARKERS];
      switch (level(field, department)) {
        case 'F': {
          // Parts and notes of the estimate name algorithms, so they go only where the hashrate goes.
          const partly = field === 'energy' && level('hashrate', department) !== 'F';
          expect(contains(text, partly ? marks.slice(0, 3) : marks)).toEqual(partly ? marks.slice(0, 3) : marks);
          break;
        }
        case 'R':
          expect(contains(text, REDUCED[field] as readonly string[])).toEqual(REDUCED[field]);
          if (field === 'hashrate') expect(contains(text, ['987123321', '987122210', '987126654'])).toEqual([]);
          else if (field === 'surcharge') expect(contains(text, ['2026-09-17', '91234.56'])).toEqual([]);
          else if (field !== 'involvement') expect(contains(text, marks)).toEqual([]);
          break;
        default:
          expect(contains(text, marks)).toEqual([]);
      }
    },
  );

  test.each(DEPARTMENTS)('pool, worker and wallet for %s', (department) => {
    const text = handOver(department);
    const allowed = level('pool', department);
    expect(contains(text, MARKERS.worker)).toEqual([]);
    expect(contains(text, MARKERS.pool)).toEqual(allowed === 'F' ? MARKERS.pool : []);
    expect(contains(text, MARKERS.wallet)).toEqual(allowed === '-' ? [] : MARKERS.wallet);
  });

  test.each(DEPARTMENTS)('evidence for %s', (department) => {
    const text = handOver(department);
    const allowed = level('evidence', department);
    expect(contains(text, MARKERS.evidence)).toEqual(allowed === '-' ? [] : MARKERS.evidence);
    expect(contains(text, MARKERS.detection)).toEqual(allowed === 'F' ? MARKERS.detection : []);
  });

  test.each(DEPARTMENTS)('natural persons for %s', (department) => {
    const with_ = handOver(department, department === 'police' ? { sealed: SEALED } : {}, true);
    expect(contains(with_, MARKERS.person)).toEqual(level('person', department) === 'D' ? MARKERS.person : []);
    if (level('enterprise', department) === 'F') expect(with_).toContain('自然人');
    expect(contains(handOver(department), MARKERS.person)).toEqual([]);
  });

  test.each(DEPARTMENTS)('texts, notes and who wrote them for %s', (department) => {
    const everything = department === 'police';
    expect(contains(handOver(department), MARKERS.text)).toEqual(everything ? MARKERS.text : []);
    const never = department === 'police' || department === 'cac' ? MARKERS.never.slice(0, 3) : MARKERS.never;
    expect(contains(handOver(department), never)).toEqual([]);
  });

  test.each(DEPARTMENTS)('active or passive for %s: a reduced set tells the passive alone', (department) => {
    const lead = { ...fullLead(), involvement: 'active' as const };
    const told = applyFieldSet(lead, department, options).involvement;
    expect(told).toBe(level('involvement', department) === 'F' ? 'active' : 'unknown');
  });

  test.each(DEPARTMENTS)(
    'ids that are hashes of an address stay away from %s unless it has the address',
    (department) => {
      const text = handOver(department);
      const exact = level('ip', department) === 'F';
      expect(contains(text, ['L00112233445566778899aabb', 'd1d1d1d1'])).toEqual(
        exact
          ? level('evidence', department) === 'F'
            ? ['L00112233445566778899aabb', 'd1d1d1d1']
            : ['L00112233445566778899aabb']
          : [],
      );
      expect(text).toContain('L-640502-2026-000123');
      if (!exact) expect(contains(text, ['Lffeeddcc', 'L0123456789abcdef'])).toEqual([]);
    },
  );

  test.each(DEPARTMENTS)(
    'times of conversations for %s go with the full address; how often reported with the project',
    (to) => {
      const lead = fullLead();
      const conversations = [
        { port: 45_871, first_seen: '2026-11-03T02:14:59.111222Z', last_seen: '2026-11-03T02:15:59.111222Z' },
      ];
      const detections = lead.detections.map((each) => ({ ...each, conversations }));
      const reports = lead.reports.map((each) => ({ ...each, count: 987_700 }));
      const text = leadJsonLine(applyFieldSet({ ...lead, detections, reports }, to, options));
      expect(text.includes('02:14:59.111222')).toBe(level('ip', to) === 'F');
      expect(text.includes('"count":987700')).toBe(level('project', to) === 'F');
    },
  );

  test('a carrier gets the connection with its other end, no name of the pool', () => {
    const lead = applyFieldSet(fullLead(), 'carrier', options);
    expect(lead.detections[0]).toMatchObject({ pool: '', pool_ip: '203.0.113.200', pool_port: 3333, ports: [45871] });
    expect(lead.region).toBe('640500');
  });
});

describe('documents', () => {
  const lead = fullLead(true);
  const without = { fieldSets, documentNumber: null };

  test('a natural person goes to the police only with a document number', () => {
    expect(() => applyFieldSet(lead, 'police', without)).toThrow(HandOverError);
    expect(() => applyFieldSet(lead, 'police', without)).toThrow(/number of the document/);
    expect(() => applyFieldSet(lead, 'police', { ...without, documentNumber: '  ' })).toThrow(HandOverError);
    expect(applyFieldSet(lead, 'police', options).persons).toEqual([]);
  });

  test('sealed fields are refused for anybody else, and of others than this lead for all', () => {
    for (const department of DEPARTMENTS.filter((each) => each !== 'police')) {
      expect(() => applyFieldSet(lead, department, { ...options, sealed: SEALED })).toThrow(/police alone/);
    }
    const other = { 'acct:somebody-else': { name: 'other-marker' } };
    const reduced = applyFieldSet(lead, 'police', { ...options, sealed: { ...SEALED, ...other } });
    expect(JSON.stringify(reduced)).not.toContain('other-marker');
  });

  test('worker names need a document to be hashed for; without workers none is needed', () => {
    const unit = fullLead();
    expect(() => applyFieldSet(unit, 'cac', without)).toThrow(/document number/);
    expect(applyFieldSet({ ...unit, accounts: [] }, 'cac', without).hand_over.document).toBeNull();
    expect(applyFieldSet(unit, 'ndrc', without).hand_over).toMatchObject({ department: 'ndrc', field_set: '2026.11' });
  });

  test('a personal name from a report counts as a person whatever the report says', () => {
    const subject = {
      ...(fullLead().subject as NonNullable<HandOverLead['subject']>),
      name: '李四',
      uscc: null,
      key: 'reported:李四',
    };
    const text = JSON.stringify(applyFieldSet({ ...fullLead(), subject, parties: [subject] }, 'ndrc', options));
    expect(text).not.toContain('李四');
    expect(text).toContain('自然人');
  });

  test('rows of one hand-over match in their hashed workers, those of another do not', () => {
    const hash = (more: Partial<HandOverOptions>) =>
      applyFieldSet(fullLead(), 'cac', { ...options, ...more }).accounts[0]?.workers[0];
    expect(hash({})).toMatch(/^[0-9a-f]{16}$/);
    expect(hash({})).toBe(applyFieldSet(fullLead(), 'police', options).accounts[1]?.workers[0]);
    expect(hash({ documentNumber: '虚构公函〔2026〕8号' })).not.toBe(hash({}));
    expect(hash({ salt: 'secret' })).not.toBe(hash({}));
  });

  test('departments that are none, leads without a number', () => {
    expect(() => applyFieldSet(lead, 'press', options)).toThrow(/known are ndrc, cac, miit/);
    expect(() => applyFieldSet({ ...fullLead(), number: null }, 'finance', options)).toThrow(/no display number/);
    expect(applyFieldSet({ ...fullLead(), number: null }, 'carrier', options).number).toBeNull();
  });

  test('links name other leads by their numbers where ids would tell the address', () => {
    const numberOf = (id: string) => (id === 'Lffeeddccbbaa998877665544' ? 'L-640502-2026-000124' : null);
    expect(applyFieldSet(fullLead(), 'finance', { ...options, numberOf }).links).toEqual([
      { lead: 'L-640502-2026-000124', kind: 'wallet', value: 'bc1qmarkerwallet' },
      { lead: 'L-640502-2026-000124', kind: 'person', value: '' },
    ]);
  });
});

describe('reducing', () => {
  test('any lead: no address, port time, wallet or name gets out where it may not', () => {
    fc.assert(
      fc.property(leads, fc.constantFrom(...DEPARTMENTS), (lead, department) => {
        const text = JSON.stringify(applyFieldSet(lead, department, options));
        const secrets: string[] = [];
        if (level('ip', department) !== 'F') {
          secrets.push(...lead.addresses.map(({ ip }) => `"${ip}"`), lead.id, ...lead.detections.map(({ id }) => id));
        }
        if (level('power_account', department) !== 'F') secrets.push(...lead.power_accounts);
        expect(contains(text, secrets)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('prefixes', () => {
    expect(prefixText('198.51.100.77')).toBe('198.51.100.0/24');
    expect(prefixText('2001:db8:1:2::3')).toBe('2001:db8:1::/48');
    expect(prefixText('::ffff:192.0.2.9')).toBe('192.0.2.0/24');
    expect(prefixText('nonsense')).toBeNull();
  });

  test('bands are widened to 1, 2, 5, 10: they hold the old ones and tell no exact figure', () => {
    expect(widened({ low: 123, mid: 200, high: 456 })).toEqual({ low: 100, mid: 300, high: 500 });
    expect(widened({ low: 100, mid: 100, high: 100 })).toEqual({ low: 100, mid: 150, high: 200 });
    expect(widened({ low: 0.031, mid: 0.04, high: 0.05 })).toEqual({ low: 0.02, mid: 0.035, high: 0.05 });
    expect(widened({ low: 0, mid: 0, high: 0 })).toEqual({ low: 0, mid: 0, high: 0 });
    fc.assert(
      fc.property(bands, (band) => {
        const wide = widened(band);
        expect(wide.low).toBeLessThanOrEqual(band.low);
        expect(wide.high).toBeGreaterThanOrEqual(band.high);
        for (const edge of [wide.low, wide.high]) expect(edge.toExponential()).toMatch(/^(?:0|[125])e/);
        expect(wide.high > wide.low || wide.high === 0).toBe(true);
      }),
    );
  });
});

describe('the record of a hand-over', () => {
  const given = {
    department: 'ndrc',
    recipient: '虚构市发展改革委',
    purpose: '1283 art. 19',
    documentNumber: DOCUMENT,
    fieldSets,
    format: 'xlsx',
    leads: [fullLead()],
    bytes: new TextEncoder().encode('bytes'),
    feedbackBy: '2026-11-27',
  };

  test('says what was sent, to whom, why, and its digests', () => {
    const sha256 = createHash('sha256').update('bytes').digest('hex');
    expect(handOverRecord(given)).toEqual({
      department: 'ndrc',
      recipient: '虚构市发展改革委',
      purpose: '1283 art. 19',
      document: DOCUMENT,
      field_set: '2026.11',
      format: 'xlsx',
      count: 1,
      leads: ['L-640502-2026-000123'],
      bytes: 5,
      sha256,
      sm3: createHash('sm3').update('bytes').digest('hex'),
      feedback_by: '2026-11-27',
    });
  });

  test.each([
    [{ recipient: ' ' }, /recipient/],
    [{ purpose: '' }, /purpose/],
    [{ feedbackBy: '2026-02-31' }, /deadline/],
    [{ feedbackBy: 'soon' }, /deadline/],
    [{ department: 'nobody' }, /unknown department/],
  ])('refuses %j', (more, message) => {
    expect(() => handOverRecord({ ...given, ...more })).toThrow(message);
  });
});
