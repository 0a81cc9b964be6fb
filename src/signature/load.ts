/**
 * Reads signature files into a set. Everything wrong in any file is gathered and reported at once, with file, line and
 * column; a set with a fault is never handed out.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';

import * as v from 'valibot';
import { defaultSignatureDirectory, filesBelow } from './directory.ts';
import {
  MAX_CONDITIONS_TOGETHER,
  MAX_FAULTS,
  MAX_FILE,
  MAX_LITERALS,
  MAX_PATH_STEPS,
  MAX_SIGNATURES,
} from './limits.ts';
import { requiredLiterals } from './literals.ts';
import { conditionFault, messageKinds } from './match.ts';
import { ALLOWED_KEYS, type SignatureInput, signatureSchema } from './schema.ts';
import { createSignatureSet } from './set.ts';
import {
  type Condition,
  type Match,
  type Signature,
  SignatureError,
  type SignatureFault,
  type SignatureSet,
  type SignatureTest,
  TEST_INPUTS,
  type TestInput,
} from './types.ts';
import { readYaml, type YamlPath } from './yaml.ts';

/** From this weight on, one message proves mining. */
const PROOF = 0.9;

/**
 * Loads all signature files (*.yaml, *.yml) of a directory and its folders, or the files listed. The order of files never
 * matters. Throws a SignatureError that lists every fault; nothing loads by halves.
 */
export function loadSignatures(from: string | readonly string[] = defaultSignatureDirectory()): SignatureSet {
  const faults: SignatureFault[] = [];
  const signatures: Signature[] = [];
  const firstOf = new Map<string, string>();
  const pathOf = new Map<string, string>();
  for (const [path, name] of signatureFiles(from, faults)) {
    let text: string;
    pathOf.set(name, path);
    try {
      if (statSync(path).size > MAX_FILE) {
        faults.push(wholeFile(path, TOO_LARGE));
        continue;
      }
      text = readFileSync(path, 'utf8');
    } catch (error) {
      faults.push(wholeFile(path, `cannot be read (${reason(error)}): check that it is there and may be read`));
      continue;
    }
    for (const signature of parseSignatures(text, path, name, faults)) {
      const first = firstOf.get(signature.id);
      if (first === undefined && signatures.length === MAX_SIGNATURES) {
        const message = `one set holds at most ${MAX_SIGNATURES} signatures, and here begins one more: load fewer of them`;
        throw new SignatureError([...faults, { file: path, line: signature.line, column: 1, message }]);
      }
      if (first === undefined) {
        firstOf.set(signature.id, `${path}:${signature.line}`);
        signatures.push(signature);
      } else {
        const message = `id ${signature.id} is taken by the signature at ${first}, and ids are never shared: give one of them another id`;
        faults.push({ file: path, line: signature.line, column: 1, message });
      }
    }
  }
  if (faults.length === 0 && signatures.length === 0) {
    const where = typeof from === 'string' ? from : from.join(', ');
    faults.push(wholeFile(where, 'holds no signatures: name a folder or files with signatures'));
  }
  if (faults.length > 0) throw new SignatureError(faults);
  try {
    return createSignatureSet(signatures);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    // The set knows files by the names that signatures remember; whoever has to correct them needs the paths.
    throw new SignatureError(error.faults.map((fault) => ({ ...fault, file: pathOf.get(fault.file) ?? fault.file })));
  }
}

const TOO_LARGE = `is larger than ${MAX_FILE / 1024} KiB, more than a signature file may be: split it`;

/** Paths to read and the names under which signatures remember them, sorted so that faults come in a stable order. */
function signatureFiles(from: string | readonly string[], faults: SignatureFault[]): [path: string, name: string][] {
  if (typeof from !== 'string') return [...new Set(from)].sort().map((path) => [path, basename(path)]);
  if (!existsSync(from)) {
    faults.push(wholeFile(from, 'does not exist: name the folder that holds the signatures'));
    return [];
  }
  try {
    return filesBelow(from);
  } catch (error) {
    faults.push(wholeFile(from, `cannot be read (${reason(error)}): name a folder that may be read`));
    return [];
  }
}

/**
 * Signatures of one file's text. Faults go to `faults` under `path`; a signature with a fault is left out, so that the
 * faults of the others still come to light.
 */
