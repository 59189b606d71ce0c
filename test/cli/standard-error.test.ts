import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { cleanEnvironment, runCommand } from '../support/gateway-process.js';

test('a command that opens the database says nothing of its own on standard error', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'standard-error-'));
  const environment = { ...cleanEnvironment(), SCEP_GATEWAY_DATA_DIR: join(directory, 'data') };
  try {
    // Node 22 would warn that its SQLite is experimental.
    const run = await runCommand(['pending', 'list', '--json'], { environment });
    expect(run).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
