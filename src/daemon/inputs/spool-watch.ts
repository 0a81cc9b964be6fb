/** The system's word that names in a directory have changed. */
import { type FSWatcher, watch } from 'node:fs';
import type { InputContext } from './input.ts';

/** Changes of the directory within this time (s) are looked at together. */
const NUDGE = 0.2;

/** Calls `changed` a moment after a name has come or gone. Where the system cannot tell, it never does. */
export class DirectoryWatch {
  private readonly directory: string;
  private readonly context: InputContext;
  private readonly changed: () => void;
  private watcher: FSWatcher | null = null;
  private cancel: (() => void) | null = null;

  constructor(directory: string, context: InputContext, changed: () => void) {
    this.directory = directory;
    this.context = context;
    this.changed = changed;
  }

  /** Listens, if it does not yet. */
  listen(): void {
    if (this.watcher !== null) return;
    try {
      this.watcher = watch(this.directory, { persistent: false }, (event) => {
        if (event !== 'rename' || this.cancel !== null || this.watcher === null) return;
        this.cancel = this.context.after(NUDGE, () => {
          this.cancel = null;
          this.changed();
        });
      });
      this.watcher.on('error', () => undefined);
    } catch {
      this.watcher = null;
    }
  }

  /** Listens no more; what was about to be told is not. */
  close(): void {
    this.watcher?.close();
    this.watcher = null;
    this.cancel?.();
    this.cancel = null;
  }
}
