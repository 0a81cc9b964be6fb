/** More messages that come near to those of single coins' dialects: each once gave a detection. All values are invented. */
import { createRandom } from '../generate/index.ts';
import type { LookAlike } from './lookalike-messages.ts';

const rng = createRandom(4712);
const base64 = (bytes: number): string => Buffer.from(rng.bytes(bytes)).toString('base64');

export const LOOK_ALIKES_2: readonly LookAlike[] = [
  {
    protocol: 'render farm',
    messages: [
      ['server', { id: 7, method: 'job', input: rng.hex(32), difficulty: 3, type: 'render' }],
      ['server', { id: '8', method: 'job', input: rng.hex(32), difficulty: 100, height: 1080 }],
      ['client', { id: 7, method: 'solution', nonce: rng.hex(8), output: rng.hex(64) }],
      ['server', { id: 7, method: 'result', code: 200, description: 'done' }],
    ],
  },
  {
    protocol: 'explorer of blocks over WebSocket',
    messages: [
      ['server', { message: 'new-block', height: 3, bodyHash: base64(32), accountsHash: base64(32) }],
      ['server', { message: 'new-block', bodyHash: base64(32), accountsHash: base64(32), previousBlock: base64(32) }],
    ],
  },
  {
    protocol: 'forms and uploads',
    messages: [
      ['client', { id: 4, method: 'submit', params: [1742, '5f21ab90', rng.hex(32)] }],
      ['client', { id: 5, method: 'submit', params: [1743, rng.hex(8), rng.hex(32)] }],
      ['client', { id: 3, method: 'submit', params: [{ n: '20240615' }] }],
      ['client', { id: 6, method: 'submit', params: { job_id: 'apply-22', nonce: rng.hex(8), result: 'ok' } }],
    ],
  },
  {
    protocol: 'log-ins with a program or a key',
    messages: [
      ['client', { id: 1, method: 'login', params: [{ userAgent: 'Dalvik/2.1.0', login: 'alice' }] }],
      ['client', { id: 1, method: 'login', params: [{ userAgent: 'ExampleApp/2.0', login: 'alice' }] }],
      [
        'client',
        { id: 'login', method: 'login', api_key: 'synthetic', signature: rng.hex(32), timestamp: 1_713_571_800 },
      ],
      ['server', { id: 'login', method: 'result', code: 0, description: 'welcome' }],
    ],
  },
  {
    protocol: 'print server',
    messages: [
      ['server', { id: 4, method: 'mining.print', params: [0, 'paper is out'] }],
      ['server', { id: 5, method: 'mining.print', params: [2, 'toner is low'] }],
    ],
  },
];
