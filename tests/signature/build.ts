import { parseSignatures } from '../../src/signature/load.ts';
import type { Signature, SignatureFault } from '../../src/signature/types.ts';

/** A signature file as JSON, which YAML contains: one sound signature for each of the members given. */
export function fileOf(...changes: readonly Readonly<Record<string, unknown>>[]): string {
  const signatures = changes.map((change) => ({
    id: 'demo.one',
    version: 1,
    status: 'stable',
    kind: 'payload',
    title: { en: 'Demonstration', zh: '演示' },
    dialect: 'demo',
    from: 'miner',
    transports: ['tcp'],
    match: { all: [{ method: ['demo.one'] }] },
    weight: 0.95,
    look_alikes: { en: 'None.', zh: '无。' },
    references: ['https://example.org/demo'],
    tests: [
      { miner: '{"method":"demo.one"}', expect: 'indication' },
      { miner: '{"method":"demo.two"}', expect: 'none' },
    ],
    ...change,
  }));
  return JSON.stringify(signatures, null, 1);
}

/** The same, read by the loader. Throws where the loader finds a fault. */
export function signaturesOf(...changes: readonly Readonly<Record<string, unknown>>[]): Signature[] {
  const { signatures, faults } = readFile(fileOf(...changes));
  if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join('\n'));
  return signatures;
}

export function readFile(text: string): { signatures: Signature[]; faults: SignatureFault[] } {
  const faults: SignatureFault[] = [];
  const signatures = parseSignatures(text, 'dir/demo.yaml', 'demo.yaml', faults);
  return { signatures, faults };
}
