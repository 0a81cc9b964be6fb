import { describe, expect, test } from 'vitest';
import { loadSignatures } from '../../src/signature/load.ts';
import { messagesOf, runSignatureTests } from '../../src/signature/self-test.ts';
import { createSignatureSet } from '../../src/signature/set.ts';
import type { Signature } from '../../src/signature/types.ts';

const set = loadSignatures();

describe('inline tests of the signatures', () => {
  const rows = runSignatureTests(set).map((result) => {
    const inline = result.signature.tests[result.index];
    return [`${result.signature.id} #${result.index} (${inline?.input}, ${inline?.expect})`, result] as const;
  });
  test.each(rows)('%s', (_name, result) => {
    expect(result.detail).toBe('');
    expect(result.ok).toBe(true);
  });
});

describe('dialects stay apart', () => {
  // A message proves one dialect. The generic mining.* signatures (dialect null) may hold beside it.
  const positive = set.signatures.flatMap((signature) =>
    signature.tests.filter((inline) => inline.expect === 'indication').map((inline) => [signature, inline] as const),
  );
  test.each(positive)('%# $id', (signature, inline) => {
    const hits: Signature[] = [];
    for (const message of messagesOf(inline).messages) set.match(message, hits);
    const dialects = new Set(hits.map((hit) => hit.dialect).filter((dialect) => dialect !== null));
    if (signature.dialect !== null) dialects.delete(signature.dialect);
    expect([...dialects].filter(() => signature.dialect !== null)).toEqual([]);
    // Sender and dialect must agree too: the two ends of one message cannot both have sent it.
    const senders = new Set(hits.map((hit) => hit.from).filter((from) => from !== null));
    expect(senders.size).toBeLessThanOrEqual(1);
  });
});

describe('weights', () => {
  const weightOf = (id: string): number => set.byId(id)?.weight ?? Number.NaN;

  test.each([
    'getwork.request',
    'getblocktemplate.request',
    'getblocktemplate.monero-request',
    'eth-getwork.request',
    'getwork.request-headers',
    'getwork.response-headers',
  ])('%s asks for work but proves nothing alone', (id) => {
    expect(weightOf(id)).toBe(0.6);
  });

  test.each([
    'stratum.client-request',
    'stratum.keepalive',
    'stratum.share-error',
    'stratum.version-answer',
    'cryptonote.keepalive',
    'cryptonote.share-accepted',
    'coinhive.auth',
    'coinhive.authed',
    'getwork.user-agent',
    'getwork.long-polling-header',
  ])('%s is a hint only', (id) => {
    expect(weightOf(id)).toBeGreaterThanOrEqual(0.3);
    expect(weightOf(id)).toBeLessThanOrEqual(0.5);
  });

  test.each([
    'stratum.subscribe',
    'stratum.authorize',
    'stratum.submit',
    'stratum.notify',
    'stratum.set-difficulty',
    'cryptonote.login',
    'cryptonote.job',
    'cryptonote.submit',
    'ethproxy.login',
    'ethproxy.getwork',
    'ethproxy.work',
    'ethproxy.submit-work',
    'ethproxy.submit-hashrate',
    'getwork.work',
    'getblocktemplate.template',
    'coinhive.job',
    'stratum-v2.setup-connection',
  ])('%s proves mining', (id) => {
    expect(weightOf(id)).toBeGreaterThanOrEqual(0.9);
  });
});

describe('self-test', () => {
  const first = set.byId('coinhive.auth');
  const failing = (text: string, expected: 'indication' | 'none'): string => {
    const signature: Signature = { ...first!, tests: [{ input: 'miner_ws', text, expect: expected }] };
    return runSignatureTests(createSignatureSet([signature]))[0]?.detail ?? '';
  };
  test('says that a positive test does not hold', () => {
    expect(failing('{"type":"other"}', 'indication')).toContain('does not hold');
  });
  test('says that a negative test holds', () => {
    expect(failing('{"type":"auth","params":{"site_key":"k"}}', 'none')).toContain('holds, but must not');
  });
  test('fails a negative test that is no message, because it proves nothing', () => {
    expect(failing('{"type":', 'none')).toContain('parsers refuse');
  });
});
