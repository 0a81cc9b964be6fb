import type { SiteFacts, SiteKeys } from '../attribution/site-facts.ts';
import type { Candidate, Place, SiteRow } from '../attribution/types.ts';
import type { SiteType } from '../estimate/types.ts';
import { parseAddress } from '../identifier/address-text.ts';
import { siteFlags, stateOwned } from '../identifier/flags.ts';
import type { Identified, IdentifyInput } from '../ledger/services.ts';
import type { LeadFlag, LeadSiteType } from '../ledger/types.ts';
import type { Reference } from './reference.ts';

/** Places that say where machines stand, the surest first; a filing often has the registered office. */
const SITE_PLACES: readonly Place['kind'][] = ['install', 'site', 'power', 'gateway'];

const ENERGY_SITES: Readonly<Record<LeadSiteType, SiteType>> = {
  industrial: 'dedicated',
  data_centre: 'data_centre',
  park: 'unknown',
  residential: 'household',
  office: 'office',
  power_plant: 'container',
  unknown: 'unknown',
};

/**
 * What is known of a lead's subject and site besides its traffic: flags with the rule that set each, the kind of site, power
 * accounts, meters and machines. Only facts set flags and decide the kind of site; what names suggest is left to persons.
 */
export function identifier(
  reference: Reference,
  siteFacts: () => SiteFacts,
  keys: SiteKeys,
): (input: IdentifyInput) => Identified {
  return ({ subject, candidates, places, powerAccounts, from, to }) => {
    const own = subject === null ? [] : candidates.filter((other) => sameSubject(other, subject));
    const sites = [...new Set(places.filter(isSite).flatMap((place) => keys.siteKey(place) ?? []))];
    const answer =
      subject === null && powerAccounts.length === 0
        ? { powerAccounts: [], readings: [], machines: [], customers: [] }
        : siteFacts().find(
            {
              accounts: own.flatMap(({ account }) => account ?? []),
              uscc: subject?.uscc ?? null,
              name: subject?.name == null || subject.person ? null : keys.nameKey(subject.name),
              sites,
              powerAccounts,
              from,
              to,
            },
            keys,
          );
    const flags = flagsOf(subject, places, answer.powerAccounts, reference);
    const siteType = siteTypeOf(flags.sites, subject, answer.powerAccounts);
    const capacities = answer.powerAccounts.flatMap(({ meter }) => meter?.capacityKva ?? []);
    return {
      flags: flags.facts,
      siteType,
      powerAccounts: [...new Set(answer.powerAccounts.map(({ key }) => key))].sort(),
      energy: {
        machines: answer.machines.flatMap(({ machine }) => machine ?? []),
        metered: meteredSpans(answer.readings),
        site: ENERGY_SITES[siteType],
        capacityKva: capacities.length === 0 ? null : Math.max(...capacities),
      },
    };
  };
}

function sameSubject(a: Candidate, b: Candidate): boolean {
  return a.subject === b.subject || (a.uscc !== null && a.uscc === b.uscc);
}

function isSite({ kind }: Place): boolean {
  return SITE_PLACES.includes(kind);
}

interface Flags {
  /** Flags of the ledger, set by facts. */
  readonly facts: readonly LeadFlag[];
  /** Facts about the site, those that are no flag of the ledger too. */
  readonly sites: ReadonlySet<string>;
}

function flagsOf(
  subject: Candidate | null,
  places: readonly Place[],
  accounts: readonly SiteRow[],
  reference: Reference,
): Flags {
  const tables = { codes: reference.codes, patterns: reference.patterns };
  const facts: LeadFlag[] = [];
  const sites = new Set<string>();
  if (subject !== null && !subject.person) {
    const { flag, rule } = stateOwned(
      { uscc: subject.uscc, nature: subject.party?.nature ?? null, natureVariant: 'X', name: subject.name },
      tables,
    );
    if ((flag === 'state_unit' || flag === 'soe') && rule !== null) facts.push({ flag: 'state_owned', rule });
  }
  const site = places.find(isSite) ?? null;
  const park = site?.text == null ? null : parseAddress(site.text, reference.divisions, site.region).park;
  const rows = accounts.length === 0 ? [null] : accounts;
  for (const row of rows) {
    const found = siteFlags(
      {
        name: subject?.person === true ? null : (subject?.name ?? null),
        address: site?.text ?? null,
        park,
        category: subject?.party?.category ?? null,
        tariff: row?.meter?.tariff ?? null,
        supply: row?.meter?.supply ?? null,
      },
      tables,
    );
    for (const { flag, strength, rule } of found) {
      if (strength !== 'fact') continue;
      sites.add(flag);
      const own = flag === 'data_centre' || flag === 'park' || flag === 'residential_tariff' ? flag : null;
      if (own !== null && !facts.some((other) => other.flag === own)) facts.push({ flag: own, rule });
    }
  }
  return { facts, sites };
}

function siteTypeOf(sites: ReadonlySet<string>, subject: Candidate | null, accounts: readonly SiteRow[]): LeadSiteType {
  if (sites.has('power_plant')) return 'power_plant';
  if (sites.has('data_centre')) return 'data_centre';
  if (sites.has('residential_tariff')) return 'residential';
  if (sites.has('industrial_tariff')) return 'industrial';
  if (subject?.person === true) return 'residential';
  if (sites.has('park')) return 'park';
  return accounts.some(({ meter }) => meter?.tariff === 'commercial') ? 'office' : 'unknown';
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly kwh: number;
}

/** Readings of one account that overlap (days, and the bill for the month of those days) count once, the finer ones first. */
function meteredSpans(readings: readonly SiteRow[]): Span[] {
  const taken = new Map<string, Span[]>();
  const spans = readings
    .flatMap(({ key, valid, meter }) =>
      meter?.kwh == null || valid.to === null ? [] : [{ key, from: valid.from, to: valid.to, kwh: meter.kwh }],
    )
    .sort((a, b) => a.to - a.from - (b.to - b.from) || a.from - b.from || (a.key < b.key ? -1 : 1));
  for (const { key, ...span } of spans) {
    const own = taken.get(key) ?? [];
    taken.set(key, own);
    if (!own.some(({ from, to }) => span.from < to && from < span.to)) own.push(span);
  }
  // Meters of several accounts in the same span add up; as equal rows they would be taken for one read twice.
  const sums = new Map<string, Span>();
  for (const span of [...taken.values()].flat()) {
    const name = `${span.from} ${span.to}`;
    sums.set(name, { ...span, kwh: span.kwh + (sums.get(name)?.kwh ?? 0) });
  }
  return [...sums.values()].sort((a, b) => a.from - b.from || a.to - b.to);
}
