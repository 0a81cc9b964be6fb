/** Build step: leaves the checked signatures beside the program. Run as a program. */
import { writeFileSync } from 'node:fs';
import { defaultSignatureDirectory } from './directory.ts';
import { loadSignatures } from './load.ts';
import { digestOf, type Precompiled, precompiledPath } from './precompiled.ts';
import { SignatureError } from './types.ts';

const directory = defaultSignatureDirectory();
try {
  const built: Precompiled = { digest: digestOf(directory), signatures: loadSignatures(directory).signatures };
  writeFileSync(precompiledPath(), JSON.stringify(built));
} catch (error) {
  if (!(error instanceof SignatureError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
