import { diffSignatures } from '../signature/diff.ts';
import { filesBelow } from '../signature/directory.ts';
import { nearestName, searchSignatures } from '../signature/search.ts';
import { type SignatureStats, signatureStats } from '../signature/stats.ts';
import { type Signature, SignatureError, type SignatureFault, type SignatureSet } from '../signature/types.ts';
import type { CliEnvironment } from './environment.ts';
import { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, UsageError } from './exit.ts';
import { chooseLanguage, fill, LANGUAGES, type Language } from './messages.ts';
import { isBrokenPipe, outputError, printLines } from './output.ts';
import { one } from './replay-options.ts';
import { knownIds, signatureSource } from './signatures.ts';
import { diffRows, renderDiff } from './signatures-diff.ts';
import { type SignatureColumn, type SignatureMessages, signatureMessages } from './signatures-messages.ts';
import type { RawSignaturesArguments, SignatureAction } from './signatures-options.ts';
import { countedWords, renderSignature, signatureRow } from './signatures-show.ts';
import { type PlainColumn, plainTable } from './signatures-table.ts';
import { COLOR_MODES, createPaint, outputWidth, type Paint, wantsColor } from './style.ts';
import { shorten, visible } from './text.ts';

/** What a command gives: lines for standard output, a remark for standard error, the exit code. */
interface Answer {
  readonly lines: Iterable<string>;
  readonly note?: string;
  readonly code: number;
}

interface Context {
  readonly given: RawSignaturesArguments;
  readonly environment: CliEnvironment;
  readonly language: Language;
  readonly messages: SignatureMessages;
  readonly paint: Paint;
  readonly width: number | null;
  readonly json: boolean;
}

const ACTIONS: Readonly<Record<SignatureAction, (context: Context) => Promise<Answer>>> = {
  lint,
  test,
  list,
  show,
  search,
  stats,
  diff,
};

/** Longest text of a failed test that is shown. */
const MAX_SHOWN_TEXT = 200;
/** Stands for the signatures of no single dialect. */
const SHARED = 'none';

/**
 * `poolprint signatures …`. Returns the exit code, the same whether or not somebody read the output to its end. Throws
 * a UsageError or a SignatureError for what cannot be done, an OutputError where standard output fails.
 */
export async function signaturesCommand(
  action: SignatureAction,
  given: RawSignaturesArguments,
  environment: CliEnvironment,
): Promise<number> {
  const { stdout, stderr, env } = environment;
  const asked = one(given.lang, 'lang');
  const language = chooseLanguage(
    LANGUAGES.find((known) => known === asked),
    env,
  );
  const color = COLOR_MODES.find((mode) => mode === one(given.color, 'color')) ?? 'auto';
  const json = given.json === true;
  const answer = await ACTIONS[action]({
    given,
    environment,
    language,
    messages: signatureMessages(language),
    paint: createPaint(!json && wantsColor(color, stdout.isTTY === true, env)),
    width: outputWidth(stdout, env),
    json,
  });
  try {
    await printLines(stdout, answer.lines);
  } catch (error) {
    const failure = outputError(error);
    if (!isBrokenPipe(failure)) throw failure;
  }
  if (answer.note !== undefined) await printLines(stderr, [answer.note]).catch(() => undefined);
  return answer.code;
}

async function lint({ given, messages, json }: Context): Promise<Answer> {
  const { faults, signatures, files } = await checked(given.paths ?? []);
  const code = faults.length > 0 ? EXIT_USAGE : EXIT_DONE;
  if (json) {
    const rows = faults.map((fault) => ({ type: 'signature_fault', version: 1, ...fault }));
    return {
      lines: jsonLines([...rows, { type: 'signature_lint', version: 1, files, signatures, faults: faults.length }]),
      code,
    };
  }
  const total = faults.length > 0 ? messages.lintBad : messages.lintGood;
  const lines = faults.map(({ file, line, column, message }) =>
    visible(line > 0 ? `${file}:${line}:${column}: ${message}` : `${file}: ${message}`),
  );
  return { lines: [...lines, fill(total, { n: signatures ?? faults.length, files: files ?? 0 })], code };
}

interface Checked {
  readonly faults: readonly SignatureFault[];
  /** Null where a fault kept them from being counted. */
  readonly signatures: number | null;
  readonly files: number | null;
}

