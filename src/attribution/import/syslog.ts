/** NAT logs that came as syslog lines: allocations and releases of all known shapes, paired into rows. */
import type { Context, Head, LineLayout, Reader, Verdict } from './layout.ts';
import { pairNatEvents } from './nat-pairing.ts';
import { fault, realmNames } from './session-fields.ts';
import { CHINA_ZONE, zoneOf } from './session-time.ts';
import { h3cFlowShape, h3cPairsShape } from './syslog-h3c.ts';
import { type Clock, syslogHeader } from './syslog-header.ts';
import {
  fortinetShape,
  juniperShape,
  type Shape,
  type ShapeResult,
  structuredShape,
  userbasedShape,
} from './syslog-shapes.ts';

/** A further shape is one function and one line here. */
const SHAPES: readonly (readonly [name: string, shape: Shape])[] = [
  ['draft-ietf-behave-syslog-nat-logging', structuredShape],
  ['Fortinet port block', fortinetShape],
  ['Juniper port block', juniperShape],
  ['user log (UserbasedA/W)', userbasedShape],
  ['H3C flow log', h3cFlowShape],
  ['H3C NAT log', h3cPairsShape],
];

const DETECT_LINES = 200;

/** What one line says, and the name of its shape; null where it is no NAT message. */
function readLine(line: string, clock: Clock): { name: string; result: Exclude<ShapeResult, null> } | null {
  const header = syslogHeader(line, clock);
  for (const [name, shape] of SHAPES) {
    const result = shape(line, header, clock);
    if (result !== null) return { name, result };
  }
  return null;
}

/** CGNAT syslog in any of the known shapes; other lines are passed over and counted. */
export const natSyslogLayout: LineLayout = {
  id: 'nat-syslog',
  title: 'CGNAT log (syslog lines)',
  input: 'lines',
  detect,
  open,
};

function detect(head: Head): Verdict {
  if (head.text === null) return { score: 0, because: 'not text' };
  const clock: Clock = { zone: CHINA_ZONE, now: 0 };
  const names = new Map<string, number>();
  let good = 0;
  for (const line of head.text.split('\n', DETECT_LINES)) {
    const read = readLine(line.trimEnd(), clock);
    if (read === null) continue;
    // The clock is unknown here: a line whose only fault is its time still has the shape.
    if ('reason' in read.result && read.result.reason !== 'bad_time') continue;
    good++;
    names.set(read.name, (names.get(read.name) ?? 0) + 1);
  }
  const [name] = [...names].sort((a, b) => b[1] - a[1])[0] ?? [];
  if (name === undefined) return { score: 0, because: 'no NAT message in the first lines' };
  return { score: good > 1 ? 90 : 70, because: `${good} of the first lines are ${name}` };
}

function open(context: Context): Reader<string> {
  const clock: Clock = { zone: zoneOf(context), now: context.now };
  const realmOf = realmNames(context);
  const pairing = pairNatEvents(context);
  const names = new Map<string, number>();
  let passed = 0;
  let held = { text: '', row: 0, lines: 0 };

  const take = (line: string, row: number): void => {
    const read = readLine(line, clock);
    if (read === null) {
      if (line.trim() !== '') passed++;
      return;
    }
    if ('reason' in read.result) {
      fault(context, row, read.result.reason, read.result.message, read.result.shown);
      return;
    }
    names.set(read.name, (names.get(read.name) ?? 0) + 1);
    for (const record of read.result) pairing.add({ ...record, realm: realmOf(record.realm), row });
  };
  const flush = (): void => {
    if (held.lines > 0) take(held.text, held.row);
    held = { text: '', row: 0, lines: 0 };
  };

  return {
    feed(line, row) {
      // H3C devices may break a flow log over lines: its times and its reason follow.
      if (held.lines > 0 && held.lines < 4 && /^\s*(?:\[|Operator )/.test(line)) {
        held = { text: `${held.text} ${line.trim()}`.slice(0, 4096), row: held.row, lines: held.lines + 1 };
        return;
      }
      flush();
      if (line.includes('--->') && !line.includes('[')) held = { text: line.trimEnd().slice(0, 2048), row, lines: 1 };
      else take(line, row);
    },
    end() {
      flush();
      pairing.end();
      for (const [name, count] of names) context.note(`${count} lines of ${name}`);
      if (passed > 0) context.note(`${passed} lines are no NAT message and were passed over`);
    },
  };
}
