import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HttpHead, HttpMessage, JsonMessage, Message, Sv2Message } from '../../src/protocol/message.ts';
import { loadSignatures } from '../../src/signature/load.ts';
import { compileMatch, conditionFault, messageKinds } from '../../src/signature/match.ts';
import { createSignatureSet } from '../../src/signature/set.ts';
import { type Condition, type Signature, SignatureError, type ValueTest } from '../../src/signature/types.ts';
import { compileValueTest, parsePath, valueAt } from '../../src/signature/value.ts';

const place = { input: 0, packet: 1, time: 0, from: 0, to: 0 };
const head: HttpHead = {
  kind: 'request',
  method: 'POST',
  target: '/proxy',
  status: 0,
  headers: new Map([['user-agent', 'cgminer 4.11.1']]),
};

function json(value: Record<string, unknown>, extra: Partial<JsonMessage> = {}): JsonMessage {
  const method = typeof value['method'] === 'string' ? value['method'] : null;
  return {
    kind: 'json',
    side: 0,
    place,
    transport: 'tcp',
    value,
    method,
    id: null,
    http: null,
    wsPath: null,
    text: '',
    ...extra,
  };
}

function frame(type: number, payload: number[], extra: Partial<Sv2Message> = {}): Sv2Message {
  const bytes = Uint8Array.from(payload);
  return {
    kind: 'sv2',
    side: 0,
    place,
    transport: 'tcp',
    extension: 0,
    channel: false,
    type,
    payload: bytes,
    text: '',
    ...extra,
  };
}

const request: HttpMessage = { kind: 'http', side: 0, place, transport: 'http', http: head, text: '' };

function signature(id: string, all: Condition[], extra: Partial<Signature> = {}): Signature {
  return {
    id,
    version: 1,
    status: 'stable',
    kind: 'payload',
    title: { en: id, zh: '测试' },
    dialect: null,
    from: 'miner',
    transports: ['tcp', 'http', 'ws'],
    match: { all, any: [], none: [] },
    weight: 0.9,
    family: null,
    against: false,
    coins: [],
    algorithm: null,
    lookAlikes: { en: '-', zh: '无' },
    references: ['https://example.org/'],
    tests: [],
    file: 'test.yaml',
    line: 1,
    ...extra,
  };
}

const holds = (condition: Condition, message: Message): boolean => compileMatch(signature('a.b', [condition]))(message);

describe('paths', () => {
  test.each([
    ['a', ['a']],
    ['params[1]', ['params', 1]],
    ['result[0][2].x-y', ['result', 0, 2, 'x-y']],
    ['result["version-rolling.mask"]', ['result', 'version-rolling.mask']],
  ])('%s', (path, steps) => {
    expect(parsePath(path)).toEqual(steps);
  });

  test.each(['', '[0]', '.a', 'a.', 'a..b', 'a[', 'a[x]', 'a[-1]', 'a b', 'a[0]b', '$.a', 'a.b.c.d.e.f.g.h.i'])(
    'no path: %s',
    (path) => {
      expect(parsePath(path)).toBeNull();
    },
  );

  test('only own members are found', () => {
    expect(valueAt({}, ['constructor'])).toBeUndefined();
    expect(valueAt({}, ['__proto__'])).toBeUndefined();
    expect(valueAt({ a: [1] }, ['a', 'length'])).toBeUndefined();
    expect(valueAt({ a: 'text' }, ['a', 0])).toBeUndefined();
    expect(valueAt({ a: null }, ['a', 'b'])).toBeUndefined();
    expect(valueAt(JSON.parse('{"__proto__":5}'), ['__proto__'])).toBe(5);
  });
});

