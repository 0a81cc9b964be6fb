/**
 * Where the bytes of a capture stopped making sense. Everything before `offset` was read and counts.
 */
export interface Damage {
  /** Bytes from the start of the capture (of the compressed file where decompression failed). */
  readonly offset: number;
  /** Index into ANOMALIES: one of the `capture.*` names. */
  readonly anomaly: number;
  /** One line for a person, without the name of the input. */
  readonly reason: string;
}

/** Why an input is no capture at all. */
export type CaptureFault = 'empty' | 'not_a_capture' | 'unsupported_version';

/** An input that can be read but is not a capture: nothing of it counts. */
export class CaptureError extends Error {
  readonly fault: CaptureFault;
  readonly exitCode = 1;

  constructor(fault: CaptureFault, message: string) {
    super(message);
    this.name = 'CaptureError';
    this.fault = fault;
  }
}

/** An input that cannot be found or read (1), or an argument that makes no sense (2). The message is one line. */
export class InputError extends Error {
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, message: string) {
    super(oneLine(message));
    this.name = 'InputError';
    this.exitCode = exitCode;
  }
}

/** A packet filter that cannot be compiled. The message is one line. */
export class FilterError extends Error {
  readonly exitCode = 2;

  constructor(message: string) {
    super(oneLine(message));
    this.name = 'FilterError';
  }
}

/** A file that could not be written, for instance because the disk is full. The message is one line. */
export class OutputError extends Error {
  readonly exitCode = 1;

  constructor(message: string) {
    super(oneLine(message));
    this.name = 'OutputError';
  }
}

/** Error code of a failed system call (`ENOENT`, …), '' where there is none. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

/** Control characters (also those of a file name or of a child program) must not reach a terminal. */
export function oneLine(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim()
    .slice(0, 1000);
}
