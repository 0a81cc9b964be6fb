import type { BinaryMessage, Place, Side } from '../../protocol/message.ts';
import { NoiseShape } from '../../protocol/noise.ts';

/** Stratum V2 behind Noise in one conversation: what the lengths of its messages tell. */
export class NoiseWatch {
  readonly client: Side;
  private readonly shape: NoiseShape = new NoiseShape();

  /** `client`: the side that spoke first. */
  constructor(client: Side) {
    this.client = client;
  }

  push(side: Side, bytes: Uint8Array, off: number, end: number): void {
    this.shape.push(side === this.client, bytes, off, end);
  }

  gap(side: Side): void {
    this.shape.gap(side === this.client);
  }

  finish(): void {
    this.shape.finish();
  }

  get ruledOut(): boolean {
    return this.shape.state === 'no';
  }

  get likely(): boolean {
    return this.shape.state === 'likely';
  }

  /** What is known so far; `certain`: another sign says that this is mining, so that its shares may be counted. */
  message(place: Place, certain: boolean): BinaryMessage {
    const { standard, extended } = this.shape.shares;
    const shares = standard + extended;
    return {
      kind: 'binary',
      side: this.client,
      place,
      transport: 'tcp',
      protocol: 'noise',
      value: { shares, certain },
      text: `encrypted messages of the lengths of Stratum V2: ${shares} shares of ${standard > 0 ? '62' : '63 and more'} bytes`,
    };
  }
}
