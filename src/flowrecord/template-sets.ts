import type { Domain } from './domain.ts';
import { Fault } from './faults.ts';
import { V9_SCOPE, VARIABLE } from './fields.ts';
import { TRIPLE } from './plan.ts';
import type { SetReader } from './set-reader.ts';
import { MAX_FIELDS, Offer } from './templates.ts';

const FIRST_DATA_SET = 256;
/** Numbers of sets, which name "all templates of this kind" when withdrawn (RFC 7011 §8.1). */
const TEMPLATE_SET = 2;
const OPTIONS_TEMPLATE_SET = 3;
const ENTERPRISE_BIT = 0x8000;
const scratch = new Int32Array(MAX_FIELDS * TRIPLE);

function offer(reader: SetReader, domain: Domain, id: number, count: number, scopes: number, time: number): void {
  const outcome = domain.templates.offer(id, scratch, count, scopes, time);
  if (outcome === Offer.Bad) reader.fault(Fault.bad_template);
  else if (outcome === Offer.Crowded) reader.fault(Fault.template_limit);
}

/** Templates of NetFlow v9 in [off, end) (RFC 3954 §5.2): number, count of fields, then type and length of each. */
export function readV9Templates(
  reader: SetReader,
  view: DataView,
  off: number,
  end: number,
  domain: Domain,
  time: number,
): void {
  let at = off;
  while (end - at >= 4) {
    const id = view.getUint16(at);
    const count = view.getUint16(at + 2);
    at += 4;
    // Padding.
    if (id === 0 && count === 0) return;
    if (count * 4 > end - at || count === 0 || id < FIRST_DATA_SET) {
      reader.fault(Fault.bad_template);
      return;
    }
    if (count > MAX_FIELDS) reader.fault(Fault.bad_template);
    else {
      const sound = fillV9(view, at, count, 0);
      if (sound) offer(reader, domain, id, count, -1, time);
      else reader.fault(Fault.bad_template);
    }
    at += count * 4;
  }
}

/** Options templates of NetFlow v9 (RFC 3954 §6.1): number, bytes of scope fields, bytes of option fields, then both. */
export function readV9OptionsTemplates(
  reader: SetReader,
  view: DataView,
  off: number,
  end: number,
  domain: Domain,
  time: number,
): void {
  let at = off;
  while (end - at >= 6) {
    const id = view.getUint16(at);
    const scopeBytes = view.getUint16(at + 2);
    const optionBytes = view.getUint16(at + 4);
    at += 6;
    if (id === 0 && scopeBytes === 0) return;
    const bytes = scopeBytes + optionBytes;
    if (bytes > end - at || bytes === 0 || id < FIRST_DATA_SET || scopeBytes % 4 !== 0 || optionBytes % 4 !== 0) {
      reader.fault(Fault.bad_template);
      return;
    }
    const count = bytes / 4;
    if (count > MAX_FIELDS || !fillV9(view, at, count, scopeBytes / 4)) reader.fault(Fault.bad_template);
    else offer(reader, domain, id, count, scopeBytes / 4, time);
    at += bytes;
  }
}

/** False where a field has no length, or one that only IPFIX knows. */
function fillV9(view: DataView, off: number, count: number, scopes: number): boolean {
  for (let i = 0; i < count; i++) {
    const length = view.getUint16(off + i * 4 + 2);
    if (length === 0 || length === VARIABLE) return false;
    scratch[i * TRIPLE] = i < scopes ? V9_SCOPE : 0;
    scratch[i * TRIPLE + 1] = view.getUint16(off + i * 4);
    scratch[i * TRIPLE + 2] = length;
  }
  return true;
}

/**
 * Templates or options templates of IPFIX in [off, end) (RFC 7011 §3.4.1, 3.4.2). A template without fields withdraws: heeded
 * in files and streams, not over UDP, where it must not be sent and would be a stranger's lever (§8.4).
 */
export function readIpfixTemplates(
  reader: SetReader,
  view: DataView,
  off: number,
  end: number,
  options: boolean,
  withdrawals: boolean,
  domain: Domain,
  time: number,
): void {
  let at = off;
  while (end - at >= 4) {
    const id = view.getUint16(at);
    const count = view.getUint16(at + 2);
    at += 4;
    if (count === 0) {
      // Up to seven bytes of padding read as this as well.
      if (id === 0) return;
      if (withdrawals) withdraw(domain, id);
      continue;
    }
    let scopes = -1;
    if (options) {
      if (end - at < 2) {
        reader.fault(Fault.bad_template);
        return;
      }
      scopes = view.getUint16(at);
      at += 2;
      if (scopes === 0 || scopes > count) {
        reader.fault(Fault.bad_template);
        return;
      }
    }
    if (id < FIRST_DATA_SET) {
      reader.fault(Fault.bad_template);
      return;
    }
    const next = fillIpfix(view, at, end, count);
    if (next < 0) {
      reader.fault(Fault.bad_template);
      return;
    }
    if (count > MAX_FIELDS) reader.fault(Fault.bad_template);
    else offer(reader, domain, id, count, scopes, time);
    at = next;
  }
}

function withdraw(domain: Domain, id: number): void {
  if (id === TEMPLATE_SET || id === OPTIONS_TEMPLATE_SET) domain.templates.withdrawAll(id === OPTIONS_TEMPLATE_SET);
  else domain.templates.withdraw(id);
}

/** Reads `count` field specifiers (RFC 7011 §3.2); returns the offset behind them, -1 where they pass the end. */
function fillIpfix(view: DataView, off: number, end: number, count: number): number {
  let at = off;
  for (let i = 0; i < count; i++) {
    if (end - at < 4) return -1;
    const element = view.getUint16(at);
    const length = view.getUint16(at + 2);
    at += 4;
    let enterprise = 0;
    if ((element & ENTERPRISE_BIT) !== 0) {
      if (end - at < 4) return -1;
      // As in the plan, 32 bits signed; 0 is not an enterprise, and -1 is taken.
      enterprise = view.getInt32(at) || 0x7fffffff;
      if (enterprise === V9_SCOPE) enterprise = 0x7fffffff;
      at += 4;
    }
    if (i >= MAX_FIELDS) continue;
    scratch[i * TRIPLE] = enterprise;
    scratch[i * TRIPLE + 1] = element & ~ENTERPRISE_BIT;
    scratch[i * TRIPLE + 2] = length;
  }
  return at;
}
