/** Build step: leaves the checked endpoint list beside the program. Run as a program. */
import { writeFileSync } from 'node:fs';
import { endpointDigest, precompiledEndpointsPath, writePrecompiled } from './endpoint-precompiled.ts';
import { defaultEndpointDirectory, readEndpoints } from './endpoints.ts';
import { SignatureError } from './types.ts';

const directory = defaultEndpointDirectory();
try {
  const { rows, pools } = readEndpoints(directory);
  writeFileSync(precompiledEndpointsPath(), writePrecompiled(endpointDigest(directory), rows, pools));
} catch (error) {
  if (!(error instanceof SignatureError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
