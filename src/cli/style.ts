import { styleText } from 'node:util';
import type { Activity, Confidence } from '../detect/detection.ts';

export const COLOR_MODES = ['auto', 'always', 'never'] as const;
export type ColorMode = (typeof COLOR_MODES)[number];

type Format = Parameters<typeof styleText>[0];

/** Paints text, or leaves it as it is where colour is off. */
export type Paint = (format: Format, text: string) => string;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether to colour: what was asked for; else FORCE_COLOR (0 or false switches off), NO_COLOR (https://no-color.org, any
 * value but the empty one), TERM=dumb; else whether the output is a terminal.
 */
export function wantsColor(mode: ColorMode, isTTY: boolean, env: Environment): boolean {
  if (mode !== 'auto') return mode === 'always';
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (env['NO_COLOR'] || env['TERM'] === 'dumb') return false;
  return isTTY;
}

export function createPaint(color: boolean): Paint {
  return color ? (format, text) => styleText(format, text, { validateStream: false }) : (_, text) => text;
}

export const CONFIDENCE_STYLE: Readonly<Record<Confidence, Format>> = {
  confirmed: ['bold', 'red'],
  probable: 'yellow',
  suspected: 'dim',
};

export const ACTIVITY_STYLE: Readonly<Record<Activity, Format>> = {
  mining: 'red',
  proxy: 'magenta',
  attempt: 'cyan',
  probe: 'dim',
};

/** Columns to fit into: COLUMNS where it is a sane number, else the terminal's; null for a file or pipe. */
export function outputWidth(
  output: { readonly columns?: number | undefined; readonly isTTY?: boolean | undefined },
  env: Environment,
): number | null {
  const asked = Number(env['COLUMNS']);
  if (Number.isInteger(asked) && asked >= 20 && asked <= 10_000) return asked;
  if (output.isTTY !== true) return null;
  return output.columns !== undefined && output.columns > 0 ? output.columns : 80;
}
