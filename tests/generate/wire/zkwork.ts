/** Messages of an Aleo worker to a zk.work pool (https://docs.rs/zkwork_aleo_protocol). */
import { concat, u8, u32le, utf8 } from './bytes.ts';

export interface ZkworkWorker {
  readonly workerType: number;
  readonly addressType: number;
  readonly version: readonly [number, number, number];
  readonly name: string;
  readonly address: string;
}

/** Connect message without the length in front of it. */
export function zkworkConnect(w: ZkworkWorker): Uint8Array {
  const name = utf8(w.name);
  return concat(u8(128, w.workerType, w.addressType, ...w.version, name.length), name, utf8(w.address));
}

/** A message as it is sent, with its length. */
export function zkworkFrame(message: Uint8Array): Uint8Array {
  return concat(u32le(message.length), message);
}
