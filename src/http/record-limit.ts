import { createRateLimit } from '../access/index.js';

const ofAddress = { count: 60, seconds: 60 };
const ofAll = { count: 6000, seconds: 60 };

/**
 * Whether a refusal still goes into the audit trail: a flood from one address, or from many, must not fill
 * the disk.
 */
export function createRecordLimit(): (address: string) => Promise<boolean> {
  const one = createRateLimit(ofAddress);
  const all = createRateLimit(ofAll);
  return async (address) => (await one.take(address)) === 0 && (await all.take('')) === 0;
}
