/**
 * Runs jest over the TypeScript tests as ES modules and ends with the plain summary line that build
 * servers read: "N passed, N failed, N skipped". Arguments go to jest.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { noteTested, testedBefore } from './tested.js';

const chosen = process.argv.slice(2);
const isBuildServer = process.env.CI === 'true';
const ledger = process.env.TESTED;
const scratch = mkdtempSync(join(tmpdir(), 'scep-gateway-test-'));
// A build server runs them in the lab, in steps of their own; where people work they are skipped, and say so.
const elsewhere = [
  ...(isBuildServer && process.env.LAB === undefined ? ['/test/lab/'] : []),
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
/** More than these are no accident. */
const mostAgain = 3;

const first = jest('first', [...chosen, ...leftOut, '--testPathIgnorePatterns=/node_modules/']);
const again = onceMore(first);
summarize(again ?? first);
rmSync(scratch, { recursive: true, force: true });
process.exitCode = (again ?? first).exitCode;

/** @returns {{ exitCode: number, files: object[] | undefined }} of jest's report, if it left one */
function jest(name, words) {
  const report = join(scratch, `${name}.json`);
  // A test that fails may leave a server open: on a build server it shall not hold the run up for ever.
  const ending = isBuildServer ? ['--forceExit'] : [];
  const program = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
  const { status } = spawnSync(
    process.execPath,
    [...program, '--json', `--outputFile=${report}`, ...ending, ...words],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const files = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8')).testResults
    : undefined;
  return { exitCode: status ?? 1, files };
}

/**
 * On a build server few files that failed get a second run, by themselves: a host that takes the cores away
 * for a second makes tests of sockets fail that have nothing to do with the change. Whatever failed and then
 * passed is told, so that it is mended; what fails again has failed.
 */
function onceMore({ exitCode, files = [] }) {
  const failed = files.filter(({ status }) => status === 'failed');
  if (!isBuildServer || exitCode === 0 || failed.length === 0 || failed.length > mostAgain) return;
  const names = failed.map(({ name }) => name);
  console.error(`\nonce more, by themselves: ${names.map(local).join(', ')}\n`);
  const second = jest('again', ['--runInBand', '--runTestsByPath', ...names]);
  if (second.files === undefined) return;
  if (second.exitCode === 0)
    console.log(
      `FLAKY, to be mended: ${failed.flatMap(failures).join('; ')} failed above and passed when run again alone`,
    );
  return {
    exitCode: second.exitCode,
    files: [...files.filter(({ status }) => status !== 'failed'), ...second.files],
  };
}

function failures({ name, assertionResults }) {
  const tests = assertionResults.filter(({ status }) => status === 'failed');
  return tests.length === 0
    ? [local(name)]
    : tests.map(({ fullName }) => `${local(name)} › ${fullName}`);
}

function summarize({ files }) {
  if (files === undefined) {
    console.error('jest ended without a report');
    return;
  }
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const count = (wanted) => tests.filter(({ status }) => status === wanted).length;
  const broken = files.filter(
    ({ status, assertionResults: all }) => status === 'failed' && all.length === 0,
  ).length;
  const earlier = before.reduce((sum, { passed }) => sum + passed, 0);
  if (earlier > 0)
    console.log(
      `${count('passed')} passed now; ${earlier} in ${before.length} files passed in earlier steps of this run, with the same Node, and were not run again`,
    );
  console.log(
    `${count('passed') + earlier} passed, ${count('failed') + broken} failed, ${count('pending')} skipped`,
  );
  try {
    noteTested(ledger, files);
  } catch (error) {
    // Nothing is lost by it: what is not noted is run again.
    console.error(`what was tested could not be noted: ${error.message}`);
  }
}

function local(file) {
  return relative(process.cwd(), file);
}
