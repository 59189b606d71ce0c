import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/index.js';
import { openDataDirectory } from '../../src/gateway/index.js';

const configOf = (directory: string) =>
  loadConfig({ environment: { SCEP_GATEWAY_DATA_DIR: directory } });

test('a data directory is made with its parents, for the gateway alone', async () => {
  const base = await mkdtemp(join(tmpdir(), 'data-directory-'));
  const path = join(base, 'var', 'gateway');
  const data = await openDataDirectory(await configOf(path), () => new Date());
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  await data.close();
  await rm(base, { recursive: true });
});

test('one that cannot be made stops the start with the mend, and does not hang', async () => {
  const opening = openDataDirectory(await configOf('/proc/nowhere/data'), () => new Date());
  await expect(opening).rejects.toMatchObject({
    code: 'config.unreadable',
    message: expect.stringMatching(/^The data directory \/proc\/nowhere cannot be made/) as unknown,
  });
});
