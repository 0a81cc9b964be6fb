/** The lead out of its nodes and decisions: a pure function of both; every list sorted, so that equal sets give equal bytes. */
import type { Candidate, Remark } from '../attribution/types.ts';
import { canonicalJson } from '../common/canonical-json.ts';
import type { Activity, DetectionRow } from '../detect/detection.ts';
import type { EnergyInput } from '../estimate/types.ts';
import { byText, sortedUnique } from './combine.ts';
import type { Decisions, ReportRecord } from './decisions.ts';
import { categoryOf, deadlineOf, flagsOf, isoOrNull, type StatusNow, statusOf, trafficRemarks } from './fields.ts';
import { accountsOf, endpointOf, type Item, type NodeFacts } from './node-facts.ts';
import { placesOf, regionOf } from './places.ts';
import { leadRates, mostConnections } from './rates.ts';
import type { LeadServices, LeadSettings } from './services.ts';
import { CONFIDENCES, opensLead } from './strength.ts';
import { chinaDay, isoTime, micros } from './times.ts';
import { addressesOf, leadDetection } from './traffic.ts';
import type { Lead, LeadAccount, LeadKey, LeadLink, LeadSubject } from './types.ts';

const ACTIVITIES: Readonly<Record<Activity, number>> = { probe: 0, attempt: 1, mining: 2, proxy: 3 };
const KEY_ORDER: Readonly<Record<LeadKey['kind'], number>> = { subject_site: 0, address: 1, report: 2 };

/** The lead `id` of `nodes` (one at least, `id` among them). Links to other leads and coverage are added when it is read. */
export function buildLead(
  id: string,
  nodes: readonly NodeFacts[],
  decisions: Decisions,
  services: LeadServices,
  settings: LeadSettings,
): Lead {
  const items = itemsOf(nodes);
  const key = keyOfLead(id, nodes);
  const candidates = candidatesOf(items);
  const subject = key.kind === 'subject_site' ? subjectOf(key.subject, candidates) : null;
  const reports = [...decisions.reports.values()].sort(
    (a, b) => byText(a.source, b.source) || byText(a.reference, b.reference),
  );
  const places = placesOf(subject, candidates, reports);
  const own = items.filter(({ placement }) => !placement.shared).map(({ row }) => row);
  const first = items.map(({ row }) => row.first_seen).sort(byText)[0] ?? null;
  const last =
    items
      .map(({ row }) => row.last_seen)
      .sort(byText)
      .at(-1) ?? null;
  const status = statusOf(items, decisions);
  const category = categoryOf(items, decisions, settings);
  const identified = services.identify({
    subject,
    candidates,
    places,
    powerAccounts: [...decisions.powerAccounts].sort(byText),
    from: first === null ? null : micros(first),
    to: last === null ? null : micros(last),
  });
  const region = decisions.region ?? regionOf(subject, places);
  const rates = leadRates(own);
  const placed = items.map(({ row }) => row);
  const known = (rows: readonly DetectionRow[]): DetectionRow | undefined =>
    rows.findLast((row) => row.hardware_class !== 'unknown');
  const hardware = (known(own) ?? known(placed))?.hardware_class ?? 'unknown';
  const coins = sortedUnique(items.flatMap(({ row }) => row.coins));
  const addresses = addressesOf(items, reports);
  const involvement = decisions.involvement ?? 'unknown';
  const energy =
    first === null || last === null || !placed.some(opensLead)
      ? null
      : services.estimate({
          ...identified.energy,
          date: last.slice(0, 10),
          rates,
          connections: mostConnections(placed),
          hardwareClass: hardware,
          addresses: addresses.length,
          region,
          category: category === 'existing' || category === 'new' ? category : 'unknown',
          passive: involvement === 'passive',
          ...startOf(miningDay(placed) ?? first.slice(0, 10), decisions),
          miningTo: stopDay(status, decisions),
          freePower: false,
        } satisfies EnergyInput);
  return {
    type: 'lead',
    version: 1,
    id,
    number: decisions.number,
    key,
    status: status.status,
    status_since: isoOrNull(status.since),
    category,
    involvement,
    site_type: decisions.siteType ?? identified.siteType,
    flags: flagsOf(identified, coins, rates, energy, decisions, settings),
    activity: greatestOf(
      items.map(({ row }) => row.activity),
      ACTIVITIES,
    ),
    confidence: greatestOf(
      items.map(({ row }) => row.confidence),
      CONFIDENCES,
    ),
    first_seen: first,
    last_seen: last,
    region,
    subject: subject === null ? reportedSubject(reports) : partyOf(subject),
    parties: partiesOf(candidates),
    places,
    missing: remarksOf([
      ...items.flatMap(({ answers }) => answers.flatMap((answer) => answer.missing)),
      ...trafficRemarks(items, key.kind === 'address'),
      ...(items.length === 0 && reports.length > 0 ? [TO_BE_VERIFIED] : []),
    ]),
    contradictions: remarksOf([
      ...items.flatMap(({ answers }) => answers.flatMap((answer) => answer.contradictions)),
      ...decisions.remarks.values(),
    ]),
    addresses,
    pools: poolsOf(items),
    coins,
    accounts: leadAccounts(items),
    agents: sortedUnique(own.flatMap((row) => row.agents)),
    hardware_class: hardware,
    hashrates: rates,
    energy,
    power_accounts: sortedUnique([...decisions.powerAccounts, ...identified.powerAccounts]),
    department: decisions.department,
    deadline: deadlineOf(status, decisions, settings),
    reports: reports.map(({ source, reference, received, count }) => ({
      source,
      reference,
      received: isoTime(received),
      count,
    })),
    detections: items.map(leadDetection),
    links: ownLinks(id, decisions),
    observed: { seconds: 0, until: null, quiet_seconds: 0 },
    aliases: nodes
      .map((node) => node.id)
      .filter((node) => node !== id)
      .sort(byText),
  };
}

