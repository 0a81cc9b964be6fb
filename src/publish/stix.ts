/**
 * Leads as a STIX 2.1 bundle (https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html). docs/exchange.md says what
 * maps to what. Pure: the same leads and options give the same bundle, in whatever order the leads come.
 */
import { canonicalJson } from '../common/canonical-json.ts';
import { extensionObjects } from './stix-extension.ts';
import { objectId } from './stix-id.ts';
import { addIndicators, addLead, leadTimes, type Shared } from './stix-lead.ts';
import { type TlpLevel, type TlpVersion, tlpMarking } from './stix-marking.ts';
import { CONTENT_TIME, type StixObject, StixObjects } from './stix-object.ts';
import type { AsnLookup } from './stix-observable.ts';
import type { PlaceNames } from './stix-place.ts';
import { latest, plain, type ReducedLead } from './stix-value.ts';

export interface StixOptions {
  readonly tlp: TlpLevel;
  /** 2.0 unless the recipient's programs know 1.0 alone. */
  readonly tlpVersion?: TlpVersion;
  /** Who hands over; `id` where it has a STIX identity already. */
  readonly producer: { readonly name: string; readonly id?: string };
  /** When the report is published, microseconds; the latest time of the leads without it. */
  readonly now?: number;
  /** Wallets as objects of stix2extensions; true by default. */
  readonly extensionWallets?: boolean;
  readonly asn?: AsnLookup;
  readonly placeNames?: PlaceNames;
  /** What the leads were reduced with, where they do not say so themselves: it enters the ids. */
  readonly variant?: string;
}

export interface StixBundle {
  readonly type: 'bundle';
  readonly id: string;
  readonly objects: readonly StixObject[];
}

const IDENTITY_ID = /^identity--[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * The bundle of some leads, each whole or reduced by a field set; total on whatever fields are missing, null or empty.
 * Throws a TypeError where the producer has no name or an id that is none of an identity.
 */
export function stixBundle(leads: readonly ReducedLead[], options: StixOptions): StixBundle {
  const name = plain(options.producer.name, 256);
  if (name === undefined) throw new TypeError('a STIX bundle needs the name of its producer');
  const id = options.producer.id ?? objectId('identity', { name });
  if (!IDENTITY_ID.test(id)) {
    throw new TypeError(`the producer's id is none of a STIX identity: give identity-- and a UUID in lower case`);
  }
  const marking = tlpMarking(options.tlp, options.tlpVersion ?? '2.0');
  const objects = new StixObjects({ producer: id, marking: marking.id });
  const times = { created: CONTENT_TIME, modified: CONTENT_TIME };
  const producer: StixObject = {
    type: 'identity',
    spec_version: '2.1',
    id,
    ...times,
    object_marking_refs: [marking.id],
    name,
    identity_class: 'organization',
  };
  const shared: Shared = { endpoints: new Map(), coins: new Map() };
  const tables = { wallets: options.extensionWallets ?? true, asn: options.asn, placeNames: options.placeNames };
  for (const lead of inOrder(leads)) {
    addLead(objects, lead, shared, { ...tables, variant: options.variant ?? variantOf(lead) });
  }
  addIndicators(objects, shared);
  if (leads.length > 0) addReport(objects, leads, options.now);
  const head = [marking as unknown as StixObject, producer, ...(leads.length > 0 ? extensionObjects() : [])];
  const all = [...head, ...objects.sorted()];
  return { type: 'bundle', id: objectId('bundle', { objects: canonicalJson(all) }), objects: all };
}

/** By id and then content, so that what several leads share is gathered in one order. */
function inOrder(leads: readonly ReducedLead[]): readonly ReducedLead[] {
  return leads
    .map((lead) => ({ lead, key: `${lead.id ?? ''} ${canonicalJson(lead)}` }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ lead }) => lead);
}

function variantOf({ hand_over: sent }: ReducedLead): string {
  if (sent === null || sent === undefined) return '';
  return [sent.department, sent.field_set, sent.document].map((part) => plain(part, 256) ?? '').join(' ');
}

/** The report that holds everything of the bundle together. */
function addReport(objects: StixObjects, leads: readonly ReducedLead[], now: number | undefined): void {
  const refs = objects.sorted().map(({ id }) => id);
  const changed = latest(leads.map((lead) => leadTimes(lead).modified)) as string;
  const at = now === undefined || !Number.isSafeInteger(now) ? Number.NaN : Math.floor(now / 1000);
  const date = new Date(at);
  const iso = Number.isNaN(date.getTime()) ? '' : date.toISOString();
  const published = iso.length === 24 ? iso : changed;
  const id = objectId('report', { refs, published, producer: objects.producer });
  objects.object(
    'report',
    id,
    { created: published, modified: published },
    {
      name: `Cryptocurrency mining: ${leads.length} ${leads.length === 1 ? 'lead' : 'leads'}`,
      report_types: ['observed-data'],
      published,
      object_refs: refs,
    },
  );
}
