/** Mining hardware: rated hashrate and power by model, and the search by the names people write. */
import { rateUnit } from './energy-units.ts';
import { type Parsed, type RowOrigin, readTable, type TableVersion, versionOf } from './tables.ts';
import type { Band } from './types.ts';

export const HARDWARE_CLASSES = ['asic', 'gpu', 'cpu'] as const;
export type HardwareClassName = (typeof HARDWARE_CLASSES)[number];

export interface HardwareRow extends RowOrigin {
  /** Stable: `sha256d.antminer-s19`. */
  readonly id: string;
  readonly algorithm: string;
  readonly class: HardwareClassName;
  readonly model: string;
  /** Base units a second (H/s, Sol/s). */
  readonly rate: number;
  readonly watts: number;
  /** Joule per base unit. */
  readonly joules: number;
  readonly year: number;
  /** A two independent sources, B one, C catalogue or general knowledge. */
  readonly grade: 'A' | 'B' | 'C';
  readonly remark: string;
}

export interface HardwareTable extends TableVersion {
  readonly rows: readonly HardwareRow[];
  /** By the model's name without maker, spaces and case, and by the same without its rated hashrate. */
  readonly byName: ReadonlyMap<string, readonly HardwareRow[]>;
}

/** Rated power of a model as the table has it: one figure, or a band where several variants bear the name. */
export interface MachinePower {
  readonly class: HardwareClassName;
  readonly watts: Band;
  readonly rows: readonly HardwareRow[];
}

const COLUMNS = ['id', 'algorithm', 'class', 'model', 'hashrate', 'unit', 'power_w', 'release_year', 'grade', 'remark'];

/** Parses hardware.csv; faults carry file and line. */
export function parseHardware(text: string, fileName: string): Parsed<HardwareTable> {
  const ids = new Set<string>();
  const { table: rows, faults } = readTable(text, fileName, COLUMNS, (row): HardwareRow | null => {
    const id = row.needed('id');
    if (ids.has(id)) row.fault(`id ${id} stands in an earlier row: ids are unique`);
    ids.add(id);
    const unit = rateUnit(`${row.text('unit')}/s`);
    if (unit === null) row.fault('unit is not known: write H or Sol with a prefix, e.g. TH, kSol');
    const rate = row.neededNumber('hashrate', 1e-9, 1e9) * (unit?.factor ?? 1);
    const watts = row.neededNumber('power_w', 0.001, 1e6);
    return {
      ...row.origin(),
      id,
      algorithm: row.needed('algorithm'),
      class: row.word('class', HARDWARE_CLASSES),
      model: row.needed('model'),
      rate,
      watts,
      joules: watts / rate,
      year: row.neededNumber('release_year', 2009, 2100),
      grade: row.word('grade', ['A', 'B', 'C'] as const),
      remark: row.text('remark'),
    };
  });
  const byName = new Map<string, HardwareRow[]>();
  for (const row of rows) {
    const names = modelKeys(row.model);
    for (const name of names) {
      const list = byName.get(name);
      if (list === undefined) byName.set(name, [row]);
      else list.push(row);
    }
  }
  return { table: { ...versionOf('hardware', rows, text), rows, byName }, faults };
}

/** Makers and series that people write or leave out; the model's letters and digits tell it without them. */
const MAKERS =
  /bitmain|antminer|蚂蚁矿机|蚂蚁|microbt|whats ?miner|神马矿机|神马|canaan|avalon ?miner|avalon|阿瓦隆|嘉楠|ebang|ebit|翼比特|innosilicon|芯动|goldshell|金贝|iceriver|jasminer|bombax|aisen|geforce|nvidia|radeon|\bamd\b|ryzen|intel|core/g;

/** Keys of a model's name: as written, and without a rated hashrate at its end ("S19j Pro 104T", "(104 TH/s)"). */
function modelKeys(model: string): readonly string[] {
  const plain = model.slice(0, 128).normalize('NFKC').toLowerCase();
  const bare = plain.replace(/[(（]?\s*\d{1,5}(?:\.\d{1,3})?\s?t(?:h(?:\/?s)?)?\s*[)）]?\s*$/, '');
  const keys = [plain, bare].map((name) => name.replace(MAKERS, '').replace(/[^a-z0-9.+\p{Script=Han}]/gu, ''));
  return keys[0] === keys[1] || keys[1] === '' ? [keys[0] as string] : (keys as [string, string]);
}

/**
 * Power of a model by the name in an inventory; null where the table does not know it. Where several rows bear the name (a
 * card under several algorithms, variants of a machine), those of `algorithms` are taken if there are any, and the band
 * runs from the least to the greatest.
 */
export function findMachine(table: HardwareTable, model: string, algorithms: ReadonlySet<string>): MachinePower | null {
  for (const key of modelKeys(model)) {
    const found = key === '' ? undefined : table.byName.get(key);
    if (found === undefined) continue;
    const matching = found.filter((row) => algorithms.has(row.algorithm));
    const rows = matching.length > 0 ? matching : found;
    const watts = rows.map((row) => row.watts);
    const low = Math.min(...watts);
    const high = Math.max(...watts);
    const mid = rows.length === 1 ? low : Math.min(high, Math.max(low, watts.reduce((a, b) => a + b, 0) / rows.length));
    return { class: (rows[0] as HardwareRow).class, watts: { low, mid, high }, rows };
  }
  return null;
}
