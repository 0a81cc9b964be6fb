import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { natRuleLayout } from '../../../src/attribution/import/nat-rule.ts';
import { insideOf, natRuleProblem, outsideOf, portsPerUser } from '../../../src/attribution/nat-rule.ts';
import type { NatRule } from '../../../src/attribution/types.ts';
import { brief, importBytes, runTable } from './session-harness.ts';

const RULE: NatRule = {
  insideFirst: '100.64.0.0',
  insideLast: '100.64.0.27',
  insideRealm: 'BNG-A',
  firstPort: 1024,
  portsPerUser: 4032,
  ratio: 14,
  order: 'sequential',
};

describe('deterministic NAT', () => {
  it('computes the example of RFC 7422: 4032 ports', () => {
    expect(portsPerUser(1024, 14, 2)).toBe(4032);
    expect(natRuleProblem(RULE, '203.0.113.0', '203.0.113.1', 2)).toBeNull();
  });

  it.each([
    ['first user, first port', '203.0.113.0', 1024, '100.64.0.0'],
    ['first user, last port', '203.0.113.0', 5055, '100.64.0.0'],
    ['second user', '203.0.113.0', 5056, '100.64.0.1'],
    ['last user of the address', '203.0.113.0', 57471, '100.64.0.13'],
    ['dynamic reserve', '203.0.113.0', 57472, null],
    ['reserved port', '203.0.113.0', 1023, null],
    ['second address', '203.0.113.1', 1024, '100.64.0.14'],
    ['address after the last user', '203.0.113.2', 1024, null],
    ['address before the first', '203.0.112.255', 1024, null],
    ['other family', '2001:db8::1', 1024, null],
  ])('%s', (_name, outside, port, inside) => {
    expect(insideOf(RULE, '203.0.113.0', outside, port)).toBe(inside);
  });

  it('deals ports round-robin', () => {
    const rule: NatRule = { ...RULE, order: 'round_robin' };
    expect(insideOf(rule, '203.0.113.0', '203.0.113.0', 1024 + 3 + 14 * 7)).toBe('100.64.0.3');
    expect(outsideOf(rule, '203.0.113.0', '100.64.0.3', 7)).toEqual({ address: '203.0.113.0', port: 1024 + 3 + 98 });
  });

  it('is its own inverse', () => {
    const rules = fc
      .record({
        firstPort: fc.integer({ min: 0, max: 60_000 }),
        ratio: fc.integer({ min: 1, max: 200 }),
        users: fc.integer({ min: 1, max: 500 }),
        pick: fc.nat(),
        port: fc.nat(),
        share: fc.double({ min: 0.01, max: 1, noNaN: true }),
        order: fc.constantFrom('sequential' as const, 'round_robin' as const),
      })
      .filter(({ firstPort, ratio }) => portsPerUser(firstPort, ratio) >= 1);
    fc.assert(
      fc.property(rules, ({ firstPort, ratio, users, pick, port, share, order }) => {
        const ports = Math.max(1, Math.floor(portsPerUser(firstPort, ratio) * share));
        const address = (n: number): string => `10.0.${n >> 8}.${n & 255}`;
        const rule: NatRule = {
          insideFirst: address(0),
          insideLast: address(users - 1),
          insideRealm: null,
          firstPort,
          portsPerUser: ports,
          ratio,
          order,
        };
        const inside = address(pick % users);
        const out = outsideOf(rule, '198.51.100.250', inside, port % ports);
        expect(out).not.toBeNull();
        expect(insideOf(rule, '198.51.100.250', out?.address ?? '', out?.port ?? 0)).toBe(inside);
      }),
    );
  });

  it('gives every port to at most one user and each user exactly his', () => {
    const rule: NatRule = {
      ...RULE,
      insideLast: '100.64.0.6',
      ratio: 7,
      portsPerUser: 100,
      firstPort: 64_000,
      order: 'round_robin',
    };
    const counts = new Map<string | null, number>();
    for (let port = 0; port < 65_536; port++) {
      const inside = insideOf(rule, '203.0.113.0', '203.0.113.0', port);
      counts.set(inside, (counts.get(inside) ?? 0) + 1);
    }
    expect([...counts.entries()].filter(([inside]) => inside !== null).map(([, n]) => n)).toEqual(Array(7).fill(100));
  });
});

