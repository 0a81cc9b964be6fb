import process from 'node:process';

/** Alternate screen, no cursor, no wrapping at the edge (xterm control sequences, DEC private modes). */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const END_OF_LINE = '\x1b[K';
const END_OF_SCREEN = '\x1b[J';
/** The terminal shows what stands between at once, where it knows how (synchronised output); others ignore it. */
const BEGIN_UPDATE = '\x1b[?2026h';
const END_UPDATE = '\x1b[?2026l';

/** The screen and keyboard that the live view uses. */
export interface Terminal {
  size(): { readonly columns: number; readonly rows: number };
  /** Takes the screen over; the result gives it back as it was, however often it is called. */
  open(handlers: { readonly onKeys: (keys: string) => void; readonly onResize: () => void }): () => void;
  /** Shows lines (safe to print, no longer than the screen) in place of what was there. */
  draw(lines: readonly string[]): void;
}

/** One write for a whole screen: lines are overwritten in place, so nothing flickers. */
export function frameText(lines: readonly string[]): string {
  return `${BEGIN_UPDATE}${HOME}${lines.map((line) => line + END_OF_LINE).join('\r\n')}${END_OF_SCREEN}${END_UPDATE}`;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdin, stdout } = process;
  return {
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    open({ onKeys, onResize }) {
      const keyboard = stdin.isTTY === true;
      const onData = (data: Buffer): void => onKeys(data.toString('latin1'));
      let isOpen = true;
      const leave = (): void => {
        if (!isOpen) return;
        isOpen = false;
        process.off('exit', leave);
        stdout.off('resize', onResize);
        if (keyboard) {
          stdin.off('data', onData);
          stdin.setRawMode(false);
          stdin.pause();
          stdin.unref();
        }
        stdout.write(LEAVE);
      };
      // However the process ends, short of SIGKILL, the terminal is given back.
      process.on('exit', leave);
      stdout.write(ENTER);
      stdout.on('resize', onResize);
      if (keyboard) {
        stdin.setRawMode(true);
        stdin.on('data', onData);
        stdin.resume();
      }
      return leave;
    },
    draw: (lines) => void stdout.write(frameText(lines)),
  };
}
