/**
 * A lead as a department may have it. The result is built up from what the field set allows, never by striking out, so a
 * field that nobody thought of is not sent. docs/hand-over.md has the table and what reduced means.
 */
import type { Place, Remark, Sealed } from '../attribution/types.ts';
import { DEPARTMENT_TERMS, REMARK_TERMS } from '../common/terms.ts';
import type { Lead, LeadFlag, LeadKey, LeadSubject } from '../ledger/types.ts';
import {
  type Department,
  departmentOf,
  FIELD_NAMES,
  type FieldName,
  type FieldSet,
  type FieldSets,
  HandOverError,
} from './field-sets.ts';
import {
  accountsFor,
  detectionsFor,
  historyFor,
  linksFor,
  type PartOptions,
  type Reduction,
  reportsFor,
} from './hand-over-parts.ts';
import {
  cityOf,
  countyOf,
  dayOf,
  isPersonalName,
  prefixedAddresses,
  reducedEnergy,
  reducedSurcharge,
  wholeDays,
  widened,
} from './hand-over-reduce.ts';

/** SHA-256 and SM3 (hex) of an evidence file. */
export interface EvidenceDigest {
  readonly sha256: string;
  readonly sm3: string;
}

export interface HandOverOptions extends PartOptions {
  readonly fieldSets: FieldSets;
  /** Sealed fields by subject key (`acct:…`), read for this document; to the police alone. */
  readonly sealed?: Readonly<Record<string, Sealed>>;
  /** Digests of the evidence of a lead, sent where the field set has evidence in full or reduced. */
  readonly evidence?: (lead: Lead) => readonly EvidenceDigest[];
}

/** A lead as handed over: the same shape, and what was done to it. Placeholders stand in the fields named `withheld`. */
export interface HandOverLead extends Lead {
  readonly hand_over: {
    readonly department: Department;
    /** Version of the field-set table. */
    readonly field_set: string;
    readonly document: string | null;
    readonly withheld: readonly FieldName[];
    readonly reduced: readonly FieldName[];
  };
  readonly evidence: readonly EvidenceDigest[];
  readonly persons: readonly { readonly subject: string; readonly fields: Sealed }[];
}

/** Shown in place of a natural person's name. */
export const PERSON_NAME = '自然人';

const ALL_TEXT: readonly FieldName[] = ['enterprise', 'address', 'ip', 'pool', 'hashrate', 'energy', 'power_account'];

/**
 * The lead with the fields of a department. Throws a HandOverError for an unknown department, a missing document number
 * (natural persons to the police, hashed worker names), sealed fields for anybody but the police, and a lead without
 * display number for a department that may not have its address: the id is a hash that could be tried out.
 */
export function applyFieldSet(lead: Lead, department: string, options: HandOverOptions): HandOverLead {
  const to = departmentOf(department);
  const set = options.fieldSets.departments[to];
  const document = checkDocument(lead, to, set, options);
  const people = concernsPerson(lead);
  const persons = set.person === 'document' && document !== null;
  const open = ALL_TEXT.every((field) => set[field] === 'full') && (persons || !people);
  const reduction: Reduction = { lead, set, options, persons, open };
  const project = set.project === 'full';
  const exact = set.ip === 'full';
  const when = exact ? (time: string | null) => time : dayOf;
  const id = exact ? lead.id : (lead.number as string);
  const { history } = lead;
  return {
    type: 'lead',
    version: 1,
    id,
    number: lead.number,
    key: keyFor(reduction),
    status: project ? lead.status : 'open',
    status_since: project ? when(lead.status_since) : null,
    category: project ? lead.category : 'unknown',
    involvement: involvementFor(reduction),
    site_type: project ? lead.site_type : 'unknown',
    flags: flagsFor(reduction),
    activity: lead.activity,
    confidence: lead.confidence,
    first_seen: when(lead.first_seen),
    last_seen: when(lead.last_seen),
    region: regionFor(lead.region, set),
    subject: set.enterprise === 'full' && lead.subject !== null ? subjectFor(lead.subject, reduction) : null,
    parties: set.enterprise === 'full' ? lead.parties.map((party) => subjectFor(party, reduction)) : [],
    places: placesFor(reduction),
    missing: remarksFor(lead.missing, open),
    contradictions: set.enterprise === 'full' ? remarksFor(lead.contradictions, open) : [],
    addresses: exact ? lead.addresses : set.ip === 'reduced' ? prefixedAddresses(lead.addresses) : [],
    pools: set.pool === 'full' ? lead.pools : [],
    coins: set.hashrate === 'none' ? [] : lead.coins,
    accounts: accountsFor(reduction),
    agents: set.pool === 'full' ? lead.agents : [],
    hardware_class: set.hashrate === 'none' ? 'unknown' : lead.hardware_class,
    hashrates: hashratesFor(reduction),
    energy: energyFor(reduction),
    power_accounts: set.power_account === 'full' ? lead.power_accounts : [],
    department: project ? ownerFor(lead.department, open) : null,
    deadline: project ? lead.deadline : null,
    reports: reportsFor(reduction),
    detections: detectionsFor(reduction),
    links: linksFor(reduction),
    observed: exact
      ? lead.observed
      : {
          seconds: wholeDays(lead.observed.seconds),
          until: dayOf(lead.observed.until),
          quiet_seconds: wholeDays(lead.observed.quiet_seconds),
        },
    aliases: exact && project ? lead.aliases : [],
    ...(history === undefined ? {} : { history: project ? historyFor(history, when) : [] }),
    hand_over: {
      department: to,
      field_set: options.fieldSets.version,
      document,
      withheld: FIELD_NAMES.filter((field) => set[field] === 'none' || (field === 'person' && !persons)),
      reduced: FIELD_NAMES.filter((field) => set[field] === 'reduced' || set[field] === 'wallet'),
    },
    evidence: set.evidence === 'none' ? [] : (options.evidence?.(lead) ?? []),
    persons: persons ? personsFor(lead, options) : [],
  };
}

