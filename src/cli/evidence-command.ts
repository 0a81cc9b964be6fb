import { type Answer, contextOf, jsonLine, listOf, printAnswer } from './context.ts';
import type { CliEnvironment } from './environment.ts';
import { renderPackageReport, verifyPackage } from './evidence-verify.ts';
import { EXIT_DONE, EXIT_FAILED } from './exit.ts';
import type { GivenArguments } from './group.ts';
import type { EvidenceAction } from './ledger-options.ts';

/** `poolprint evidence verify`: needs the packages alone, no ledger. Returns the exit code: 1 where one does not hold. */
export async function evidenceCommand(
  _action: EvidenceAction,
  given: GivenArguments,
  environment: CliEnvironment,
): Promise<number> {
  const { json, language } = contextOf(given, environment);
  const directory = listOf(given, 'signatures');
  const lines: string[] = [];
  let code = EXIT_DONE;
  for (const file of listOf(given, 'files')) {
    const report = await verifyPackage(file, {
      loadSignatures: () =>
        environment.loadSignatures({ directory: directory.length === 0 ? null : directory, only: [], without: [] }),
      loadEndpoints: environment.loadEndpoints,
      replay: async (options) => (await environment.loadEngine()).replay(options),
    });
    if (!report.ok) code = EXIT_FAILED;
    lines.push(...(json ? [jsonLine(report)] : renderPackageReport(report, language)));
  }
  const answer: Answer = { lines, code };
  return printAnswer(answer, environment);
}
