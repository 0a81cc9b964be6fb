import { expect, test } from 'vitest';
import { streamOfReadable } from '../../../src/daemon/inputs/byte-stream.ts';

async function* pieces(): AsyncGenerator<Buffer> {
  // Small Buffers are cut out of a shared one.
  yield Buffer.from([1, 2, 3]);
  yield Buffer.from([4, 5]);
}

test('what a child or socket gives can be copied with slice, as the engine does', async () => {
  const stream = streamOfReadable(pieces());
  const first = await stream.next();
  const kept = first?.slice(1, 3);
  first?.fill(0);
  expect([...(kept ?? [])]).toEqual([2, 3]);
  expect(kept?.buffer.byteLength).toBe(2);
  expect([...((await stream.next()) ?? [])]).toEqual([4, 5]);
  expect(await stream.next()).toBeNull();
});
