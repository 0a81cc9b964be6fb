/**
 * What makes two rows statements about the same thing, so that the later one supersedes the earlier. Every key holds the
 * start of validity: a range given to a new holder later is another statement, not a correction of the first.
 */
import type { AddressRow, RegistryRow } from '../../attribution/types.ts';

/** Members of the key beyond kind and start, for rows about addresses. */
function addressKey(row: AddressRow): readonly unknown[] {
  const where = [row.first, row.last, row.realm];
  switch (row.kind) {
    // A subscriber's session or lease is one use of one address; its end comes later, as the same statement.
    case 'session':
    case 'lease':
      return [...where, row.ports, row.protocol, row.account];
    // A mapping is told by both of its sides: the inside address or, where that is not in the source, the subscriber. So two
    // sources that name different subscribers for one block both stay, and the answer is that several fit.
    case 'nat_session':
    case 'nat_block':
      return row.inside === null
        ? [...where, row.ports, row.protocol, null, null, row.account]
        : [...where, row.ports, row.protocol, row.inside.address, row.inside.realm];
    case 'nat_rule':
      return [
        ...where,
        row.natRule?.insideFirst ?? null,
        row.natRule?.insideLast ?? null,
        row.natRule?.insideRealm ?? null,
      ];
    // A rack's addresses may be listed under several accounts of one data centre.
    case 'colocation':
    case 'house':
      return [...where, row.ports, row.protocol, row.account];
    // Filings of one range from one day are one statement, whoever it names: that is what a correction changes.
    case 'filing':
    case 'isms':
    case 'resource':
    case 'geofeed':
      return [...where, row.ports, row.protocol];
  }
}

/** The natural key as text; rows of one kind with the same key are versions of one statement. */
export function naturalKey(row: RegistryRow): string {
  if (row.family === 'address') return JSON.stringify([row.kind, row.valid.from, ...addressKey(row)]);
  // Readings of a meter differ by their span; machines of one inventory number by nothing else.
  const end = row.kind === 'meter_reading' ? row.valid.to : null;
  return JSON.stringify([row.kind, row.valid.from, row.key, row.account, end, row.machine?.model ?? null]);
}
