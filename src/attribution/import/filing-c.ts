/**
 * IP-address filing, the XML record of the interface (`Inetnum`). Elements are taken by their local name wherever they
 * stand inside a record. A document type is read over: its entities are never expanded.
 */
import sax from 'sax';
import { define } from './headings.ts';
import { shown } from './import-error.ts';
import type { Context, Head, Reader, TextLayout, Verdict } from './layout.ts';
import { isPersonalHeading, partyOf } from './personal.ts';
import {
  addressRow,
  keepGateway,
  lacks,
  place,
  Rest,
  rangeOf,
  regionOf,
  spanInForce,
  spanOf,
  stateOf,
  useOf,
} from './rows.ts';

const RECORD = 'inetnum';
const DEPTH = 64;
const VALUE_LIMIT = 64 * 1024;
const FIELDS = 500;
const ERRORS = 1000;
/** Pieces in which text goes to the parser, which checks its own limits once a piece. */
const STEP = 32 * 1024;

export const filingC: TextLayout = {
  id: 'filing-c',
  title: 'IP-address filing, XML of the filing interface (Inetnum records)',
  input: 'text',
  detect(head: Head): Verdict {
    const mark = /<(?:[A-Za-z_][\w.-]{0,40}:)?inetnum[\s>/]/i.exec(head.text ?? '');
    return mark
      ? { score: 95, because: `element ${mark[0].slice(1, -1)}` }
      : { score: 0, because: 'no Inetnum element' };
  },
  open: (context) => new XmlReader(context),
};

class XmlReader implements Reader<string> {
  readonly #context: Context;
  readonly #parser: sax.SAXParser;
  #fields: Map<string, string> | null = null;
  #depth = 0;
  #recordDepth = 0;
  #text = '';
  #record = 0;
  #errors = 0;
  #entities = 0;
  #stopped = false;

  constructor(context: Context) {
    this.#context = context;
    const parser = sax.parser(true, { position: false });
    this.#parser = parser;
    parser.onopentag = ({ name }) => this.#open(local(name));
    parser.onclosetag = (name) => this.#close(local(name));
    parser.ontext = parser.oncdata = (text) => {
      if (this.#fields && this.#text.length <= VALUE_LIMIT) this.#text += text.slice(0, VALUE_LIMIT + 1);
    };
    parser.onerror = (error) => this.#damage(error.message.split('\n')[0] ?? '');
  }

  feed(piece: string): void {
    for (let at = 0; at < piece.length && !this.#stopped; at += STEP) {
      try {
        this.#parser.write(piece.slice(at, at + STEP));
      } catch (error) {
        this.#stop((error as Error).message);
      }
    }
  }

  end(): void {
    if (!this.#stopped) {
      const open = this.#fields !== null;
      try {
        this.#parser.onerror = () => this.#parser.resume();
        this.#parser.close();
      } catch {
        // What is left open is told below.
      }
      if (open || this.#depth > 0)
        this.#fault('truncated', 'the file ends inside an element: it was cut off, copy it again');
    }
    if (this.#entities > 0)
      this.#context.note(`${this.#entities} entities that XML itself does not define were not expanded`);
  }

  #open(name: string): void {
    if (this.#stopped) return;
    if (++this.#depth > DEPTH) {
      this.#stop('elements nested deeper than 64');
      return;
    }
    this.#text = '';
    if (this.#fields === null && name === RECORD) {
      this.#record++;
      this.#fields = new Map();
      this.#recordDepth = this.#depth;
    }
  }

  #close(name: string): void {
    if (this.#stopped) return;
    const fields = this.#fields;
    if (fields !== null) {
      const text = this.#text.trim();
      if (this.#depth === this.#recordDepth) {
        this.#fields = null;
        this.#take(fields);
      } else if (text !== '' && fields.size < FIELDS && !fields.has(name)) fields.set(name, text);
    }
    this.#text = '';
    this.#depth--;
  }

  #damage(message: string): void {
    // The parser goes on behind the error; the entity stays as text.
    if (/entity/i.test(message)) this.#entities++;
    else if (++this.#errors <= ERRORS) this.#fault('bad_xml', `${shown(message, 100)}: correct the file`);
    else {
      this.#stop('too many errors');
      return;
    }
    this.#parser.resume();
  }

  #stop(why: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#fields = null;
    this.#fault('bad_xml', `reading stopped here: ${shown(why.split('\n')[0] ?? '', 100)}`);
  }

  #fault(reason: string, message: string): void {
    this.#context.fault({ row: Math.max(this.#record, 1), reason, code: null, message });
  }

  #take(fields: ReadonlyMap<string, string>): void {
    const context = this.#context;
    const row = this.#record;
    const seen = new Set<string>();
    const get = (name: string): string => {
      seen.add(name);
      return fields.get(name) ?? '';
    };
    if ([...fields.values()].some((value) => value.length > VALUE_LIMIT)) {
      this.#fault('cell_too_long', `an element is longer than ${VALUE_LIMIT} characters: shorten it`);
      return;
    }
    const range = rangeOf(context, row, get('startip'), get('endip'));
    if (range === null) return;
    const name = get('dwmc') || get('usersubject');
    get('usersubject');
    if (name === '') {
      lacks(context, row, 'Dwmc', '2031');
      return;
    }
    const allocated = get('fprq') || get('allotdate');
    get('allotdate');
    const stated = spanOf(context, row, allocated, '', '2030');
    if (stated === null) return;
    // Not marked as seen: both stay in `extra`. Numbers are codes of whoever wrote the file and say nothing here.
    const status = fields.get('status') ?? '';
    const valid = spanInForce(context, row, stated, stateOf(status), status, fields.get('lastchangedtime') ?? '');
    if (valid === null) return;
    const rest = new Rest();
    const given = get('syfs');
    const use = useOf(given);
    if (use === null && given !== '') {
      rest.defect('2021');
      rest.keep('use', given);
    }
    const source = {
      name,
      idType: get('sydwzjlx'),
      idNumber: get('sydwzjhm'),
      nature: get('dwxz'),
      category: get('dwfl'),
      industry: get('dwhyfl'),
      licence: get('jyxkzh'),
    };
    if (source.category === '11' && source.licence === '') rest.defect('2022');
    const party = partyOf(source, rest.sealed);
    rest.keep('allocated', allocated);
    rest.keep('id_type', source.idType);
    keepGateway(rest, get('wgip'));
    rest.seal('contact_name', get('lxrxm'));
    rest.seal('contact_phone', get('lxrdh'));
    rest.seal('contact_mail', get('lxrdzyj'));
    rest.seal('contact', get('contactinfo'));
    const address = get('xxdz') || get('useraddress');
    get('useraddress');
    const places = [
      ...place('filing', address, regionOf(get('shengid'), get('shiid'), get('xianid'), rest)),
      ...place('gateway', get('wgdz'), regionOf(get('wgshengid'), get('wgshiid'), get('wgxianid'), rest)),
    ];
    const service = get('yyfwlx') || null;
    // The registry's contacts (admin-c, tech-c, mnt-…, changed) are people or lead to them.
    for (const [key, value] of fields) {
      if (seen.has(key)) continue;
      const personal = /^(?:admin_?-?c|tech_?-?c|notify|changed|mnt.*)$/.test(key) || isPersonalHeading(key);
      if (personal) define(rest.sealed, key, value.slice(0, 1000));
      else rest.keep(key, value);
    }
    context.row(row, addressRow({ kind: 'filing', ...range, valid, use, service, party, places }, rest));
  }
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1).toLowerCase();
}
