/**
 * FreeRADIUS accounting detail files (https://wiki.freeradius.org/config/Detail): blocks of a time line, lines of TAB
 * `Attribute = value`, and a blank line.
 */
import type { Context, Head, LineLayout, Reader, Verdict } from './layout.ts';
import { RADIUS_ATTRIBUTES, radiusRecord } from './radius-record.ts';
import { collectSessions } from './radius-session.ts';
import { fault } from './session-fields.ts';
import { zoneOf } from './session-time.ts';
import type { Clock } from './syslog-header.ts';

const MAX_VALUES = 16;
const ATTRIBUTE = /^[ \t]+([A-Za-z][A-Za-z0-9.-]{0,63})(?::\d{1,4})? [:+]?= (.*)$/;

/** RADIUS accounting detail. */
export const radiusDetailLayout: LineLayout = {
  id: 'radius-detail',
  title: 'RADIUS accounting detail file (FreeRADIUS)',
  input: 'lines',
  detect,
  open,
};

function detect(head: Head): Verdict {
  if (head.text === null) return { score: 0, because: 'not text' };
  let attributes = 0;
  let status = false;
  for (const line of head.text.split('\n', 400)) {
    const name = ATTRIBUTE.exec(line.trimEnd())?.[1]?.toLowerCase();
    if (name === undefined) continue;
    attributes++;
    status ||= name === 'acct-status-type';
  }
  if (status && attributes > 2) return { score: 95, because: 'indented attributes with Acct-Status-Type' };
  return attributes > 2
    ? { score: 30, because: 'indented attributes', missing: ['Acct-Status-Type'] }
    : { score: 0, because: 'no indented attributes' };
}

/** The value of an attribute without its quotes. */
function unquoted(text: string): string {
  const value = text.trim();
  const quote = value[0];
  if (value.length < 2 || (quote !== '"' && quote !== "'") || !value.endsWith(quote)) return value;
  return value.slice(1, -1).replace(/\\(["'\\])/g, '$1');
}

function open(context: Context): Reader<string> {
  const clock: Clock = { zone: zoneOf(context), now: context.now };
  const sessions = collectSessions(context);
  let received = '';
  let row = 0;
  let attributes = new Map<string, string[]>();

  const finish = (): void => {
    if (row === 0) return;
    const record = radiusRecord(received, attributes, clock);
    if ('reason' in record) fault(context, row, record.reason, record.message, record.shown);
    else sessions.add(record, row);
    row = 0;
    attributes = new Map();
  };

  return {
    feed(line, number) {
      const text = line.trimEnd();
      if (text === '') {
        finish();
        return;
      }
      if (text[0] !== '\t' && text[0] !== ' ') {
        // A block whose blank line was lost ends where the next begins.
        finish();
        received = text;
        row = number;
        return;
      }
      const found = ATTRIBUTE.exec(text);
      const name = found?.[1]?.toLowerCase() ?? '';
      if (row === 0 || !RADIUS_ATTRIBUTES.has(name)) return;
      const values = attributes.get(name);
      if (values === undefined) attributes.set(name, [unquoted(found?.[2] ?? '')]);
      else if (values.length < MAX_VALUES) values.push(unquoted(found?.[2] ?? ''));
    },
    end() {
      finish();
      sessions.end();
    },
  };
}
