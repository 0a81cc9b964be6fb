/** What the table layouts share: rows with their defaults, extra fields, and faults in the interface's words. */
import type { AddressRow, Place, PlaceKind, SiteRow, Span, UseMode } from '../types.ts';
import { endOf, startOf } from './dates.ts';
import { type Cells, define } from './headings.ts';
import { shown } from './import-error.ts';
import type { Context } from './layout.ts';
import { looksPersonal, sealedOf } from './personal.ts';
import { type AddressRange, canonicalAddress, parseRange, RANGE_FAULTS } from './ranges.ts';

/** Longest value kept beside the named fields. */
const EXTRA_LIMIT = 1000;

/** Fields of a row that have no place of their own. */
export class Rest {
  readonly extra: Record<string, string> = {};
  readonly sealed: Record<string, string> = {};
  readonly #defects: string[] = [];

  /** Keeps a value under a name unless it is empty; what looks like a person's goes to the sealed fields. */
  keep(name: string, value: string): void {
    if (value === '') return;
    const text = value.length > EXTRA_LIMIT ? `${value.slice(0, EXTRA_LIMIT)}…` : value;
    define(looksPersonal(text) ? this.sealed : this.extra, name, text);
  }

  seal(name: string, value: string): void {
    if (value !== '') define(this.sealed, name, value.slice(0, EXTRA_LIMIT));
  }

  /** Several columns under their own keys. */
  keepAll<K extends string>(cells: Cells<K>, keys: readonly K[]): void {
    for (const key of keys) this.keep(key, cells.get(key));
  }

  sealAll<K extends string>(cells: Cells<K>, keys: readonly K[]): void {
    for (const key of keys) this.seal(key, cells.get(key));
  }

