/** tcpdump and dumpcap: where they are, how they are called, and what they say on standard error. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { LiveInputConfig } from '../config/types.ts';

export type ProgramName = 'tcpdump' | 'dumpcap';

/** Beside PATH: where distributions put programs for administrators, which the PATH of a service may lack. */
const USUAL_FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin'];

/** Full path of an installed program; null = nowhere. `path`: folders as in PATH; relative ones do not count. */
export function findProgram(name: string, path: string): string | null {
  for (const folder of [...path.split(delimiter), ...USUAL_FOLDERS]) {
    if (!isAbsolute(folder)) continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // not here
    }
  }
  return null;
}

/**
 * Arguments for a capture on standard output (tcpdump(8), dumpcap(1)). tcpdump takes its buffer in KiB, dumpcap in MiB.
 * `user`: for tcpdump's -Z where it cannot change to its own user; null = as it was built.
 */
export function captureArguments(program: ProgramName, config: LiveInputConfig, user: string | null): string[] {
  const promiscuous = config.promiscuous ? [] : ['-p'];
  const snaplen = String(config.snaplen);
  if (program === 'dumpcap') {
    const filter = config.filter === null ? [] : ['-f', config.filter];
    return [
      '-q',
      '-i',
      config.interface,
      '-s',
      snaplen,
      '-B',
      String(config.buffer),
      '-w',
      '-',
      ...promiscuous,
      ...filter,
    ];
  }
  // No --immediate-mode: it makes libpcap keep each packet in a slot of the full snaplen, so that the same buffer lost half of
  // what is otherwise captured without loss. Packets come up to a second later instead. -U: none waits in tcpdump.
  const own = user === null ? [] : ['-Z', user];
  const fixed = ['-i', config.interface, '-n', '-U', '-s', snaplen, '-B', String(config.buffer * 1024)];
  // `--` ends the options: an expression that begins with a hyphen stays an expression.
  return [...fixed, '-w', '-', ...promiscuous, ...own, ...(config.filter === null ? [] : ['--', config.filter])];
}

/** The first tcpdump that goes on with a `write` which its signal for the counts has interrupted. */
const ASKABLE = [4, 99, 2] as const;

/**
 * Version of tcpdump by what `tcpdump --version` prints, and whether it may be asked for its counts while it captures. Earlier ones
 * lose part of a packet if they are just writing, whereupon nothing that follows makes sense
 * (https://github.com/the-tcpdump-group/tcpdump/issues/997). `version` null = it did not say.
 */
export function tcpdumpVersion(printed: string): { readonly version: string | null; readonly askable: boolean } {
  const found = /^tcpdump version (\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?/m.exec(printed);
  if (found === null) return { version: null, askable: false };
  const numbers = [found[1], found[2], found[3] ?? '0'].map(Number);
  const place = numbers.findIndex((number, at) => number !== ASKABLE[at]);
  return { version: numbers.join('.'), askable: place < 0 || (numbers[place] ?? 0) > (ASKABLE[place] ?? 0) };
}

/** What one run of a capture program lost, cumulative: by the kernel, and by the interface or the program itself. */
export interface Drops {
  readonly kernel: number;
  readonly child: number;
}

const WORD = 2 ** 32;
const KERNEL_LINE = /(\d+) packets? dropped by kernel/;
const INTERFACE_LINE = /(\d+) packets? dropped by interface/;
/** dumpcap's last word: received/dropped, and of the latter pcap's, its own, flushed ones and the interface's. */
const DUMPCAP_LINE =
  /^Packets received\/dropped on interface .*: \d+\/\d+ \(pcap:(\d+)\/dumpcap:(\d+)\/flushed:(\d+)\/ps_ifdrop:(\d+)\)/;
const LONGEST_LINE = 2048;
const MAX_MESSAGE = 2000;
/** Lines that say nothing about a failure. */
const IDLE_WORDS =
  /packets? (?:captured|received by filter|dropped by)|^Packets (?:captured|received)|^Capturing on|^File:|listening on|^Warning: |verbose output suppressed|^dropped privs/;

/**
 * Reads standard error of a capture program: statistics become counts, everything else the message about a failure. tcpdump
 * prints them when it ends and on SIGUSR1 (`tcpdump: 9 packets captured, 9 packets received by filter, 0 packets dropped by
 * kernel`), dumpcap only when it ends. Counts never go back, also where libpcap's 32 bits wrap.
 */
export class ProgramOutput {
  private rest = '';
  private said = '';
  private kernel = 0;
  private child = 0;
  /** It captures: tcpdump then listens to SIGUSR1, which before would end it. */
  listening = false;

  get drops(): Drops {
    return { kernel: this.kernel, child: this.child };
  }

  /** What it said about a failure, in one line; '' = nothing. */
  get message(): string {
    return this.said;
  }

  take(text: string): void {
    const lines = (this.rest + text).split(/[\r\n]/);
    this.rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
    for (const line of lines) this.line(line.slice(0, LONGEST_LINE));
  }

  /** The output ended: a last line without line feed counts. */
  finish(): void {
    this.line(this.rest);
    this.rest = '';
  }

  private line(line: string): void {
    const kernel = KERNEL_LINE.exec(line)?.[1];
    const byInterface = INTERFACE_LINE.exec(line)?.[1];
    const dumpcap = DUMPCAP_LINE.exec(line);
    if (kernel !== undefined) this.kernel = onwards(this.kernel, Number(kernel));
    if (byInterface !== undefined) this.child = onwards(this.child, Number(byInterface));
    if (dumpcap !== null) {
      this.kernel = onwards(this.kernel, Number(dumpcap[1]));
      this.child = onwards(this.child, Number(dumpcap[2]) + Number(dumpcap[3]) + Number(dumpcap[4]));
    }
    if (/listening on|^Capturing on/.test(line)) this.listening = true;
    const words = line.replace(/^(?:tcpdump|dumpcap): /, '').trim();
    if (words === '' || IDLE_WORDS.test(words) || this.said.length > MAX_MESSAGE) return;
    this.said += this.said === '' ? words : `; ${words}`;
  }
}

/** A counter of 32 bits that was `before` and reads `value`, without going back. */
function onwards(before: number, value: number): number {
  if (!Number.isSafeInteger(value)) return before;
  if (value >= WORD) return Math.max(before, value);
  const step = (((value - (before % WORD)) % WORD) + WORD) % WORD;
  // A step of more than half the range is a count that went back, not one that wrapped.
  return step < WORD / 2 ? before + step : before;
}

export type FailureKind = 'permission' | 'interface' | 'filter' | 'user' | 'other';

/** Why a capture program failed, by its own words (tcpdump 4.9 to 4.99, Wireshark 3 and 4). */
export function failureKind(message: string): FailureKind {
  if (/couldn't (?:find|change|initialize|set)|(?:set|init)(?:res)?(?:uid|gid|groups).*fail/i.test(message))
    return 'user';
  if (/permission|not permitted|not have privilege|EACCES/i.test(message)) return 'permission';
  if (/no such device|no device named|doesn't exist|that device|is not up|was no interface/i.test(message))
    return 'interface';
  if (/filter|syntax error|expression|unknown host|unknown port|illegal token|parse/i.test(message)) return 'filter';
  return 'other';
}
