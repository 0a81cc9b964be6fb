/** The registry changed: detections go where it says now; decisions go with the traffic, and entries tell both. */
import { sortedUnique } from './combine.ts';
import type { Desk } from './desk.ts';
import { handOn, noMoves, replaceDetection } from './moves.ts';
import { NodeReader } from './node-facts.ts';
import type { Change } from './services.ts';

/** How many detections were looked at, and how many belong elsewhere now. */
export interface Reattributed {
  readonly detections: number;
  readonly moved: number;
}

/** Attributes the detections of some leads (by id), or of all, anew; in one transaction. */
export function reattribute(desk: Desk, leads: readonly string[] | null, change: Change): Reattributed {
  const { storage } = desk;
  return storage.transaction(() => {
    const reader = new NodeReader(storage);
    const ids = sortedUnique(
      leads === null
        ? storage.detectionIds()
        : leads
            .flatMap((lead) => storage.nodesOf(lead))
            .flatMap(({ id }) => storage.placementsAt(id).map(({ detection }) => detection)),
    );
    const moves = noMoves();
    let moved = 0;
    // What comes to another lead is new there: an ended lead restarts by it, a silenced one may open.
    const fresh = new Map<string, null>();
    for (const id of ids) {
      if (!replaceDetection(desk, reader.row(id), reader, moves).left) continue;
      moved += 1;
      fresh.set(id, null);
    }
    handOn(desk, moves, false, change);
    // What meters, machines, tables or settings say may have changed where no detection moved.
    const places = leads === null ? [...storage.nodes()] : leads.flatMap((lead) => storage.nodesOf(lead));
    const nodes = new Set([...moves.nodes, ...places.map(({ id }) => id)]);
    if (nodes.size > 0) desk.regroup({ ...moves, nodes, fresh, byPerson: true }, change, reader);
    return { detections: ids.length, moved };
  });
}
