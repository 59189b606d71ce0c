/** Whoever measures answers cannot tell one cryptographic fault from another. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Answer } from '../http/client.js';
import type { TestGateway } from '../support/gateway.js';
import { attributeOids, readReply } from '../support/pki-message.js';
import { postMessage } from './answer.js';
import { cryptoFaults } from './crypto-faults.js';
import { createMaker, type Maker } from './maker.js';
import { startTarget } from './profiles.js';

let gateway: TestGateway;
let make: Maker;

beforeAll(async () => {
  gateway = await startTarget();
  make = await createMaker(address);
});
afterAll(() => gateway.close());

/** The same in all messages, so that replies can be laid side by side. */
const address = { transactionId: 'T'.repeat(16), senderNonce: Buffer.alloc(16, 7) };

/** Octets of the reply without what is fresh in each: nonce, reference and signature. */
function shape({ body }: Answer): string {
  const reply = readReply(body, gateway.ra.certificate);
  const fresh = [
    reply.senderNonce,
    reply.attribute(attributeOids.failInfoText)?.subarray(-13),
    body.subarray(-256),
  ];
  let text = body.toString('hex');
  for (const part of fresh) {
    if (part === undefined) throw new Error('a fresh part is missing');
    text = text.replace(part.toString('hex'), '·'.repeat(part.length));
  }
  return text;
}

function headerShape({ status, rawHeaders }: Answer): string {
  const named = Array.from({ length: rawHeaders.length / 2 }, (_, i) => {
    const [name = '', value = ''] = rawHeaders.slice(2 * i, 2 * i + 2);
    const fresh = ['X-Correlation-Id', 'Date'].includes(name);
    return `${name}: ${fresh ? '·'.repeat(value.length) : value}`;
  });
  return [status, ...named].join('\n');
}

describe('cryptographic faults before authorization', () => {
  test('differ in nothing but what is fresh in every reply', async () => {
    const faults = await cryptoFaults(make);
    const wanted = faults.filter(([name]) => !/senderNonce/.test(name));
    const bodies = new Map<string, string[]>();
    const headers = new Map<string, string[]>();
    for (const [name, bytes] of wanted) {
      const answer = await postMessage(gateway.port, await bytes, '/scep/static');
      note(bodies, shape(answer), name);
      note(headers, headerShape(answer), name);
    }
    expect([...bodies.values()]).toEqual([wanted.map(([name]) => name)]);
    expect([...headers.values()]).toEqual([wanted.map(([name]) => name)]);
  });

  test('of a nonce that cannot be echoed differ in that nonce alone', async () => {
    const [empty, long] = await Promise.all(
      [Buffer.alloc(0), Buffer.alloc(1000)].map(async (senderNonce) =>
        postMessage(gateway.port, await make.message({ senderNonce })),
      ),
    );
    expect(shape(empty!)).toBe(shape(long!));
  });
});

function note(seen: Map<string, string[]>, shape: string, name: string): void {
  seen.set(shape, [...(seen.get(shape) ?? []), name]);
}