describe('value tests', () => {
  const rows: [ValueTest, unknown[], unknown[]][] = [
    [{ type: 'string' }, ['', 'a'], [1, null, [], {}, true, undefined]],
    [{ type: ['null', 'array'] }, [null, []], [{}, 'a', 0, undefined]],
    [{ type: 'object' }, [{}], [null, [], 'a']],
    [{ type: 'number' }, [0, 1.5], ['0', true]],
    [{ present: true }, [null, 0, ''], [undefined]],
    [{ present: false }, [undefined], [null, 0, '']],
    [{ in: ['a', 1, null, false] }, ['a', 1, null, false], ['b', '1', true, undefined]],
    [{ items: 2 }, [[1, 2]], [[1], [1, 2, 3], 'ab', { length: 2 }]],
    [{ items: [1, 2] }, [[1], [1, 2]], [[], [1, 2, 3]]],
    [{ length: [2, 3] }, ['ab', 'abc'], ['a', 'abcd', [1, 2]]],
    [{ hex: 4 }, ['00ff', 'ABCD'], ['0x00ff', '00fg', '00f', '00fff', 0xff, '']],
    [{ hex: 4, prefix: 'required' }, ['0x00ff'], ['00ff', '0x00f', '0X00ff']],
    [{ hex: [0, 4], prefix: 'optional' }, ['', '0x', '0x00ff', '00ff', 'a'], ['0x00fff', 'x']],
    [{ starts_with: 'ab' }, ['ab', 'abc'], ['a', 'xab', ['ab']]],
    [{ contains: 'b' }, ['abc'], ['ac', ['b']]],
    [{ range: [1, 2] }, [1, 1.5, 2], [0.9, 2.1, '1', Number.NaN]],
    [{ every: { hex: 2 } }, [[], ['00', 'ff']], [['00', 'f'], 'ff', {}]],
    [{ type: 'string', starts_with: 'a', length: 2 }, ['ab'], ['b1', 'abc']],
  ];
  test.each(rows)('%j', (valueTest, good, bad) => {
    const passes = compileValueTest(valueTest);
    for (const value of good) expect(passes(value), JSON.stringify(value)).toBe(true);
    for (const value of bad) expect(passes(value), JSON.stringify(value)).toBe(false);
  });
});

describe('conditions', () => {
  test('method', () => {
    expect(holds({ method: ['a', 'b'] }, json({ method: 'b' }))).toBe(true);
    expect(holds({ method: ['a', 'b'] }, json({ method: 'c' }))).toBe(false);
    expect(holds({ method: ['a'] }, request)).toBe(false);
  });

  test('header and http hold on heads with and without JSON', () => {
    const agent: Condition = { header: 'user-agent', starts_with: 'cgminer' };
    expect(holds(agent, request)).toBe(true);
    expect(holds(agent, json({}, { http: head, transport: 'http' }))).toBe(true);
    expect(holds(agent, json({}))).toBe(false);
    expect(holds({ header: 'x-none', present: false }, request)).toBe(true);
    expect(holds({ http: 'method', in: ['POST'] }, request)).toBe(true);
    expect(holds({ http: 'status', range: [200, 299] }, request)).toBe(false);
    expect(holds({ http: 'target', starts_with: '/proxy' }, request)).toBe(true);
    expect(holds(agent, frame(0, []))).toBe(false);
  });

  test('ws_path', () => {
    expect(holds({ ws_path: { contains: 'proxy' } }, json({}, { wsPath: '/proxy', transport: 'ws' }))).toBe(true);
    expect(holds({ ws_path: { contains: 'proxy' } }, json({}))).toBe(false);
  });

  test('frames and their bytes', () => {
    const header: Condition = { sv2: { type: [1, 2], extension: 0, channel: true, length: [2, 3] } };
    expect(holds(header, frame(2, [1, 2], { channel: true }))).toBe(true);
    expect(holds(header, frame(2, [1, 2]))).toBe(false);
    expect(holds(header, frame(3, [1, 2], { channel: true }))).toBe(false);
    expect(holds(header, frame(2, [1], { channel: true }))).toBe(false);
    expect(holds(header, frame(2, [1, 2], { channel: true, extension: 1 }))).toBe(false);
    const bytes: Condition = { payload: { offset: 1, hex: '20ff', mask: 'e0ff' } };
    expect(holds(bytes, frame(0, [0, 0x3f, 0xff]))).toBe(true);
    expect(holds(bytes, frame(0, [0, 0x40, 0xff]))).toBe(false);
    expect(holds(bytes, frame(0, [0, 0x3f]))).toBe(false);
  });

  test('kinds that never meet', () => {
    const none = { any: [], none: [] };
    expect(messageKinds({ all: [{ method: ['a'] }], ...none })).toEqual(['json']);
    expect(messageKinds({ all: [{ header: 'a', present: true }], ...none })).toEqual(['json', 'http']);
    expect(messageKinds({ all: [{ method: ['a'] }, { sv2: { type: 0 } }], ...none })).toEqual([]);
    expect(messageKinds({ all: [{ header: 'a', present: true }, { sv2: { type: 0 } }], ...none })).toEqual([]);
  });

  test.each<[Condition, string]>([
    [{ member: 'a..b', present: true }, 'no path'],
    [{ member: 'a' }, 'tests nothing'],
    [{ member: 'a', hex: [4, 2] }, 'smaller number first'],
    [{ member: 'a', range: [4, 2] }, 'smaller number first'],
    [{ member: 'a', prefix: 'required', type: 'string' }, 'without hex'],
    [{ member: 'a', present: false, type: 'string' }, 'present: false'],
    [{ header: 'X-Stratum', present: true }, 'lower case'],
    [{ sv2: { type: 0, length: [4, 2] } }, 'smaller number first'],
    [{ payload: { offset: 0, hex: '00', mask: 'ffff' } }, 'differ in length'],
    [{ payload: { offset: 0, hex: '21', mask: 'e0' } }, 'mask removes'],
  ])('%j is refused', (condition, fault) => {
    expect(conditionFault(condition)).toContain(fault);
  });
});

