/** What leads have in common, for a person to look at: never a reason to join them. Found when a lead is read. */
import type { LeadSettings } from './services.ts';
import type { LeadStorage } from './store.ts';
import type { Token } from './tokens.ts';
import type { LeadLink } from './types.ts';
import { sortLinks } from './view.ts';

/** Leads named for one token, and links of one lead. */
const MAX_PER_TOKEN = 32;
const MAX_LINKS = 256;
/** Worth showing in this order where there are too many. Pools, ranges and names link only while few share them. */
const KINDS = [
  ['wallet', false],
  ['account', false],
  ['worker', true],
  ['pool', true],
  ['range', true],
] as const;

/** Links of a lead by its tokens, sorted, at most 256. */
export function findLinks(
  lead: string,
  tokens: readonly Token[],
  storage: Pick<LeadStorage, 'leadsWithToken'>,
  settings: LeadSettings,
): LeadLink[] {
  const links: LeadLink[] = [];
  for (const [kind, onlyRare] of KINDS) {
    for (const { value } of tokens.filter((token) => token.kind === kind)) {
      if (links.length >= MAX_LINKS) return sortLinks(links);
      const limit = onlyRare ? settings.rareLeads + 1 : MAX_PER_TOKEN + 1;
      const leads = storage.leadsWithToken(kind, value, limit);
      if (onlyRare && leads.length >= limit) continue;
      const others = leads.filter((other) => other !== lead).slice(0, MAX_PER_TOKEN);
      for (const other of others.slice(0, MAX_LINKS - links.length)) links.push({ lead: other, kind, value });
    }
  }
  return sortLinks(links);
}
