/** Tries to use a ledger without the rights to write it and prints what it is told, as JSON. */
import { dirname, join } from 'node:path';
import { type OpenOptions, openLedger } from '../../src/ledger/sqlite/ledger.ts';
import { entry, START, seededBytes } from './store-samples.ts';

const path = process.argv[2] ?? '';
// Nobody, by number, where this runs as root.
if (process.getuid?.() === 0) process.setuid?.(65_534);

function attempt(work: () => string): string {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error.message : 'no error object';
  }
}
const open = (file: string, mode: OpenOptions['mode']): ReturnType<typeof openLedger> =>
  openLedger(file, { mode, now: () => START, random: seededBytes('child') });

const said = {
  write: attempt(() => {
    open(path, 'write').leads.append(entry('lost'));
    return 'written';
  }),
  create: attempt(() => open(join(dirname(path), 'new.ledger'), 'create').path),
  read: attempt(() => {
    const ledger = open(path, 'read');
    const entries = [...ledger.leads.entries({})].map(({ action }) => action);
    return `entries: ${entries.join(' ')}; verifies: ${ledger.verify().ok}`;
  }),
  backup: attempt(() => {
    open(path, 'read').backup(join(dirname(path), 'b.ledger'), { now: START, actor: 'child' });
    return 'made';
  }),
};
process.stdout.write(JSON.stringify(said));
