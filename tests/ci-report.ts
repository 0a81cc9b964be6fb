/** Reads Vitest's JSON report: prints every skipped test with its reason, fails on an unexpected one, ends with the count. */
import { readFileSync } from 'node:fs';

interface Assertion {
  readonly status: string;
  readonly fullName: string;
}
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly Assertion[];
  }[];
}

/** Where a test may be skipped, and why; a skip anywhere else fails the run. */
const EXPECTED: readonly (readonly [file: string, reason: string])[] = [
  ['capture/bpf.test.ts', 'tcpdump is not installed'],
  ['capture/writer.test.ts', 'tshark or /dev/full is not there'],
  ['capture/source.test.ts', 'xz or lz4 is not installed'],
  ['cli/process.test.ts', 'this system has no /dev/full, no signals, or may not mount a small disk'],
  ['browser/dossier.test.ts', 'Chromium is not installed'],
  ['publish/xlsx.test.ts', 'LibreOffice is not installed'],
  ['attribution/import/hostile.test.ts', 'LibreOffice is not installed'],
  ['ledger/hostile.test.ts', 'this system has no file modes, or may not mount a small disk'],
  ['metrics/metrics.test.ts', 'promtool is not installed'],
  ['metrics/prometheus.test.ts', 'Prometheus is not installed'],
  ['daemon/notify.test.ts', 'this system has no programs that a shell starts'],
  ['deploy/prometheus.test.ts', 'promtool is not installed'],
  ['deploy/grafana.test.ts', 'promtool is not installed'],
  ['deploy/systemd.test.ts', 'systemd-analyze is not installed'],
  ['deploy/guide.test.ts', 'curl is not installed'],
  ['daemon/inputs/spool.test.ts', 'root may read every file'],
  ['daemon/inputs/flow-log-rotation.test.ts', 'root may read every file'],
  ['live/netns-run.test.ts', 'this system has no root, network namespaces or tcpreplay'],
  ['publish/evidence.test.ts', 'this system has no file modes, or may not mount a small disk'],
];

const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Report;
let unexpected = 0;
for (const file of report.testResults) {
  for (const test of file.assertionResults) {
    if (test.status === 'passed' || test.status === 'failed') continue;
    const reason = EXPECTED.find(([name]) => file.name.endsWith(name))?.[1];
    if (reason === undefined) unexpected++;
    console.log(`skipped: ${test.fullName}: ${reason ?? 'unexpected, which counts as a failure'}`);
  }
  // A file that cannot even be loaded has no tests of its own to fail.
  if (file.status === 'failed' && !file.assertionResults.some((t) => t.status === 'failed')) {
    unexpected++;
    console.log(`failed: ${file.name} could not be run`);
  }
}
const failed = report.numFailedTests + unexpected;
console.log(`${report.numPassedTests} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
