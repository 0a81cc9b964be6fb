/** Layouts known by their headings: columns found by name in any order, with synonyms, whatever else the table has. */
import type { Context, Head, Reader, TableLayout, Verdict } from './layout.ts';
import { isPersonalHeading, looksPersonal } from './personal.ts';

/** A heading as it is compared: compatibility forms unified, no spaces, no punctuation, lower case. */
export function headingKey(heading: string): string {
  return heading
    .slice(0, 200)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{P}\p{S}]+/gu, '');
}

/** Headings of one column, as `一|二|three`; the first is the one shown as missing. */
export type Columns<K extends string> = Readonly<Record<K, string>>;

export interface TableSpec<K extends string> {
  readonly id: string;
  readonly title: string;
  readonly columns: Columns<K>;
  /** One column of each group must be there. */
  readonly need: readonly (readonly K[])[];
  open(context: Context, cells: Cells<K>): RowReader;
}

export interface RowReader {
  /** The row is in the `cells` handed to `open`. */
  row(row: number): void;
  end?(): void;
}

/** The row in hand by column. */
export class Cells<K extends string> {
  readonly #at: Map<K, number>;
  readonly #others: readonly { readonly index: number; readonly name: string; readonly personal: boolean }[];
  #cells: readonly string[] = [];

  constructor(header: readonly string[], names: ReadonlyMap<string, K>) {
    this.#at = assign(header, names);
    const taken = new Set(this.#at.values());
    this.#others = header.flatMap((name, index) =>
      name === '' || taken.has(index) ? [] : [{ index, name: name.slice(0, 60), personal: isPersonalHeading(name) }],
    );
  }

  set(cells: readonly string[]): void {
    this.#cells = cells;
  }

  has(key: K): boolean {
    return this.#at.has(key);
  }

  /** The cell, or '' where the column or cell is missing. Dashes and the like that stand for nothing count as empty. */
  get(key: K): string {
    const index = this.#at.get(key);
    const cell = index === undefined ? '' : (this.#cells[index] ?? '');
    return cell.length <= 4 && /^(?:-+|—+|\/|\\|无|空|null|NULL|N\/A)$/.test(cell) ? '' : cell;
  }

  /** The heading over a column as written. */
  heading(key: K, header: readonly string[]): string {
    return header[this.#at.get(key) ?? -1] ?? '';
  }

  /** All cells of the row, for comparing rows. */
  all(): readonly string[] {
    return this.#cells;
  }

  /** Index of a column, -1 where it is missing. */
  index(key: K): number {
    return this.#at.get(key) ?? -1;
  }

  /** Adds the columns that no layout names: to `sealed` what may point to a person, to `extra` the rest. */
  others(extra: Record<string, string>, sealed: Record<string, string>): void {
    for (const { index, name, personal } of this.#others) {
      const cell = this.#cells[index] ?? '';
      if (cell === '') continue;
      const target = personal || looksPersonal(cell) ? sealed : extra;
      if (!Object.hasOwn(target, name)) define(target, name, cell);
    }
  }
}

/** Sets also a name such as `__proto__` as an ordinary property. */
export function define(target: Record<string, string>, name: string, value: string): void {
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}

function assign<K extends string>(header: readonly string[], names: ReadonlyMap<string, K>): Map<K, number> {
  const at = new Map<K, number>();
  header.forEach((heading, index) => {
    const key = names.get(headingKey(heading));
    // Of two equal headings the first counts: in these tables that is the unit's, the second the contact's.
    if (key !== undefined && !at.has(key)) at.set(key, index);
  });
  return at;
}

function namesOf<K extends string>(columns: Columns<K>): Map<string, K> {
  const names = new Map<string, K>();
  for (const key of Object.keys(columns) as K[]) {
    for (const name of [key, ...columns[key].split('|')])
      if (!names.has(headingKey(name))) names.set(headingKey(name), key);
  }
  return names;
}

/** A layout that is a table with headings. */
export function tableLayout<K extends string>(spec: TableSpec<K>): TableLayout {
  const names = namesOf(spec.columns);
  const title = (key: K): string => spec.columns[key].split('|')[0] as string;
  return {
    id: spec.id,
    title: spec.title,
    input: 'table',
    detect(head: Head): Verdict {
      let best: Verdict = { score: 0, because: 'no heading of it was found' };
      head.rows.forEach((cells, index) => {
        const verdict = judge(cells, index);
        if (verdict.score > best.score) best = verdict;
      });
      return best;
    },
    open(context: Context): Reader<readonly string[]> {
      const cells = new Cells(context.header, names);
      const reader = spec.open(context, cells);
      return {
        feed: (piece, row) => {
          cells.set(piece);
          reader.row(row);
        },
        end: () => reader.end?.(),
      };
    },
  };

  function judge(row: readonly string[], index: number): Verdict {
    const at = assign(row, names);
    const lacking = spec.need.filter((group) => !group.some((key) => at.has(key)));
    const missing = lacking.map((group) => group.map(title).join(' / '));
    const filled = row.filter((cell) => cell !== '').length;
    const found = [...at.values()].map((i) => row[i] as string);
    const because = `headings ${found.slice(0, 8).join(', ')}${found.length > 8 ? ' …' : ''} in row ${index + 1}`;
    if (lacking.length > 0) {
      // Something of it must be there to be called near.
      const had = spec.need.length - lacking.length;
      const score = had === 0 || at.size < 2 ? 0 : (49 * had) / (spec.need.length + 1) + Math.min(at.size, 20) / 10;
      return { score: Math.min(score, 49), because, header: index, missing };
    }
    const share = at.size / Math.max(filled, 1);
    return { score: 50 + 40 * share + (9 * at.size) / names.size, because, header: index };
  }
}
