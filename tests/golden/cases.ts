/** Golden cases: one folder each, `case.yaml` says what is replayed and `expected.ndjson` what is printed. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { replay } from '../../src/engine/replay.ts';
import { jsonLines } from '../../src/publish/json.ts';
import { type EndpointIndex, loadEndpoints } from '../../src/signature/endpoints.ts';
import type { SignatureSet } from '../../src/signature/types.ts';

export const ROOT: string = join(import.meta.dirname, '..', '..');

export interface GoldenCase {
  readonly name: string;
  /** Paths relative to the root of the project, so that the output names no machine's folders. */
  readonly inputs: readonly string[];
  readonly home: readonly string[];
}

export function goldenCases(): GoldenCase[] {
  return readdirSync(import.meta.dirname, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const file = load(readFileSync(join(import.meta.dirname, name, 'case.yaml'), 'utf8')) as Partial<GoldenCase>;
      return { name, inputs: file.inputs ?? [], home: file.home ?? [] };
    });
}

let list: EndpointIndex | null = null;

/** What `poolprint replay --json` prints for a case. To be called with the root of the project as working directory. */
export async function linesOf(golden: GoldenCase, signatures: SignatureSet): Promise<string[]> {
  const { inputs, home } = golden;
  list ??= loadEndpoints();
  const endpoints = list;
  return [
    ...jsonLines(
      await replay({
        inputs,
        filter: null,
        threads: 1,
        home,
        evidence: false,
        signatures,
        endpoints,
        endpointOptions: {},
      }),
    ),
  ];
}

/** The lines as a file, without the digest of the signature set: any change of any signature would change them all. */
export function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line.replace(/"signature_set":\{[^}]*\}/, '"signature_set":{}')}\n`).join('');
}

export function expectedText(golden: GoldenCase): string {
  return readFileSync(join(import.meta.dirname, golden.name, 'expected.ndjson'), 'utf8');
}

export function writeExpected(golden: GoldenCase, text: string): void {
  mkdirSync(join(import.meta.dirname, golden.name), { recursive: true });
  writeFileSync(join(import.meta.dirname, golden.name, 'expected.ndjson'), text);
}
