/** Parties and places of a lead as STIX identity and location. Natural persons never become objects. */
import { ROLE_TERMS } from '../common/terms.ts';
import type { LeadSubject } from '../ledger/types.ts';
import { objectId } from './stix-id.ts';
import { CONTENT_TIME, type StixObjects } from './stix-object.ts';
import { compactObject, list, plain, type Reduced, type ReducedLead } from './stix-value.ts';

/** Names of a division (GB/T 2260 code), where the caller has the tables; `area` is the ISO 3166-2 code or province. */
export type PlaceNames = (region: string) => {
  readonly area?: string | null;
  readonly city?: string | null;
  readonly name?: string | null;
} | null;

type Party = Reduced<LeadSubject>;

/** Two to four Chinese characters without a code are a person's name, whatever the source says of them. */
const PERSONAL_NAME = /^\p{Script=Han}{2,4}$/u;

/** Whether a party is, or may be, a natural person: only what is said to be none is none. */
function isPerson(party: Party): boolean {
  if (party.person !== false) return true;
  return plain(party.uscc) === undefined && PERSONAL_NAME.test((party.name ?? '').trim());
}

export interface AddedParty {
  readonly ref: string;
  readonly roles: readonly string[];
  /** 0 – 100: how sure it is that this enterprise is meant. */
  readonly confidence: number;
}

/** Enterprises of a lead, each once with all its roles. */
export function addParties(objects: StixObjects, lead: ReducedLead): AddedParty[] {
  const found = new Map<string, { roles: Set<string>; confidence: number }>();
  for (const party of list([lead.subject, ...list(lead.parties)])) {
    if (isPerson(party)) continue;
    const code = plain(party.uscc, 64);
    const name = plain(party.name, 256) ?? code;
    if (name === undefined) continue;
    const known = compactObject({ name, code });
    const ref = objects.object(
      'identity',
      objectId('identity', { ...known, producer: objects.producer }),
      { created: CONTENT_TIME, modified: CONTENT_TIME },
      compactObject({
        name,
        identity_class: 'organization',
        external_references: code === undefined ? undefined : [{ source_name: 'uscc', external_id: code }],
      }),
    );
    const entry = found.get(ref) ?? { roles: new Set<string>(), confidence: 0 };
    found.set(ref, entry);
    const role = plain(party.role, 64);
    if (role !== undefined) entry.roles.add(ROLE_TERMS[role]?.en ?? role);
    entry.confidence = Math.max(entry.confidence, percent(party.grades?.enterprise));
  }
  return [...found].map(([ref, { roles, confidence }]) => ({ ref, roles: [...roles].sort(), confidence }));
}

/** A grade as `confidence`: a whole number from 0 to 100. */
export function percent(grade: number | null | undefined): number {
  return typeof grade === 'number' && grade > 0 ? Math.min(100, Math.round(grade)) : 0;
}

export interface AddedPlace {
  readonly ref: string;
  readonly kinds: readonly string[];
}

/**
 * Places of a lead, each once. Street addresses only where no natural person is concerned: a household's address is personal.
 * A lead without any place but with a region gets that region.
 */
export function addPlaces(objects: StixObjects, lead: ReducedLead, names?: PlaceNames): AddedPlace[] {
  const parties = list([lead.subject, ...list(lead.parties)]);
  const streets = lead.subject ? !isPerson(lead.subject) : !parties.some(isPerson);
  const found = new Map<string, Set<string>>();
  const add = (kind: string | undefined, region: string | undefined, street: string | undefined): void => {
    if (region === undefined && street === undefined) return;
    const named = region === undefined ? null : (names?.(region) ?? null);
    const properties = compactObject({
      name: plain(named?.name, 256),
      country: 'CN',
      administrative_area: plain(named?.area, 128),
      city: plain(named?.city, 128),
      street_address: street,
      external_references: region === undefined ? undefined : [{ source_name: 'GB/T 2260', external_id: region }],
    });
    const id = objectId('location', { ...properties, producer: objects.producer });
    objects.object('location', id, { created: CONTENT_TIME, modified: CONTENT_TIME }, properties);
    const kinds = found.get(id) ?? new Set<string>();
    found.set(id, kinds);
    if (kind !== undefined) kinds.add(kind);
  };
  for (const place of list(lead.places)) {
    const text = [plain(place.text, 512), plain(place.detail, 256)].filter((part) => part !== undefined).join(' ');
    add(plain(place.kind, 32), regionOf(place.region), streets && text !== '' ? text : undefined);
  }
  if (found.size === 0) add(undefined, regionOf(lead.region), undefined);
  return [...found].map(([ref, kinds]) => ({ ref, kinds: [...kinds].sort() }));
}

function regionOf(region: string | null | undefined): string | undefined {
  return typeof region === 'string' && /^\d{2,12}$/.test(region) ? region : undefined;
}
