/** The sum behind a score: what counted, what did not, and that a person can check it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderExplanation } from '../../src/cli/explain.ts';
import { type Language, messagesOf } from '../../src/cli/messages.ts';
import type { DetectionRow, IndicationRow } from '../../src/detect/detection.ts';
import { fuse, weigh } from '../../src/detect/fuse.ts';
import { loadSignatures } from '../../src/signature/load.ts';
import { detectBytes } from '../engine/run.ts';
import { bareDetection, sampleDetection } from './sample.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FAMILIES: Readonly<Record<string, string>> = { 'name.sni': 'server-name', 'name.dns': 'server-name' };

function sign(signature: string, weight: number, kind: IndicationRow['kind'] = 'tls'): IndicationRow {
  return { ...sampleDetection().indications[0]!, signature, weight, kind };
}

function explain(row: DetectionRow, language: Language = 'en'): string[] {
  const messages = messagesOf(language);
  const family = (id: string): string | null => FAMILIES[id] ?? null;
  return renderExplanation([row], { messages, paint: (_, text) => text, title: () => null, family }).map((line) =>
    line.trim().replace(/ {2,}/g, '  '),
  );
}

const DOUBTED = bareDetection({
  score: 0.5837,
  indications: [
    sign('name.dns', 0.5),
    sign('port.own', 0.1),
    sign('long', 0.4),
    sign('browser', -0.55),
    sign('name.sni', 0.55),
  ],
});

describe('the explanation of a score', () => {
  test('names what counted, what the same family had besides, and what speaks against', () => {
    const lines = explain(DOUBTED);
    const from = lines.findIndex((line) => line.startsWith('why'));
    expect(lines.slice(from, from + 8)).toEqual([
      'why  suspected, score 0.58: behaviour or a name alone; a person has to look before it is used (name.sni 0.55, long 0.4, port.own 0.1); against it: browser 0.55',
      'for  server-name: name.sni 0.55 (tells the same and does not count: name.dns 0.5)',
      'for  long 0.4',
      'for  port.own 0.1',
      'against  browser 0.55',
      'support  1 − (1 − 0.55) × (1 − 0.4) × (1 − 0.1) = 0.7570',
      'doubt  1 − (1 − 0.55) = 0.5500',
      'score  0.7570 × (1 − 0.5500) / (1 − 0.7570 × 0.5500) = 0.5837',
    ]);
    expect(lines.some((line) => line.startsWith('tls, weight -0.55'))).toBe(true);
  });

  test('in Chinese too', () => {
    const text = explain(DOUBTED, 'zh').join('\n');
    for (const part of [
      '；反对：browser 0.55',
      '支持迹象  server-name: name.sni 0.55（同类迹象，不计：name.dns 0.5）',
      '反对迹象  browser 0.55',
      '支持度  1 − (1 − 0.55) × (1 − 0.4) × (1 − 0.1) = 0.7570',
      '怀疑度  1 − (1 − 0.55) = 0.5500',
      '得分  0.7570 × (1 − 0.5500) / (1 − 0.7570 × 0.5500) = 0.5837',
    ]) {
      expect(text).toContain(part);
    }
  });

  test('lets nothing speak against a proof', () => {
    const indications = [sign('proof', 0.9, 'payload'), sign('browser', -0.55)];
    const lines = explain(sampleDetection({ score: 0.9, indications }));
    expect(lines).toContain('against  browser 0.55');
    expect(lines).toContain('doubt  0: nothing speaks against a proof');
    expect(lines).toContain('score  0.9000');
    // The same weights without a proof are doubted.
    const doubted = explain(sampleDetection({ score: 0.8017, confidence: 'probable', indications }));
    expect(doubted).toContain('doubt  1 − (1 − 0.55) = 0.5500');
  });

  test('says where a row does not hold all that counted', () => {
    const lines = explain(bareDetection({ score: 0.7, indications: [sign('one', 0.5)] }));
    expect(lines).toContain('score  0.5000');
    expect(lines).toContain('score  0.7000 with the signs that are not listed here');
  });

  test('without any sign has no sum', () => {
    const lines = explain(bareDetection());
    expect(lines.filter((line) => /^(?:for|against|support|doubt|score) /.test(line))).toEqual([]);
  });

  test('shows control characters of hostile names as such', () => {
    const lines = explain(bareDetection({ score: 0.5, indications: [sign('a\x1b[2J\n', 0.5), sign('b\u202e', -0.1)] }));
    expect(lines.join('')).not.toMatch(/[\x00-\x1f\u202e]/);
  });
});

test('what is shown is what decides, whatever the order', () => {
  const weighed = fc.record({
    signature: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    weight: fc.integer({ min: 1, max: 100 }).map((n) => n / 100),
    proof: fc.boolean(),
    family: fc.constantFrom(null, 'server-name', 'port', 'other'),
    against: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(weighed, { maxLength: 12 }), (list) => {
      const parts = weigh(list);
      expect(fuse(list)).toEqual({ score: parts.score, confidence: parts.confidence });
      expect(weigh(list.toReversed())).toEqual(parts);
      const { support, doubt, score } = parts;
      expect(Math.abs((support * (1 - doubt)) / Math.max(1 - support * doubt, 1e-9) - score)).toBeLessThan(1e-4);
      const families = parts.signs.flatMap(({ family }) => family ?? []);
      expect(new Set(families).size).toBe(families.length);
    }),
  );
});

test('the worked example of docs/detections.md is what the command shows', () => {
  const signatures = loadSignatures();
  const { detections } = detectBytes([readFileSync(join(ROOT, 'captures', 'tls-server-name.pcap'))]);
  const lines = renderExplanation(detections, {
    messages: messagesOf('en'),
    paint: (_, text) => text,
    title: (id) => signatures.byId(id)?.title.en ?? null,
    family: (id) => signatures.byId(id)?.family ?? null,
  });
  const page = readFileSync(join(ROOT, 'docs', 'detections.md'), 'utf8');
  const example = /\n## Worked example\n[\s\S]*?```text\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const shown = lines.filter((line) => /^ {3}(?:why|for|against|support|doubt|score) /.test(line));
  expect(shown.length).toBeGreaterThan(3);
  expect(example.trimEnd().split('\n')).toEqual(shown);
});
