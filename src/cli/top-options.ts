import type { Argv } from 'yargs';
import { UsageError } from './exit.ts';
import { LANGUAGES, type Language } from './messages.ts';
import { one } from './replay-options.ts';
import { COLOR_MODES, type ColorMode } from './style.ts';

export const TOP_SUMMARY = 'Watch a running daemon in the terminal';

/** Where a daemon answers that says nothing else in its configuration. */
export const DEFAULT_URL = 'http://127.0.0.1:9477';
/** Seconds between two looks. */
const DEFAULT_INTERVAL = 2;
const MIN_INTERVAL = 0.2;
const MAX_INTERVAL = 3600;

/** What yargs hands over for `top`. */
export interface RawTopArguments {
  readonly url?: unknown;
  readonly once?: unknown;
  readonly interval?: unknown;
  readonly color?: unknown;
  readonly lang?: unknown;
}

/** Arguments of `top`, checked. */
export interface TopArguments {
  /** Of the status page itself. */
  readonly url: URL;
  readonly once: boolean;
  /** Seconds. */
  readonly interval: number;
  readonly color: ColorMode;
  readonly language: Language | null;
}

/** Options and examples of `top` as its help shows them. */
export function describeTop(yargs: Argv): Argv {
  return yargs
    .usage('Usage: poolprint top [options]')
    .usage('\nShows the rates, inputs and newest detections of a running daemon; q or Ctrl-C ends it.')
    .option('url', {
      type: 'string',
      nargs: 1,
      describe: `where the daemon answers: its http address and port (default ${DEFAULT_URL})`,
    })
    .option('once', { type: 'boolean', describe: 'print the state once and end, as where the output is no terminal' })
    .option('interval', { type: 'string', nargs: 1, describe: `seconds between looks (default ${DEFAULT_INTERVAL})` })
    .option('color', { type: 'string', nargs: 1, choices: COLOR_MODES, describe: 'colour the output (default auto)' })
    .option('lang', { type: 'string', nargs: 1, choices: LANGUAGES, describe: 'language (default: LANG)' })
    .example('poolprint top', 'the daemon on this machine')
    .example('poolprint top --once --url http://127.0.0.1:9478', 'its state as text, from another port')
    .epilogue('Exit codes: 0 done, 1 the daemon cannot be reached (with --once), 2 usage, 130/143 signal.');
}

/** Checks what was given. Throws a UsageError. */
export function topArguments(raw: RawTopArguments): TopArguments {
  const seconds = one(raw.interval, 'interval');
  const interval = seconds === null ? DEFAULT_INTERVAL : seconds.trim() === '' ? Number.NaN : Number(seconds);
  if (!(interval >= MIN_INTERVAL && interval <= MAX_INTERVAL))
    throw new UsageError(`--interval: '${seconds}' is no number of seconds from ${MIN_INTERVAL} to ${MAX_INTERVAL}`);
  const color = one(raw.color, 'color') ?? 'auto';
  const language = one(raw.lang, 'lang');
  return {
    url: statusUrl(one(raw.url, 'url') ?? DEFAULT_URL),
    once: raw.once === true,
    interval,
    color: COLOR_MODES.find((mode) => mode === color) ?? 'auto',
    language: LANGUAGES.find((known) => known === language) ?? null,
  };
}

function statusUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UsageError(`--url: '${text}' is no http or https address such as ${DEFAULT_URL}`);
  if (url.username !== '' || url.password !== '')
    throw new UsageError('--url: an address here bears no name or password');
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/status') ? path : `${path}/status`;
  url.search = '';
  url.hash = '';
  return url;
}
