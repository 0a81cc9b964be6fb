import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENERGY_FILES, type EnergyTables, parseEnergyTables, type TableText } from '../estimate/tables-energy.ts';
import { type CodeTable, parseCodes } from '../identifier/codes.ts';
import { type Divisions, parseDivisions } from '../identifier/divisions.ts';
import { type NamePatterns, parseNamePatterns } from '../identifier/flags.ts';
import { type Provinces, parseProvinces } from '../identifier/regions.ts';
import { visible } from './text.ts';

/** A reference table that cannot be used: one line, exit code 2. */
export class TableError extends Error {
  override readonly name: string = 'TableError';
  readonly exitCode: number = 2;
}

/** Tables of `signatures/reference/`, each from the user's folder where that has a file of its name. */
export class Reference {
  readonly #own: string | null;
  #divisions: Divisions | null = null;
  #provinces: Provinces | null = null;
  #codes: CodeTable | null = null;
  #patterns: NamePatterns | null = null;
  #energy: EnergyTables | null = null;

  constructor(folder: string | null) {
    if (folder !== null && !existsSync(folder)) {
      throw new TableError(
        `${visible(folder)}: there is no such folder; --reference names one with tables (docs/identifiers.md)`,
      );
    }
    this.#own = folder;
  }

  text(name: string): TableText {
    const own = this.#own === null ? null : join(this.#own, name);
    const fileName = own !== null && existsSync(own) ? own : join(shippedFolder(), name);
    try {
      return { text: readFileSync(fileName, 'utf8'), fileName };
    } catch (error) {
      throw new TableError(`${visible(fileName)}: cannot be read: ${visible((error as Error).message)}`);
    }
  }

  get divisions(): Divisions {
    this.#divisions ??= checked(this.text('divisions.csv'), parseDivisions);
    return this.#divisions;
  }

  get provinces(): Provinces {
    this.#provinces ??= checked(this.text('grid.csv'), parseProvinces);
    return this.#provinces;
  }

  get codes(): CodeTable {
    this.#codes ??= checked(this.text('codes.csv'), parseCodes);
    return this.#codes;
  }

  get patterns(): NamePatterns {
    this.#patterns ??= checked(this.text('name-patterns.csv'), parseNamePatterns);
    return this.#patterns;
  }

  get energy(): EnergyTables {
    if (this.#energy === null) {
      const names = Object.entries(ENERGY_FILES) as [keyof EnergyTables, string][];
      const texts = Object.fromEntries(names.map(([key, file]) => [key, this.text(file)]));
      const { table, faults } = parseEnergyTables(texts as Record<keyof EnergyTables, TableText>);
      const first = faults[0];
      if (first !== undefined) throw new TableError(`${visible(first.file)}:${first.line}: ${visible(first.message)}`);
      this.#energy = table;
    }
    return this.#energy;
  }
}

interface Faulty {
  readonly faults: readonly { readonly line: number; readonly message: string }[];
}

function checked<T extends Faulty>({ text, fileName }: TableText, parse: (text: string) => T): T {
  const table = parse(text);
  const first = table.faults[0];
  if (first !== undefined) throw new TableError(`${visible(fileName)}:${first.line}: ${visible(first.message)}`);
  return table;
}

/** Beside the sources as beside the built program: two folders up. */
function shippedFolder(): string {
  return join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'signatures', 'reference');
}
