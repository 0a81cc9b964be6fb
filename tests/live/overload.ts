import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ROOT } from '../bench/mix.ts';
import { hash32 } from '../bench/mix-random.ts';
import { type Counters, DaemonProcess, replay } from './daemon-process.ts';
import { loadOf, RATE, type RatesOptions } from './rates.ts';
import { otherHosts, readSendable, type SendFrame, writeSendable } from './sendable.ts';
import { send } from './sender.ts';

/** Mining conversations that are recognised before the flood, and the share of their packets that comes before it. */
const MINERS = 40;
const BEFORE = 0.35;
const MINING = join(ROOT, 'captures', 'stratum-v1-bitcoin.pcap');
const SLOWLY = 2_000;
/** Conversations that were told of so near to the end, as a share of the flood, were followed to the end. */
const LATE = 0.8;

export interface OverloadOptions extends Omit<RatesOptions, 'rates' | 'programs' | 'threads'> {
  readonly program: 'tcpdump' | 'dumpcap';
  readonly threads: number;
  /** Packets a second of the flood. */
  readonly pps: number;
}

export interface OverloadResult {
  readonly floodRate: number;
  readonly sent: number;
  readonly read: number;
  readonly kernelDrops: number;
  readonly shed: number;
  readonly leastShare: number;
  /** Seconds from the start of the flood to the first time that less than everything was looked at; null = never. */
  readonly shedAfter: number | null;
  readonly lag: number;
  readonly peak: number;
  readonly metricsAsked: number;
  readonly metricsFailed: number;
  readonly metricsSlowest: number;
  readonly metricsShow: boolean;
  /** Mining conversations before the flood, of those still followed at its end; shares sent during the flood, and those counted. */
  readonly miners: number;
  readonly followed: number;
  readonly sharesSent: number;
  readonly sharesCounted: number;
  /** Packets of those conversations sent during the flood, and those that reached them. */
  readonly packetsSent: number;
  readonly packetsCounted: number;
  readonly exitCode: number | null;
}

/** A flood beyond what can be read, with mining conversations in it that began before. */
export async function overload(options: OverloadOptions): Promise<OverloadResult> {
  const { folder, sender, program, threads, pps, seconds, buffer, pin, print } = options;
  const load = loadOf(options.mix);
  const mining = minersIn(join(folder, 'mining'));
  const core = pin ? 0 : null;
  const settings = { program, threads, buffer, quick: false, core: pin ? 1 : null };
  const daemon = await DaemonProcess.start({ ...settings, folder: join(folder, `overload-${program}-${threads}`) });
  let exitCode: number | null = null;
  try {
    await send({ namespace: sender, file: load.warmUp, speed: { kind: 'pps', value: 40_000 }, core }).done;
    const first = await send({ namespace: sender, file: mining.before, speed: { kind: 'pps', value: SLOWLY }, core })
      .done;
    const base = await daemon.readAll(Number.POSITIVE_INFINITY);
    const began = Date.now();
    const flood = send({ namespace: sender, file: load.file, speed: { kind: 'pps', value: pps }, seconds, core });
    const slow = { kind: 'pps', value: Math.max(1, Math.floor(mining.packetsDuring / seconds)) } as const;
    const shares = send({ namespace: sender, file: mining.during, speed: slow, core });
    let over = false;
    const done = Promise.all([flood.done, shares.done]).finally(() => {
      over = true;
    });
    const seen = { asked: 0, failed: 0, slowest: 0, show: false, lag: 0, share: 1, shedAfter: null as number | null };
    while (!over) {
      const answer = await daemon.metrics();
      seen.asked++;
      if (answer === null) seen.failed++;
      seen.slowest = Math.max(seen.slowest, answer?.milliseconds ?? 0);
      if (/^poolprint_\w*shed\w*\{[^}]*\} [1-9]/m.test(answer?.text ?? '')) seen.show = true;
      const now = await daemon.counters();
      seen.lag = Math.max(seen.lag, now.lag);
      seen.share = Math.min(seen.share, now.keptShare);
      const after = (Date.now() - began) / 1000;
      if (now.keptShare < 1 || now.shedPackets > 0) seen.shedAfter ??= after;
      print(`${after.toFixed(0)} s: ${described(now, base)}, ${(daemon.usage().now / 2 ** 20).toFixed(0)} MiB`);
      await pause(1000);
    }
    const [flooded, mined] = await done;
    const end = Date.now();
    const read = await daemon.readAll(Number.POSITIVE_INFINITY);
    const { peak } = daemon.usage();
    const drops = await daemon.finalDrops();
    exitCode = await daemon.stop();
    const late = new Date(began + (end - began) * LATE).toISOString();
    const rows = new Map([...daemon.detections().values()].map((row) => [`${row.miner.ip} ${row.pool.ip}`, row]));
    let [followed, counted, reached] = [0, 0, 0];
    for (const [key, shown] of mining.miners) {
      const row = rows.get(key);
      if (row === undefined) continue;
      if (row.last_seen > late) followed++;
      counted += row.shares.submitted - shown.shares;
      reached += row.packets[0] + row.packets[1] - shown.packets;
    }
    if (first.packets === 0) throw new Error('nothing was sent before the flood');
    return {
      floodRate: RATE(flooded),
      sent: flooded.packets + mined.packets,
      read: read.packets - base.packets,
      kernelDrops: drops.kernelDrops - base.kernelDrops,
      shed: read.shedPackets,
      leastShare: seen.share,
      shedAfter: seen.shedAfter,
      lag: seen.lag,
      peak,
      metricsAsked: seen.asked,
      metricsFailed: seen.failed,
      metricsSlowest: seen.slowest,
      metricsShow: seen.show,
      miners: mining.miners.size,
      followed,
      sharesSent: mining.sharesDuring,
      sharesCounted: counted,
      packetsSent: mined.packets,
      packetsCounted: reached,
      exitCode,
    };
  } finally {
    if (exitCode === null) await daemon.stop();
  }
}