describe('set', () => {
  const byMethod = signature('b.method', [{ method: ['x'] }]);
  const byMember = signature('a.member', [{ member: 'result.k', present: true }]);
  const anywhere = signature('d.any', [], {
    match: { all: [], any: [{ member: 'k', present: true }, { method: ['x'] }], none: [] },
  });
  const draft = signature('c.draft', [{ method: ['x'] }], { status: 'draft' });
  const retired = signature('e.retired', [{ method: ['x'] }], { status: 'retired' });
  const wsOnly = signature('f.ws', [{ method: ['x'] }], { transports: ['ws'] });
  const unless = signature('g.unless', [{ method: ['x'] }], {
    match: { all: [{ method: ['x'] }], any: [], none: [{ member: 'k', present: true }] },
  });
  const set = createSignatureSet([retired, byMethod, byMember, anywhere, draft, wsOnly, unless]);
  const ids = (message: Message, from = set): string[] => {
    const hits: Signature[] = [];
    from.match(message, hits);
    return hits.map((hit) => hit.id);
  };

  test('hits come in the order of ids, drafts too, retired never', () => {
    expect(ids(json({ method: 'x', result: { k: 1 } }))).toEqual([
      'a.member',
      'b.method',
      'c.draft',
      'd.any',
      'g.unless',
    ]);
    expect(ids(json({ method: 'x', k: 1 }))).toEqual(['b.method', 'c.draft', 'd.any']);
    expect(ids(json({ k: 1 }))).toEqual(['d.any']);
    expect(ids(json({ method: 'x' }, { transport: 'ws' }))).toContain('f.ws');
    expect(ids(json({ other: 1 }))).toEqual([]);
  });

  test('hits are appended', () => {
    const hits = [draft];
    set.match(json({ k: 1 }), hits);
    expect(hits.map((hit) => hit.id)).toEqual(['c.draft', 'd.any']);
  });

  test('without and only make new sets', () => {
    expect(ids(json({ method: 'x' }), set.without(['b.method', 'g.unless']))).toEqual(['c.draft', 'd.any']);
    expect(ids(json({ method: 'x' }), set.only(['b.method']))).toEqual(['b.method']);
    expect(set.signatures).toHaveLength(7);
    expect(() => set.without(['b.methd'])).toThrow(SignatureError);
    expect(() => set.only(['nope', 'b.method'])).toThrow(/nope/);
  });

  test('is sorted, frozen and knows its ids', () => {
    expect(set.signatures.map((s) => s.id)).toEqual([
      'a.member',
      'b.method',
      'c.draft',
      'd.any',
      'e.retired',
      'f.ws',
      'g.unless',
    ]);
    expect(set.byId('e.retired')).toBe(retired);
    expect(set.byId('toString')).toBeUndefined();
    expect(Object.isFrozen(set)).toBe(true);
    expect(Object.isFrozen(set.signatures)).toBe(true);
  });
});

describe('the shipped set', () => {
  const shipped = loadSignatures();
  test('never throws, whatever the message', () => {
    const methods = [
      'login',
      'job',
      'submit',
      'mining.notify',
      'mining.submit',
      'mining.subscribe',
      'eth_submitWork',
      '__proto__',
    ];
    const value = fc.record(
      {
        method: fc.constantFrom(...methods),
        params: fc.jsonValue(),
        result: fc.jsonValue(),
        error: fc.jsonValue(),
        type: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const transport = fc.constantFrom('tcp' as const, 'http' as const, 'ws' as const);
    fc.assert(
      fc.property(value, transport, fc.boolean(), (body, carrier, withHead) => {
        const hits: Signature[] = [];
        shipped.match(
          json(body as Record<string, unknown>, { transport: carrier, http: withHead ? head : null }),
          hits,
        );
        expect(hits.every((hit) => hit.transports.includes(carrier))).toBe(true);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        fc.uint8Array({ maxLength: 64 }),
        fc.boolean(),
        (type, bytes, channel) => {
          const hits: Signature[] = [];
          shipped.match(frame(type, [...bytes], { channel }), hits);
          expect(hits.every((hit) => hit.dialect === 'stratum-v2')).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
