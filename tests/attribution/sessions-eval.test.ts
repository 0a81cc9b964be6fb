/** 10,000 invented conversations a network, whose truth is known: nobody wrong may be named for sure. */
import { describe, expect, test } from 'vitest';
import { checkUscc } from '../../src/identifier/uscc.ts';
import { inventedCode, inventNetwork } from '../generate/sessions-eval.ts';
import { judge, printed, tally } from './sessions-eval-run.ts';

const SESSIONS = 10_000;
/** Least shares answered, percent: overall grade of at least 90, at least 70, above 0; subscriber of at least 90. */
const FLOORS = { sure: 36, high: 50, any: 78, subscriber: 52 } as const;

describe.each([1, 2, 3, 4, 5])('network %i', (seed) => {
  const judged = judge(seed, SESSIONS);
  const all = tally(judged, 'all');
  console.log(`network ${seed}\n${printed(judged)}`);

  test('is of the size asked for, and mean', () => {
    expect(all.seen).toBe(SESSIONS);
    // Traps that catch nobody would show nothing: wrong people do stand among the candidates of low grade.
    expect(all.wrongNamed[2]).toBeGreaterThan(300);
    for (const access of ['static', 'dynamic', 'block', 'mapping', 'deterministic'] as const) {
      expect(tally(judged, access).seen).toBeGreaterThan(1000);
    }
  });

  test('names no wrong subscriber with 90 or more, as best or beside it', () => {
    expect(judged.filter(({ wrongGrade }) => wrongGrade >= 90).map(({ seen }) => seen)).toEqual([]);
    expect(all.wrongOverall[0]).toBe(0);
  });

  test('gives no wrong answer of 70 or more', () => expect(all.wrongOverall[1]).toBe(0));

  test('answers at least the share that the documentation states', () => {
    const percent = (n: number): number => (100 * n) / all.seen;
    expect(percent(all.overall[0])).toBeGreaterThan(FLOORS.sure);
    expect(percent(all.overall[1])).toBeGreaterThan(FLOORS.high);
    expect(percent(all.overall[2])).toBeGreaterThan(FLOORS.any);
    expect(percent(all.subscriber[0])).toBeGreaterThan(FLOORS.subscriber);
  });

  test('asks for the port where it is missing, and for the realm', () => {
    const portless = judged.filter(({ seen }) => seen.port === null);
    expect(portless.length).toBeGreaterThan(50);
    expect(portless.filter(({ answer }) => answer.best !== null && answer.overall >= 40)).toEqual([]);
    const homeless = judged.filter(({ seen }) => seen.nat === 'inside' && seen.realm === null);
    expect(homeless.length).toBeGreaterThan(20);
    for (const { answer } of homeless) expect(answer.missing.map(({ code }) => code)).toEqual(['need_realm']);
  });
});

test('the same seed gives the same network, another another', () => {
  expect(inventNetwork(9, 200)).toEqual(inventNetwork(9, 200));
  expect(inventNetwork(9, 200)).not.toEqual(inventNetwork(10, 200));
});

test('invented codes pass the checks', () => {
  for (let n = 1; n < 400; n++) expect([n, checkUscc(inventedCode(n)).valid]).toEqual([n, true]);
});