interface Miners {
  readonly before: string;
  readonly during: string;
  readonly packetsDuring: number;
  /** Miner and pool with the shares and packets sent before the flood. */
  readonly miners: ReadonlyMap<string, { readonly shares: number; readonly packets: number }>;
  readonly sharesDuring: number;
}

/** One capture of mining between other hosts each time, cut in two: all openings first, then all the rest, by turns. */
function minersIn(stem: string): Miners {
  const { frames } = readSendable(MINING, 65_535);
  const cut = Math.round(frames.length * BEFORE);
  const copies = Array.from({ length: MINERS }, (_, i) => otherHosts(frames, hash32(i + 1)));
  const inTurn = (from: number, to: number): SendFrame[] => {
    const all: SendFrame[] = [];
    for (let i = from; i < to; i++)
      for (const copy of copies) if (copy[i] !== undefined) all.push(copy[i] as SendFrame);
    return all;
  };
  const [before, during] = [`${stem}-before.pcap`, `${stem}-during.pcap`];
  const rest = inTurn(cut, frames.length);
  writeSendable(before, inTurn(0, cut));
  writeSendable(during, rest);
  const shown = replay([before], 'run');
  const whole = replay([MINING], 'run')[0]?.shares.submitted ?? 0;
  const miners = new Map(
    shown.map((row) => [
      `${row.miner.ip} ${row.pool.ip}`,
      { shares: row.shares.submitted, packets: row.packets[0] + row.packets[1] },
    ]),
  );
  const already = shown.reduce((n, row) => n + row.shares.submitted, 0);
  return { before, during, packetsDuring: rest.length, miners, sharesDuring: whole * MINERS - already };
}

function described(now: Counters, base: Counters): string {
  const { kernelDrops, shedPackets, keptShare, lag, evictedFlows, evictedConversations, reassembly } = now;
  return [
    `${now.packets - base.packets} read`,
    `${kernelDrops} dropped in the kernel`,
    `${shedPackets} put aside`,
    `share ${keptShare}`,
    `lag ${lag.toFixed(2)} s`,
    `${evictedFlows} flows and ${evictedConversations} conversations gave way`,
    `${(reassembly / 2 ** 20).toFixed(0)} MiB held back`,
  ].join(', ');
}

/** What a person wants to read of it. */
export function renderOverload(result: OverloadResult): string {
  const { sent, read, kernelDrops, shed, shedAfter, leastShare, lag, peak } = result;
  const kept = result.sharesSent === 0 ? 0 : (100 * result.sharesCounted) / result.sharesSent;
  return [
    `flood of ${Math.round(result.floodRate)} packets/s: ${sent} sent, ${read} read, ${kernelDrops} dropped in the kernel, ${shed} put aside`,
    shedAfter === null
      ? 'nothing was put aside'
      : `putting aside began after ${shedAfter.toFixed(1)} s; least share looked at ${leastShare}`,
    `lag at most ${lag.toFixed(2)} s, memory at most ${(peak / 2 ** 20).toFixed(0)} MiB`,
    `/metrics asked ${result.metricsAsked} times, ${result.metricsFailed} without answer, slowest ${result.metricsSlowest.toFixed(0)} ms; it ${result.metricsShow ? 'shows' : 'does not show'} what was put aside`,
    `${result.followed} of ${result.miners} mining conversations known before were followed to the end; ${result.packetsCounted} of ${result.packetsSent} of their packets and ${result.sharesCounted} of ${result.sharesSent} shares of the flood counted (${kept.toFixed(1)} %)`,
    `exit code ${result.exitCode}`,
  ].join('\n');
}
