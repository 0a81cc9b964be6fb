/**
 * Follows deploy/README.md as it is printed, under a real systemd (docs/daemon.md): `node tests/deploy/systemd-run.ts [--keep]`, as
 * root, from a clean commit. Builds the archive in a checkout of that commit, boots a container over this system, runs the blocks
 * one after the other, lets it work on traffic, and stops the daemon so that the watchdog has to bring it back.
 * Exit codes: 0, 1 (a command failed), 77 (not possible on this machine, and why).
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Container, type Ran, whyNoContainer } from './container.ts';
import { DEPLOY } from './promql.ts';

const NOT_POSSIBLE = 77;
const ROOT = join(DEPLOY, '..');
const GUIDE = readFileSync(join(DEPLOY, 'README.md'), 'utf8');
const CAPTURE = 'stratum-v1-bitcoin.pcap';
const PACKETS = 186;
// tcpdump hands on what fills its buffer: on a quiet line the last ones wait for more.
const HANDED_ON = 100;

/** Commands that cannot succeed in a container, or never end; and why. */
const EXPECTED: readonly (readonly [RegExp, string])[] = [
  [/^sysctl -p/, 'the size of receive buffers belongs to the whole machine'],
];

let commands = 0;
const failed: string[] = [];

/** Blocks of shell commands below a heading of the guide. */
function blocksOf(heading: string): string[] {
  const from = GUIDE.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`deploy/README.md has no heading "${heading}"`);
  const rest = GUIDE.slice(from + heading.length + 2);
  const end = rest.search(/^#{2,3} /m);
  return [...rest.slice(0, end < 0 ? undefined : end).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
    ([, body = '']) => body,
  );
}