function isPerson(party: LeadSubject | null): boolean {
  if (party === null) return false;
  return party.person || (party.uscc === null && party.name !== null && isPersonalName(party.name));
}

function concernsPerson(lead: Lead): boolean {
  return isPerson(lead.subject) || lead.parties.some(isPerson);
}

/** The document number, or null where none is needed and none given. */
function checkDocument(lead: Lead, to: Department, set: FieldSet, options: HandOverOptions): string | null {
  const document = options.documentNumber?.trim() || null;
  const name = lead.number ?? lead.id;
  if (options.sealed !== undefined && set.person !== 'document') {
    throw new HandOverError(
      `${name}: sealed fields of natural persons go to the police alone, not to ${to}; leave them out`,
    );
  }
  if (document === null) {
    if (options.sealed !== undefined || (concernsPerson(lead) && set.person === 'document')) {
      throw new HandOverError(
        `${name}: it concerns a natural person, so handing it to ${to} needs the number of the document that asks for it`,
      );
    }
    if (set.pool === 'full' && lead.accounts.some(({ workers }) => workers.length > 0)) {
      throw new HandOverError(
        `${name}: worker names are hashed for each document, so handing it to ${to} needs a document number`,
      );
    }
  }
  if (set.ip !== 'full' && lead.number === null) {
    throw new HandOverError(
      `${name}: it has no display number yet, and its id would let ${to} find out the IP address; give it a number first`,
    );
  }
  return document;
}

/** Credit codes, names and reports are the enterprise's; accounts and lines lead to a connection, so they need its address. */
function subjectKeyFor(key: string, person: boolean, { set, persons }: Reduction): string {
  if (person) return persons ? key : '';
  if (set.enterprise !== 'full') return '';
  if (/^(?:uscc|name|reported):/.test(key)) return key;
  if (key.startsWith('power/')) return set.power_account === 'full' ? key : '';
  return set.ip === 'full' ? key : '';
}

function keyFor(reduction: Reduction): LeadKey {
  const { lead, set, persons } = reduction;
  const { key } = lead;
  if (key.kind === 'address') {
    if (set.ip === 'full') return key;
    const [reduced] =
      set.ip === 'reduced' ? prefixedAddresses([{ ...key, first_seen: '', last_seen: '', ports: [] }]) : [];
    return { kind: 'address', ip: reduced?.ip ?? '', realm: null, nat: key.nat };
  }
  if (key.kind === 'report') {
    const told = reportsFor(reduction).some(({ reference }) => reference === key.reference);
    return told ? key : { kind: 'report', source: '', reference: '' };
  }
  const people = [lead.subject, ...lead.parties].some((party) => isPerson(party) && party?.key === key.subject);
  const site = set.address === 'full' && (!people || persons) ? key.site : '';
  return { kind: 'subject_site', subject: subjectKeyFor(key.subject, people, reduction), site };
}

