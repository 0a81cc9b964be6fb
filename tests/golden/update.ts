/** Rewrites what golden cases expect: node tests/golden/update.ts [CASE...]. The difference is to be read like code. */
import { loadSignatures } from '../../src/signature/load.ts';
import { expectedText, goldenCases, linesOf, ROOT, textOf, writeExpected } from './cases.ts';

process.chdir(ROOT);
const signatures = loadSignatures();
const named = new Set(process.argv.slice(2));
for (const golden of goldenCases()) {
  if (named.size > 0 && !named.has(golden.name)) continue;
  const text = textOf(await linesOf(golden, signatures));
  let before = '';
  try {
    before = expectedText(golden);
  } catch {
    process.stderr.write(`new: ${golden.name}\n`);
  }
  if (before === text) continue;
  if (before !== '') process.stderr.write(`changed: ${golden.name}\n`);
  writeExpected(golden, text);
}
