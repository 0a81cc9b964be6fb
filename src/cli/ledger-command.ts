import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { OutputError } from '../capture/capture-error.ts';
import { type Anchor, type Ledger, openLedger, type RetentionPolicy, restoreLedger } from '../ledger/sqlite/ledger.ts';
import { writeReason } from '../publish/write-reason.ts';
import {
  type Answer,
  type Context,
  contextOf,
  jsonLine,
  ledgerPath,
  listOf,
  numberOf,
  printAnswer,
  textOf,
} from './context.ts';
import type { CliEnvironment } from './environment.ts';
import { EXIT_DONE, EXIT_FAILED, UsageError } from './exit.ts';
import type { GivenArguments } from './group.ts';
import type { LedgerAction } from './ledger-options.ts';
import {
  allSettings,
  checkSetting,
  retentionPolicy,
  SETTINGS,
  settingValues,
  storeSettings,
} from './ledger-settings.ts';
import { visible } from './text.ts';
import { formatCount } from './units.ts';

const ACTIONS: Readonly<Record<LedgerAction, (context: Context) => Promise<Answer>>> = {
  verify,
  anchor,
  backup,
  restore,
  purge,
  settings,
};

/** `poolprint ledger …`. Returns the exit code; throws one-line errors for what cannot be done. */
export async function ledgerCommand(
  action: LedgerAction,
  given: GivenArguments,
  environment: CliEnvironment,
): Promise<number> {
  return printAnswer(await ACTIONS[action](contextOf(given, environment)), environment);
}

/** Opens the ledger of a command, and closes it whatever happens. */
export async function withLedger<T>(
  context: Context,
  mode: 'read' | 'write' | 'create',
  work: (ledger: Ledger) => T | Promise<T>,
): Promise<T> {
  const { clock, random } = context.environment;
  const ledger = openLedger(ledgerPath(context), { mode, now: clock, random, actor: context.actor });
  try {
    return await work(ledger);
  } finally {
    ledger.close();
  }
}

function verify(context: Context): Promise<Answer> {
  return withLedger(context, 'read', (ledger) => {
    const report = ledger.verify();
    const anchors = listOf(context.given, 'anchor').map((file) => ({ file, ...ledger.checkAnchor(readText(file)) }));
    const ok = report.ok && anchors.every((anchor) => anchor.ok);
    const code = ok ? EXIT_DONE : EXIT_FAILED;
    if (context.json) {
      return { lines: [jsonLine({ type: 'ledger_verify', version: 1, ...report, ok, anchors })], code };
    }
    const lines = report.faults.map(({ seq, where, what }) => visible(`entry ${seq ?? '?'}: ${where}: ${what}`));
    if (report.faultsTotal > report.faults.length) lines.push(`and ${report.faultsTotal - report.faults.length} more`);
    for (const { file, message } of anchors) lines.push(visible(`${file}: ${message}`));
    lines.push(
      `${report.ok ? 'verifies' : 'DOES NOT VERIFY'}: ${formatCount(report.entries)} entries, ${formatCount(report.records)} records, ${formatCount(report.purged)} parts purged`,
      `head ${report.head.seq}  sha256 ${report.head.sha256}`,
      `${' '.repeat(5 + String(report.head.seq).length)}  sm3    ${report.head.sm3}`,
    );
    return { lines, code };
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new OutputError(`${file}: cannot be read: ${writeReason(error)}`);
  }
}

function anchor(context: Context): Promise<Answer> {
  return withLedger(context, 'write', async (ledger) => {
    const made: Anchor = ledger.anchor({ now: context.environment.clock(), actor: context.actor });
    const out = textOf(context.given, 'out');
    const line = jsonLine(made);
    if (out === null) return { lines: [line], code: EXIT_DONE };
    await writeNew(out, `${line}\n`);
    return { lines: [], notes: [`${out}: keep it where nobody who writes the ledger can`], code: EXIT_DONE };
  });
}

/** Writes a file that must not be there yet, readable by its owner alone. */
export async function writeNew(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const there = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new OutputError(`${path}: ${there ? 'is there already; name another file' : writeReason(error)}`);
  }
}

