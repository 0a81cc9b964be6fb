import type { CollectorInputConfig, InputConfig } from '../config/types.ts';
import { createFlowLogInput } from './flow-log.ts';
import type { InputContext, InputDriver } from './input.ts';
import { createLiveInput } from './live.ts';
import { createPipeInput } from './pipe.ts';
import { createSpoolInput } from './spool.ts';

/** Kinds of input that other parts of the daemon make. */
export interface InputMakers {
  collector(config: CollectorInputConfig, context: InputContext): InputDriver;
}

/** The driver of a configured input. Never throws: what is wrong with an input is its state. */
export function createInput(config: InputConfig, context: InputContext, extra: InputMakers): InputDriver {
  switch (config.kind) {
    case 'live':
      return createLiveInput(config, context);
    case 'pipe':
      return createPipeInput(config, context);
    case 'spool':
      return createSpoolInput(config, context);
    case 'flow-log':
      return createFlowLogInput(config, context);
    case 'collector':
      return extra.collector(config, context);
  }
}
