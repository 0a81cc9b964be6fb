/**
 * Records out of IPFIX messages (RFC 7011) and NetFlow v9 packets (RFC 3954) that stand one after another in a file.
 * Bytes come in pieces of any length; templates are kept per observation domain. Total: damage is reported and passed by.
 */

export interface FlowRecord {
  readonly version: 9 | 10;
  /** Observation domain (IPFIX) or source id (NetFlow v9). */
  readonly domain: number;
  /** Export time of the message, microseconds since the epoch. */
  readonly exported: number;
  /** Wanted elements by number; the bytes are only valid until the handler returns. */
  readonly values: ReadonlyMap<number, Uint8Array>;
}

export interface FlowRecordHandler {
  record(record: FlowRecord): void;
  /** Something of the input cannot be read: machine-readable reason and one line. */
  damage(reason: string, message: string): void;
}

export interface FlowRecordCounts {
  messages: number;
  records: number;
  /** Data sets whose template has not been seen. */
  withoutTemplate: number;
}

export interface FlowRecordReader {
  feed(piece: Uint8Array): void;
  /** The input is over; a message cut off is reported. */
  end(): FlowRecordCounts;
}

interface Field {
  /** Element number, −1 for enterprise elements. */
  readonly element: number;
  /** Bytes; 65535 is variable. */
  readonly length: number;
}

const CAPACITY = 1 << 18;
const SLICE = 1 << 16;
const MAX_TEMPLATES = 4096;
const MAX_FIELDS = 512;
const VARIABLE = 65535;

