import { LAYOUTS } from '../attribution/import/registry-import.ts';
import { addressWordsOf } from '../attribution/index-address.ts';
import type { Attribution, Candidate, Observation } from '../attribution/types.ts';
import { gradeTerm, PLACE_TERMS, ROLE_TERMS, termOf } from '../common/terms.ts';
import { type Casework, openCasework } from './casework.ts';
import {
  type Answer,
  type Context,
  contextOf,
  isoOf,
  jsonLine,
  numberOf,
  printAnswer,
  textOf,
  timeOf,
} from './context.ts';
import type { CliEnvironment } from './environment.ts';
import { EXIT_DONE, UsageError } from './exit.ts';
import type { GivenArguments } from './group.ts';
import { leadsMessages } from './leads-messages.ts';
import { withLedger } from './ledger-command.ts';
import { importFiles } from './registry-import-command.ts';
import type { RegistryAction } from './registry-options.ts';
import { plainTable } from './signatures-table.ts';
import { visible } from './text.ts';
import { formatCount, formatTime } from './units.ts';

const ACTIONS: Readonly<Record<RegistryAction, (context: Context) => Promise<Answer>>> = {
  import: importFiles,
  list,
  lookup,
};

/** `poolprint registry …`. Returns the exit code; throws one-line errors for what cannot be done. */
export async function registryCommand(
  action: RegistryAction,
  given: GivenArguments,
  environment: CliEnvironment,
): Promise<number> {
  return printAnswer(await ACTIONS[action](contextOf(given, environment)), environment);
}

function list(context: Context): Promise<Answer> {
  const { given, json, paint, width } = context;
  const messages = leadsMessages(context.language);
  const options = { paint, width, leftOut: messages.leftOut, and: messages.and };
  if (given['layouts'] === true) {
    const rows = LAYOUTS.map(({ id, input, title }) => ({ type: 'registry_layout', version: 1, id, input, title }));
    const columns = [{ title: 'layout' }, { title: 'input' }, { title: 'what it is' }];
    const lines = json
      ? rows.map(jsonLine)
      : plainTable(
          columns,
          rows.map(({ id, input, title }) => [id, input, title]),
          options,
        );
    return Promise.resolve({ lines, code: EXIT_DONE });
  }
  return withLedger(context, 'read', ({ registry }) => {
    const sources = registry.sources();
    const counts = registry.counts();
    if (json) {
      const rows = sources.map((source) => ({
        type: 'registry_source',
        version: 1,
        ...source,
        importedAt: isoOf(source.importedAt),
      }));
      return {
        lines: [...rows.map(jsonLine), jsonLine({ type: 'registry_counts', version: 1, rows: counts })],
        code: EXIT_DONE,
      };
    }
    const right = { right: true };
    const columns = [
      { title: 'imported (UTC)' },
      { title: 'by', dropOrder: 1 },
      { title: 'layout' },
      { title: 'encoding', dropOrder: 2 },
      { title: 'rows', ...right },
      { title: 'added', ...right },
      { title: 'unchanged', ...right, dropOrder: 3 },
      { title: 'superseded', ...right, dropOrder: 4 },
      { title: 'faults', ...right },
      { title: 'source' },
    ];
    const rows = sources.map((source) => [
      formatTime(isoOf(source.importedAt)),
      source.actor,
      source.shape.layout,
      source.shape.encoding,
      ...[source.rows, source.added, source.unchanged, source.superseded, source.faults].map(formatCount),
      source.name,
    ]);
    const kinds = Object.entries(counts).filter(([, n]) => n > 0);
    const total = kinds.map(([kind, n]) => `${formatCount(n)} ${kind}`).join(messages.and);
    return { lines: [...plainTable(columns, rows, options), '', total === '' ? 'no rows' : total], code: EXIT_DONE };
  });
}

async function lookup(context: Context): Promise<Answer> {
  const { given, json } = context;
  const observation = observationOf(given);
  const knownAt = timeOf(given, 'known-at');
  const why = sealedReason(given);
  const casework = openCasework(context, why === null ? 'read' : 'write');
  try {
    const answer = casework.resolver(knownAt)(observation);
    const sealed = why === null ? null : readSealed(casework, answer, { ...why, ...context });
    if (json) {
      const row = { type: 'attribution', version: 1, ...inIso(answer), ...(sealed === null ? {} : { sealed }) };
      return { lines: [jsonLine(row)], code: EXIT_DONE };
    }
    return { lines: renderAttribution(answer, sealed, context, casework), code: EXIT_DONE };
  } finally {
    casework.close();
  }
}

/** What was seen, from `ADDRESS[:PORT]` and the options. Throws UsageError. */
function observationOf(given: GivenArguments): Observation {
  const { ip, port } = endpointOf(textOf(given, 'address') ?? '');
  const from = timeOf(given, 'at');
  if (from === null) throw new UsageError('--at is needed: an address has had many holders');
  const to = timeOf(given, 'until') ?? from;
  if (to < from) throw new UsageError('--until lies before --at');
  const nat = textOf(given, 'nat');
  return {
    ip,
    port,
    protocol: textOf(given, 'protocol') === 'udp' ? 'udp' : 'tcp',
    from,
    to,
    nat: nat === 'inside' || nat === 'outside' ? nat : 'none',
    realm: textOf(given, 'realm'),
    clockError: numberOf(given, 'clock-error', 0),
    opened: to > from,
  };
}

