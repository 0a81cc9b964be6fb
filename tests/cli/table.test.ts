import { describe, expect, test } from 'vitest';
import { messagesOf } from '../../src/cli/messages.ts';
import { createPaint, outputWidth, wantsColor } from '../../src/cli/style.ts';
import { renderTable, sortForPeople, type TableOptions } from '../../src/cli/table.ts';
import { textWidth } from '../../src/cli/text.ts';
import { bareDetection, sampleDetection } from './sample.ts';

const plain: TableOptions = { messages: messagesOf('en'), paint: createPaint(false), width: null };

const hostile = sampleDetection({
  id: 'a'.repeat(64),
  flows: 200,
  accounts: [
    { login: 'x', account: '矿工\x1b[2J\u202e', worker: '一号', wallet: null },
    { login: 'y', account: 'y', worker: null, wallet: null },
  ],
  agents: ['xmrig/6 ⛏', '\x1b]0;owned\x07'],
  pool: { ip: '203.0.113.9', port: 3333, host: 'pool\x1b[31m.example\r\n', name: null },
  shares: { submitted: 1234, accepted: 1200, rejected: 0 },
});

test('table with Chinese and hostile text', () => {
  const lines = renderTable([bareDetection(), sampleDetection(), hostile], plain);
  expect(lines).toEqual([
    'confidence  activity  miner     pool                           dialect     coins    account                     agent               acc/sub       hashrate  seen (UTC)              flows',
    'confirmed   mining    10.0.0.5  pool\\x1b[31m.example\\r\\n:3333  stratum-v1  BTC,BCH  矿工\\x1b[2J\\u202e.一号 +1   xmrig/6 ⛏ +1    1,200/1,234  95.2 ±13 TH/s  2024-05-01 10:00–10:20    200',
    'confirmed   mining    10.0.0.5  pool.example.com:3333          stratum-v1  BTC,BCH  1A1zP1eP5QGe…7DivfNa.rig01  cgminer/4.11.1        40/42  95.2 ±13 TH/s  2024-05-01 10:00–10:20',
    'suspected   attempt   10.0.0.5  [2001:db8::1]:443                                                                                                           2024-05-01 10:00–10:20',
  ]);
});

test('headers and values in Chinese', () => {
  const lines = renderTable([sampleDetection()], { ...plain, messages: messagesOf('zh') });
  expect(lines[0]).toMatch(/^置信度 {2}行为 {2}矿机 {6}矿池 /);
  expect(lines[1]).toMatch(/^已确认 {2}挖矿 {2}10\.0\.0\.5 {2}pool\.example\.com:3333 /);
});

test('columns that are empty in every row are left out', () => {
  const lines = renderTable([bareDetection()], plain);
  expect(lines[0]).toBe('confidence  activity  miner     pool               seen (UTC)');
  expect(renderTable([], plain)).toEqual([]);
});

describe('width', () => {
  const longest = sampleDetection({
    miner: { ip: '2001:db8:1111:2222:3333:4444:5555:6666' },
    agents: ['a miner with a name far longer than anybody needs'],
  });

  test.each([60, 80, 100, 120, 160, 200])('%d columns', (width) => {
    const lines = renderTable([sampleDetection(), hostile, longest, bareDetection()], { ...plain, width });
    const table = lines.slice(0, lines.includes('') ? lines.indexOf('') : undefined);
    // The four columns that always stay are wider than 60 here: addresses are never cut.
    const least = textWidth('confidence  activity  ') + 38 + 2 + textWidth('pool\\x1b[31m.example\\r\\n:3333');
    for (const line of table) expect(textWidth(line)).toBeLessThanOrEqual(Math.max(width, least));
    expect(lines.join('\n')).toContain('2001:db8:1111:2222:3333:4444:5555:6666');
    expect(lines.join('\n')).toContain('[2001:db8::1]:443');
  });

  test('says which columns it left out', () => {
    const lines = renderTable([sampleDetection()], { ...plain, width: 70 });
    expect(lines.at(-1)).toMatch(/^Columns left out .*account/);
    expect(lines[1]).toBe('confirmed   mining    10.0.0.5  pool.example.com:3333  95.2 ±13 TH/s');
  });

  test('COLUMNS, the terminal, or no limit', () => {
    expect(outputWidth({ isTTY: true, columns: 132 }, {})).toBe(132);
    expect(outputWidth({ isTTY: true, columns: 132 }, { COLUMNS: '90' })).toBe(90);
    expect(outputWidth({ isTTY: true, columns: 132 }, { COLUMNS: '-1' })).toBe(132);
    expect(outputWidth({ columns: 132 }, {})).toBeNull();
    expect(outputWidth({ isTTY: true }, {})).toBe(80);
  });
});

test('surest first, those at work first, then most shares', () => {
  const rows = [
    bareDetection({ id: '1', confidence: 'suspected', activity: 'mining' }),
    sampleDetection({ id: '2', activity: 'probe' }),
    sampleDetection({ id: '3', activity: 'attempt' }),
    sampleDetection({ id: '4', confidence: 'probable' }),
    sampleDetection({ id: '5', shares: { submitted: 1, accepted: 1, rejected: 0 } }),
    sampleDetection({ id: '6', shares: { submitted: 9, accepted: 1, rejected: 0 } }),
    sampleDetection({ id: '7', activity: 'proxy' }),
  ];
  expect(sortForPeople(rows).map(({ id }) => id)).toEqual(['6', '5', '7', '3', '2', '4', '1']);
});

describe('colour', () => {
  test.each([
    ['auto', true, {}, true],
    ['auto', false, {}, false],
    ['auto', true, { NO_COLOR: '1' }, false],
    ['auto', true, { NO_COLOR: '' }, true],
    ['auto', true, { TERM: 'dumb' }, false],
    ['auto', false, { FORCE_COLOR: '1' }, true],
    ['auto', true, { FORCE_COLOR: '0' }, false],
    ['auto', true, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    ['never', true, { FORCE_COLOR: '1' }, false],
    ['always', false, { NO_COLOR: '1', TERM: 'dumb' }, true],
  ] as const)('--color %s, terminal %s, %j: %s', (mode, isTTY, env, expected) => {
    expect(wantsColor(mode, isTTY, env)).toBe(expected);
  });

  test('only our own escapes, and the same columns as without', () => {
    const coloured = renderTable([hostile], { ...plain, paint: createPaint(true) });
    const bare = coloured.map((line) => line.replace(/\x1b\[\d+m/g, ''));
    expect(coloured[1]).toMatch(/^\x1b\[1m\x1b\[31mconfirmed/);
    expect(bare).toEqual(renderTable([hostile], plain));
  });
});