function subjectFor(party: LeadSubject, reduction: Reduction): LeadSubject {
  const { key, role, grades } = party;
  if (!isPerson(party)) return { ...party, key: subjectKeyFor(key, false, reduction) };
  const shown = { role, name: PERSON_NAME, uscc: null, person: true, grades };
  return reduction.persons ? { ...shown, key, because: party.because } : { ...shown, key: '', because: '' };
}

function personsFor(lead: Lead, options: HandOverOptions): HandOverLead['persons'] {
  const keys = new Set(
    [lead.subject, ...lead.parties].flatMap((party) => (party !== null && isPerson(party) ? party.key : [])),
  );
  return Object.entries(options.sealed ?? {})
    .filter(([subject]) => keys.has(subject))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([subject, fields]) => ({ subject, fields }));
}

function regionFor(region: string | null, set: FieldSet): string | null {
  if (set.address === 'full') return region;
  // A prefecture sends a request to the right branch; it is no address.
  return set.address === 'reduced' ? countyOf(region) : cityOf(region);
}

function placesFor({ lead, set }: Reduction): readonly Place[] {
  if (set.address === 'full') return lead.places;
  if (set.address === 'none') return [];
  const found = new Map<string, Place>();
  for (const { kind, region } of lead.places) {
    const county = countyOf(region);
    if (county !== null) found.set(`${kind} ${county}`, { kind, region: county, text: null, detail: null });
  }
  return [...found.values()];
}

/** Remarks by their code alone unless everything is told: their words name units, addresses and accounts. */
function remarksFor(remarks: readonly Remark[], open: boolean): readonly Remark[] {
  if (open) return remarks;
  const codes = remarks.map(({ code }) => (Object.hasOwn(REMARK_TERMS, code) ? code : 'other'));
  return [...new Set(codes)].map((code) => ({ code, text: REMARK_TERMS[code]?.zh ?? '' }));
}

function involvementFor({ lead, set }: Reduction): Lead['involvement'] {
  if (set.involvement === 'full') return lead.involvement;
  return set.involvement === 'reduced' && lead.involvement === 'passive' ? 'passive' : 'unknown';
}

/** A flag goes with the field it speaks of; the rule behind it quotes names and figures. */
function flagsFor({ lead, set, open }: Reduction): readonly LeadFlag[] {
  const told: Readonly<Record<string, boolean>> = {
    industrial: set.project === 'full' && (set.energy !== 'none' || set.hashrate !== 'none'),
    state_owned: set.enterprise === 'full',
    residential_tariff: set.energy !== 'none',
    bitcoin: set.hashrate !== 'none',
    data_centre: set.project === 'full',
    park: set.project === 'full',
    key: set.project === 'full',
  };
  return lead.flags
    .filter(({ flag }) => told[flag] === true)
    .map(({ flag, rule }) => ({ flag, rule: open ? rule : '' }));
}

function hashratesFor({ lead, set }: Reduction): Lead['hashrates'] {
  if (set.hashrate === 'full') return lead.hashrates;
  if (set.hashrate === 'none') return [];
  return lead.hashrates.map(({ algorithm, unit, ...band }) => ({ algorithm, unit, ...widened(band) }));
}

/** The surcharge stands within the estimate, so it goes only where some of the estimate does. */
function energyFor({ lead, set }: Reduction): Lead['energy'] {
  const { energy } = lead;
  if (energy === null || set.energy === 'none') return null;
  const surcharge =
    set.surcharge === 'full'
      ? energy.surcharge
      : set.surcharge === 'reduced' && energy.surcharge !== null
        ? reducedSurcharge(energy.surcharge)
        : null;
  if (set.energy === 'reduced') return reducedEnergy(energy, surcharge);
  if (set.hashrate === 'full') return { ...energy, surcharge };
  // Parts and notes name algorithms and models, which belong to the hashrate.
  const { unestimated: _, ...rest } = energy;
  return { ...rest, surcharge, parts: [], notes: energy.notes.map(({ code }) => ({ code, text: '' })) };
}

/** The owner as a person typed it: one of the departments, or nothing. */
function ownerFor(owner: string | null, open: boolean): string | null {
  return open || (owner !== null && Object.hasOwn(DEPARTMENT_TERMS, owner)) ? owner : null;
}