function backup(context: Context): Promise<Answer> {
  const file = textOf(context.given, 'file') ?? '';
  return withLedger(context, 'write', (ledger) => {
    const report = ledger.backup(file, { now: context.environment.clock(), actor: context.actor });
    const row = { type: 'ledger_backup', version: 1, file, entries: report.entries, head: report.head };
    const line = context.json
      ? jsonLine(row)
      : visible(`${file}: ${formatCount(report.entries)} entries, verifies, head ${report.head.sha256}`);
    return { lines: [line], code: EXIT_DONE };
  });
}

function restore(context: Context): Promise<Answer> {
  const file = textOf(context.given, 'file') ?? '';
  const path = ledgerPath(context);
  const { clock, random } = context.environment;
  const replace = context.given['replace'] === true;
  const { aside, report } = restoreLedger(file, path, { now: clock, random, actor: context.actor, replace });
  const row = { type: 'ledger_restore', version: 1, ledger: path, entries: report.entries, aside };
  const words = `${path}: restored from ${file}, ${formatCount(report.entries)} entries${aside === null ? '' : `; the former ledger is ${aside}`}`;
  return Promise.resolve({ lines: [context.json ? jsonLine(row) : visible(words)], code: EXIT_DONE });
}

function purge(context: Context): Promise<Answer> {
  const { given, environment, actor } = context;
  const dryRun = given['dry-run'] === true;
  return withLedger(context, dryRun ? 'read' : 'write', (ledger) => {
    const policy = purgePolicy(given, retentionPolicy(settingValues(ledger)));
    const report = ledger.purge(policy, { now: environment.clock(), actor, dryRun });
    if (context.json) return { lines: [jsonLine({ type: 'ledger_purge', version: 1, ...report })], code: EXIT_DONE };
    const counts = Object.entries(report.counts).map(([name, n]) => `${formatCount(n)} ${name.replaceAll('_', ' ')}`);
    const what = dryRun ? 'would be erased' : report.seq === null ? 'nothing to erase' : `erased, entry ${report.seq}`;
    return { lines: [`${counts.join(', ')}: ${what}`, `sha256 of the set ${report.deleted_sha256}`], code: EXIT_DONE };
  });
}

/** How long is kept: what the command says, else what the ledger was set to. */
function purgePolicy(given: GivenArguments, kept: RetentionPolicy): RetentionPolicy {
  const days = (name: string, fallback: number): number => numberOf(given, name, fallback);
  const policy = {
    ...kept,
    captures: days('captures-days', kept.captures),
    detections: days('detections-days', kept.detections),
    leadPersonal: days('sealed-days', kept.leadPersonal),
    sealed: days('sealed-days', kept.sealed),
    auditPersonal: days('audit-days', kept.auditPersonal),
  };
  if (policy.auditPersonal >= 183) return policy;
  throw new UsageError('--audit-days: at least 183 (six months, Cybersecurity Law art. 23)');
}

/** Shows the settings, or changes some: noted, and every lead is made anew by them. */
async function settings(context: Context): Promise<Answer> {
  const pairs = listOf(context.given, 'pairs').map((pair): [string, string] => {
    const at = pair.indexOf('=');
    if (at <= 0) throw new UsageError(`'${visible(pair)}' is not NAME=VALUE`);
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (value !== '' || !Object.hasOwn(SETTINGS, name)) checkSetting(name, value);
    return [name, value];
  });
  const changes = Object.fromEntries(pairs);
  if (pairs.length > 0) {
    await withLedger(context, 'write', (ledger) => {
      ledger.leads.transaction(() => {
        storeSettings(ledger, changes);
        const change = { time: context.environment.clock(), actor: context.actor };
        ledger.leads.append({ ...change, action: 'ledger.settings', lead: null, detail: changes, personal: null });
      });
    });
    const { openCasework } = await import('./casework.ts');
    const casework = openCasework(context, 'write');
    try {
      casework.casebook.reattribute({ time: context.environment.clock(), actor: context.actor });
    } finally {
      casework.close();
    }
  }
  return withLedger(context, 'read', (ledger) => {
    const rows = allSettings(settingValues(ledger));
    if (context.json)
      return { lines: rows.map((row) => jsonLine({ type: 'setting', version: 1, ...row })), code: EXIT_DONE };
    const width = Math.max(...rows.map(({ name, value }) => name.length + value.length));
    const lines = rows.map(({ name, value, set, meaning }) => {
      const pair = `${name}=${value}`.padEnd(width + 1);
      return `${set ? '*' : ' '} ${pair}  ${meaning}`;
    });
    return { lines: [...lines, '', '* set here; the others are defaults'], code: EXIT_DONE };
  });
}
