/** Inputs that once broke something, named after what broke. A new failure of a run becomes a row here with its fix. */

export interface Regression {
  readonly name: string;
  readonly target: string;
  readonly input: () => Uint8Array;
}

const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'utf8'));

export const REGRESSIONS: readonly Regression[] = [
  {
    name: 'excerpt showed the password of an object inside the parameter list',
    target: 'json-messages',
    input: () => text('{"params":["",{"pass":"1f6003"}],"":3}'),
  },
  {
    name: 'excerpt threw on a method that is an object without a text form',
    target: 'json-messages',
    input: () => text('{"method":{"toString":1,"valueOf":1},"params":["a","b"],"pass":"secret"}'),
  },
  {
    name: 'excerpt ran out of stack on a message nested 60,000 deep',
    target: 'json-messages',
    input: () =>
      text(`{"method":"mining.authorize","params":["a","b"],"x":${'['.repeat(60_000)}${']'.repeat(60_000)}}`),
  },
  {
    name: 'a batch nested 60,000 deep ran out of stack while it was split',
    target: 'json-messages',
    input: () => text(`[{"id":1,"x":${'['.repeat(60_000)}${']'.repeat(60_000)}},{"id":2}]`),
  },
  {
    name: 'stratum-v1 ran out of stack on the subscriptions of an answer nested 60,000 deep',
    target: 'dialects',
    input: () => text(`{"id":1,"result":[${'['.repeat(60_000)}${']'.repeat(60_000)},"aabb",4]}`),
  },
  {
    name: 'a line longer than the limit passed where it came in one piece',
    target: 'line-parser',
    input: () => text(`{"a":"${'a'.repeat(131_072)}"}\n{"b":1}\n`),
  },
  {
    name: 'a session kept a worker name of any length in the key of its account',
    target: 'dialects',
    input: () => text(`{"worker":"${'w'.repeat(4000)}","method":"eth_submitLogin","params":["0x1"]}`),
  },
  {
    name: 'credentials were shown behind a bare CR in a header line',
    target: 'http-parser',
    input: () => text('POST / HTTP/1.1\r\nX: y\rAuthorization: Basic dXNlcjpwYXNz\r\n\r\n'),
  },
];
