import { createHash } from 'node:crypto';
import type { AddressRow, Party, Place, RegistryRow, SiteRow } from '../attribution/types.ts';
import type { Lead, LeadAddress } from '../ledger/types.ts';
import type { CarrierFeedback } from '../publish/feedback.ts';

const OUTSIDE = 'outside';
/** What an answer without times covers around the traffic it was asked about, microseconds. */
const ASKED = 60e6;

/** Rows for the registry, or why an answer that names somebody gives none: one line. */
export interface AttributedRows {
  readonly rows: readonly { readonly row: number; readonly value: RegistryRow }[];
  readonly fault: string | null;
}

const NONE: AttributedRows = { rows: [], fault: null };

/**
 * What a carrier's answer says, as rows of the registry: the address of the lead that was answered (behind address
 * translation with its port, and no other one) belonged to the customer in that time. No rows where the answer names nobody,
 * or does not say for which address and port. Times it leaves open are those asked about, else those of the traffic.
 */
export function attributedRows(answer: CarrierFeedback, lead: Lead, now: number): AttributedRows {
  if (answer.status !== 'attributed') return NONE;
  if (answer.uscc === null && answer.unit_name === null && answer.install_address === null) return NONE;
  const found = answeredSocket(answer, lead);
  if (typeof found === 'string') return { rows: [], fault: `${answer.lead_id}: ${found}` };
  const { address, port } = found;
  const asked = askedSpan(answer, lead, found);
  if (asked.from >= asked.to) {
    return {
      rows: [],
      fault: `${answer.lead_id}: its times do not meet the traffic asked about; check valid_from and valid_to`,
    };
  }
  const { ip, realm } = address;
  // Two answers about one lead may name two customers: without an account of the carrier each is one of its own.
  const own = createHash('sha256').update(JSON.stringify([ip, realm, port, asked.from, asked.to]));
  const account = answer.operator_ref ?? `feedback-${lead.id}-${own.digest('hex').slice(0, 8)}`;
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
  const line = addressRow(ip, port, realm, account, asked, answer);
  return { rows: [customer, line].map((value) => ({ row: answer.row, value })), fault: null };
}

interface AnsweredSocket {
  readonly address: LeadAddress;
  /** Null where the whole address is one customer's. */
  readonly port: number | null;
}

/** The address and port of the lead that an answer is about; a text where it does not say so: why, and what to do. */
function answeredSocket({ ip, port }: CarrierFeedback, { addresses }: Lead): AnsweredSocket | string {
  const fitting = ip === null ? addresses : addresses.filter((address) => address.ip === ip);
  const [address] = fitting;
  if (address === undefined) {
    return ip === null ? 'the lead has no IP address to attribute' : `${ip} is no address of the lead; check ip`;
  }
  if (fitting.length > 1) {
    return ip === null
      ? `the lead has ${fitting.length} addresses and one customer was named; state ip and port`
      : `the lead has ${ip} in ${fitting.length} realms; import the log of the line instead`;
  }
  if (address.nat !== OUTSIDE) return { address, port: null };
  const { ports } = address;
  if (port !== null) {
    if (ports.length === 0 || ports.includes(port)) return { address, port };
    return `port ${port} is none of the lead at ${address.ip}; check port`;
  }
  const [only] = ports;
  if (ports.length === 1 && only !== undefined) return { address, port: only };
  const many = ports.length === 0 ? 'is shared' : `is shared, and the lead has ${ports.length} ports of it`;
  return `${address.ip} ${many}; state ip and port`;
}

/** The time that the customer is named for: that of the answer, else that asked about, else that of the port's traffic. Empty where they exclude each other. */
function askedSpan(
  answer: CarrierFeedback,
  lead: Lead,
  { address, port }: AnsweredSocket,
): { readonly from: number; readonly to: number } {
  const micros = (time: string): number => Date.parse(time) * 1000;
  const here = lead.detections.filter(
    ({ ip, realm, nat, ports }) =>
      ip === address.ip && realm === address.realm && nat === address.nat && (port === null || ports.includes(port)),
  );
  // Another subscriber may have had the port an hour before: its own conversations say when it was used.
  const talks = here.flatMap(({ conversations = [] }) => conversations.filter((each) => each.port === port));
  const seen = talks.length > 0 ? talks : here.length > 0 ? here : [address];
  const first = Math.min(...seen.map(({ first_seen }) => micros(first_seen)));
  const last = Math.max(...seen.map(({ last_seen }) => micros(last_seen)));
  const { asked_from: from, asked_to: to } = answer;
  // Columns of that name that are not those of the list sent speak of other times.
  const asked = from !== null && to !== null && from <= to && from <= last + ASKED && to >= first - ASKED;
  // The carrier was asked about these times, errors of the clocks included.
  return {
    from: answer.valid_from ?? (asked ? from : first) - ASKED,
    to: answer.valid_to ?? (asked ? to : last) + ASKED,
  };
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