const TO_BE_VERIFIED: Remark = {
  code: 'to_be_verified',
  text: 'Reported; no traffic seen yet that confirms it.',
};

/** Detections in order. One whose subscribers all belong to this lead is not shared with another. */
function itemsOf(nodes: readonly NodeFacts[]): Item[] {
  const byDetection = new Map<string, Item[]>();
  for (const item of nodes.flatMap((node) => node.items)) {
    const list = byDetection.get(item.row.id);
    if (list === undefined) byDetection.set(item.row.id, [item]);
    else list.push(item);
  }
  const items = [...byDetection.values()].flatMap((list) => {
    const [first] = list;
    if (first === undefined || list.length < 2 || list.length < first.placements) return list;
    const answers = list.flatMap((item) => item.answers);
    return [{ ...first, row: first.whole, answers, placement: { ...first.placement, ports: null, shared: false } }];
  });
  return items.sort(
    (a, b) =>
      byText(a.row.first_seen, b.row.first_seen) ||
      byText(a.row.id, b.row.id) ||
      byText(a.placement.node, b.placement.node),
  );
}

/** A subject at a site before an address before a report; of equals the node that names the lead, then the least. */
function keyOfLead(id: string, nodes: readonly NodeFacts[]): LeadKey {
  const sorted = [...nodes].sort(
    (a, b) =>
      Number(a.items.length === 0 && a.key.kind !== 'report') -
        Number(b.items.length === 0 && b.key.kind !== 'report') ||
      KEY_ORDER[a.key.kind] - KEY_ORDER[b.key.kind] ||
      Number(a.id !== id) - Number(b.id !== id) ||
      byText(a.id, b.id),
  );
  return (sorted[0] as NodeFacts).key;
}

/** Every candidate of every attribution: one per role and subject, the best graded; sorted by surety. */
function candidatesOf(items: readonly Item[]): Candidate[] {
  const best = new Map<string, { value: Candidate; text: string }>();
  for (const value of items.flatMap(({ answers }) => answers.flatMap((answer) => answer.candidates))) {
    const key = canonicalJson([value.role, value.subject]);
    const text = canonicalJson(value);
    const other = best.get(key);
    const more = other === undefined ? 1 : leastGrade(value) - leastGrade(other.value);
    if (more > 0 || (more === 0 && text < (other?.text ?? ''))) best.set(key, { value, text });
  }
  return [...best.values()]
    .sort((a, b) => leastGrade(b.value) - leastGrade(a.value) || byText(a.text, b.text))
    .map(({ value }) => value);
}

function leastGrade({ grades }: Candidate): number {
  return Math.min(grades.subscriber, grades.enterprise, grades.address);
}

function subjectOf(subject: string, candidates: readonly Candidate[]): Candidate | null {
  return candidates.find((candidate) => candidate.subject === subject) ?? null;
}

