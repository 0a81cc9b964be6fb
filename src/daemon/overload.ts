/** When and how much is put aside because live input outruns the engine (docs/daemon.md). */

/** What a point is told to do. */
export interface Shed {
  /** Share of pairs of hosts that are looked at. */
  readonly share: number;
  /** How long an unrecognised flow is looked at, µs. */
  readonly patience: number;
}

/** From when on, and how far. */
export interface OverloadOptions {
  readonly enabled: boolean;
  /** Seconds behind from which on something is put aside. */
  readonly lag: number;
  /** Share of pairs of hosts that is looked at whatever happens, 0 to 1. */
  readonly leastShare: number;
}

/** Further behind than this, input is not live: somebody plays an old capture into a pipe. Seconds. */
const NOT_LIVE = 600;
/** Looks in a row without trouble before a step is taken back. */
const CALM = 10;
/** Share of packets lost in the kernel that counts as trouble. */
const LOSS = 0.001;
const PATIENCE = [Number.POSITIVE_INFINITY, 60e6, 10e6, 5e6];

/** One observation point. Looks are a second apart. */
export class Overload {
  private level = 0;
  private calm = 0;
  /** May be replaced by others, which the next look minds. */
  options: OverloadOptions;

  constructor(options: OverloadOptions) {
    this.options = options;
  }

  /** `lag`: seconds behind since the last look; `lost`, `seen`: packets lost in the kernel and seen since. Null: no change. */
  look(lag: number, lost: number, seen: number): Shed | null {
    if (!this.options.enabled) {
      if (this.level === 0) return null;
      this.level = this.calm = 0;
      return this.at();
    }
    const behind = lag > this.options.lag && lag < NOT_LIVE;
    const losing = lost > 0 && lost > LOSS * (seen + lost);
    if (behind || losing) {
      this.calm = 0;
      if (this.shareAt(this.level) <= this.options.leastShare) return null;
      this.level++;
      return this.at();
    }
    if (this.level === 0 || lag > this.options.lag / 4) return null;
    if (++this.calm < CALM) return null;
    this.calm = 0;
    this.level--;
    return this.at();
  }

  /** First impatience with what is not recognised; from the second step on half of what is left goes each time. */
  private at(): Shed {
    return {
      share: this.shareAt(this.level),
      patience: PATIENCE[Math.min(this.level, PATIENCE.length - 1)] as number,
    };
  }

  private shareAt(level: number): number {
    return Math.max(this.options.leastShare, level < 2 ? 1 : 2 ** (1 - level));
  }
}
