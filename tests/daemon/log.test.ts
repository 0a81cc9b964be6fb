/** Log lines: their shape, what is kept out of them, and streams that fail. */
import { EventEmitter } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Log } from '../../src/daemon/inputs/input.ts';
import { createLog, isJournal, type LogOptions } from '../../src/daemon/log.ts';

const clock = (): number => Date.parse('2026-11-22T08:00:00.123Z') * 1000;

function logInto(lines: string[], more: Partial<LogOptions> = {}): Log {
  const stream = { write: (line: string) => lines.push(line) };
  return createLog({ level: 'debug', format: 'json', clock, stream, ...more });
}

function one(facts: Record<string, unknown>, message = 'something', more: Partial<LogOptions> = {}): string {
  const lines: string[] = [];
  logInto(lines, more).info(facts, message);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[^\n]*\n$/);
  return lines[0]!;
}
const fact = (value: unknown): unknown => (JSON.parse(one({ value })) as { value?: unknown }).value;

describe('a line', () => {
  test('in JSON', () => {
    expect(one({ input: 'tap', packets: 3 }, 'opened')).toBe(
      '{"level":"info","time":"2026-11-22T08:00:00.123Z","input":"tap","packets":3,"msg":"opened"}\n',
    );
  });

  test('as text', () => {
    const line = one({ input: 'tap', reason: 'no such device', n: [1, 2] }, 'cannot be opened', { format: 'text' });
    expect(line).toBe('2026-11-22T08:00:00.123Z INFO  cannot be opened input=tap reason="no such device" n=[1,2]\n');
  });

  test('with its priority for the journal', () => {
    const lines: string[] = [];
    const log = logInto(lines, { priorities: true });
    log.debug({}, 'a');
    log.info({}, 'b');
    log.warn({}, 'c');
    log.error({}, 'd');
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['<7>{', '<6>{', '<4>{', '<3>{']);
    expect(one({ a: 1 }, 'b', { priorities: true, format: 'text' })).toBe('<6>INFO  b a=1\n');
  });

  test('below the level is not written', () => {
    const lines: string[] = [];
    const log = logInto(lines, { level: 'warn' });
    log.debug({}, 'a');
    log.info({}, 'b');
    log.warn({}, 'c');
    log.error({}, 'd');
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['warn', 'error']);
  });

  test('keeps its own fields from facts of the same name', () => {
    expect(JSON.parse(one({ msg: 'x', time: 'y', level: 'z' }, 'real'))).toEqual({
      level: 'info',
      time: '2026-11-22T08:00:00.123Z',
      level_: 'z',
      time_: 'y',
      msg_: 'x',
      msg: 'real',
    });
  });

  test('takes a message as text, not as a format', () => {
    expect(JSON.parse(one({}, '100 %d %s %j'))).toMatchObject({ msg: '100 %d %s %j' });
  });
});

describe('what comes from outside', () => {
  const EVIL = '\x1b[2Jx\r\n{"level":"error"}\x9b1m\u202e\x7f';
  const CLEAN = '\\x1b[2Jx\\r\\n{"level":"error"}\\x9b1m\\u202e\\x7f';

  test('cannot break a line or act on a terminal', () => {
    const line = one({ [EVIL]: EVIL, deep: [{ [EVIL]: EVIL }] }, EVIL);
    expect(JSON.parse(line)).toMatchObject({ [CLEAN]: CLEAN, deep: [{ [CLEAN]: CLEAN }], msg: CLEAN });
    const text = one({ reason: EVIL }, EVIL, { format: 'text' });
    expect(text.slice(0, -1)).toMatch(/^[\x20-\x7e]*$/);
  });

  test('is never payload', () => {
    expect(fact(Buffer.from('mining.authorize'))).toBe('[16 bytes]');
    expect(fact(new Uint8Array(3))).toBe('[3 bytes]');
    expect(fact({ deep: [new DataView(new ArrayBuffer(8))] })).toEqual({ deep: ['[8 bytes]'] });
    expect(fact(new ArrayBuffer(5))).toBe('[5 bytes]');
  });

  test('is never a secret', () => {
    const line = one({
      password: 'hunter2',
      options: { apiKey: 'hunter2', Authorization: 'hunter2' },
      token: 'hunter2',
    });
    expect(line).not.toContain('hunter2');
    expect(JSON.parse(line)).toMatchObject({ password: '[removed]', options: { apiKey: '[removed]' } });
  });

  test('is bounded', () => {
    const round: Record<string, unknown> = {};
    round['self'] = round;
    const facts = { long: 'x'.repeat(1e6), many: new Array(1e5).fill('y'.repeat(100)), round };
    const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`k${n}`, n]));
    expect(one({ ...facts, ...wide, wide }, 'z'.repeat(1e6)).length).toBeLessThan(20_000);
  });

  test('of every type becomes JSON', () => {
    expect(fact(12n)).toBe('12');
    expect(fact(Number.NaN)).toBe('NaN');
    expect(fact(null)).toBe(null);
    expect(fact(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    expect(fact(() => {})).toBe('[function]');
    expect(fact(Symbol('x'))).toBe('[symbol]');
    expect(fact(new RangeError('too far'))).toMatch(/^RangeError: too far \(at .*log\.test\.ts:\d+:\d+\)?\)$/);
    expect(fact(Object.assign(new Error('no such file'), { code: 'ENOENT' }))).toBe('Error: no such file');
  });
});

test('a stream that fails is left alone, and nothing throws', () => {
  const stream = Object.assign(new EventEmitter(), {
    written: 0,
    write(): void {
      stream.written++;
    },
  });
  const log = createLog({ level: 'info', format: 'json', stream, clock });
  log.info({}, 'a');
  stream.emit('error', new Error('EPIPE'));
  log.info({}, 'b');
  expect(stream.written).toBe(1);
  let tries = 0;
  const throwing = createLog({
    level: 'info',
    format: 'json',
    clock,
    stream: {
      write: () => {
        tries++;
        throw new Error('EPIPE');
      },
    },
  });
  throwing.error({}, 'a');
  throwing.error({}, 'b');
  expect(tries).toBe(1);
});

test('the journal is known by device and inode, not by the variable alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'poolprint-log-'));
  const fd = openSync(join(folder, 'a'), 'w');
  try {
    const { dev, ino } = fstatSync(fd);
    expect(isJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, fd)).toBe(true);
    expect(isJournal({ JOURNAL_STREAM: `${dev}:${ino + 1}` }, fd)).toBe(false);
    expect(isJournal({ JOURNAL_STREAM: 'x:y' }, fd)).toBe(false);
    expect(isJournal({}, fd)).toBe(false);
    expect(isJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, 9999)).toBe(false);
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});
