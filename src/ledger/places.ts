/** Where a lead is: physical addresses and regions that it may name. */
import type { Candidate, Place } from '../attribution/types.ts';
import { canonicalJson } from '../common/canonical-json.ts';
import { byText, sortedUnique } from './combine.ts';
import type { ReportRecord } from './decisions.ts';
import { sitePlace } from './node-key.ts';

/**
 * The places of the subject, and those that reports name. Of an unattributed lead only the regions: the address of a
 * candidate below the threshold would send an inspector to a door that is not the miner's.
 */
export function placesOf(
  subject: Candidate | null,
  candidates: readonly Candidate[],
  reports: readonly ReportRecord[],
): Place[] {
  const found = new Map<string, Place>();
  const add = (place: Place): void => void found.set(canonicalJson(place), place);
  if (subject !== null) subject.places.forEach(add);
  else {
    for (const { region, kind } of likely(candidates).flatMap((candidate) => candidate.places)) {
      if (region !== null) add({ kind, region, text: null, detail: null });
    }
  }
  for (const { region, place } of reports) {
    if (region !== null || place !== null) add({ kind: 'site', region, text: place, detail: null });
  }
  return [...found].sort(([a], [b]) => byText(a, b)).map(([, place]) => place);
}

const NAMING = new Set(['line_subscriber', 'site_operator', 'filing_unit']);

/** Whose regions count: those of the one subject that somebody names; where several fit or nobody does, those of all. */
function likely(candidates: readonly Candidate[]): readonly Candidate[] {
  const named = candidates.filter(({ role }) => NAMING.has(role));
  const subjects = new Set(named.map(({ uscc, subject }) => uscc ?? subject));
  return subjects.size === 1 ? named : candidates;
}

/** Region of the site, else of any place, the most exact first. */
export function regionOf(subject: Candidate | null, places: readonly Place[]): string | null {
  const site = subject === null ? null : sitePlace(subject);
  if (site !== null && site.region !== null) return site.region;
  const regions = sortedUnique(places.flatMap(({ region }) => region ?? []));
  const exact = regions.filter((region) => !region.endsWith('00'));
  return exact[0] ?? regions[0] ?? null;
}
