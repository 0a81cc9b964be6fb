import type { InputContext } from './input.ts';

/** A wait that a timer or somebody ends; one waiter at a time. */
export class Pause {
  private readonly context: InputContext;
  private wake: (() => void) | null = null;

  constructor(context: InputContext) {
    this.context = context;
  }

  /** Settles after `seconds`, or when `end` is called. */
  async wait(seconds: number): Promise<void> {
    let cancel: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      cancel = this.context.after(seconds, resolve);
    });
    this.wake = null;
    cancel();
  }

  end(): void {
    this.wake?.();
  }
}
