/** The rule that a name makes a mining endpoint, on the whole list, through the engine: TLS conversations of six minutes. */
import { describe, expect, test } from 'vitest';
import {
  type Answer,
  ask,
  captureOf,
  foreignPort,
  listedEndpoints,
  negativeNames,
  PORTS,
  pageNames,
  type Question,
  suffixDomains,
  unlistedEndpoints,
} from '../generate/endpoints-eval.ts';
import { readPcap, tcpLayout } from '../generate/index.ts';
import { detectBytes } from './run.ts';

const LISTED = listedEndpoints();

/** `name port: answer` of those that were answered otherwise. */
function others(questions: readonly Question[], wanted: Answer): string[] {
  const answers = ask(questions);
  return questions.flatMap(({ name, port }, i) => (answers[i] === wanted ? [] : [`${name} ${port}: ${answers[i]}`]));
}

describe('a listed mining endpoint with a matching conversation is probable', () => {
  const names = LISTED.filter(({ onlyBelow }) => !onlyBelow);

  test('there are many', () => {
    expect(names.length).toBeGreaterThan(3000);
    expect(LISTED.every(({ name }) => /^[a-z0-9._-]+$/.test(name))).toBe(true);
  });

  // Where a web site answers under the name too, a web port does not tell the miner from the visitor.
  test('nineteen of twenty on any port, be it theirs or not', { timeout: 120_000 }, () => {
    const questions = names.flatMap(({ name, ports }, n) => {
      const own = ports[n % Math.max(1, ports.length)];
      return [...new Set(own === undefined ? PORTS : [...PORTS, own])].map((port) => ({ name, port }));
    });
    const missed = others(questions, 'probable');
    expect(missed.length / questions.length).toBeLessThanOrEqual(0.05);
    for (const port of PORTS) {
      const here = missed.filter((line) => line.includes(` ${port}: `));
      expect([port, here.length / names.length <= 0.05]).toEqual([port, true]);
    }
  });

  test('all but those with web ports alone on a port of their own', { timeout: 60_000 }, () => {
    const questions = names.flatMap(({ name, ports }, n) =>
      ports.length === 0 ? [] : [{ name, port: ports[n % ports.length] as number }],
    );
    expect(questions.length).toBeGreaterThan(3000);
    expect(others(questions, 'probable').filter((line) => !/ (?:80|443|8080|8443): /.test(line))).toEqual([]);
  });

  test('every unlisted name below a domain that serves mining alone', { timeout: 60_000 }, () => {
    const unlisted = unlistedEndpoints();
    const bare = LISTED.filter(({ onlyBelow }) => onlyBelow).map(({ name }) => `eu7-new.${name}`);
    expect(unlisted.length).toBeGreaterThan(6 * suffixDomains().length);
    const questions = [...unlisted, ...bare].map((name, n) => ({ name, port: foreignPort([], n) }));
    expect(others(questions, 'probable')).toEqual([]);
  });
});

describe('no other name gives anything', () => {
  const names = negativeNames();

  test('they are many, and resemble listed ones', () => {
    expect(names.length).toBeGreaterThan(3000);
    for (const name of ['www.nanopool.org', 'notnanopool.org', 'nanopool.org.evil.example', 'pool.ntp.org']) {
      expect(names).toContain(name);
    }
  });

  test.each([443, 3333, 14433])('on port %i', { timeout: 60_000 }, (port) => {
    const questions = names.map((name) => ({ name, port }));
    expect(others(questions, 'nothing')).toEqual([]);
  });
});

describe('pages and interfaces of pools are not probable on port 443', () => {
  const names = pageNames();

  test('those below mining names, and those that share one', { timeout: 120_000 }, () => {
    expect(names.length).toBeGreaterThan(3000);
    for (const name of ['etc.2miners.com', 'restapi.vipor.net', 'de.f2pool.com']) {
      expect(names).toContain(name);
    }
    const questions = names.map((name) => ({ name, port: 443 }));
    expect(others(questions, 'nothing')).toEqual([]);
  });

  test('but an endpoint with a page counts on ports that no web site uses', () => {
    const answers = ask([
      { name: 'etc.2miners.com', port: 11_010 },
      { name: 'etc.2miners.com', port: 3333 },
      { name: 'etc.2miners.com', port: 443 },
    ]);
    expect(answers).toEqual(['probable', 'probable', 'nothing']);
  });
});

describe('the measure itself', () => {
  const question = { name: 'eu1.ethermine.org', port: 14433 };

  test('the capture holds what is asked for', () => {
    const frames = readPcap(captureOf([question, { name: 'www.example.org', port: 443 }]));
    const layouts = frames.map((frame) => ({ frame, layout: tcpLayout(frame)! }));
    const [first] = layouts;
    const mine = layouts.filter(({ layout }) => [layout.source, layout.destination].includes(first!.layout.source));
    const loaded = mine.filter(({ layout }) => layout.end > layout.payload);
    expect(mine.length).toBe(frames.length / 2);
    expect(loaded.filter(({ frame }) => frame.from === 'client').length).toBe(25);
    expect(loaded.filter(({ frame }) => frame.from === 'server').length).toBe(25);
    const text = loaded.map(({ frame }) => Buffer.from(frame.data).toString('latin1'));
    expect(text.filter((one) => one.includes(question.name)).length).toBe(1);
    expect(frames.at(-1)!.time - frames[0]!.time).toBeGreaterThan(350e6);
  });

  test('the server name is what is found, and a short conversation is not enough', () => {
    const whole = detectBytes([captureOf([question])]).detections;
    expect(whole.map((d) => [d.pool.host, d.pool.port, d.transport, d.confidence])).toEqual([
      [question.name, question.port, 'tls', 'probable'],
    ]);
    const bytes = captureOf([question]);
    const short = detectBytes([bytes.subarray(0, Math.floor(bytes.length / 2))]).detections;
    expect(short.map((d) => d.confidence)).toEqual(['suspected']);
  });
});