async function checked(paths: readonly string[]): Promise<Checked> {
  const { tryLoadSignatures } = await import('../signature/reload.ts');
  let source: string | readonly string[];
  try {
    source = signatureSource(paths.length === 0 ? null : paths);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return { faults: error.faults, signatures: null, files: null };
  }
  const loaded = tryLoadSignatures(source);
  if (!loaded.ok) return { faults: loaded.faults, signatures: null, files: null };
  const files = typeof source === 'string' ? filesBelow(source).length : source.length;
  return { faults: [], signatures: loaded.set.signatures.length, files };
}

async function test({ given, environment, messages, paint, json }: Context): Promise<Answer> {
  const set = await loadAll(given, environment);
  const wanted = new Set(idsOf(set, given.ids ?? [], 'test'));
  const { runSignatureTests } = await import('../signature/self-test.ts');
  const results = runSignatureTests(set).filter(({ signature }) => wanted.has(signature.id));
  const failed = results.filter(({ ok }) => !ok);
  const code = failed.length > 0 ? EXIT_FAILED : EXIT_DONE;
  const signatures = new Set(results.map(({ signature }) => signature.id)).size;
  if (json) {
    const rows = results.map(({ signature, index, ok, detail }) => ({
      type: 'signature_test',
      version: 1,
      signature: signature.id,
      index,
      input: signature.tests[index]?.input ?? null,
      expect: signature.tests[index]?.expect ?? null,
      ok,
      detail: ok ? null : detail,
      file: signature.file,
      line: signature.line,
    }));
    const total = { type: 'signature_tests', version: 1, tests: results.length, failed: failed.length, signatures };
    return { lines: jsonLines([...rows, total]), code };
  }
  const lines = failed.flatMap(({ signature, index, detail }) => {
    const { input, expect, text } = signature.tests[index] ?? { input: '', expect: 'none', text: '' };
    const place = `${signature.file}:${signature.line}`;
    const head = `${place}: ${signature.id} v${signature.version}, tests[${index}], ${input}, ${messages.expect[expect]}`;
    return [
      `${paint('red', visible(head))}: ${visible(detail)}`,
      `    ${shorten(visible(text.slice(0, MAX_SHOWN_TEXT * 2)), MAX_SHOWN_TEXT, 0)}`,
    ];
  });
  const total = results.length === 0 ? messages.testsNone : failed.length > 0 ? messages.testsBad : messages.testsGood;
  return { lines: [...lines, fill(total, { n: results.length, failed: failed.length, signatures })], code };
}

async function list(context: Context): Promise<Answer> {
  const { given, environment, messages, json } = context;
  const set = await loadAll(given, environment);
  checkDialects(set, given.dialect ?? []);
  const fits = (wanted: readonly string[] | undefined, value: string): boolean =>
    wanted === undefined || wanted.length === 0 || wanted.includes(value);
  const found = set.signatures.filter(
    ({ status, kind, dialect }) =>
      fits(given.status, status) && fits(given.kind, kind) && fits(given.dialect, dialect ?? SHARED),
  );
  if (json) return { lines: jsonLines(found.map(signatureLine)), code: EXIT_DONE };
  const columns = ['id', 'version', 'status', 'kind', 'dialect', 'weight', 'tests', 'title'] as const;
  const rows = found.map((signature) => columns.map((name) => cellOf(name, signature, context)));
  return tableAnswer(columns, rows, found, context, messages);
}

function checkDialects(set: SignatureSet, dialects: readonly string[]): void {
  const names = [...new Set(set.signatures.map(({ dialect }) => dialect ?? SHARED))].sort();
  for (const dialect of dialects) {
    if (dialect === SHARED || names.includes(dialect)) continue;
    const nearest = nearestName(dialect, names);
    const meant = nearest === null ? `there are ${names.join(', ')}` : `did you mean '${nearest}'?`;
    throw new UsageError(`--dialect: no signature has the dialect '${dialect}'; ${meant}`);
  }
}

async function show({ given, environment, messages, paint, json }: Context): Promise<Answer> {
  const set = await loadAll(given, environment);
  const wanted = new Set(idsOf(set, given.ids ?? [], 'show'));
  const found = set.signatures.filter(({ id }) => wanted.has(id));
  if (json) return { lines: jsonLines(found.map(signatureLine)), code: EXIT_DONE };
  const source = signatureSource(directoryOf(given));
  const options = { messages, paint, folder: typeof source === 'string' ? source : null };
  const lines = found.flatMap((signature, at) => [...(at === 0 ? [] : ['']), ...renderSignature(signature, options)]);
  return { lines, code: EXIT_DONE };
}

