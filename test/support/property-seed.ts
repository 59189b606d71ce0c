/**
 * Runs before each test file. On a build server every property test draws the same cases each time: what a
 * change is told there is about the change. Elsewhere they are new ones each time; PROPERTY_SEED repeats a
 * run that failed (fast-check prints its seed).
 */
import fc from 'fast-check';

const seed =
  process.env['PROPERTY_SEED'] ?? (process.env['CI'] === 'true' ? '20261121' : undefined);
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