const HEADER =
  'outside_first,outside_last,inside_first,inside_last,first_port,ports_per_user,ratio,dynamic,order,valid_from,valid_to,realm';

describe('parameter table', () => {
  it('reads a rule, with the ports per user computed where they are missing', () => {
    const rows = [
      '203.0.113.0,203.0.113.1,100.64.0.0,100.64.0.27,1024,4032,14,2,sequential,2026-01-01,2026-07-01,BNG-A',
      '203.0.113.0,203.0.113.1,100.64.0.0,100.64.0.27,1024,,14,2,round_robin,2026-07-01,,BNG-A',
    ];
    const result = runTable(natRuleLayout, [HEADER, ...rows].join('\n'));
    expect(result.faults).toEqual([]);
    expect(result.rows[0]?.natRule).toEqual(RULE);
    expect(result.rows[1]?.natRule).toEqual({ ...RULE, order: 'round_robin' });
    expect(result.rows.map(brief)).toEqual([
      'nat_rule 203.0.113.0-203.0.113.1:1024-57471 2025-12-31T16:00:00Z 2026-06-30T16:00:00Z',
      'nat_rule 203.0.113.0-203.0.113.1:1024-57471 2026-06-30T16:00:00Z open',
    ]);
  });

  it.each([
    ['too many ports for the users', '203.0.113.0,203.0.113.1,100.64.0.0,100.64.0.27,1024,5000,14,,,2026-01-01,,'],
    ['ports disagree with the reserve', '203.0.113.0,203.0.113.1,100.64.0.0,100.64.0.27,1024,4000,14,2,,2026-01-01,,'],
    ['too many users for the addresses', '203.0.113.0,203.0.113.1,100.64.0.0,100.64.0.28,1024,4032,14,2,,2026-01-01,,'],
    ['upside down', '203.0.113.1,203.0.113.0,100.64.0.0,100.64.0.27,1024,4032,14,2,,2026-01-01,,'],
    ['two families', '203.0.113.0,2001:db8::,100.64.0.0,100.64.0.27,1024,4032,14,2,,2026-01-01,,'],
    ['no ports left', '203.0.113.0,203.0.113.1,100.64.0.0,100.64.0.27,65535,,14,,,2026-01-01,,'],
  ])('reports arithmetic that cannot be: %s', (_name, row) => {
    const result = runTable(natRuleLayout, `${HEADER}\n${row}`);
    expect(result.rows).toEqual([]);
    expect(result.faults.map((f) => f.reason)).toEqual(['nat_rule_arithmetic']);
  });

  it.each([
    ['bad_time', '203.0.113.0,203.0.113.1,100.64.0.0,100.64.0.27,1024,4032,14,2,,,,'],
    ['bad_order', '203.0.113.0,203.0.113.1,100.64.0.0,100.64.0.27,1024,4032,14,2,random,2026-01-01,,'],
    ['bad_number', '203.0.113.0,203.0.113.1,100.64.0.0,100.64.0.27,1024,4032,0,2,,2026-01-01,,'],
    ['end_before_start', '203.0.113.0,203.0.113.1,100.64.0.0,100.64.0.27,1024,4032,14,2,,2026-01-02,2026-01-01,'],
  ])('reports %s', (reason, row) => {
    expect(runTable(natRuleLayout, `${HEADER}\n${row}`).faults.map((f) => f.reason)).toEqual([reason]);
  });

  it('is recognised', async () => {
    const row = '203.0.113.0,203.0.113.1,100.64.0.0,100.64.0.27,1024,4032,14,2,sequential,2026-01-01,,BNG-A';
    const result = await importBytes(Buffer.from(`${HEADER}\n${row}\n`));
    expect(result.shapes[0]?.layout).toBe('nat-rule');
    expect(result.rows).toHaveLength(1);
  });
});