async function search(context: Context): Promise<Answer> {
  const { given, environment, messages, json } = context;
  const set = await loadAll(given, environment);
  const words = (given.words ?? []).flatMap((word) => word.split(/\s+/)).filter((word) => word !== '');
  if (words.length === 0) throw new UsageError('no word to search for');
  const hits = searchSignatures(set.signatures, words);
  if (json) {
    const rows = hits.map(({ signature, fields }) => ({ ...signatureLine(signature), found_in: fields }));
    return { lines: jsonLines(rows), code: EXIT_DONE };
  }
  const columns = ['id', 'status', 'dialect', 'found', 'title'] as const;
  const rows = hits.map(({ signature, fields }) =>
    columns.map((name) =>
      name === 'found'
        ? fields.map((field) => messages.field[field]).join(messages.and)
        : cellOf(name, signature, context),
    ),
  );
  const found = hits.map(({ signature }) => signature);
  return tableAnswer(columns, rows, found, context, messages);
}

async function stats({ given, environment, messages, paint, json }: Context): Promise<Answer> {
  const set = await loadAll(given, environment);
  const { DIALECTS } = await import('../dialect/index.ts');
  const counts = signatureStats(
    set.signatures,
    DIALECTS.map(({ id }) => id),
  );
  const judged = await judgements(given, environment);
  if (json) {
    const rows = judged === null ? [] : judged.map((row) => ({ type: 'signature_judgement', version: 1, ...row }));
    return { lines: jsonLines([statsRow(counts), ...rows]), code: EXIT_DONE };
  }
  const { status, kind, tests, proving, withoutStable, unknownDialects } = counts;
  const titled = (name: SignatureColumn | 'stable' | 'draft' | 'retired'): PlainColumn =>
    name === 'stable' || name === 'draft' || name === 'retired'
      ? { title: messages.status[name], right: true }
      : { title: messages.columns[name], right: name !== 'dialect' };
  const rows = counts.dialects.map((own) => [
    own.dialect ?? messages.shared,
    ...[own.status.stable, own.status.draft, own.status.retired, own.proving, own.tests].map(String),
  ]);
  const list = [countedWords(status, messages.status, messages.and), countedWords(kind, messages.kind, messages.and)];
  const columns = (['dialect', 'stable', 'draft', 'retired', 'proving', 'tests'] as const).map(titled);
  const lines = [
    paint('bold', fill(messages.total, { n: counts.signatures, list: list.join('; ') })),
    fill(messages.proving, { proving, ...tests }),
    '',
    ...plainTable(columns, rows, { paint, width: null, leftOut: messages.leftOut, and: messages.and }),
  ];
  const remarks = [
    [messages.withoutStable, withoutStable],
    [messages.unknownDialects, unknownDialects],
  ] as const;
  for (const [text, names] of remarks) {
    if (names.length > 0) lines.push('', paint('yellow', fill(text, { list: names.map(visible).join(messages.and) })));
  }
  if (judged !== null) lines.push('', ...judgedTable(judged, { messages, paint }));
  return { lines, code: EXIT_DONE };
}

/** How the leads were judged in which a version of a signature held. */
interface Judgement {
  readonly signature: string;
  readonly leads: number;
  readonly true: number;
  readonly not_true: number;
}

/** What the ledger says of each signature: most often wrong first. Null where none was named. */
async function judgements(
  given: RawSignaturesArguments,
  { clock, random }: CliEnvironment,
): Promise<readonly Judgement[] | null> {
  const path = one(given.ledger, 'ledger');
  if (path === null) return null;
  const { openLedger } = await import('../ledger/sqlite/ledger.ts');
  const { signatureStats: judgedStats } = await import('../ledger/stats.ts');
  const ledger = openLedger(path, { mode: 'read', now: clock, random });
  try {
    return [...judgedStats(ledger.leads.leads({}))]
      .map(([signature, counts]) => ({ signature, ...counts }))
      .sort((a, b) => b.not_true - a.not_true || b.leads - a.leads || (a.signature < b.signature ? -1 : 1));
  } finally {
    ledger.close();
  }
}

