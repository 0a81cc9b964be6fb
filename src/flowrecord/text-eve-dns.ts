import { BAD_FIELD, BAD_TIME, MAX_NAMES_PER_ENTRY, type Output, PASSED, TAKEN } from './text-output.ts';
import { ADDRESS_QUERIES } from './text-queries.ts';
import { countOf, field, isObject, type JsonObject, nameOf, numberOf, objectOf, textOf, timeOf } from './text-value.ts';

const DNS_PORT = 53;

/**
 * dns events of Suricata in their three shapes: version 1 (up to 4.0: one event an answer), version 2 (`rrname`, `answers`
 * or `grouped`), version 3 (from 8.0: `queries`, and the addresses are those of the packet, not of the flow).
 * A question tells a look-up without an answer; a response tells its addresses, and nothing where it has none: the question
 * was an event of its own.
 */
export function readEveDns(event: JsonObject, output: Output): number {
  const dns = objectOf(event, 'dns');
  if (dns === null) return BAD_FIELD;
  const time = timeOf(textOf(field(event, 'timestamp')));
  if (!Number.isFinite(time)) return BAD_TIME;
  const type = textOf(field(dns, 'type'));
  const isAnswer = type === 'answer' || type === 'response';
  if (!isAnswer && type !== 'query' && type !== 'request') return PASSED;
  const client = clientOf(event, isAnswer && type === 'response');
  const question = questionOf(dns);
  if (question === null) return PASSED;
  if (!isAnswer) return output.name('dns', question, client, '', -1, -1, time, 0) ? TAKEN : BAD_FIELD;
  let told = false;
  const tell = (name: string | null, address: unknown, ttl: unknown): void => {
    const text = textOf(address);
    if (text !== '' && output.name('dns', name, client, text, -1, -1, time, numberOf(ttl))) told = true;
  };
  // Version 1.
  tell(question, field(dns, 'rdata'), field(dns, 'ttl'));
  const answers = field(dns, 'answers');
  if (Array.isArray(answers)) {
    for (const answer of answers.slice(0, MAX_NAMES_PER_ENTRY)) {
      if (!isObject(answer)) continue;
      tell(question, field(answer, 'rdata'), field(answer, 'ttl'));
      // At the end of a chain of aliases stands another name of the same server.
      const owner = nameOf(field(answer, 'rrname'));
      if (owner !== question) tell(owner, field(answer, 'rdata'), field(answer, 'ttl'));
    }
    return told ? TAKEN : PASSED;
  }
  const grouped = objectOf(dns, 'grouped');
  for (const kind of grouped === null ? [] : ['A', 'AAAA']) {
    const addresses = field(grouped as JsonObject, kind);
    if (Array.isArray(addresses))
      for (const address of addresses.slice(0, MAX_NAMES_PER_ENTRY)) tell(question, address, 0);
  }
  return told ? TAKEN : PASSED;
}

/** What was asked for, where it was an address. */
function questionOf(dns: JsonObject): string | null {
  let asked: JsonObject = dns;
  const queries = field(dns, 'queries');
  if (Array.isArray(queries)) {
    const first: unknown = queries[0];
    if (!isObject(first)) return null;
    asked = first;
  }
  return ADDRESS_QUERIES.has(textOf(field(asked, 'rrtype'))) ? nameOf(field(asked, 'rrname')) : null;
}

/** The side that is not the server's port; without that port the source, but for answers that came from the packet. */
function clientOf(event: JsonObject, reversed: boolean): string {
  const toServer = countOf(field(event, 'dest_port')) === DNS_PORT;
  const fromServer = countOf(field(event, 'src_port')) === DNS_PORT;
  const isSource = toServer === fromServer ? !reversed : toServer;
  return textOf(field(event, isSource ? 'src_ip' : 'dest_ip'));
}
