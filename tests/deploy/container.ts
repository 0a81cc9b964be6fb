/** A copy of this system that runs a systemd of its own, on top of it and thrown away afterwards. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { findProgram } from '../live/namespaces.ts';

const NEEDED = ['systemd-nspawn', 'nsenter', 'mount', 'umount', 'ip', 'tcpdump', 'tcpreplay', 'curl'];
const BOOT = 60;
const END = 30;

/** What one script in the container came to. */
export interface Ran {
  readonly code: number;
  /** Both streams, as they came. */
  readonly text: string;
}

/** Why no container can be made here, in one line; null = it can. */
export function whyNoContainer(): string | null {
  if (process.platform !== 'linux') return 'systemd is a thing of Linux';
  if (process.getuid?.() !== 0) return 'a container needs root';
  for (const name of NEEDED) if (findProgram(name) === null) return `${name} is not installed`;
  return null;
}

/**
 * Boots the system's own files, with all that is written kept in memory (overlayfs), in namespaces of its own, without a network
 * but loopback (systemd-nspawn(1)). `prepare` changes files below `root` before. Rejects with one line.
 */
export class Container {
  readonly root: string;
  private readonly upper: string;
  private nspawn: ChildProcess | null = null;
  private said = '';
  private init = 0;

  constructor(folder: string) {
    this.root = join(folder, 'root');
    this.upper = join(folder, 'upper');
  }

  async start(prepare: (root: string) => void): Promise<void> {
    const { root, upper } = this;
    mkdirSync(root);
    mkdirSync(upper);
    must('mount', '-t', 'tmpfs', 'tmpfs', upper);
    for (const name of ['changes', 'work']) mkdirSync(join(upper, name));
    const layers = `lowerdir=/,upperdir=${join(upper, 'changes')},workdir=${join(upper, 'work')}`;
    must('mount', '-t', 'overlay', 'overlay', '-o', layers, root);
    prepare(root);
    // No other services: they may hold the ports that the guide names.
    const flags = ['--register=no', '--keep-unit', '--private-network', '--link-journal=no', '--console=pipe'];
    this.nspawn = spawn(
      'systemd-nspawn',
      ['-D', root, ...flags, '-M', `pp-${process.pid}`, '-b', 'systemd.unit=basic.target'],
      { env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [this.nspawn.stdout, this.nspawn.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        this.said = (this.said + bytes.toString('utf8')).slice(-4000);
      });
    }
    for (let waited = 0; waited < BOOT * 4; waited++) {
      await pause(250);
      if (this.nspawn.exitCode !== null) break;
      this.init ||= childOf(this.nspawn.pid ?? 0);
      if (this.init === 0) continue;
      if (/^(?:running|degraded)/.test(this.run('systemctl is-system-running || true').text)) return;
    }
    throw new Error(`the container did not start: ${this.said.trim().split('\n').at(-1) ?? ''}`);
  }

  /** Runs a script with Bash as root in its home; at most `seconds`. */
  run(script: string, seconds = 180): Ran {
    const environment = [
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...['HOME=/root', 'TERM=dumb', 'LC_ALL=C.UTF-8', 'SYSTEMD_PAGER=cat', 'SYSTEMD_EDITOR=/usr/local/bin/edit-unit'],
    ];
    const bash = ['bash', '-c', `cd /root; exec 2>&1\n${script}`];
    const { status, stdout } = spawnSync(
      'nsenter',
      ['-t', String(this.init), '-a', 'env', '-i', ...environment, ...bash],
      { encoding: 'utf8', timeout: seconds * 1000, killSignal: 'SIGKILL', stdio: ['ignore', 'pipe', 'inherit'] },
    );
    return { code: status ?? 1, text: stdout ?? '' };
  }

  /** Ends and removes it; what it wrote is gone. */
  async remove(): Promise<void> {
    if (this.init !== 0 && this.nspawn?.exitCode === null) this.run('systemctl poweroff --force', 20);
    for (let waited = 0; waited < END * 4 && this.nspawn?.exitCode === null; waited++) await pause(250);
    if (this.nspawn?.exitCode === null) this.nspawn.kill('SIGKILL');
    spawnSync('umount', [this.root]);
    spawnSync('umount', [this.upper]);
  }
}

function childOf(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return Number(children[0] ?? 0);
  } catch {
    return 0;
  }
}

function must(program: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, [...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}
