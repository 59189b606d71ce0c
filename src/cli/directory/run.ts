import { loadConfig } from '../../config/index.js';
import { testDirectory, type DirectoryTest } from '../../gateway/index.js';
import { exitCodes } from '../exit-code.js';
import { printable } from '../printable.js';
import { readStandardInput } from '../standard-input.js';
import { print } from '../terminal.js';
import type { DirectoryTestFlags } from './flags.js';

export async function runDirectoryTest(
  account: string,
  { config, password, json }: DirectoryTestFlags,
): Promise<number> {
  const resolved = await loadConfig({
    environment:
      config === undefined ? process.env : { ...process.env, SCEP_GATEWAY_CONFIG: config },
  });
  const typed = password
    ? (await readStandardInput()).toString('utf8').replace(/\r?\n$/, '')
    : undefined;
  const test = await testDirectory(resolved, account, typed);
  print(json ? JSON.stringify(test, null, 2) : testText(test));
  return test.roles === undefined ? exitCodes.refused : exitCodes.ok;
}

function testText({ steps, roles, reason }: DirectoryTest): string {
  const lines = steps.map(
    ({ step, ok, text }) => `${ok ? 'ok' : '--'}  ${step.padEnd(8)} ${printable(text)}`,
  );
  const verdict =
    roles === undefined ? `refused: ${printable(reason ?? '')}` : `roles: ${roles.join(', ')}`;
  return [...lines, verdict].join('\n');
}
