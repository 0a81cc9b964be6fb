import { Told } from './fields.ts';

/** Samplers kept for one domain: routers have a few; a domain that invents more is told nothing new. */
export const MAX_SAMPLERS = 256;
/** Rates beyond this are no sampling but damage: what samples in hardware counts to 24 bits at most. */
const MAX_RATE = 16_777_216;

/** 1 = every packet; 0 = nothing that can be a rate. */
export function soundRate(rate: number): number {
  return rate >= 1 && rate <= MAX_RATE ? rate : 0;
}

/**
 * Rate of count-based sampling that takes `taken` packets in a row and then leaves out `skipped` (RFC 5477 §8.2.1, 8.2.2).
 * Exporters that tell the first alone mean "one of so many" by it.
 */
export function spacedRate(taken: number, skipped: number): number {
  if (taken < 1) return 0;
  return soundRate(skipped < 0 ? taken : (taken + skipped) / taken);
}

/** What an exporter told of sampling within one domain. Rates are "one of N"; 0 where nothing is known. */
export class Sampling {
  /** Told without a sampler. */
  rate = 0;
  readonly samplers: Map<number, number> = new Map<number, number>();
  /** How often a rate was told that was not known. */
  changes = 0;
  /** Rate of the only sampler there is. */
  private sole = 0;

  set(sampler: number, rate: number): void {
    if (soundRate(rate) === 0 || rate === (sampler < 0 ? this.rate : this.samplers.get(sampler))) return;
    if (sampler < 0) {
      this.changes++;
      this.rate = rate;
      return;
    }
    if (!this.samplers.has(sampler) && this.samplers.size >= MAX_SAMPLERS) return;
    this.changes++;
    this.samplers.set(sampler, rate);
    this.sole = this.samplers.size === 1 ? rate : 0;
  }

  /** Rate for a record that names `sampler` (-1 = none): that of the sampler, else of the domain, else of its only sampler. */
  rateOf(sampler: number): number {
    if (sampler >= 0) {
      const rate = this.samplers.get(sampler);
      if (rate !== undefined) return rate;
    }
    return this.rate > 0 ? this.rate : this.sole;
  }
}

/** What one record of options data told; reused. */
export class OptionsData {
  sampler = -1;
  interval = -1;
  taken = -1;
  skipped = -1;
  size = -1;
  population = -1;
  probability = -1;
  /** Start of the exporter's uptime, milliseconds since the epoch. */
  initTime = -1;

  clear(): void {
    this.sampler = this.interval = this.taken = this.skipped = -1;
    this.size = this.population = this.probability = this.initTime = -1;
  }

  /** Takes one field of `length` bytes at `at`, which lie within the view. */
  take(view: DataView, enterprise: number, element: number, at: number, length: number): void {
    if (enterprise !== 0) return;
    if (element === Told.Probability) {
      if (length === 8) this.probability = view.getFloat64(at);
      else if (length === 4) this.probability = view.getFloat32(at);
      return;
    }
    if (length < 1 || length > 8) return;
    switch (element) {
      case Told.SamplingInterval:
      case Told.SamplerInterval:
        this.interval = readUnsigned(view, at, length);
        break;
      case Told.SamplerId:
      case Told.SelectorId:
        this.sampler = readUnsigned(view, at, length);
        break;
      case Told.SystemInitTime:
        this.initTime = readUnsigned(view, at, length);
        break;
      case Told.PacketInterval:
        this.taken = readUnsigned(view, at, length);
        break;
      case Told.PacketSpace:
        this.skipped = readUnsigned(view, at, length);
        break;
      case Told.Size:
        this.size = readUnsigned(view, at, length);
        break;
      case Told.Population:
        this.population = readUnsigned(view, at, length);
        break;
    }
  }

  /** The sampling rate that the fields come to; 0 where they tell none. */
  rate(): number {
    if (soundRate(this.interval) > 0) return this.interval;
    if (this.taken >= 1) return spacedRate(this.taken, this.skipped);
    if (this.size >= 1) return soundRate(this.population / this.size);
    return this.probability > 0 ? soundRate(1 / this.probability) : 0;
  }
}

/** Big-endian integer of 1 to 8 bytes; above 2^53 to the nearest double. */
export function readUnsigned(view: DataView, at: number, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + view.getUint8(at + i);
  return value;
}