export function parseSignatures(text: string, path: string, name: string, faults: SignatureFault[]): Signature[] {
  // Units of UTF-16 come first: they are cheap to count, and never more than the bytes.
  if (text.length > MAX_FILE || Buffer.byteLength(text) > MAX_FILE) {
    faults.push(wholeFile(path, TOO_LARGE));
    return [];
  }
  const source = readYaml(text, path);
  if (!('place' in source)) {
    faults.push(source);
    return [];
  }
  if (!Array.isArray(source.value)) {
    faults.push({
      file: path,
      line: 1,
      column: 1,
      message: 'a signature file is a list: start each signature with "- id:"',
    });
    return [];
  }
  const signatures: Signature[] = [];
  const known = faults.length;
  for (const [index, item] of source.value.entries()) {
    if (faults.length - known >= MAX_FAULTS) {
      const message = `more than ${MAX_FAULTS} faults, the rest of the file is not read: correct these first`;
      faults.push({ file: path, ...source.place([index]), message });
      break;
    }
    const report = (at: YamlPath, message: string, key = false): void => {
      if (faults.length - known >= MAX_FAULTS) return;
      faults.push({ file: path, ...source.place([index, ...at], key), message });
    };
    const parsed = v.safeParse(signatureSchema, item);
    if (!parsed.success) {
      reportIssues(parsed.issues, report);
      continue;
    }
    const signature = build(parsed.output, name, source.place([index]).line);
    const before = faults.length;
    checkMeaning(signature, report);
    if (faults.length === before) signatures.push(signature);
  }
  return signatures;
}

type Report = (at: YamlPath, message: string, key?: boolean) => void;

function reportIssues(issues: readonly v.BaseIssue<unknown>[], report: Report): void {
  const seen = new Set<string>();
  for (const issue of issues) {
    const steps = issue.path ?? [];
    const path = steps.map((step) => step.key as string | number);
    const last = steps.at(-1);
    const allowed = ALLOWED_KEYS.get(issue.message);
    if (allowed !== undefined && last !== undefined) {
      // The schema names only the first unknown key of a mapping; the others are found here.
      for (const key of Object.keys(last.input as object)) {
        if (!allowed.has(key)) report([...path.slice(0, -1), key], `"${key}" ${issue.message}`, true);
      }
      continue;
    }
    const missing = last?.origin === 'key';
    const at = missing ? path.slice(0, -1) : path;
    const line = `${at.join('/')} ${issue.message}`;
    // Several checks of one value may share a message; one line says it all.
    if (!seen.has(line)) report(at, issue.message);
    seen.add(line);
  }
}

function build(input: SignatureInput, file: string, line: number): Signature {
  return deepFreeze({
    id: input.id,
    version: input.version,
    status: input.status,
    kind: input.kind,
    title: input.title,
    dialect: input.dialect,
    from: input.from,
    transports: input.transports,
    match: {
      all: (input.match.all ?? []) as Condition[],
      any: (input.match.any ?? []) as Condition[],
      none: (input.match.none ?? []) as Condition[],
    },
    weight: input.weight,
    family: input.family ?? null,
    against: input.against ?? false,
    coins: input.coins ?? [],
    algorithm: input.algorithm ?? null,
    lookAlikes: input.look_alikes,
    references: input.references,
    tests: input.tests.map(testOf),
    file,
    line,
  });
}

function testOf(entry: Readonly<Record<string, string>>): SignatureTest {
  const input: TestInput = TEST_INPUTS.find((key) => Object.hasOwn(entry, key)) ?? 'miner';
  return { input, text: entry[input] ?? '', expect: entry['expect'] === 'none' ? 'none' : 'indication' };
}

