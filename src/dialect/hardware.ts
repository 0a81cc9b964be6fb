/** Kind of hardware behind a user agent, where the program runs on one kind alone. */
export type HardwareClass = 'asic' | 'gpu' | 'cpu' | 'unknown';

/** One mining program as it names itself. */
export interface AgentRow {
  /** Name by which the program is known. */
  readonly software: string;
  /** How its agent begins, case ignored; a version may follow. */
  readonly begins: string;
  /** `unknown`: the program runs on several kinds, or hides what stands behind it. */
  readonly hardware: HardwareClass;
  /** Stands between miners and pool: the hardware behind it does not show, whatever else is said. */
  readonly relay?: true;
  /** An agent that was seen or is documented. */
  readonly example: string;
  /** Where the example is from. */
  readonly source: string;
}

const CKSTATS = 'agents listed by public ckpool statistics (ckstats)';
const README = "the program's README or release notes";
const POOLS = 'pool and miner documentation';

/** First match wins: relays, then firmware that writes its name behind that of the board, then names. */
export const AGENTS: readonly AgentRow[] = [
  row('NiceHash', 'nicehash', 'unknown', 'NiceHash/1.0.0', CKSTATS, true),
  row('MiningRigRentals', 'miningrigrentals', 'unknown', 'MiningRigRentals/Test/1.0', CKSTATS, true),
  row(
    'xmrig-proxy',
    'xmrig-proxy',
    'unknown',
    'xmrig-proxy/6.26.0 (Linux x86_64)',
    'xmrig-proxy, doc/STRATUM.md',
    true,
  ),
  row('proxy', '[^ /]{0,40}proxy', 'unknown', 'stratum-proxy/1.0', 'the name itself', true),
  // Firmware of SHA-256 and scrypt machines.
  row(
    'LUXminer',
    '(?:[^|]{1,60}\\|)?luxminer',
    'asic',
    'Antminer S19k Pro|LUXminer 2026.4.3-6ab4e5077|BHB56902',
    CKSTATS,
  ),
  row(
    'bosminer',
    '(?:[^;]{1,40};)?bosminer(?:-[a-z][a-z0-9]*){0,4}',
    'asic',
    'bosminer-plus-tuner 0.9.0-db69f9bc',
    CKSTATS,
  ),
  row(
    'Braiins OS',
    '[^/]{1,40}/[^/]{1,40}/braiins-os',
    'asic',
    'Bitmain/S9i 13.5/braiins-os-2018-09-22',
    'Stratum V2 examples',
  ),
  row('Braiins OS', 'braiins', 'asic', 'braiins-os/22.08', CKSTATS),
  row('bmminer', 'bmminer', 'asic', 'bmminer/2.0.0/Antminer S9/14000', CKSTATS),
  row('Antminer', 'antminer', 'asic', 'Antminer S21/Fri Oct 11 16:34:48 CST 2024', CKSTATS),
  row('Whatsminer', 'whatsminer|btminer', 'asic', 'whatsminer/v1.1', CKSTATS),
  row('VNish', 'xminer', 'asic', 'xminer-1.2.7', CKSTATS),
  row('ePIC', 'powerplay-bm', 'asic', 'PowerPlay-BM/1.0', 'DATUM gateway, agent rules'),
  row('sm-miner', 'sm-miner', 'asic', 'sm-miner v8.16.67.1 2020-09-23, msp ver 0x8168', CKSTATS),
  row('Avalon', 'avalon(?: ?miner)?', 'asic', 'AvalonMiner 1246', POOLS),
  row('GodMiner', 'godminer', 'asic', 'GodMiner/2.0.0', 'Kaspa stratum bridge'),
  row('IceRiver', 'iceriver(?:miner)?', 'asic', 'IceRiverMiner-v1.1', 'Kaspa stratum bridge'),
  row('Goldshell', 'goldshell', 'asic', 'goldshell/2.1', 'Kaspa stratum bridge'),
  // 3.7.2 was the last with GPUs; later ones drive ASICs alone (cgminer, NEWS).
  row('cgminer', 'cgminer[ /](?=3\\.[0-7](?!\\d))', 'unknown', 'cgminer/3.7.2', 'cgminer, NEWS'),
  row('cgminer', 'cgminer', 'asic', 'cgminer/4.11.1', 'cgminer, util.c'),
  row('BFGMiner', 'bfgminer', 'unknown', 'bfgminer/5.4.2', 'BFGMiner, util.c'),
  // Small boards with one or a few ASIC chips.
  row('Bitaxe', 'bitaxe', 'asic', 'bitaxe/BM1366/v2.4.0', 'ESP-Miner, stratum_task.c'),
  row('NerdAxe', 'nerd[a-z+]*axe[^/]{0,12}', 'asic', 'NerdQAxe++/BM1370/v1.0.36', CKSTATS),
  row('NMAxe', 'nmaxe', 'asic', 'NMAxe/v2.1', CKSTATS),
  row('LuckyMiner', 'lucky ?miner', 'asic', 'LuckyMiner/BM1366/v1.0', CKSTATS),
  row('BitDSK', 'bitdsk', 'asic', 'bitdsk/N8-T', CKSTATS),
  row('GekkoAxe', 'gekkoaxe(?:-[a-z]+)?', 'asic', 'GekkoAxe-GT/BM1370/v1.0', CKSTATS),
  row('Zyber', 'zyber\\w{0,8}', 'asic', 'Zyber8S/BM1368/v1.0', CKSTATS),
  row('Disruptor', 'disruptor', 'asic', 'Disruptor/BM1366/v1.0', CKSTATS),
  // Microcontrollers that hash in software.
  row('NerdMiner', 'nerdminer(?:v2)?', 'cpu', 'NerdMinerV2/V1.8.3', CKSTATS),
  row('NMMiner', 'nmminer', 'cpu', 'NMMiner/v1.6', CKSTATS),
  row('BitsyMiner', 'bitsyminer', 'cpu', 'BitsyMiner/1.3', CKSTATS),
  row('SparkMiner', 'sparkminer', 'cpu', 'SparkMiner/1.0', CKSTATS),
  row('LeafMiner', 'leafminer', 'cpu', 'LeafMiner/0.0.5', CKSTATS),
  row('TacoMiner', '(?:esp32 )?tacominer', 'cpu', 'ESP32 TacoMiner', CKSTATS),
  // Graphics cards.
  row('sgminer', 'sgminer', 'gpu', 'sgminer/4.1.0', CKSTATS),
  row('EWBF', 'ewbf', 'gpu', 'EWBF 0.3.4b', 'recorded traffic of nDPI'),
  row('ethminer', 'ethminer', 'gpu', 'ethminer/0.19.0', 'ethminer, docs'),
  row('PhoenixMiner', 'phoenixminer', 'gpu', 'PhoenixMiner/5.5c', README),
  row('NBMiner', 'nbminer', 'gpu', 'NBMiner/38.1', README),
  row('TeamRedMiner', 'teamredminer', 'gpu', 'teamredminer/0.10.9', 'Iron Fish stratum documentation'),
  row('SRBMiner', 'srbminer(?:-multi)?', 'gpu', 'SRBMiner-MULTI/2.4.1', README),
  row('lolMiner', 'lolminer', 'gpu', 'lolMiner 1.97', README),
  row('BzMiner', 'bzminer', 'gpu', 'BzMiner-v11.1.0', README),
  row('Rigel', 'rigel', 'gpu', 'Rigel/1.4.1', README),
  row('GMiner', 'gminer', 'gpu', 'GMiner/3.43', README),
  row('T-Rex', 't-rex', 'gpu', 'T-Rex/0.26.8', README),
  row('ccminer', 'ccminer', 'gpu', 'ccminer/2.3.1', README),
  row('WildRig', 'wildrig(?:-multi)?', 'gpu', 'wildrig-multi/0.36', README),
  row('miniZ', 'miniz', 'gpu', 'miniZ/2.0c', README),
  row('Claymore', 'claymore', 'gpu', 'Claymore/15.0', README),
  row('Genoil', 'genoil', 'gpu', 'genoil+tromp/0.1', 'draft of ZIP 301'),
  row('XMRig for GPUs', 'xmrig-(?:nvidia|amd)', 'gpu', 'xmrig-nvidia/2.14.1', README),
  // Processors.
  row('XMRigCC', 'xmrigcc', 'cpu', 'XMRigCC/3.4.0 (Windows NT 10.0; Win64; x64)', 'XMRig, src/base/net/stratum'),
  row('XMRig', 'xmrig', 'cpu', 'XMRig/6.26.0 (Linux x86_64) libuv/1.51.0 gcc/13.2.1', 'XMRig, Platform_unix.cpp'),
  row('xmr-stak-cpu', 'xmr-stak-cpu', 'cpu', 'xmr-stak-cpu/1.3.0-1.5.0', 'recorded traffic of nDPI'),
  row('xmr-stak', 'xmr-stak', 'unknown', 'xmr-stak/2.10.8', README),
  row('xmr', 'xmr(?=/)', 'cpu', 'xmr/1.0', 'recorded traffic of Zeek packages'),
  row('cpuminer-opt', 'cpuminer-opt', 'cpu', 'cpuminer-opt-26.1-x64L', 'cpuminer-opt, cpu-miner.c'),
  row('cpuminer', 'cpuminer(?:-multi)?|minerd', 'cpu', 'cpuminer-multi/1.3.7', 'cpuminer, util.c'),
  // Processors or graphics cards.
  row('nheqminer', 'nheqminer|equihashminer', 'unknown', 'equihashminer', 'recorded traffic of nDPI'),
];

function row(
  software: string,
  begins: string,
  hardware: HardwareClass,
  example: string,
  source: string,
  relay?: true,
): AgentRow {
  return { software, begins, hardware, example, source, ...(relay ? { relay } : {}) };
}

/** Where an agent names the machine: the part in the first group. */
export const MODELS: readonly RegExp[] = [
  /^(?:bmminer\/[^/]{1,20}\/)?(Antminer [^/|]{1,40})/i,
  /^([^|]{1,60})\|LUXminer/i,
  /^Bitmain\/([^/]{1,40})\//i,
  /bosminer-plus-(am\d-[a-z0-9]+)/i,
  /^(avalon ?(?:miner)?[ /-]?\d{3,4}[\w-]{0,12})/i,
  /^whatsminer[ /](M\d{2}[\w+]{0,8})/i,
  /^bitdsk\/([\w-]{1,20})/i,
  /\b(BM1[34]\d\d)\b/i,
];
