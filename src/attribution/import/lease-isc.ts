/**
 * ISC dhcpd.leases (https://kb.isc.org/docs/isc-dhcp-44-manual-pages-dhcpdleases): blocks of `lease ADDRESS { … }`, and
 * for v6 `ia-na`/`ia-pd` blocks with `iaaddr` and `iaprefix` inside. Times there are UTC, or `epoch` seconds.
 */

import type { Context, Head, LineLayout, Reader, Verdict } from './layout.ts';
import { hexBytes, idText, leaseJournal } from './lease-journal.ts';
import { type AddressRange, addressRange, fault, plain } from './session-fields.ts';
import { timeOf } from './session-time.ts';

const OPENING = /^\s*(lease|iaaddr|iaprefix)\s+(\S{2,50})\s*\{/;
const IA = /^\s*ia-(?:na|ta|pd)\s+"(.{0,512})"\s*\{/;

/** ISC DHCP server leases. */
export const iscLeaseLayout: LineLayout = {
  id: 'lease-isc',
  title: 'ISC DHCP lease file (dhcpd.leases)',
  input: 'lines',
  detect,
  open,
};

function detect(head: Head): Verdict {
  if (head.text === null) return { score: 0, because: 'not text' };
  const lines = head.text.split('\n', 400);
  const blocks = lines.filter((line) => OPENING.test(line)).length;
  const states = lines.filter((line) => /^\s*(?:binding state|ends|cltt) /.test(line)).length;
  if (blocks > 0 && states > 0) return { score: 95, because: `${blocks} lease blocks in the first lines` };
  return { score: 0, because: 'no lease blocks' };
}

interface Block {
  readonly range: AddressRange | null;
  readonly shown: string;
  readonly row: number;
  readonly values: Map<string, string>;
}

/** `2 2026/11/03 00:15:02` (UTC), `epoch 1793…`; null for `never` and anything else. */
function leaseTime(text: string | undefined, now: number): number | null {
  if (text === undefined) return null;
  const epoch = /^epoch (\d{9,11})$/.exec(text);
  if (epoch !== null) return Number(epoch[1]) * 1_000_000;
  return timeOf(text.replace(/^\d /, ''), 0, now);
}

/** A quoted id with octal escapes, or hex with colons. */
function leaseId(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!text.startsWith('"')) {
    const bytes = hexBytes(text.replace(/\b([0-9a-f])\b/gi, '0$1'));
    return bytes === null ? plain(text) : idText(bytes);
  }
  const bytes: number[] = [];
  for (const part of text
    .slice(1, -1)
    .slice(0, 1024)
    .matchAll(/\\([0-7]{3})|\\(.)|([^\\])/gs)) {
    bytes.push(
      part[1] === undefined ? (part[2] ?? part[3] ?? '').charCodeAt(0) & 0xff : Number.parseInt(part[1], 8) & 0xff,
    );
  }
  return idText(Uint8Array.from(bytes));
}

function open(context: Context): Reader<string> {
  const journal = leaseJournal(context);
  let block: Block | null = null;
  let duid = '';
  let outer = new Map<string, string>();

  const finish = (done: Block): void => {
    const { values, range, row } = done;
    if (range === null) {
      fault(context, row, 'bad_address', 'the lease block{} names no address; the file is damaged there', done.shown);
      return;
    }
    const endsText = values.get('ends');
    const ends = leaseTime(endsText, context.now);
    const life = Number(/^\d{1,10}$/.exec(values.get('max-life') ?? '')?.[0] ?? Number.NaN);
    const cltt = leaseTime(values.get('cltt') ?? outer.get('cltt'), context.now);
    const from =
      leaseTime(values.get('starts'), context.now) ??
      (ends !== null && life >= 0 ? ends - life * 1_000_000 : null) ??
      cltt;
    if (from === null || (endsText !== undefined && endsText !== 'never' && ends === null)) {
      fault(context, row, 'bad_time', 'the lease has no start, or an end that is no time; the file is damaged there');
      return;
    }
    const state = values.get('binding state') ?? 'active';
    const hardware = values.get('hardware')?.split(' ')[1];
    journal.add(
      {
        range,
        client: values.get('uid') ?? hardware ?? duid,
        from,
        // A lease given back is rewritten with the time of that as its end.
        to: ends,
        ended: state !== 'active' && (ends === null || ends <= from),
        circuit: leaseId(values.get('option agent.circuit-id')),
        remote: leaseId(values.get('option agent.remote-id')),
        subscriber: leaseId(values.get('option agent.subscriber-id')),
        extra: { state },
        sealed: {
          hardware: plain(hardware),
          client_id: leaseId(values.get('uid')) ?? plain(duid),
          hostname: leaseId(values.get('client-hostname')),
        },
      },
      row,
    );
  };

  return {
    feed(line, row) {
      const ia = IA.exec(line);
      if (ia !== null) {
        duid = ia[1] ?? '';
        outer = new Map();
        block = null;
        return;
      }
      const opening = OPENING.exec(line);
      if (opening !== null) {
        if (block !== null)
          fault(context, block.row, 'cut_off', 'a lease block without its end; the file is damaged there');
        if (opening[1] === 'lease') {
          duid = '';
          outer = new Map();
        }
        block = { range: addressRange(opening[2] ?? ''), shown: opening[2] ?? '', row, values: new Map() };
        return;
      }
      const text = line.trim();
      if (text === '}') {
        if (block !== null) finish(block);
        block = null;
        return;
      }
      const found =
        /^(starts|ends|cltt|binding state|hardware|uid|client-hostname|max-life|option agent\.[a-z-]{1,24})\s+(.{1,2048}?);(?:\s*#.*)?$/.exec(
          text,
        );
      if (found === null) return;
      const values = block?.values ?? outer;
      if (!values.has(found[1] ?? '')) values.set(found[1] ?? '', (found[2] ?? '').trim());
    },
    end() {
      if (block !== null)
        fault(context, block.row, 'cut_off', 'the file ends within a lease block; that lease is left out');
      journal.end();
    },
  };
}
