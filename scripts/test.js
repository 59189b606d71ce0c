/**
 * Runs jest over the TypeScript tests as ES modules and ends with the plain summary line that build
 * servers read: "N passed, N failed, N skipped". Arguments go to jest.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const scratch = mkdtempSync(join(tmpdir(), 'scep-gateway-test-'));
const report = join(scratch, 'report.json');
// A build server runs them in the lab, in steps of their own; where people work they are skipped, and say so.
const elsewhere = [
  ...(process.env.CI === 'true' && process.env.LAB === undefined ? ['/test/lab/'] : []),
  // A load of their own, for a machine that does nothing else: npm run test:nodes.
  ...(process.argv.some((argument) => argument.startsWith('test/nodes')) ? [] : ['/test/nodes/']),
].flatMap((path) => ['--testPathIgnorePatterns', path]);
// A test that fails may leave a server open: on a build server it shall not hold the run up for ever.
const ending = process.env.CI === 'true' ? ['--forceExit'] : [];
const run = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--json',
    `--outputFile=${report}`,
    ...ending,
    ...process.argv.slice(2),
    ...elsewhere,
    '--testPathIgnorePatterns=/node_modules/',
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
try {
  const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  console.log(`${numPassedTests} passed, ${failed} failed, ${numPendingTests} skipped`);
} catch {
  console.error('jest ended without a report');
}
rmSync(scratch, { recursive: true, force: true });
process.exitCode = run.status ?? 1;
