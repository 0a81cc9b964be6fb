import type { AddressRow, Party, Place, RegistryRow, SiteRow } from '../attribution/types.ts';
import type { Lead } from '../ledger/types.ts';
import type { CarrierFeedback } from '../publish/feedback.ts';

const OUTSIDE = 'outside';
/** What an answer without times covers around the traffic it was asked about, microseconds. */
const ASKED = 60e6;

/**
 * What a carrier's answer says, as rows of the registry: the addresses (and ports, behind address translation) of the lead
 * belonged to the customer in that time. Empty where the answer names nobody. Times it leaves open are those of the traffic.
 */
export function attributedRows(
  answer: CarrierFeedback,
  lead: Lead,
  now: number,
): { readonly row: number; readonly value: RegistryRow }[] {
  if (answer.status !== 'attributed') return [];
  if (answer.uscc === null && answer.unit_name === null && answer.install_address === null) return [];
  const account = answer.operator_ref ?? `feedback-${lead.id}`;
  const party: Party = {
    name: answer.person ? null : answer.unit_name,
    code: answer.uscc,
    person: answer.person,
    nature: null,
    category: null,
    industry: null,
    licence: null,
  };
  const places: Place[] =
    answer.install_address === null
      ? []
      : [{ kind: 'install', region: answer.region, text: answer.install_address, detail: null }];
  const customer: SiteRow = {
    family: 'site',
    kind: 'customer',
    key: account,
    valid: { from: answer.valid_from ?? 0, to: answer.valid_to },
    account,
    party,
    places,
    meter: null,
    machine: null,
    checked: answer.answered_at ?? now,
    extra: {},
    sealed: answer.sealed,
  };
  const rows: RegistryRow[] = [customer];
  for (const { ip, ports, realm, nat, first_seen, last_seen } of lead.addresses) {
    // The carrier was asked about these times, errors of the clocks included.
    const from = answer.valid_from ?? Date.parse(first_seen) * 1000 - ASKED;
    const to = answer.valid_to ?? Date.parse(last_seen) * 1000 + ASKED;
    const behind = nat === OUTSIDE && ports.length > 0;
    for (const port of behind ? ports : [null]) {
      rows.push(addressRow(ip, port, realm, account, { from, to }, answer));
    }
  }
  return rows.map((value) => ({ row: answer.row, value }));
}

function addressRow(
  ip: string,
  port: number | null,
  realm: string | null,
  account: string,
  valid: AddressRow['valid'],
  answer: CarrierFeedback,
): AddressRow {
  return {
    family: 'address',
    kind: port === null ? 'session' : 'nat_session',
    first: ip,
    last: ip,
    ports: port === null ? null : [port, port],
    protocol: port === null ? null : 'tcp',
    realm,
    valid,
    endInferred: false,
    clockError: 0,
    use: null,
    service: null,
    account,
    inside: null,
    natRule: null,
    party: null,
    places: [],
    checked: answer.answered_at,
    extra: answer.line_type === null ? {} : { line_type: answer.line_type },
    sealed: null,
  };
}
