/** Time and host at the front of a syslog line: RFC 5424, RFC 3164 and what devices make of them. */
import { timeOf } from './session-time.ts';

/** How times without zone and year are read. */
export interface Clock {
  /** Minutes east of UTC. */
  readonly zone: number;
  readonly now: number;
}

export interface SyslogHeader {
  readonly time: number | null;
  readonly host: string | null;
  /** What follows time and host. */
  readonly rest: string;
}

/** Priority, RFC 5424 version, and the marks H3C devices put before the time. */
const FRONT = /^(?:<\d{1,3}>)?(?:1 )?(?:%@?\d{0,12}%?)?/;
const TIMES: readonly RegExp[] = [
  // ISO 8601, in 5424 and in the files of rsyslog.
  /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?):? /,
  // Jul  7 04:20:04, with milliseconds after a colon and the year before, inside or after.
  /^((?:\d{4} )?[A-Z][a-z]{2} {1,2}\d{1,2}(?: \d{4})? \d{2}:\d{2}:\d{2}(?:[.:,]\d{1,6})?(?: \d{4})?):? /,
  // Seconds or milliseconds since the epoch.
  /^(\d{13}|\d{10})(?:\.\d{1,9})? /,
];

/** The header of a line; `time` is null where none is recognised, and `rest` is then the whole line. */
export function syslogHeader(line: string, clock: Clock): SyslogHeader {
  const front = FRONT.exec(line)?.[0].length ?? 0;
  const text = line.slice(front);
  for (const shape of TIMES) {
    const found = shape.exec(text);
    if (found?.[1] === undefined) continue;
    const time = timeOf(found[1], clock.zone, clock.now);
    if (time === null) continue;
    const after = text.slice(found[0].length);
    const space = after.indexOf(' ');
    const host = space > 0 && space <= 64 ? after.slice(0, space).replace(/:$/, '') : '-';
    return { time, host: host === '-' ? null : host, rest: space > 0 ? after.slice(space + 1) : after };
  }
  return { time: null, host: null, rest: line };
}
