/**
 * Validates a STIX bundle against the official OASIS JSON schemas (https://github.com/oasis-open/cti-stix2-json-schemas).
 *
 *   node tests/differential/stix-schema.ts FOLDER FILE...
 *
 * FOLDER holds the schemas with their folders common, observables, sdos and sros. Every object is validated against the
 * schema of its own type, objects of extensions against the core of observables, and the bundle as a whole. Prints each
 * fault and the number of objects by type; exits 1 where there was one, 2 for wrong usage.
 *
 * The schema of the bundle lists the types a bundle may hold and forgets some that have schemas of their own (location and
 * extension-definition among them): it refuses the specification's own example of a location. Objects of these types are
 * checked alone, and left out where the bundle is checked as a whole; how many is printed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as formats from 'ajv-formats';

const [folder, ...files] = process.argv.slice(2);
if (folder === undefined || files.length === 0) {
  console.error('usage: node tests/differential/stix-schema.ts FOLDER FILE...');
  process.exit(2);
}

const ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: false });
(formats.default as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addFormat('idn-hostname', /^[^\s/]{1,253}$/u);
const ids = new Map<string, string>();
for (const part of ['common', 'observables', 'sdos', 'sros']) {
  for (const name of readdirSync(join(folder, part)).filter((each) => each.endsWith('.json'))) {
    const schema = JSON.parse(readFileSync(join(folder, part, name), 'utf8')) as { $id: string };
    ajv.addSchema(schema);
    ids.set(name.replace(/\.json$/, ''), schema.$id);
  }
}

const listed = readFileSync(join(folder, 'common', 'bundle.json'), 'utf8');
/** Types with a schema that the schema of the bundle does not list. */
function isForgotten(type: string): boolean {
  return ids.has(type) && !listed.includes(`/${type}.json"`);
}

function validator(type: string): ValidateFunction {
  const id = ids.get(type) ?? ids.get('cyber-observable-core');
  const found = id === undefined ? undefined : ajv.getSchema(id);
  if (found === undefined) throw new Error(`${folder} holds no schema for ${type}`);
  return found as ValidateFunction;
}

let faults = 0;
function check(where: string, type: string, value: unknown): void {
  const validate = validator(type);
  if (validate(value)) return;
  faults++;
  console.log(`${where}: ${ajv.errorsText(validate.errors, { separator: '\n    ' })}`);
}

for (const file of files) {
  const bundle = JSON.parse(readFileSync(file, 'utf8')) as { objects?: { type: string; id: string }[] };
  const counts = new Map<string, number>();
  for (const object of bundle.objects ?? []) {
    counts.set(object.type, (counts.get(object.type) ?? 0) + 1);
    check(`${file} ${object.id}`, object.type, object);
  }
  const objects = (bundle.objects ?? []).filter(({ type }) => !isForgotten(type));
  check(file, 'bundle', { ...bundle, objects });
  const left = (bundle.objects ?? []).length - objects.length;
  if (left > 0)
    console.log(`${file}: ${left} objects checked alone, because the schema of the bundle forgets their types`);
  const types = [...counts].sort().map(([type, count]) => `${count} ${type}${ids.has(type) ? '' : ' (core only)'}`);
  console.log(`${file}: ${types.join(', ')}`);
}
console.log(faults === 0 ? 'valid' : `${faults} faults`);
process.exitCode = faults === 0 ? 0 : 1;
