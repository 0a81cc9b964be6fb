/** Units of hashrates and of energy per hash, as detections and tables write them. */

/** What a rate counts: hashes, solutions of Equihash and its like, or graphs of the Cuckoo family. */
export type WorkKind = 'H' | 'Sol' | 'G';

const PREFIXES: Readonly<Record<string, number>> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 };
const GRAPHS: ReadonlySet<string> = new Set(['gps', 'GPS', 'g/s', 'G/s', 'graphs/s']);

/** `TH/s` → hashes and 1e12; null for what is no rate. `G/s` and `gps` are graphs a second, `GH/s` 10⁹ hashes. */
export function rateUnit(text: string): { readonly kind: WorkKind; readonly factor: number } | null {
  if (GRAPHS.has(text)) return { kind: 'G', factor: 1 };
  const parts = /^([kKMGTPE]?)(H|h|Sol|sol|S|Sols)\/s$/.exec(text);
  if (parts === null) return null;
  return { kind: parts[2]?.toLowerCase() === 'h' ? 'H' : 'Sol', factor: PREFIXES[parts[1] ?? ''] ?? 1 };
}

/** `J/TH` → hashes and 1e12: the figure is divided by it to give joule per base unit. */
export function efficiencyUnit(text: string): { readonly kind: WorkKind; readonly factor: number } | null {
  return text.startsWith('J/') ? rateUnit(`${text.slice(2)}/s`) : null;
}
