/** docs/command-line-ledger.md from the commands themselves; `node tests/pages/command-page.ts` writes it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GROUPS } from '../../src/cli/cli.ts';
import type { GroupSpec } from '../../src/cli/group.ts';

export const PAGE: string = join(import.meta.dirname, '..', '..', 'docs', 'command-line-ledger.md');

const HEAD = `# The command line: registry, leads, reports, ledger, evidence

This page is made from the commands (\`node tests/pages/command-page.ts\`); \`replay\` and \`signatures\` have
[a page of their own](command-line.md). What the registry takes: [registry.md](registry.md). What a lead is and how it changes:
[leads.md](leads.md). Who gets what: [hand-over.md](hand-over.md). An example from packets to a dossier:
[walk-through.md](walk-through.md).

Times without a zone are UTC. Every command that changes, exports or reads sealed fields writes an entry into the ledger's history, in the name of
\`--as\`.
`;

const cell = (text: string): string => text.replaceAll('|', '\\|');
/** Longer lists of choices stand in the help. */
const MAX_CHOICES = 10;

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function groupPage({ name, summary, actions, examples, epilogue }: GroupSpec): string {
  const commands: string[][] = [];
  const options = new Map<string, { readonly name: string; readonly words: string; readonly actions: string[] }>();
  for (const [action, spec] of Object.entries(actions)) {
    const shown = spec.arguments
      .replace(/[<>[\]]/g, '')
      .toUpperCase()
      .replaceAll('..', '...');
    commands.push([`\`${name} ${action}${shown === '' ? '' : ` ${shown}`}\``, cell(spec.summary)]);
    for (const [option, described] of Object.entries(spec.options ?? {})) {
      const { choices = [] } = described;
      const list = choices.length > 0 && choices.length <= MAX_CHOICES ? `: ${choices.join(', ')}` : '';
      const words = `${described.describe ?? ''}${list}`;
      const known = options.get(`${option} ${words}`);
      if (known === undefined) options.set(`${option} ${words}`, { name: option, words, actions: [action] });
      else known.actions.push(action);
    }
  }
  const rows = [...options.values()].map((option) => [
    `\`--${option.name}\``,
    option.actions.length === Object.keys(actions).length
      ? 'all'
      : option.actions.map((one) => `\`${one}\``).join(', '),
    cell(option.words),
  ]);
  const lines = examples.map(([command, what]) => `npx ${command}   # ${what}`);
  return [
    `## \`poolprint ${name}\``,
    `${summary}.`,
    table(['command', 'does'], commands),
    table(['option', 'with', 'meaning'], rows),
    epilogue,
    `\`\`\`sh\n${lines.join('\n')}\n\`\`\``,
  ].join('\n\n');
}

export function commandPage(): string {
  return `${[HEAD, ...GROUPS.map(({ spec }) => groupPage(spec))].join('\n\n')}\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(PAGE, commandPage());