/** A party as a lead shows it; the name of a natural person stays in the sealed fields. */
function partyOf(candidate: Candidate): LeadSubject {
  const { subject, role, name, uscc, person, grades, because } = candidate;
  return { key: subject, role, name: person ? null : name, uscc, person, grades, because };
}

function partiesOf(candidates: readonly Candidate[]): LeadSubject[] {
  return candidates.map(partyOf).sort((a, b) => byText(a.role, b.role) || byText(a.key, b.key));
}

function reportedSubject(reports: readonly ReportRecord[]): LeadSubject | null {
  const found = reports.find(({ subject, uscc }) => subject !== null || uscc !== null);
  if (found === undefined) return null;
  const { subject: name, uscc, source } = found;
  const grades = { subscriber: 0, enterprise: 0, address: 0 };
  const key = uscc === null ? `reported:${name}` : `uscc:${uscc}`;
  return { key, role: 'reported', name, uscc, person: false, grades, because: `named in a report of ${source}` };
}

function greatestOf<T extends string>(list: readonly T[], order: Readonly<Record<T, number>>): T | null {
  return list.reduce<T | null>((best, each) => (best === null || order[each] > order[best] ? each : best), null);
}

/** The first day of mining: established where a person attached what shows it, else the first day seen. */
/** The day in China of the first traffic that counts as mining: a login tried in January is no energy of January. */
function miningDay(rows: readonly DetectionRow[]): string | null {
  const first = rows
    .filter(opensLead)
    .map(({ first_seen: seen }) => seen)
    .sort(byText)[0];
  const time = first === undefined ? null : micros(first);
  return time === null ? null : chinaDay(time);
}

function startOf(seen: string, { runningEvidence }: Decisions): Pick<EnergyInput, 'miningFrom' | 'startEstablished'> {
  const shown = [...runningEvidence.keys()].sort(byText)[0];
  return shown !== undefined && shown <= seen ? { miningFrom: shown, startEstablished: true } : { miningFrom: seen };
}

function stopDay(now: StatusNow, decisions: Decisions): string | null {
  const ended = now.status === 'stopped' || now.status === 'inspected' || now.status === 'closed';
  return ended ? (decisions.status?.date ?? isoOrNull(now.since)?.slice(0, 10) ?? null) : null;
}

function remarksOf(remarks: readonly Remark[]): Remark[] {
  const found = new Map(remarks.map(({ code, text }) => [canonicalJson([code, text]), { code, text }]));
  return [...found].sort(([a], [b]) => byText(a, b)).map(([, remark]) => remark);
}

function poolsOf(items: readonly Item[]): Lead['pools'] {
  const found = new Map(
    items.map(({ row }) => {
      const pool = { endpoint: endpointOf(row), name: row.pool.name, ip: row.pool.ip };
      return [canonicalJson([pool.endpoint, pool.ip, pool.name]), pool];
    }),
  );
  return [...found].sort(([a], [b]) => byText(a, b)).map(([, pool]) => pool);
}

function leadAccounts(items: readonly Item[]): LeadAccount[] {
  const found = new Map<
    string,
    { workers: Set<string>; logins: string[]; account: string; wallet: LeadAccount['wallet'] }
  >();
  for (const { login, account, worker, wallet } of items.flatMap((item) => [...accountsOf(item)])) {
    const key = canonicalJson([account, wallet]);
    const each = found.get(key) ?? { workers: new Set<string>(), logins: [], account, wallet };
    each.logins.push(login);
    if (worker !== null) each.workers.add(worker);
    found.set(key, each);
  }
  return [...found]
    .sort(([a], [b]) => byText(a, b))
    .map(([, { workers, logins, account, wallet }]) => ({
      login: logins.sort(byText)[0] as string,
      account,
      workers: sortedUnique(workers),
      wallet,
    }));
}

function ownLinks(id: string, decisions: Decisions): LeadLink[] {
  const links = [...decisions.links.values()];
  if (decisions.restartOf !== null) links.push({ lead: id, kind: 'restart_of', value: decisions.restartOf });
  return sortLinks(links);
}

/** Sorted by kind, value and lead. */
export function sortLinks(links: readonly LeadLink[]): LeadLink[] {
  return [...links].sort((a, b) => byText(a.kind, b.kind) || byText(a.value, b.value) || byText(a.lead, b.lead));
}
