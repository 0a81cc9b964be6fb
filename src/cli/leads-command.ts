import type { Lead } from '../ledger/types.ts';
import { type Answer, type Context, contextOf, isoOf, jsonLine, listOf, printAnswer, textOf } from './context.ts';
import type { CliEnvironment } from './environment.ts';
import { EXIT_DONE, UsageError } from './exit.ts';
import type { GivenArguments } from './group.ts';
import { changed, changeOf, filterOf, mustLead, readSealed, renderOptions, withCasework } from './leads-common.ts';
import { exportLeads } from './leads-export-command.ts';
import { importReports } from './leads-import-command.ts';
import { leadsMessages } from './leads-messages.ts';
import type { LeadsAction } from './leads-options.ts';
import { linkText, renderLead, renderLeads } from './leads-render.ts';
import { setLead } from './leads-set.ts';
import { sealedReason } from './registry-command.ts';
import { visible } from './text.ts';
import { formatCount, formatTime } from './units.ts';

const ACTIONS: Readonly<Record<LeadsAction, (context: Context) => Answer | Promise<Answer>>> = {
  list,
  show,
  set: (context) => withCasework(context, 'write', (casework) => setLead(context, casework)),
  merge,
  split,
  link,
  export: exportLeads,
  import: importReports,
  attribute,
};

/** `poolprint leads …`. Returns the exit code; throws one-line errors for what cannot be done. */
export async function leadsCommand(
  action: LeadsAction,
  given: GivenArguments,
  environment: CliEnvironment,
): Promise<number> {
  return printAnswer(await ACTIONS[action](contextOf(given, environment)), environment);
}

const ORDER = [
  'restarted',
  'open',
  'true',
  'rectifying',
  'stopped',
  'inspected',
  'unattributable',
  'waiting',
  'not_true',
  'closed',
];

function list(context: Context): Promise<Answer> {
  return withCasework(context, 'read', (casework) => {
    const leads = [...casework.casebook.exportLeads(filterOf(context.given))];
    if (context.json) return { lines: leads.map(jsonLine), code: EXIT_DONE };
    const rank = (lead: Lead): number => ORDER.indexOf(lead.status);
    const sorted = leads.toSorted(
      (a, b) => rank(a) - rank(b) || -compare(a.last_seen ?? '', b.last_seen ?? '') || compare(a.id, b.id),
    );
    return { lines: renderLeads(sorted, renderOptions(context, casework)), code: EXIT_DONE };
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function show(context: Context): Promise<Answer> {
  const why = sealedReason(context.given);
  return withCasework(context, why === null ? 'read' : 'write', (casework) => {
    const lines: string[] = [];
    for (const reference of listOf(context.given, 'ids')) {
      const lead = mustLead(casework, reference, true);
      const sealed = why === null ? null : readSealed(casework, lead, why, context);
      const file = casework.casebook.file(lead.id) ?? { notes: [], documents: [] };
      if (context.json) {
        lines.push(
          jsonLine({ ...lead, notes: file.notes, documents: file.documents, ...(sealed === null ? {} : { sealed }) }),
        );
        continue;
      }
      if (lines.length > 0) lines.push('');
      lines.push(...renderLead(lead, renderOptions(context, casework)));
      const words = (label: string, text: string): string => visible(`  ${label}  ${text}`);
      for (const { time, actor, note } of file.notes)
        lines.push(words('note', `${formatTime(time)} ${actor}: ${note ?? '(purged)'}`));
      for (const { number, title, date } of file.documents) lines.push(words('document', `${number} ${title} ${date}`));
      for (const [name, value] of Object.entries(sealed ?? {})) lines.push(words('sealed', `${name}: ${value}`));
    }
    return { lines, code: EXIT_DONE };
  });
}

function merge(context: Context): Promise<Answer> {
  return withCasework(context, 'write', (casework) => {
    const { given } = context;
    const id = casework.casebook.merge(
      textOf(given, 'into') ?? '',
      textOf(given, 'id') ?? '',
      reasonOf(context),
      changeOf(context),
    );
    return changed(context, casework, [id]);
  });
}

function split(context: Context): Promise<Answer> {
  return withCasework(context, 'write', (casework) => {
    const lead = mustLead(casework, textOf(context.given, 'id') ?? '', false);
    const nodes = casework.ledger.leads.nodesOf(lead.id);
    const parts = listOf(context.given, 'parts').map((part) => {
      const node = nodes.find(({ id, key }) => id === part || (key.kind === 'address' && key.ip === part));
      if (node !== undefined) return node.id;
      const known = nodes.map(({ id, key }) => (key.kind === 'address' ? key.ip : id)).join(', ');
      throw new UsageError(`${lead.id} has no part '${visible(part)}'; it has ${visible(known)}`);
    });
    const ids = casework.casebook.split(lead.id, parts, reasonOf(context), changeOf(context));
    return changed(context, casework, ids);
  });
}

function link(context: Context): Promise<Answer> {
  const other = textOf(context.given, 'other');
  const id = textOf(context.given, 'id') ?? '';
  return withCasework(context, other === null ? 'read' : 'write', (casework) => {
    if (other !== null) {
      const kind = textOf(context.given, 'kind') ?? 'person';
      casework.casebook.link(id, other, kind, reasonOf(context), true, changeOf(context));
    }
    const lead = mustLead(casework, id, false);
    if (context.json)
      return {
        lines: lead.links.map((row) => jsonLine({ type: 'lead_link', version: 1, of: lead.id, ...row })),
        code: EXIT_DONE,
      };
    const lines = lead.links.map(({ lead: to, kind, value }) =>
      visible(`${lead.id}  ${to}  ${kind}  ${linkText(value)}`),
    );
    return { lines: lines.length === 0 ? [leadsMessages(context.language).noLeads] : lines, code: EXIT_DONE };
  });
}

function attribute(context: Context): Promise<Answer> {
  const references = listOf(context.given, 'ids');
  return withCasework(context, 'write', (casework) => {
    const leads = references.map((reference) => mustLead(casework, reference, false).id);
    const change = changeOf(context);
    const { detections, moved } = casework.casebook.reattribute(leads.length === 0 ? change : { ...change, leads });
    const row = { type: 'leads_attribute', version: 1, detections, moved };
    const words = `${formatCount(detections)} detections asked for, ${formatCount(moved)} belong elsewhere now`;
    return { lines: [context.json ? jsonLine(row) : words], code: EXIT_DONE };
  });
}

function reasonOf({ given, environment }: Context): string {
  const words = [textOf(given, 'note'), textOf(given, 'document')].filter((word) => word !== null && word !== '');
  return words.length === 0 ? `by command, ${isoOf(environment.clock()).slice(0, 10)}` : words.join('; ');
}
