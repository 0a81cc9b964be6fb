import type { Domain } from './domain.ts';
import { Fault } from './faults.ts';
import { V9_SCOPE } from './fields.ts';
import { TRIPLE } from './plan.ts';
import type { SetReader } from './set-reader.ts';
import { MAX_FIELDS, Offer } from './templates.ts';

const FIRST_DATA_SET = 256;
/** Numbers of sets, which name "all templates of this kind" when withdrawn (RFC 7011 §8.1). */
const TEMPLATE_SET = 2;
const OPTIONS_TEMPLATE_SET = 3;
const ENTERPRISE_BIT = 0x8000;
const scratch = new Int32Array(MAX_FIELDS * TRIPLE);

/** How the templates of a set are written: as NetFlow v9 or IPFIX has them, of flows or of options. */
export interface TemplateForm {
  readonly v9: boolean;
  readonly options: boolean;
}

/**
 * Templates in [off, end): number, count of fields, for options something of the scope, then the fields.
 *
 *     NetFlow v9, flows    (RFC 3954 §5.2)    0 number  2 count of fields
 *     NetFlow v9, options  (RFC 3954 §6.1)    0 number  2 bytes of scope fields  4 bytes of option fields
 *     IPFIX, flows         (RFC 7011 §3.4.1)  0 number  2 count of fields
 *     IPFIX, options       (RFC 7011 §3.4.2)  0 number  2 count of fields  4 of those, scope fields
 *
 * An IPFIX template without fields withdraws: heeded with `withdrawals`, in files and streams, not over UDP, where it must not
 * be sent and would be a stranger's lever (§8.4). `time`: of arrival, µs.
 */
export function readTemplates(
  reader: SetReader,
  view: DataView,
  off: number,
  end: number,
  { v9, options }: TemplateForm,
  withdrawals: boolean,
  domain: Domain,
  time: number,
): void {
  // A withdrawal ends before the scope.
  const least = v9 && options ? 6 : 4;
  let at = off;
  while (end - at >= least) {
    const id = view.getUint16(at);
    let count = view.getUint16(at + 2);
    let scopes = -1;
    at += 4;
    // Padding, up to seven bytes.
    if (id === 0 && count === 0) return;
    if (count === 0 && !v9) {
      if (withdrawals) withdraw(domain, id);
      continue;
    }
    let sound = true;
    if (options) {
      const more = end - at < 2 ? 0 : view.getUint16(at);
      at += 2;
      sound = v9 ? count % 4 === 0 && more % 4 === 0 : more > 0 && more <= count;
      scopes = v9 ? count >> 2 : more;
      if (v9) count = (count + more) >> 2;
    }
    sound &&= count > 0 && id >= FIRST_DATA_SET;
    const next = sound ? fill(view, at, end, count, scopes, v9) : -1;
    if (next < 0) {
      reader.fault(Fault.bad_template);
      return;
    }
    if (count > MAX_FIELDS) reader.fault(Fault.bad_template);
    else offer(reader, domain, id, count, scopes, time);
    at = next;
  }
}

/**
 * Reads `count` field specifiers (RFC 3954 §5.2, RFC 7011 §3.2), as many as there is room for; returns the offset behind them,
 * -1 where they pass the end.
 */
function fill(view: DataView, off: number, end: number, count: number, scopes: number, v9: boolean): number {
  let at = off;
  for (let i = 0; i < count; i++) {
    if (end - at < 4) return -1;
    let element = view.getUint16(at);
    const length = view.getUint16(at + 2);
    let enterprise = v9 && i < scopes ? V9_SCOPE : 0;
    at += 4;
    if (!v9 && (element & ENTERPRISE_BIT) !== 0) {
      if (end - at < 4) return -1;
      // As in the plan, 32 bits signed; 0 is not an enterprise, and -1 is taken.
      enterprise = view.getInt32(at) || 0x7fffffff;
      if (enterprise === V9_SCOPE) enterprise = 0x7fffffff;
      element &= ~ENTERPRISE_BIT;
      at += 4;
    }
    if (i >= MAX_FIELDS) continue;
    scratch[i * TRIPLE] = enterprise;
    scratch[i * TRIPLE + 1] = element;
    scratch[i * TRIPLE + 2] = length;
  }
  return at;
}

function withdraw(domain: Domain, id: number): void {
  if (id === TEMPLATE_SET || id === OPTIONS_TEMPLATE_SET) domain.templates.withdrawAll(id === OPTIONS_TEMPLATE_SET);
  else domain.templates.withdraw(id);
}

function offer(reader: SetReader, domain: Domain, id: number, count: number, scopes: number, time: number): void {
  const outcome = domain.templates.offer(id, scratch, count, scopes, reader.port, time);
  if (outcome === Offer.Bad) reader.fault(Fault.bad_template);
  else if (outcome === Offer.Crowded) reader.fault(Fault.template_limit);
}