  /** A field is wrong, the row can be used all the same: the return code of the interface, in `extra.defects`. */
  defect(code: string): void {
    if (!this.#defects.includes(code)) this.#defects.push(code);
  }

  finish(): { extra: Record<string, string>; sealed: ReturnType<typeof sealedOf> } {
    if (this.#defects.length > 0) this.extra['defects'] = this.#defects.join(',');
    return { extra: this.extra, sealed: sealedOf(this.sealed) };
  }
}

const ALWAYS: Span = { from: 0, to: null };

/** An address row with what its source leaves unsaid; `valid.from` 0 means that no start is stated. */
export function addressRow(
  fields: Pick<AddressRow, 'kind'> & AddressRange & Partial<Omit<AddressRow, 'family' | 'extra' | 'sealed'>>,
  rest: Rest,
): AddressRow {
  return {
    family: 'address',
    ports: null,
    protocol: null,
    realm: null,
    valid: ALWAYS,
    endInferred: false,
    clockError: 0,
    use: null,
    service: null,
    account: null,
    inside: null,
    natRule: null,
    party: null,
    places: [],
    checked: null,
    ...fields,
    ...rest.finish(),
  };
}

export function siteRow(
  fields: Pick<SiteRow, 'kind' | 'key'> & Partial<Omit<SiteRow, 'family' | 'extra' | 'sealed'>>,
  rest: Rest,
): SiteRow {
  return {
    family: 'site',
    valid: ALWAYS,
    account: null,
    party: null,
    places: [],
    meter: null,
    machine: null,
    checked: null,
    ...fields,
    ...rest.finish(),
  };
}

/** The range of a row, or null after its fault was reported. */
export function rangeOf(context: Context, row: number, start: string, end: string): AddressRange | null {
  const range = parseRange(start, end);
  if (typeof range !== 'string') return range;
  const { code, words } = RANGE_FAULTS[range];
  const field = end === '' ? shown(start, 60) : `${shown(start, 60)} – ${shown(end, 60)}`;
  context.fault({ row, reason: range, code, message: `${words}: "${field}": correct it and import again` });
  return null;
}

/**
 * From two date cells the span; an empty start is unknown (0), an empty end open. Null after a fault was reported. `code`
 * is that of the interface for a bad date, where it has one.
 */
export function spanOf(
  context: Context,
  row: number,
  start: string,
  end: string,
  code: string | null = null,
): Span | null {
  const from = start === '' ? 0 : startOf(start);
  const to = end === '' ? null : endOf(end);
  const bad = from === null ? start : end !== '' && to === null ? end : null;
  if (bad !== null || from === null) {
    const message = `"${shown(bad ?? start, 60)}" is no date: write it as 2026-11-20 or 2026-11-20 08:15:02`;
    context.fault({ row, reason: 'bad_date', code, message });
    return null;
  }
  if (to !== null && to <= from) {
    const message = `the end "${shown(end, 60)}" is not after the start "${shown(start, 60)}": correct it`;
    context.fault({ row, reason: 'end_before_start', code, message });
    return null;
  }
  return { from, to };
}

/** `ended`: was in force once. `pending`: names somebody who is yet to get it. Null: in force, or nothing is said. */
export type RecordState = 'ended' | 'pending' | null;

const ENDED =
  /^(?:已经?|被)?(?:注销|停用|停机|删除|作废|失效|拆机|拆除|销户|撤销|回收|空闲|闲置)|^未(?:使用|占用|分配)$/;
const PENDING = /^(?:已)?(?:预占|预留|预分配|预选)/;

/** What the state columns of a record say together. 待注销 and the like are still in force. */
export function stateOf(...states: readonly string[]): RecordState {
  if (states.some((text) => PENDING.test(text))) return 'pending';
  return states.some((text) => ENDED.test(text)) ? 'ended' : null;
}

/**
 * The span of a record in a state: as it is while in force, up to its last change where that ended it. Null after a fault:
 * a record that is not in force and does not say until when it was must not stand as live.
 */
export function spanInForce(
  context: Context,
  row: number,
  valid: Span,
  state: RecordState,
  words: string,
  changed: string,
): Span | null {
  if (state === null) return valid;
  const to = state === 'ended' && changed !== '' ? startOf(changed) : null;
  if (to !== null && to > valid.from) return { from: valid.from, to };
  const why =
    state === 'pending'
      ? 'it names somebody who does not have the address yet'
      : 'no time of change after its start says until when it was';
  const message = `the record is not in force ("${shown(words, 40)}"), and ${why}: left out`;
  context.fault({ row, reason: 'not_in_force', code: null, message });
  return null;
}

/** Reports that a column that the row cannot do without is empty. */
export function lacks(context: Context, row: number, field: string, code: string | null = null): null {
  context.fault({ row, reason: 'missing_field', code, message: `"${field}" is empty: fill it in and import again` });
  return null;
}

/** A non-negative number, thousands separators and a unit behind it allowed; null where it is none. */
export function numberOf(text: string): number | null {
  const found = /^(\d{1,18}(?:\.\d{1,9})?)\s*[\p{L}%·/²]{0,8}$/u.exec(text.length > 60 ? '' : text.replace(/,/g, ''));
  return found ? Number(found[1]) : null;
}

/** Use mode as text or code; null where it is neither. */
export function useOf(text: string): UseMode | null {
  if (text === '0' || text.includes('静态') || text === 'static') return 'static';
  if (text === '1' || text.includes('动态') || text === 'dynamic') return 'dynamic';
  if (text === '2' || text.includes('保留') || text.includes('预留') || text === 'reserved') return 'reserved';
  if (text === '3' || text.includes('专线') || text === 'line') return 'line';
  return null;
}

/** The most exact of the province, city and county codes given; wrong ones are defects. */
export function regionOf(province: string, city: string, county: string, rest: Rest): string | null {
  let region: string | null = null;
  const levels = [
    [province, '2024'],
    [city, '2025'],
    [county, '2026'],
  ] as const;
  for (const [code, fault] of levels) {
    if (code === '' || code === '0') continue;
    if (!/^\d{6}$/.test(code)) {
      rest.defect(fault);
      rest.keep(`region_${fault}`, code);
    } else if (region !== null && region.slice(0, 2) !== code.slice(0, 2)) rest.defect(fault);
    else region = code;
  }
  return region;
}

/** A place, or none where nothing is said. */
export function place(kind: PlaceKind, text: string, region: string | null = null, detail: string = ''): Place[] {
  if (text === '' && region === null && detail === '') return [];
  return [{ kind, region, text: text || null, detail: detail || null }];
}

/** The gateway address: kept, canonical where it is one; a wrong one is defect 2008. */
export function keepGateway(rest: Rest, gateway: string): void {
  if (gateway === '') return;
  const address = canonicalAddress(gateway);
  if (address === null) rest.defect('2008');
  rest.keep('gateway_ip', address ?? gateway);
}
