/** Pages name what the program has: a new anomaly, dialect, option or signature file without its line fails here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import yargs from 'yargs';
import { MAX_BLOCK, MAX_PACKET } from '../src/capture/record-parser.ts';
import { describeReplay } from '../src/cli/replay-options.ts';
import { describeSignatures, SIGNATURE_ACTIONS } from '../src/cli/signatures-options.ts';
import { ANOMALIES } from '../src/common/anomaly.ts';
import { MAX_DEPTH, MAX_LAYERS } from '../src/decode/decode.ts';
import { MAX_VLAN_TAGS } from '../src/decode/ethernet.ts';
import { MAX_EXTENSIONS } from '../src/decode/extension.ts';
import { MAX_LABELS } from '../src/decode/mpls.ts';
import { fuse, MIN_SCORE } from '../src/detect/fuse.ts';
import { DIALECTS } from '../src/dialect/index.ts';
import { SLEEP } from '../src/dialect/session.ts';
import { MAX_NAMES } from '../src/engine/names/name-map.ts';
import { DEFAULT_LIMITS } from '../src/engine/pipeline.ts';
import { MAX_BODY } from '../src/protocol/http-body.ts';
import { MAX_LINE } from '../src/protocol/json-line.ts';
import { MAX_DATAGRAMS } from '../src/protocol/quic.ts';
import { MAX_CRYPTO } from '../src/protocol/quic-stream.ts';
import { SV2_MAX_PAYLOAD } from '../src/protocol/sv2.ts';
import { TLS_MAX_MESSAGE } from '../src/protocol/tls.ts';
import { MAX_WEBSOCKET_MESSAGE } from '../src/protocol/websocket.ts';
import { loadSignatures } from '../src/signature/load.ts';
import { commandPage } from './pages/command-page.ts';

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
    const names = (text: string): string[] => [...new Set(text.match(/--[a-z][a-z-]*/g))].sort();
    const replay = names(await describeReplay(yargs([])).help().getHelp());
    expect(replay.length).toBeGreaterThan(10);
    const helps = await Promise.all(
      SIGNATURE_ACTIONS.map((action) =>
        describeSignatures(yargs([action]), () => {})
          .help()
          .getHelp(),
      ),
    );
    const signatures = names(helps.join('\n'));
    expect(signatures).toContain('--dialect');
    expect(signatures).toContain('--strict');
    const text = page('docs/command-line.md');
    expect(names(text)).toEqual(names([...replay, ...signatures].join(' ')));
    // What one command has must not stand for the other: each has its part of the page.
    const [ofReplay = '', ofSignatures = ''] = text.split('\n## `poolprint signatures`');
    expect(replay.filter((name) => !names(ofReplay).includes(name))).toEqual([]);
    const general = ['--help', '--version'];
    expect(signatures.filter((name) => !names(ofSignatures).includes(name) && !general.includes(name))).toEqual([]);
  });

  test('docs/command-line-ledger.md is what the commands say', () => {
    expect(page('docs/command-line-ledger.md')).toBe(commandPage());
  });

  test('commands of signatures in docs/command-line.md', () => {
    const text = page('docs/command-line.md');
    expect(SIGNATURE_ACTIONS.filter((action) => !text.includes(`| \`signatures ${action}`))).toEqual([]);
  });

  test('families of signatures in docs/detections.md, and no others', () => {
    const { signatures } = loadSignatures(join(ROOT, 'signatures'));
    const table = page('docs/detections.md').split('\n## Families')[1]?.split('\n## ')[0] ?? '';
    const greatest = new Map<string, number>();
    for (const { family, weight } of signatures) {
      if (family !== null) greatest.set(family, Math.max(weight, greatest.get(family) ?? 0));
    }
    expect(greatest.size).toBeGreaterThan(1);
    const rows = [...table.matchAll(/^\| `([a-z0-9-]+)` .*\| +([\d.]+) +\|$/gm)];
    expect(new Map(rows.map(([, family, weight]) => [family, Number(weight)]))).toEqual(greatest);
    // Each member is named beside its family.
    const lines = table.split('\n');
    const missing = signatures.filter(
      ({ id, family }) =>
        family !== null && !lines.some((line) => line.startsWith(`| \`${family}\``) && line.includes(`\`${id}\``)),
    );
    expect(missing.map(({ id }) => id)).toEqual([]);
  });

  test('every example of fusion in docs/detections.md is what the weights give', () => {
    const set = loadSignatures(join(ROOT, 'signatures'));
    const rows = [
      ...page('docs/detections.md').matchAll(
        /^\| (?<ids>`[a-z0-9.-]+`(?: \+ `[a-z0-9.-]+`)*) +\| (?<score>[\d.]+) +\| (?<verdict>[^|]+?) +\|$/gm,
      ),
    ];
    expect(rows.length).toBeGreaterThan(5);
    for (const { groups: { ids = '', score = '', verdict = '' } = {} } of rows) {
      const held = ids.split(' + ').map((id) => {
        const found = set.byId(id.replaceAll('`', ''));
        if (!found) throw new Error(`no signature ${id}`);
        const proof = found.status === 'stable' && /^(?:payload|http)$/.test(found.kind) && found.weight >= 0.9;
        return { ...found, signature: found.id, proof };
      });
      const fused = fuse(held);
      expect([ids, fused.score.toFixed(4), fused.score < MIN_SCORE ? 'not reported' : fused.confidence]).toEqual([
        ids,
        score,
        verdict.replaceAll('`', ''),
      ]);
    }
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
    ['flows', `TLS while it is in clear | a message | ${TLS_MAX_MESSAGE / 1024} KiB`],
    ['flows', `${MAX_DATAGRAMS} datagrams, ${MAX_CRYPTO / 1024} KiB`],
    ['flows', `${thousands(MAX_NAMES)} pairs`],
    ['privacy', `${thousands(MAX_NAMES)} pairs`],
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
