/**
 * The daemon's log over pino. `json`: one object a line with `time` (ISO 8601, UTC), `level`, `msg` and the facts. `text`: one
 * line for people. Strings from outside cannot act on a terminal or break a line; bytes and secrets are never written.
 */
import { fstatSync } from 'node:fs';
import { pino } from 'pino';
import { visible } from '../cli/text.ts';
import type { Log } from './inputs/input.ts';

/** Levels, the least first: a log at one of them writes it and those after it. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where lines go; `process.stdout` and `process.stderr` write at once to files, pipes and sockets of Linux. */
export interface LogStream {
  write(line: string): unknown;
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

/** How lines look and where they go. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'json' | 'text';
  readonly stream: LogStream;
  /**
   * Writes the priority of each line before it, as `<4>` (sd-daemon(3)): journald takes it off and files the line under it, so
   * that `journalctl -p warning` works. Only where the stream is the journal (see `isJournal`).
   */
  readonly priorities?: boolean;
  /** Wall clock, µs. */
  readonly clock?: () => number;
}

/** A log whose least level may be changed while it is in use. */
export interface AdjustableLog extends Log {
  /** Lines below this level are not written from now on. */
  setLevel(level: LogLevel): void;
}

/** Bounds of one line: what a fact may hold. */
const MAX_TEXT = 2_000;
const MAX_FACTS = 40;
const MAX_ITEMS = 20;
const MAX_DEPTH = 4;
const SECRET = /pass(?:word|wd|phrase)|secret|token|credential|cookie|authorization|api_?key|private_?key/i;
/** Fields of the line itself; a fact of such a name gets an underscore. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['time', 'level', 'msg']);
/** syslog priorities (RFC 5424 §6.2.1). */
const PRIORITIES: Readonly<Record<string, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

/**
 * A log at a level. Each line has been handed to the stream when the call returns, so nothing is left to flush at exit. A stream
 * that fails (a reader that went away) is left alone from then on: a log must not end the daemon.
 */
export function createLog(options: LogOptions): AdjustableLog {
  const { level, format, stream, priorities = false, clock = () => Date.now() * 1000 } = options;
  let broken = false;
  stream.on?.('error', () => {
    broken = true;
  });
  const destination = {
    write: (line: string): void => {
      if (broken) return;
      try {
        stream.write(finish(line, format, priorities));
      } catch {
        broken = true;
      }
    },
  };
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(clock() / 1000).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const at =
    (name: LogLevel) =>
    (facts: Readonly<Record<string, unknown>>, message: string): void => {
      // `%` would begin a format; a message is text.
      if (logger.isLevelEnabled(name)) logger[name](cleanFacts(facts), '%s', cleanText(message));
    };
  const setLevel = (next: LogLevel): void => {
    logger.level = next;
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), setLevel };
}

/**
 * Whether a file descriptor is the journal's stream: `JOURNAL_STREAM` holds its device and inode (systemd.exec(5)), and is
 * inherited by programs whose output goes elsewhere, so that the variable alone proves nothing.
 */
export function isJournal(env: Readonly<Record<string, string | undefined>>, fd: number): boolean {
  const [, device, inode] = /^(\d+):(\d+)$/.exec(env['JOURNAL_STREAM'] ?? '') ?? [];
  if (device === undefined || inode === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return dev === BigInt(device) && ino === BigInt(inode);
  } catch {
    return false;
  }
}

function cleanText(text: string): string {
  return visible(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
}

function cleanFacts(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(facts).slice(0, MAX_FACTS)) {
    const key = visible(name.slice(0, 100));
    clean[OWN_FIELDS.has(key) ? `${key}_` : key] = SECRET.test(name) ? '[removed]' : cleanValue(value, 1);
  }
  return clean;
}

function cleanValue(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return cleanText(value);
    case 'bigint':
      return value.toString();
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
    case 'undefined':
      return value;
    case 'object':
      return value === null ? null : cleanObject(value, depth);
    default:
      return `[${typeof value}]`;
  }
}

function cleanObject(value: object, depth: number): unknown {
  if (value instanceof Error) return cleanText(describeError(value));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  // Payload has no place in a log.
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return `[${value.byteLength} bytes]`;
  }
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? `[${value.length} items]` : '[object]';
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).map((item) => cleanValue(item, depth + 1));
    return value.length > MAX_ITEMS ? [...items, `… ${value.length - MAX_ITEMS} more`] : items;
  }
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    entries.map(([name, item]) => [
      visible(name.slice(0, 100)),
      SECRET.test(name) ? '[removed]' : cleanValue(item, depth + 1),
    ]),
  );
}

/** An error in one line; where it is one of ours to mend (no code of the system), with the place at which it arose. */
function describeError(error: Error): string {
  const place = 'code' in error ? undefined : /^\s+at (.+)$/m.exec(error.stack ?? '')?.[1];
  return `${error.name}: ${error.message}${place === undefined ? '' : ` (at ${place.split(/[\\/]/).at(-1)})`}`;
}

function finish(line: string, format: LogOptions['format'], priorities: boolean): string {
  if (format === 'json' && !priorities) return line;
  const { time, level, msg, ...facts } = JSON.parse(line) as Record<string, unknown>;
  const prefix = priorities ? `<${PRIORITIES[String(level)] ?? 6}>` : '';
  if (format === 'json') return `${prefix}${line}`;
  // The journal keeps its own time.
  const head = `${priorities ? '' : `${String(time)} `}${String(level).toUpperCase().padEnd(5)} ${String(msg)}`;
  return `${prefix}${[head, ...Object.entries(facts).map(([name, value]) => `${name}=${plain(value)}`)].join(' ')}\n`;
}

function plain(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
