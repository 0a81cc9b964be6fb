import type { LeadFilter } from '../ledger/store.ts';
import type { Lead } from '../ledger/types.ts';
import { type Casework, openCasework } from './casework.ts';
import { type Answer, type Context, jsonLine, listOf, textOf, timeOf } from './context.ts';
import { EXIT_DONE, UsageError } from './exit.ts';
import type { GivenArguments } from './group.ts';
import { type RenderOptions, renderLeads } from './leads-render.ts';
import { visible } from './text.ts';

/** Opens the ledger with its tables, and closes it whatever happens. */
export async function withCasework<T>(
  context: Context,
  mode: 'read' | 'write' | 'create',
  work: (casework: Casework) => T | Promise<T>,
): Promise<T> {
  const casework = openCasework(context, mode);
  try {
    return await work(casework);
  } finally {
    casework.close();
  }
}

/** The division that `--region` names: a province, a prefecture or a county; null for all. Throws UsageError. */
export function regionOf(given: GivenArguments): string | null {
  const region = textOf(given, 'region');
  if (region !== null && !/^\d{2}(?:\d{2}(?:\d{2})?)?$/.test(region)) {
    throw new UsageError(`--region: '${visible(region)}' is no code of 2, 4 or 6 digits`);
  }
  return region;
}

/** The filter that the options state. Throws UsageError. */
export function filterOf(given: GivenArguments): LeadFilter {
  const region = regionOf(given);
  const from = timeOf(given, 'from');
  const to = timeOf(given, 'to');
  if (from !== null && to !== null && from >= to) throw new UsageError('--from does not lie before --to');
  const several = (name: string, key: 'status' | 'category' | 'confidence' | 'flags'): Partial<LeadFilter> => {
    const values = listOf(given, name);
    return values.length === 0 ? {} : { [key]: values };
  };
  return {
    ...(region === null ? {} : { region }),
    ...several('status', 'status'),
    ...several('category', 'category'),
    ...several('confidence', 'confidence'),
    ...several('flag', 'flags'),
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
  };
}

export function renderOptions({ language, paint, width }: Context, { regionName }: Casework): RenderOptions {
  return { language, paint, width, regionName };
}

/** The lead of an id, alias or number. Throws UsageError. */
export function mustLead({ casebook }: Casework, reference: string, history: boolean): Lead {
  const lead = casebook.lead(reference, { history });
  if (lead === null)
    throw new UsageError(`there is no lead '${visible(reference)}': 'poolprint leads list' has their ids`);
  return lead;
}

/** Sealed fields of the registry rows on which a lead's attribution rests; reading them is noted. */
export function readSealed(
  casework: Casework,
  lead: Lead,
  { document, purpose }: { readonly document: string; readonly purpose: string },
  { actor, environment }: Context,
): Readonly<Record<string, string>> {
  const ids = rowsBehind(casework, lead);
  if (ids.length === 0) return {};
  const why = { time: environment.clock(), actor, document, purpose: `${purpose} (${lead.id})` };
  const fields: Record<string, string> = {};
  for (const own of casework.ledger.registry.readSealed(ids, why).values()) {
    for (const [name, value] of Object.entries(own))
      fields[name] = name in fields && fields[name] !== value ? `${fields[name]}; ${value}` : value;
  }
  return fields;
}

/** Ids of the rows that name the lead's subject, found by asking the registry again. */
function rowsBehind({ ledger, resolver, rowId }: Casework, lead: Lead): number[] {
  const subject = lead.subject?.key ?? null;
  if (subject === null) return [];
  const resolve = resolver();
  const ids = new Set<number>();
  for (const { id } of ledger.leads.nodesOf(lead.id)) {
    for (const { attribution } of ledger.leads.placementsAt(id)) {
      if (attribution === null) continue;
      for (const candidate of resolve(attribution.observed).candidates) {
        if (candidate.subject !== subject) continue;
        for (const proof of candidate.proofs) {
          const row = rowId(proof.digest);
          if (row !== null) ids.add(row);
        }
      }
    }
  }
  return [...ids].sort((a, b) => a - b);
}

/** Time and person of a change. */
export function changeOf({ environment, actor }: Context): { readonly time: number; readonly actor: string } {
  return { time: environment.clock(), actor };
}

/** The leads as they stand after a change. */
export function changed(context: Context, casework: Casework, ids: readonly string[]): Answer {
  const leads = ids.map((id) => mustLead(casework, id, false));
  const lines = context.json ? leads.map(jsonLine) : renderLeads(leads, renderOptions(context, casework));
  return { lines, code: EXIT_DONE };
}