function block(info: string): string {
  return new RegExp(`^\`\`\`${info}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(GUIDE)?.[1] ?? '';
}

/** Runs a script that says which of its commands it runs, and which fail. */
function follow(container: Container, what: string, script: string): Ran {
  process.stdout.write(`\n== ${what}\n`);
  // Through a descriptor of their own: what stands in $(…) would take them for output.
  const traps = [`trap 'echo "@failed $? $BASH_COMMAND" >&9' ERR`, `trap 'echo "@ran $BASH_COMMAND" >&9' DEBUG`];
  const traced = ['exec 9>&1', traps[0], 'set -o errtrace', traps[1], script].join('\n');
  const ran = container.run(traced);
  for (const line of ran.text.split('\n')) {
    const [, mark, rest = ''] = /^@(ran|failed \d+) (.*)$/.exec(line) ?? [];
    if (mark === undefined) process.stdout.write(line === '' ? '' : `   ${line.slice(0, 200)}\n`);
    else if (mark === 'ran') {
      if (rest.startsWith('trap ')) continue;
      commands++;
      process.stdout.write(`   $ ${rest}\n`);
    } else {
      const known = EXPECTED.find(([pattern]) => pattern.test(rest));
      process.stdout.write(`   ${known === undefined ? 'FAILED' : `fails here: ${known[1]}`}\n`);
      if (known === undefined) failed.push(`${what}: ${rest} (${mark.slice(7)})`);
    }
  }
  return ran;
}

/** Waits in the container until a condition of Bash holds. */
function expectSoon(container: Container, what: string, condition: string, seconds = 120): void {
  const loop = `for try in $(seq ${seconds}); do if ${condition}; then exit 0; fi; sleep 1; done; exit 1`;
  const { code } = container.run(loop, seconds + 60);
  commands++;
  process.stdout.write(`   ${code === 0 ? 'holds' : 'FAILED'}: ${what}\n`);
  if (code !== 0) failed.push(what);
}

function build(folder: string): string {
  const checkout = join(folder, 'checkout');
  mkdirSync(checkout);
  const script = `git -C '${ROOT}' archive HEAD | tar -x -C '${checkout}'\ncd '${checkout}'\n${blocksOf('### Build').join('\n')}`;
  process.stdout.write('== ### Build\n');
  const { status, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`the archive cannot be built: ${stderr.trim().split('\n').at(-1)}`);
  commands += 4;
  return join(checkout, 'poolprint.tar.gz');
}

/** What a person would do with an editor, and a line to capture from. */
function prepare(root: string, archive: string): void {
  copyFileSync(archive, join(root, 'root', 'poolprint.tar.gz'));
  copyFileSync(join(ROOT, 'captures', CAPTURE), join(root, 'root', CAPTURE));
  writeFileSync(join(root, 'root', 'config.yaml'), block('yaml config'));
  writeFileSync(join(root, 'root', 'override.conf'), block('ini'));
  const script = (name: string, body: string): void =>
    writeFileSync(join(root, 'usr/local/bin', name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  script('editor', 'cat /root/config.yaml > "$1"');
  script('edit-unit', 'cat /root/override.conf > "$1"');
}

async function main(): Promise<number> {
  const reason = whyNoContainer();
  if (reason !== null) {
    process.stderr.write(`not possible here: ${reason}\n`);
    return NOT_POSSIBLE;
  }
  const folder = mkdtempSync(join(tmpdir(), 'poolprint-systemd-'));
  const container = new Container(folder);
  try {
    const archive = build(folder);
    await container.start((root) => prepare(root, archive));
    container.run('ip link add eth1 type veth peer name line; ip link set line mtu 9000 up; ip link set eth1 mtu 9000');
    const step = (heading: string, change: (script: string, n: number) => string = (script) => script): void => {
      for (const [n, script] of blocksOf(heading).entries()) follow(container, heading, change(script, n));
    };
    step('### Program, users, folders');
    step('### Configuration');
    // It asks for a terminal.
    step('### The daemon', (script) => script.replace(/^systemctl edit .*$/m, "script -qec '$&' /dev/null"));
    step('### Capture from an interface');
    expectSoon(container, 'ready', '[ "$(curl -s http://127.0.0.1:9477/readyz)" = ready ]');
    follow(
      container,
      'traffic',
      `tcpreplay -q -i line --pps 500 ${CAPTURE}\ncp ${CAPTURE} /var/spool/poolprint/one.pcap`,
    );
    const metric = (name: string, least: number): string =>
      `curl -s http://127.0.0.1:9477/metrics | awk '/^poolprint_${name}/ {n += $2} END {exit !(n >= ${least})}'`;
    expectSoon(
      container,
      `packets through the FIFO, ${PACKETS} were sent`,
      metric('input_packets_total\\{input="eth1"', HANDED_ON),
    );
    expectSoon(container, 'the spool file is read', metric('input_files_total\\{input="files"', 1));
    expectSoon(container, 'mining is found', metric('detections_total\\{.*confirmed', 1));
    expectSoon(container, 'and written', metric('ledger_detections_written_total', 1));
    step('## Firewall and clock');
    step('## Prometheus and Grafana');
    step('## Change, upgrade, back up');
    expectSoon(container, 'ready again', '[ "$(curl -s http://127.0.0.1:9477/readyz)" = ready ]');
    follow(container, 'a daemon that hangs', 'kill -STOP "$(systemctl show poolprint -p MainPID --value)"');
    expectSoon(container, 'the watchdog brings it back', '[ "$(systemctl show poolprint -p NRestarts --value)" = 1 ]');
    expectSoon(container, 'ready once more', '[ "$(curl -s http://127.0.0.1:9477/readyz)" = ready ]');
    follow(
      container,
      'the end',
      'systemctl stop poolprint poolprint-capture@eth1\nrunuser -u poolprint -- poolprint ledger verify --ledger /var/lib/poolprint/poolprint.ledger',
    );
  } finally {
    await container.remove();
    if (!process.argv.includes('--keep')) rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(`\n${commands} commands run, ${failed.length} failed\n`);
  for (const line of failed) process.stdout.write(`  ${line}\n`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main();