/** What the schema cannot see: conditions that contradict each other, transports that never fit, tests that are missing. */
function checkMeaning(signature: Signature, report: Report): void {
  const { match, transports } = signature;
  if (match.all.length + match.any.length === 0) {
    report(
      ['match'],
      'match has only conditions that must not hold, so it would hold on nearly everything: add all or any',
    );
  }
  if (signature.status === 'draft' && signature.weight >= PROOF) {
    report(['weight'], `a draft must not prove mining: give it a weight below ${PROOF}, or make it stable`);
  }
  const conditions = match.all.length + match.any.length + match.none.length;
  if (conditions > MAX_CONDITIONS_TOGETHER) {
    report(
      ['match'],
      `${conditions} conditions are more than the ${MAX_CONDITIONS_TOGETHER} that a signature may cost: split the signature`,
    );
  }
  const literals = messageKinds(match).includes('json') ? (requiredLiterals(match)?.length ?? 0) : 0;
  if (literals > MAX_LITERALS) {
    report(
      ['match'],
      `a message may hold any of ${literals} texts for this signature to be tried, at most ${MAX_LITERALS} are allowed: list fewer methods or values, or add a condition that all these messages fulfil`,
    );
  }
  for (const part of ['all', 'any', 'none'] as const) {
    for (const [index, condition] of match[part].entries()) {
      const fault = pathFault(condition) ?? conditionFault(condition);
      if (fault !== null) report(['match', part, index], fault);
    }
  }
  if (messageKinds(match).length === 0) {
    report(
      ['match'],
      'these conditions never meet in one message (JSON, HTTP, Stratum V2, TLS, names and flows are different messages): split the signature',
    );
  }
  if (messageKinds(match).includes('start') && !match.all.some((condition) => 'start' in condition)) {
    report(['match'], 'start conditions are tried on every connection, so that one must stand in all: move one there');
  }
  if (signature.against && signature.kind === 'payload') {
    report(
      ['against'],
      'a message of a mining protocol cannot speak against mining: remove against, or make it of another kind',
    );
  }
  const kindFault = faultOfKind(signature);
  if (kindFault !== null) report(['kind'], kindFault);
  for (const fault of transportFaults(match, transports)) report(['transports'], fault);
  for (const [expect, what] of [
    ['indication', 'positive test (expect: indication)'],
    ['none', 'negative test (expect: none)'],
  ] as const) {
    if (signature.tests.some((test) => test.expect === expect)) continue;
    report(['tests'], `there is no ${what}, and nothing untested is believed: add one`);
  }
}

function pathFault(condition: Condition): string | null {
  if (!('member' in condition)) return null;
  // A name in brackets may hold dots, and stands for one step.
  const steps = condition.member.replaceAll(/\["[^"\]]*"\]/g, '[]').split(/[.[]/).length;
  if (steps <= MAX_PATH_STEPS) return null;
  return `member has ${steps} steps, more than the ${MAX_PATH_STEPS} that a message may cost: name a member nearer to the top`;
}

/** Only what was said may prove mining: names, handshakes and shapes are of kinds that never do. */
function faultOfKind({ kind, match, weight, family, against }: Signature): string | null {
  const kinds = messageKinds(match);
  const said = kinds.some((one) => one === 'json' || one === 'http' || one === 'sv2' || one === 'start');
  const named = kinds.includes('name');
  if ((named || kinds.includes('flow') || kinds.includes('tls')) && (kind === 'payload' || weight >= PROOF)) {
    return `a name, a handshake or a shape proves nothing: make it of kind tls, dns, http, endpoint or behaviour with a weight below ${PROOF}`;
  }
  if (said && kind !== 'payload' && kind !== 'http')
    return 'what is said in a message is of kind payload or http: change the kind';
  if (named && family === null && !against)
    return 'names that tell the same must not add up: give it family server-name, or port';
  return null;
}

function transportFaults(match: Match, transports: Signature['transports']): string[] {
  const conditions = [...match.all, ...match.any];
  const faults: string[] = [];
  if (conditions.some((condition) => 'sv2' in condition || 'payload' in condition) && !transports.includes('tcp')) {
    faults.push('Stratum V2 frames in clear come over tcp only: add tcp');
  }
  if (match.all.some((condition) => 'header' in condition || 'http' in condition) && !transports.includes('http')) {
    faults.push('header and http conditions hold only over http: add http');
  }
  if (match.all.some((condition) => 'ws_path' in condition) && !transports.includes('ws')) {
    faults.push('ws_path holds only over ws: add ws');
  }
  return faults;
}

function wholeFile(file: string, message: string): SignatureFault {
  return { file, line: 0, column: 0, message };
}

function reason(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
