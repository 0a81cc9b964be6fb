import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** Interfaces at the two ends of the cable, each alone in its network namespace. */
export const SENDING = 'pp-tx';
export const RECEIVING = 'pp-rx';
/** What the kernel takes at most for a veth (drivers/net/veth.c: ETH_MAX_MTU). */
const MTU = 65_535;
/** Octets of an Ethernet header with one VLAN tag, which the kernel allows on top of the MTU. */
export const HEADER = 14;

/** Two network namespaces joined by a veth pair. */
export interface Namespaces {
  readonly sender: string;
  readonly receiver: string;
  /** Longest frame that can be sent, octets without FCS. */
  readonly longest: number;
  remove(): void;
}

/** Full path of a program; null = not installed. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/sbin'];
  for (const folder of folders) if (folder !== '' && existsSync(join(folder, name))) return join(folder, name);
  return null;
}

/** Why a run in network namespaces is not possible here, in one line; null = it is. */
export function whyNot(programs: readonly string[] = ['tcpreplay', 'tcpdump']): string | null {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  for (const program of ['ip', ...programs]) {
    if (findProgram(program) === null) return `${program} is not installed`;
  }
  const name = `pp-try-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) return `network namespaces cannot be made here (${made.stderr.trim()})`;
  // A container may have namespaces and yet no veth.
  const cable = spawnSync('ip', ['-n', name, 'link', 'add', SENDING, 'type', 'veth', 'peer', 'name', RECEIVING]);
  spawnSync('ip', ['netns', 'del', name]);
  return cable.status === 0 ? null : 'a veth pair cannot be made here';
}

function ip(...args: readonly string[]): void {
  run('ip', args);
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, [...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

/**
 * Makes the namespaces `pp-tx-N` and `pp-rx-N` (N: number of this process) and the cable between them: no addresses, no ARP, no
 * IPv6, so that nothing but what is sent crosses it; offloads off where ethtool is installed. Throws with one line.
 */
export function createNamespaces(): Namespaces {
  const [sender, receiver] = [`${SENDING}-${process.pid}`, `${RECEIVING}-${process.pid}`];
  const remove = (): void => {
    // The cable goes with either end.
    for (const name of [sender, receiver]) spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  };
  try {
    for (const name of [sender, receiver]) {
      ip('netns', 'add', name);
      for (const which of ['all', 'default']) {
        const key = `net.ipv6.conf.${which}.disable_ipv6=1`;
        spawnSync('ip', ['netns', 'exec', name, 'sysctl', '-qw', key], { stdio: 'ignore' });
      }
    }
    ip('link', 'add', SENDING, 'netns', sender, 'type', 'veth', 'peer', 'name', RECEIVING, 'netns', receiver);
    const ends = [
      [sender, SENDING],
      [receiver, RECEIVING],
    ] as const;
    for (const [name, device] of ends) {
      ip('-n', name, 'link', 'set', device, 'mtu', String(MTU), 'arp', 'off', 'multicast', 'off');
      if (findProgram('ethtool') !== null) {
        const off = [
          'rx',
          'off',
          'tx',
          'off',
          'gro',
          'off',
          'gso',
          'off',
          'tso',
          'off',
          'txvlan',
          'off',
          'rxvlan',
          'off',
        ];
        spawnSync('ip', ['netns', 'exec', name, 'ethtool', '-K', device, ...off], { stdio: 'ignore' });
      }
    }
    for (const [name, device] of ends) ip('-n', name, 'link', 'set', device, 'up');
    // The metrics are asked for on the loopback of the receiving end.
    ip('-n', receiver, 'link', 'set', 'lo', 'up');
    return { sender, receiver, longest: MTU + HEADER, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Words in front of a command that run it in a namespace. */
export function within(namespace: string): readonly string[] {
  return ['ip', 'netns', 'exec', namespace];
}