function judgedTable(judged: readonly Judgement[], { messages, paint }: Pick<Context, 'messages' | 'paint'>): string[] {
  const right = true;
  const columns = [
    { title: messages.columns.id },
    { title: messages.judged.leads, right },
    { title: messages.judged.true, right },
    { title: messages.judged.not_true, right },
  ];
  const rows = judged.map((row) => [row.signature, ...[row.leads, row.true, row.not_true].map(String)]);
  return rows.length === 0
    ? [messages.judged.none]
    : plainTable(columns, rows, { paint, width: null, leftOut: messages.leftOut, and: messages.and });
}

function statsRow(counts: SignatureStats): Record<string, unknown> {
  const { withoutStable, unknownDialects, ...rest } = counts;
  return {
    type: 'signature_stats',
    version: 1,
    ...rest,
    without_stable: withoutStable,
    unknown_dialects: unknownDialects,
  };
}

async function diff({ given, language, messages, paint, json }: Context): Promise<Answer> {
  const { loadSignatures } = await import('../signature/load.ts');
  const [before, after] = [one(given.old, 'old') ?? '', one(given.new, 'new') ?? ''].map((path) =>
    loadSignatures(signatureSource(path)),
  );
  const compared = diffSignatures(before?.signatures ?? [], after?.signatures ?? []);
  const code = given.strict === true && compared.faults.length > 0 ? EXIT_FAILED : EXIT_DONE;
  if (json) return { lines: jsonLines(diffRows(compared)), code };
  const title = (signature: Signature): string => signature.title[language];
  return { lines: renderDiff(compared, { messages, paint, title }), code };
}

/** Path or paths of `--signatures`; null where it was not given. */
function directoryOf({ signatures }: RawSignaturesArguments): string | readonly string[] | null {
  if (signatures === undefined || signatures.length === 0) return null;
  if (signatures.includes('')) throw new UsageError('--signatures: a folder or file is needed');
  return signatures.length === 1 ? (signatures[0] ?? null) : signatures;
}

async function loadAll(given: RawSignaturesArguments, environment: CliEnvironment): Promise<SignatureSet> {
  return await environment.loadSignatures({ directory: directoryOf(given), only: [], without: [] });
}

function idsOf(set: SignatureSet, given: readonly string[], where: string): readonly string[] {
  const ids = set.signatures.map(({ id }) => id);
  return given.length === 0 ? ids : knownIds(ids, given, where);
}

function cellOf(name: SignatureColumn, signature: Signature, { language, messages }: Context): string {
  switch (name) {
    case 'version':
    case 'weight':
      return String(signature[name]);
    case 'status':
      return messages.status[signature.status];
    case 'kind':
      return messages.kind[signature.kind];
    case 'dialect':
      return signature.dialect ?? '–';
    case 'tests':
      return String(signature.tests.length);
    case 'title':
      return signature.title[language];
    default:
      return signature.id;
  }
}

const NUMBERS: ReadonlySet<SignatureColumn> = new Set(['version', 'weight', 'tests']);
/** Who goes first where a terminal is too narrow. */
const DROPPED: readonly SignatureColumn[] = ['tests', 'version', 'kind', 'status', 'found', 'weight', 'dialect'];

function tableAnswer(
  names: readonly SignatureColumn[],
  rows: readonly (readonly string[])[],
  found: readonly Signature[],
  { paint, width }: Context,
  messages: SignatureMessages,
): Answer {
  const columns = names.map((name) => ({
    title: messages.columns[name],
    right: NUMBERS.has(name),
    ...(DROPPED.includes(name) ? { dropOrder: DROPPED.indexOf(name) } : {}),
    ...(name === 'status'
      ? { paint: (text: string, row: number) => (found[row]?.status === 'stable' ? text : paint('dim', text)) }
      : {}),
  }));
  const lines = plainTable(columns, rows, { paint, width, leftOut: messages.leftOut, and: messages.and });
  return lines.length > 0 ? { lines, code: EXIT_DONE } : { lines, note: messages.nothing, code: EXIT_DONE };
}

function signatureLine(signature: Signature): Record<string, unknown> {
  return { type: 'signature', version: 1, signature: signatureRow(signature) };
}

function* jsonLines(rows: Iterable<unknown>): Iterable<string> {
  for (const row of rows) yield JSON.stringify(row);
}
