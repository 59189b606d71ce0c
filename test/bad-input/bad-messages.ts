/** Every bad message of the catalogue, made now, with its exact answer. */
import { cryptoFaults } from './crypto-faults.js';
import { createMaker, type BadMessage } from './maker.js';
import { againstPolicy, unauthorized } from './not-granted.js';
import { notServed } from './not-served.js';
import { oddButGood } from './odd-but-good.js';
import { unaddressable } from './unaddressable.js';

export async function badMessages(): Promise<BadMessage[]> {
  const make = await createMaker();
  const rows = [
    ...(await unaddressable(make)),
    ...(await cryptoFaults(make)),
    ...(await notServed(make)),
    ...(await unauthorized(make)),
    ...againstPolicy(make),
    ...(await oddButGood(make)),
  ];
  return Promise.all(rows.map(async ([name, bytes, told]) => ({ name, bytes: await bytes, told })));
}