/** `198.51.100.17:5533`, `[2001:db8::1]:443`, or an address alone. */
function endpointOf(text: string): { ip: string; port: number | null } {
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::(\d{1,5}))?$/.exec(text);
  const plain = /^(\d+\.\d+\.\d+\.\d+)(?::(\d{1,5}))?$/.exec(text);
  const ip = bracketed?.[1] ?? plain?.[1] ?? text;
  const digits = bracketed?.[2] ?? plain?.[2];
  const port = digits === undefined ? null : Number(digits);
  if (addressWordsOf(ip) === null)
    throw new UsageError(`'${visible(text)}' is no address such as 198.51.100.17:5533 or [2001:db8::1]:443`);
  if (port !== null && port > 65_535) throw new UsageError(`port ${port} is above 65535`);
  return { ip, port };
}

/** Document and purpose where sealed fields are asked for; null where they are not. Throws UsageError where one lacks. */
export function sealedReason(given: GivenArguments): { document: string; purpose: string } | null {
  if (given['sealed'] !== true) return null;
  const document = textOf(given, 'document')?.trim() ?? '';
  const purpose = textOf(given, 'purpose')?.trim() ?? '';
  if (document === '' || purpose === '') {
    throw new UsageError(
      '--sealed needs --document and --purpose: personal fields are read for a stated reason, which is noted',
    );
  }
  return { document, purpose };
}

interface SealedRow {
  readonly source: string;
  readonly row: number;
  readonly fields: Readonly<Record<string, string>>;
}

function readSealed(
  { ledger, rowId }: Casework,
  { candidates }: Attribution,
  { document, purpose, actor, environment }: Context & { document: string; purpose: string },
): SealedRow[] {
  const proofs = new Map(
    candidates.flatMap((candidate) => candidate.proofs.map((proof) => [rowId(proof.digest), proof])),
  );
  const ids = [...proofs.keys()].filter((id) => id !== null);
  const fields = ledger.registry.readSealed(ids, { time: environment.clock(), actor, document, purpose });
  return [...fields].flatMap(([id, own]) => {
    const proof = proofs.get(id);
    return proof === undefined ? [] : [{ source: proof.source, row: proof.row, fields: own }];
  });
}

/** The answer with its times in ISO 8601, as all JSON of the program has them. */
function inIso(answer: Attribution): Record<string, unknown> {
  const candidate = (one: Candidate): Record<string, unknown> => ({
    ...one,
    valid: { from: isoOf(one.valid.from), to: one.valid.to === null ? null : isoOf(one.valid.to) },
    proofs: one.proofs.map((proof) => ({ ...proof, recordedAt: isoOf(proof.recordedAt) })),
  });
  const { observed, best, candidates } = answer;
  return {
    ...answer,
    observed: { ...observed, from: isoOf(observed.from), to: isoOf(observed.to) },
    best: best === null ? null : candidate(best),
    candidates: candidates.map(candidate),
  };
}

function renderAttribution(
  answer: Attribution,
  sealed: readonly SealedRow[] | null,
  { language, paint }: Context,
  { regionName }: Casework,
): string[] {
  const messages = leadsMessages(language);
  const name = (one: Candidate): string => (one.person ? messages.person : (one.name ?? one.subject));
  const lines: string[] = [];
  const { best, overall } = answer;
  lines.push(
    paint(
      'bold',
      best === null ? messages.unattributed : visible(`${name(best)}: ${gradeTerm(overall)[language]} ${overall}`),
    ),
  );
  for (const one of answer.candidates) {
    const { subscriber, enterprise, address } = one.grades;
    const code = one.uscc === null ? '' : ` ${one.uscc}`;
    const account = one.account === null ? '' : ` [${one.account}]`;
    lines.push(
      visible(
        `${termOf(ROLE_TERMS, one.role, language)}: ${name(one)}${code}${account}  ${subscriber}/${enterprise}/${address}  ${one.because}`,
      ),
    );
    const until = one.valid.to === null ? '' : formatTime(isoOf(one.valid.to));
    lines.push(`    ${formatTime(isoOf(one.valid.from))} – ${until} UTC`);
    for (const place of one.places) {
      const region = place.region === null ? '' : `${regionName(place.region)} `;
      lines.push(
        visible(
          `    ${termOf(PLACE_TERMS, place.kind, language)}: ${region}${place.text ?? ''} ${place.detail ?? ''}`.trimEnd(),
        ),
      );
    }
    for (const { kind, source, row } of one.proofs) lines.push(visible(`    ${kind}: ${source}, row ${row}`));
  }
  for (const { text } of answer.missing) lines.push(visible(`${messages.labels.missing}: ${text}`));
  for (const { text } of answer.contradictions) lines.push(visible(`${messages.labels.contradictions}: ${text}`));
  for (const hint of answer.hints ?? []) {
    const words = [hint.country, hint.region, hint.city, hint.asn === null ? null : `AS${hint.asn}`, hint.organisation];
    lines.push(visible(`${hint.source}: ${words.filter((word) => word !== null).join(' ')}`));
  }
  for (const { source, row, fields } of sealed ?? []) {
    const words = Object.entries(fields).map(([key, value]) => `${key} ${value}`);
    lines.push(visible(`${messages.labels.sealed}: ${source}, row ${row}: ${words.join('; ')}`));
  }
  return lines;
}
