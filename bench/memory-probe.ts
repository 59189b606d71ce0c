/**
 * Loaded into a gateway by `npm run soak`: at SIGUSR2 it collects all garbage and writes what is left to the
 * file that SOAK_PROBE names.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const file = process.env['SOAK_PROBE'] ?? '';
let looks = 0;

process.on('SIGUSR2', () => {
  // The second one takes what only finalizers held.
  collect();
  setImmediate(() => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    writeFileSync(`${file}.new`, JSON.stringify({ look: ++looks, heapUsed, external }));
    renameSync(`${file}.new`, file);
  });
});
