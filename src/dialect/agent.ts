/** Kind of hardware behind a user agent, where the program runs on one kind alone. */
export type HardwareClass = 'asic' | 'gpu' | 'cpu' | 'unknown';

const CLASSES: readonly (readonly [HardwareClass, RegExp])[] = [
  [
    'asic',
    /^(?:antminer|bmminer|whatsminer|btminer|cgminer|xminer-|avalon|luxminer|bosminer|sm-miner|bitaxe|nerd|nmaxe|lucky ?miner|gekkoaxe|disruptor)/i,
  ],
  ['asic', /bosminer|luxminer|braiins/i],
  [
    'gpu',
    /^(?:ethminer|phoenixminer|nbminer|teamredminer|t-rex|gminer|lolminer|bzminer|rigel|ewbf|ccminer|sgminer|claymore|genoil|wildrig|miniz)/i,
  ],
  ['cpu', /^(?:xmrig|xmr-stak-cpu|xmr\/|cpuminer|minerd|nheqminer)/i],
];

/** `unknown` for proxies and rental markets, whose hardware is hidden behind them. */
export function hardwareClass(agents: readonly string[]): HardwareClass {
  for (const agent of agents) {
    if (/proxy|nicehash|miningrigrentals/i.test(agent)) return 'unknown';
    for (const [kind, shape] of CLASSES) if (shape.test(agent.trim())) return kind;
  }
  return 'unknown';
}
