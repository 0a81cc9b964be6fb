/** Pages name what the program has: a new anomaly, dialect, option or signature file without its line fails here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import yargs from 'yargs';
import { MAX_BLOCK, MAX_PACKET } from '../src/capture/record-parser.ts';
import { describeReplay } from '../src/cli/replay-options.ts';
import { ANOMALIES } from '../src/common/anomaly.ts';
import { MAX_DEPTH, MAX_LAYERS } from '../src/decode/decode.ts';
import { MAX_VLAN_TAGS } from '../src/decode/ethernet.ts';
import { MAX_EXTENSIONS } from '../src/decode/extension.ts';
import { MAX_LABELS } from '../src/decode/mpls.ts';
import { MIN_SCORE } from '../src/detect/fuse.ts';
import { DIALECTS } from '../src/dialect/index.ts';
import { SLEEP } from '../src/dialect/session.ts';
import { DEFAULT_LIMITS } from '../src/engine/pipeline.ts';
import { MAX_BODY } from '../src/protocol/http-body.ts';
import { MAX_LINE } from '../src/protocol/json-line.ts';
import { SV2_MAX_PAYLOAD } from '../src/protocol/sv2.ts';
import { MAX_WEBSOCKET_MESSAGE } from '../src/protocol/websocket.ts';

const ROOT = join(import.meta.dirname, '..');
const page = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const PAGES = [
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].sort();

/** First cells of table rows, without backticks. */
function firstCells(text: string): string[] {
  return [...text.matchAll(/^\| (.+?) +\|/gm)].map(([, cell]) => (cell as string).replaceAll('`', ''));
}

describe('every name has its line', () => {
  test('anomalies in docs/decoding.md, in the order of the code and no others', () => {
    const rows = firstCells(page('docs/decoding.md')).filter((cell) => /^[a-z0-9]+\.[a-z0-9_]+$/.test(cell));
    expect(rows).toEqual(ANOMALIES.slice(1));
  });

  test('dialects in docs/dialects.md, and no others', () => {
    const table = page('docs/dialects.md').split('\n## ')[1] ?? '';
    expect(firstCells(table).filter((cell) => /^[a-z0-9-]+$/.test(cell) && !/^(?:-+|dialect)$/.test(cell))).toEqual(
      DIALECTS.map(({ id }) => id).sort(),
    );
  });

  test('signature files in docs/dialects.md', () => {
    const files = readdirSync(join(ROOT, 'signatures')).filter((name) => name.endsWith('.yaml'));
    expect(files.length).toBeGreaterThan(5);
    const text = page('docs/dialects.md');
    expect(files.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  test('options in docs/command-line.md, and no others', async () => {
    const help = await describeReplay(yargs([])).help().getHelp();
    const names = (text: string): string[] => [...new Set(text.match(/--[a-z][a-z-]*/g))].sort();
    expect(names(help).length).toBeGreaterThan(10);
    expect(names(page('docs/command-line.md'))).toEqual(names(help));
  });
});

describe('limits stand as they are', () => {
  const thousands = (n: number): string => n.toString().replace(/\B(?=(?:\d{3})+$)/g, ',');
  const rows: readonly (readonly [file: string, text: string])[] = [
    ['captures', `captured bytes of a packet | ${thousands(MAX_PACKET)} `],
    ['captures', `${MAX_BLOCK / 2 ** 20} MiB`],
    ['decoding', `At most ${MAX_DEPTH} IP headers and ${MAX_LAYERS} layers`],
    ['decoding', `${MAX_VLAN_TAGS} tags`],
    ['decoding', `${MAX_LABELS} labels`],
    ['decoding', `${MAX_EXTENSIONS} headers`],
    ['flows', `up to ${thousands(DEFAULT_LIMITS.capacity)}\nflows`],
    ['flows', `${thousands(DEFAULT_LIMITS.maxConversations)}\nconversations`],
    ['flows', `${thousands(DEFAULT_LIMITS.maxUnmatched)} of them`],
    ['flows', `| ${DEFAULT_LIMITS.streamBytes / 2 ** 20} MiB |`],
    ['flows', `after ${DEFAULT_LIMITS.idleTimeout / 60e6} minutes without a packet`],
    ['flows', `the first ${DEFAULT_LIMITS.inspectPackets} packets with payload`],
    ['flows', `| ${MAX_LINE / 1024} KiB |`],
    ['flows', `${MAX_BODY / 1024} KiB`],
    ['flows', `a message | ${MAX_WEBSOCKET_MESSAGE / 1024} KiB`],
    ['flows', `a frame | ${SV2_MAX_PAYLOAD / 1024} KiB`],
    ['detections', `Below ${MIN_SCORE} nothing is reported`],
    ['detections', `more than ${SLEEP / 60e6}\n  minutes`],
  ];
  test.each(rows)('docs/%s.md: %s', (file, text) => {
    const said = page(`docs/${file}.md`).replace(/\s+/g, ' ').includes(text.replace(/\s+/g, ' '));
    expect(said, `docs/${file}.md does not say: ${text}`).toBe(true);
  });
  test('an hour', () => expect(DEFAULT_LIMITS.activeTimeout).toBe(3600e6));
});

describe.each(PAGES)('%s', (name) => {
  const text = page(name);

  test('links to what is there', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target as string);
    expect(links.filter((target) => !existsSync(join(ROOT, dirname(name), target)))).toEqual([]);
  });

  test('names files and scripts that are there', () => {
    const paths = [...text.matchAll(/(?<![\w./-])(?:src|tests|signatures|captures|docs)\/[\w./-]*\w/g)].map(
      ([path]) => path,
    );
    // NAME stands for a name of the reader's choice; the folder of reference tables need not be there.
    expect(
      paths.filter(
        (path) => !path.includes('NAME') && path !== 'signatures/reference' && !existsSync(join(ROOT, path)),
      ),
    ).toEqual([]);
    const { scripts } = JSON.parse(page('package.json')) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, script]) => script as string);
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
  });
});
