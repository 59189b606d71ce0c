/**
 * Runs jest over the TypeScript tests as ES modules and ends with the plain summary line that build
 * servers read: "N passed, N failed, N skipped". Arguments go to jest.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noteTested, testedBefore } from './tested.js';

const chosen = process.argv.slice(2);
const ledger = process.env.TESTED;
const scratch = mkdtempSync(join(tmpdir(), 'scep-gateway-test-'));
const report = join(scratch, 'report.json');
// A build server runs them in the lab, in steps of their own; where people work they are skipped, and say so.
const elsewhere = [
  ...(process.env.CI === 'true' && process.env.LAB === undefined ? ['/test/lab/'] : []),
  // A load of their own, for a machine that does nothing else: npm run test:nodes.
  ...(chosen.some((argument) => argument.startsWith('test/nodes')) ? [] : ['/test/nodes/']),
];
// Only where everything is asked for, and only within one run of a build server: see tested.js.
const before =
  chosen.length > 0
    ? []
    : testedBefore(ledger).filter(({ file }) => !elsewhere.some((path) => file.includes(path)));
const exactly = (file) => `^${file.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
const leftOut = [...elsewhere, ...before.map(({ file }) => exactly(file))].flatMap((path) => [
  '--testPathIgnorePatterns',
  path,
]);
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
    ...chosen,
    ...leftOut,
    '--testPathIgnorePatterns=/node_modules/',
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
let results = [];
try {
  const {
    numPassedTests,
    numFailedTests,
    numPendingTests,
    numRuntimeErrorTestSuites,
    testResults,
  } = JSON.parse(readFileSync(report, 'utf8'));
  results = testResults;
  const earlier = before.reduce((sum, { passed }) => sum + passed, 0);
  if (earlier > 0)
    console.log(
      `${numPassedTests} passed now; ${earlier} in ${before.length} files passed in earlier steps of this run, with the same Node, and were not run again`,
    );
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  console.log(`${numPassedTests + earlier} passed, ${failed} failed, ${numPendingTests} skipped`);
} catch {
  console.error('jest ended without a report');
}
try {
  noteTested(ledger, results);
} catch (error) {
  // Nothing is lost by it: what is not noted is run again.
  console.error(`what was tested could not be noted: ${error.message}`);
}
rmSync(scratch, { recursive: true, force: true });
process.exitCode = run.status ?? 1;
