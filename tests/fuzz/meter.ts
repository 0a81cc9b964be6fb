/** Bytes that count how often they are read: work is measured in reads, never in time. */

/** Thrown when a parser reads more than it may: what would be an endless or quadratic loop becomes a failure. */
export class TooMuchWork extends Error {}

const Base: new (buffer: ArrayBuffer) => DataView<ArrayBuffer> = DataView;

/** A view that counts reads and refuses to go on beyond a limit. */
export class MeteredView extends Base {
  reads = 0;
  limit: number = Number.POSITIVE_INFINITY;

  private count(): void {
    if (++this.reads > this.limit) throw new TooMuchWork(`more than ${this.limit} reads`);
  }
  override getUint8(at: number): number {
    this.count();
    return super.getUint8(at);
  }
  override getUint16(at: number, little?: boolean): number {
    this.count();
    return super.getUint16(at, little);
  }
  override getUint32(at: number, little?: boolean): number {
    this.count();
    return super.getUint32(at, little);
  }
  override getInt32(at: number, little?: boolean): number {
    this.count();
    return super.getInt32(at, little);
  }
}

export interface Meter {
  reads: number;
  /** Most reads that are allowed. */
  readonly limit?: number;
}

/** An array behind a proxy that counts index reads and copied elements in `meter`; slow, for short runs only. */
export function metered<T extends Uint8Array | Int32Array>(array: T, meter: Meter): T {
  const limit = meter.limit ?? Number.POSITIVE_INFINITY;
  return new Proxy(array, {
    get(target, key): unknown {
      if (typeof key === 'string' && /^\d+$/.test(key)) {
        if (++meter.reads > limit) throw new TooMuchWork(`more than ${limit} reads`);
        return target[Number(key)];
      }
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args);
        if (ArrayBuffer.isView(result)) meter.reads += result.byteLength;
        return result;
      };
    },
  });
}
