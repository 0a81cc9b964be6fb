import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type RingMemory, RingReader } from '../../engine/shards/shard-ring.ts';
import { type EndpointOptions, loadEndpoints } from '../../signature/endpoints.ts';
import { createSignatureSet } from '../../signature/set.ts';
import type { Signature } from '../../signature/types.ts';
import { Core, type CoreOptions } from './core.ts';
import type { WorkerCommand } from './shard-host.ts';

/** What a slot of the ring holds. */
export const HostSlot = { Data: 1, Command: 4 } as const;

export interface ShardHostOrder extends Omit<CoreOptions, 'signatures' | 'endpoints'> {
  readonly memory: RingMemory;
  readonly signatures: readonly Signature[];
  readonly endpointOptions: EndpointOptions;
  readonly port: MessagePort;
}

export interface ShardAnswer {
  readonly sequence: number;
  readonly answer: unknown;
  /** Inputs that have stopped making sense. */
  readonly stopped: readonly number[];
}

/** Reads blocks and commands until the thread is ended. */
function work({ memory, signatures, endpointOptions, port, ...options }: ShardHostOrder): never {
  const ring = new RingReader(memory, options.shard);
  const stopped = new Set<number>();
  try {
    const core = new Core({
      ...options,
      signatures: createSignatureSet(signatures),
      endpoints: loadEndpoints(undefined, endpointOptions),
    });
    for (;;) {
      ring.next();
      if (ring.kind === HostSlot.Data) {
        core.feed(ring.input, ring.bytes, ring.view, ring.off, ring.end);
        if (core.stopped(ring.input)) stopped.add(ring.input);
      } else {
        const asked = receiveMessageOnPort(port)?.message as { sequence: number; command: WorkerCommand };
        const { sequence, command } = asked;
        if (command.kind === 'end') stopped.delete(command.input);
        const answer = carryOut(core, command);
        parentPort?.postMessage({ sequence, answer, stopped: [...stopped] } satisfies ShardAnswer);
      }
      ring.done();
    }
  } catch (error) {
    ring.setFailed();
    throw error;
  }
}

function carryOut(core: Core, command: WorkerCommand): unknown {
  if (command.kind === 'ping') return null;
  if (command.kind === 'times') return core.lastTimes();
  if (command.kind === 'signatures') {
    core.setSignatures(createSignatureSet(command.signatures), loadEndpoints(undefined, command.endpoints));
    return null;
  }
  return core.command(command);
}

if (parentPort !== null) work(workerData as ShardHostOrder);
