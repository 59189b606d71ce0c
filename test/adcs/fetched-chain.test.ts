import { expect, test } from '@jest/globals';
import { FetchedChain } from '../../src/adcs/fetched-chain.js';
import { basicConstraints, type Certificate } from '../../src/x509/index.js';
import { selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';

const kept = new Map<string, string>();
const extensions = [basicConstraints({ ca: true })];
const signal = AbortSignal.timeout(60_000);

/** One process of several on the same data. */
function open(fetched: readonly Certificate[], given?: readonly Certificate[]) {
  return FetchedChain.open({
    name: 'corp',
    fetch: () => Promise.resolve(fetched),
    pins: [],
    given,
    state: {
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, value) => Promise.resolve(void kept.set(key, value)),
    },
    report: () => undefined,
    clock: () => new Date(),
  });
}

test('what one process learns, another takes up', async () => {
  const ca = await selfSigned(testKey('ca'), { subject: 'CN=Corp CA', extensions });
  const other = await selfSigned(testKey('client'), { subject: 'CN=Other CA', extensions });
  const server = await open([]);
  const pinned = await open([], [other]);
  expect(await server.reload()).toBe(false);

  const command = await open([ca]);
  expect(await command.demand(signal)).toBeUndefined();

  expect(server.current).toEqual([]);
  expect(await server.reload()).toBe(true);
  expect(server.current.map(({ der }) => der)).toEqual([ca.der]);
  expect(await server.reload()).toBe(false);
  // Which CA it is was said by an administrator.
  expect(await pinned.reload()).toBe(false);
  expect(pinned.current.map(({ der }) => der)).toEqual([other.der]);
});
