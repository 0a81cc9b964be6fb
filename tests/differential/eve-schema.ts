/**
 * Validates EVE lines against Suricata's own schema (etc/schema.json in https://github.com/OISF/suricata).
 *
 *   node tests/differential/eve-schema.ts SCHEMA FILE...
 *
 * Prints each fault with its line; exits 1 where there was one or no line at all, 2 for wrong usage.
 */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as formats from 'ajv-formats';

const [path, ...files] = process.argv.slice(2);
if (path === undefined || files.length === 0) {
  console.error('usage: node tests/differential/eve-schema.ts SCHEMA FILE...');
  process.exit(2);
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
(formats.default as unknown as (ajv: Ajv2020) => void)(ajv);
const { $schema: _, ...schema } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
const validate = ajv.compile(schema);

let lines = 0;
let faults = 0;
for (const file of files) {
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (line === '') continue;
    lines++;
    if (validate(JSON.parse(line))) continue;
    faults++;
    console.log(`${file}:${index + 1}: ${ajv.errorsText(validate.errors)}`);
  }
}
console.log(`${lines} lines, ${faults} faults`);
process.exitCode = faults === 0 && lines > 0 ? 0 : 1;
