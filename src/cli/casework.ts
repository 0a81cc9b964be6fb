import { readFileSync } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { type HintSource, openMmdb } from '../attribution/hint.ts';
import { buildRegistryIndex } from '../attribution/registry-index.ts';
import { createResolver, type Resolver } from '../attribution/resolve.ts';
import { buildSiteIndex } from '../attribution/resolve-site.ts';
import { SiteFacts, type SiteKeys } from '../attribution/site-facts.ts';
import { type Place, SITE_KINDS, type SiteRow, type StoredRow } from '../attribution/types.ts';
import { OutputError } from '../capture/capture-error.ts';
import { estimateEnergy } from '../estimate/energy.ts';
import { normaliseAddress, parseAddress, siteKey } from '../identifier/address-text.ts';
import { compareKey } from '../identifier/enterprise-name.ts';
import { type Casebook, createCasebook } from '../ledger/casebook.ts';
import type { LeadServices } from '../ledger/services.ts';
import { type Ledger, openLedger } from '../ledger/sqlite/ledger.ts';
import { writeReason } from '../publish/write-reason.ts';
import { type Context, ledgerPath, listOf, textOf } from './context.ts';
import type { CliEnvironment } from './environment.ts';
import type { GivenArguments } from './group.ts';
import { identifier } from './identify.ts';
import { leadSettings, settingValues } from './ledger-settings.ts';
import { Reference } from './reference.ts';

/** Rows of the registry kept decoded: a detection behind NAT asks for the same few again and again. */
const KEPT_ROWS = 20_000;

/** A ledger with everything that leads are made with. Indexes and tables are made when first asked for. */
export interface Casework {
  readonly ledger: Ledger;
  readonly casebook: Casebook;
  /** A casebook that asks the registry anew: after rows were added. */
  freshCasebook(): Casebook;
  readonly reference: Reference;
  /** Answers of the registry as it is known now, or at a time. */
  resolver(knownAt?: number | null): Resolver;
  /** Id of a row that an answer rests on, by its digest; null where it is no longer at hand. */
  rowId(digest: string): number | null;
  /** 宁夏回族自治区 中卫市 沙坡头区, or the code where it is unknown. */
  regionName(code: string): string;
  close(): void;
}

/** Tables of `--reference` or POOLPRINT_REFERENCE beside those that come along. Throws TableError. */
export function referenceOf(given: GivenArguments, { env }: CliEnvironment): Reference {
  return new Reference(textOf(given, 'reference') ?? env['POOLPRINT_REFERENCE'] ?? null);
}

/** Opens the ledger that the command names. Throws one-line errors for a ledger, table or database that cannot be used. */
export function openCasework(context: Context, mode: 'read' | 'write' | 'create'): Casework {
  const { given, environment, actor } = context;
  const reference = referenceOf(given, environment);
  const hints = listOf(given, 'mmdb').map(hintSource);
  const options = { mode, now: environment.clock, random: environment.random, actor };
  const ledger = openLedger(ledgerPath(context), options);
  try {
    const ids = new LRUCache<string, number>({ max: KEPT_ROWS });
    const resolver = resolverOf(ledger, hints, ids);
    const freshCasebook = (): Casebook => {
      const own = resolverOf(ledger, hints, ids);
      return createCasebook(ledger.leads, servicesOf(ledger, reference, own), leadSettings(settingValues(ledger)));
    };
    const services = servicesOf(ledger, reference, resolver);
    const casebook = createCasebook(ledger.leads, services, leadSettings(settingValues(ledger)));
    return {
      ledger,
      casebook,
      freshCasebook,
      reference,
      resolver,
      rowId: (digest) => ids.get(digest) ?? null,
      regionName: (code) => reference.divisions.path(code) ?? code,
      close: () => ledger.close(),
    };
  } catch (error) {
    ledger.close();
    throw error;
  }
}

export function hintSource(file: string): HintSource {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new OutputError(`${file}: cannot be read: ${writeReason(error)}`);
  }
  return openMmdb(bytes, file);
}

function resolverOf(
  { registry }: Ledger,
  hints: readonly HintSource[],
  ids: LRUCache<string, number>,
): Casework['resolver'] {
  const made = new Map<number | null, Resolver>();
  const rows = new LRUCache<number, StoredRow>({ max: KEPT_ROWS });
  const rowOf = (id: number): StoredRow | null => {
    const kept = rows.get(id);
    if (kept !== undefined) return kept;
    const row = registry.row(id);
    if (row !== null) {
      rows.set(id, row);
      ids.set(row.digest, id);
    }
    return row;
  };
  return (knownAt = null) => {
    const known = made.get(knownAt);
    if (known !== undefined) return known;
    const index = buildRegistryIndex(registry.rows(knownAt), { knownAt });
    const sites = buildSiteIndex(registry.rows(knownAt, SITE_KINDS), knownAt);
    const resolver = createResolver({ index, sites, rowOf, hints }, { knownAt });
    made.set(knownAt, resolver);
    return resolver;
  };
}

function servicesOf({ registry }: Ledger, reference: Reference, resolver: Casework['resolver']): LeadServices {
  const keys = siteKeys(reference);
  let facts: SiteFacts | null = null;
  const siteFacts = (): SiteFacts => {
    facts ??= new SiteFacts(registry.rows(null, SITE_KINDS) as Iterable<StoredRow<SiteRow>>, keys);
    return facts;
  };
  let empty: boolean | null = null;
  return {
    attribute: (observation) => {
      empty ??= registry.sources().length === 0;
      return empty ? null : resolver()(observation);
    },
    siteKey: keys.siteKey,
    estimate: (input) => estimateEnergy(input, reference.energy),
    identify: identifier(reference, siteFacts, keys),
  };
}

function siteKeys(reference: Reference): SiteKeys {
  const sites = new LRUCache<string, { readonly key: string | null }>({ max: KEPT_ROWS });
  return {
    nameKey: (name) => compareKey(name, reference.divisions),
    siteKey: ({ text, region }: Place) => {
      if (text === null) return null;
      const known = sites.get(`${region ?? ''} ${text}`);
      if (known !== undefined) return known.key;
      // A place without road and number is still one place: two of them must not become one site.
      const key = siteKey(parseAddress(text, reference.divisions, region)) ?? roughKey(text, region);
      sites.set(`${region ?? ''} ${text}`, { key });
      return key;
    },
  };
}

/** Region and text as written, for places that have neither road nor number. */
function roughKey(text: string, region: string | null): string | null {
  const plain = normaliseAddress(text);
  return plain.length < 4 ? null : `${region ?? ''}//${plain}`;
}