/** A reader that hands over records with the elements in `wanted`; other elements are skipped. */
export function readFlowRecords(wanted: ReadonlySet<number>, handler: FlowRecordHandler): FlowRecordReader {
  const buffer = new Uint8Array(CAPACITY);
  const view = new DataView(buffer.buffer);
  let start = 0;
  let end = 0;
  /** Packet whose flow sets are being read; NetFlow v9 headers do not give a length. */
  let packet: { domain: number; exported: number } | null = null;
  let lost = false;
  const templates = new Map<string, readonly Field[]>();
  const counts: FlowRecordCounts = { messages: 0, records: 0, withoutTemplate: 0 };

  const learn = (key: string, fields: readonly Field[]): void => {
    templates.delete(key);
    if (fields.length > 0) templates.set(key, fields);
    if (templates.size > MAX_TEMPLATES) templates.delete(templates.keys().next().value ?? '');
  };

  /** Template records of one set in [at, stop). */
  const readTemplates = (version: 9 | 10, domain: number, options: boolean, at: number, stop: number): void => {
    while (at + 4 <= stop) {
      const id = view.getUint16(at);
      // Padding: template ids begin at 256.
      if (id < 256) return;
      let count = view.getUint16(at + 2);
      at += 4;
      if (options && version === 9) {
        // Scope and option lengths in bytes, four to a field.
        if (at + 2 > stop) return;
        count = (count + view.getUint16(at)) >> 2;
        at += 2;
      } else if (options && count > 0) {
        at += 2;
      }
      const fields: Field[] = [];
      for (let i = 0; i < count; i++) {
        if (at + 4 > stop || i >= MAX_FIELDS) {
          handler.damage('damaged_template', `template ${id} is longer than its set; its records are passed over`);
          return;
        }
        const element = view.getUint16(at);
        const enterprise = version === 10 && element >= 0x8000;
        fields.push({ element: enterprise ? -1 : element, length: view.getUint16(at + 2) });
        at += enterprise ? 8 : 4;
      }
      learn(`${version} ${domain} ${id}`, fields);
    }
  };

  /** Data records of one set in [at, stop). */
  const readData = (version: 9 | 10, domain: number, exported: number, id: number, at: number, stop: number): void => {
    const fields = templates.get(`${version} ${domain} ${id}`);
    if (fields === undefined) {
      counts.withoutTemplate++;
      return;
    }
    const least = fields.reduce((sum, field) => sum + (field.length === VARIABLE ? 1 : field.length), 0);
    if (least === 0) return;
    while (at + least <= stop) {
      const values = new Map<number, Uint8Array>();
      for (const field of fields) {
        let length = field.length;
        if (length === VARIABLE) {
          length = at < stop ? (buffer[at] ?? 0) : 0;
          at++;
          if (length === 255 && at + 2 <= stop) {
            length = view.getUint16(at);
            at += 2;
          }
        }
        if (at + length > stop) {
          handler.damage(
            'damaged_record',
            `a record of template ${id} is longer than its set; the rest of the set is passed over`,
          );
          return;
        }
        if (wanted.has(field.element) && !values.has(field.element))
          values.set(field.element, buffer.subarray(at, at + length));
        at += length;
      }
      counts.records++;
      handler.record({ version, domain, exported, values });
    }
  };

  const readSet = (version: 9 | 10, domain: number, exported: number, at: number, stop: number): void => {
    const id = view.getUint16(at);
    const base = version === 10 ? 2 : 0;
    if (id >= 256) readData(version, domain, exported, id, at + 4, stop);
    else if (id === base || id === base + 1) readTemplates(version, domain, id === base + 1, at + 4, stop);
  };

  const readMessage = (at: number, stop: number): void => {
    counts.messages++;
    const exported = view.getUint32(at + 4) * 1_000_000;
    const domain = view.getUint32(at + 12);
    let set = at + 16;
    while (set + 4 <= stop) {
      const length = view.getUint16(set + 2);
      if (length < 4 || set + length > stop) {
        handler.damage('damaged_set', 'a set is longer than its message; the rest of the message is passed over');
        return;
      }
      readSet(10, domain, exported, set, set + length);
      set += length;
    }
  };

  /** Could a message begin here? Needs 24 bytes. */
  const plausible = (at: number): boolean => plausibleMessage(view, at, end - at);

  /** Takes one unit at `start`; false where more bytes are needed. */
  const step = (): boolean => {
    const left = end - start;
    if (left < 4) return false;
    const version = view.getUint16(start);
    if (packet !== null && version !== 9 && version !== 10) {
      const length = view.getUint16(start + 2);
      if (length >= 4 && (version < 2 || version >= 256)) {
        if (left < length) return false;
        readSet(9, packet.domain, packet.exported, start, start + length);
        start += length;
        return true;
      }
    }
    if (version === 10 && view.getUint16(start + 2) >= 16 && !lost) {
      const length = view.getUint16(start + 2);
      if (left < length) return false;
      packet = null;
      readMessage(start, start + length);
      start += length;
      return true;
    }
    if (version === 9 && !lost) {
      if (left < 20) return false;
      counts.messages++;
      packet = { domain: view.getUint32(start + 16), exported: view.getUint32(start + 8) * 1_000_000 };
      start += 20;
      return true;
    }
    // Lost: on to the next place where a message could begin.
    if (!lost)
      handler.damage(
        'damaged_message',
        'no IPFIX message or NetFlow v9 packet where one must begin; the search goes on',
      );
    lost = true;
    packet = null;
    while (end - start >= 24) {
      if (plausible(start)) {
        lost = false;
        return true;
      }
      start++;
    }
    return false;
  };

  return {
    feed(piece) {
      for (let at = 0; at < piece.length; at += SLICE) {
        const slice = piece.subarray(at, at + SLICE);
        if (end + slice.length > CAPACITY) {
          buffer.copyWithin(0, start, end);
          end -= start;
          start = 0;
        }
        buffer.set(slice, end);
        end += slice.length;
        while (step());
      }
    },
    end() {
      if (end > start && !lost) {
        handler.damage('cut_off', `the input ends within a message: ${end - start} bytes are left over`);
      }
      return counts;
    },
  };
}

/** Could an IPFIX message or NetFlow v9 packet begin at `at` of the bytes, of which `left` follow? */
export function plausibleMessage(view: DataView, at: number, left: number): boolean {
  if (left < 24) return false;
  const version = view.getUint16(at);
  if (version === 10) {
    const length = view.getUint16(at + 2);
    const set = view.getUint16(at + 16);
    const setLength = view.getUint16(at + 18);
    return length >= 20 && (set === 2 || set === 3 || set >= 256) && setLength >= 4 && setLength <= length - 16;
  }
  if (version !== 9) return false;
  const set = view.getUint16(at + 20);
  return view.getUint16(at + 2) > 0 && (set < 2 || set >= 256) && view.getUint16(at + 22) >= 4;
}
