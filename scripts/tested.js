/**
 * What was tested already in one run of a build server. Its steps share a file that TESTED names: a test file
 * of which every test passed with the same Node, none skipped, is noted there and need not run again in it.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

const { version } = process;

/** @returns {{ file: string, passed: number }[]} with this Node */
export function testedBefore(ledger) {
  if (!ledger || !existsSync(ledger)) return [];
  return readFileSync(ledger, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter(({ node }) => node === version);
}

/** @param testResults of jest's report */
export function noteTested(ledger, testResults) {
  if (!ledger) return;
  const whole = testResults.filter(
    ({ status, assertionResults: all }) =>
      status === 'passed' && all.length > 0 && all.every((each) => each.status === 'passed'),
  );
  const lines = whole.map(({ name: file, assertionResults: { length: passed } }) =>
    JSON.stringify({ node: version, file, passed }),
  );
  appendFileSync(ledger, lines.map((line) => `${line}\n`).join(''));
}
