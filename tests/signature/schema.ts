/**
 * Writes signatures/schema.json, the schema that editors check signature files with:
 * `node tests/signature/schema.ts && npx biome format --write signatures/schema.json`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { defaultSignatureDirectory } from '../../src/signature/directory.ts';
import { conditionSchema, signatureFileSchema, testSchema } from '../../src/signature/schema.ts';

export const SCHEMA_FILE: string = join(defaultSignatureDirectory(), 'schema.json');

/** The published schema, made from the schemas that the loader itself uses. */
export function publishedSchema(): Record<string, unknown> {
  const schema = toJsonSchema(signatureFileSchema, {
    definitions: { Condition: conditionSchema, Test: testSchema },
    errorMode: 'throw',
  });
  return { title: 'Poolprint signature file', ...schema };
}

if (import.meta.main) writeFileSync(SCHEMA_FILE, `${JSON.stringify(publishedSchema(), null, 2)}\n`);
