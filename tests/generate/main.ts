/** Writes `captures/`: the capture files and expected.json. Usage: node tests/generate/main.ts [FOLDER] */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureBytes, captures, expectedJson } from './catalogue/index.ts';

const folder = process.argv[2] ?? join(import.meta.dirname, '..', '..', 'captures');
mkdirSync(folder, { recursive: true });
const list = captures();
let total = 0;
for (const capture of list) {
  const bytes = captureBytes(capture);
  writeFileSync(join(folder, capture.file), bytes);
  total += bytes.length;
}
writeFileSync(join(folder, 'expected.json'), expectedJson(list));
process.stderr.write(`${list.length} captures, ${total} bytes\n`);
