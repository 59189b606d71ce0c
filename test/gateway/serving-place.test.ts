/** Who serves a data directory, from before it is opened until it is closed. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/index.js';
import { openToServe, startGateway } from '../../src/gateway/index.js';
import { capturedLog } from '../support/captured-log.js';
import { remove, temporaryFolder } from './running.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => remove(folder));

async function configured(passphrase?: string) {
  const file = join(folder, 'passphrase');
  if (passphrase !== undefined) await writeFile(file, passphrase);
  const config = join(folder, 'gateway.yaml');
  const data = passphrase === undefined ? {} : { passphrase: { file } };
  await writeFile(config, JSON.stringify({ listeners: [{ address: '127.0.0.1:0' }], data }));
  return loadConfig({
    environment: { SCEP_GATEWAY_CONFIG: config, SCEP_GATEWAY_DATA_DIR: join(folder, 'a', 'data') },
  });
}

test('the place is taken before anything is opened, and given back after everything is closed', async () => {
  const installation = await openToServe(await configured());
  const { telemetry } = capturedLog();
  const gateway = await startGateway(installation, telemetry);
  const taken = {
    code: 'store.unavailable',
    message: expect.stringMatching(/^Another gateway /) as unknown,
  };
  // Else the passphrase, which opens none of the keys, would be the fault.
  const other = await configured('another passphrase');
  await expect(openToServe(other)).rejects.toMatchObject(taken);

  const stops = [gateway.stop(1000), gateway.stop(1000)];
  expect(await Promise.all(stops)).toEqual([undefined, undefined]);
  await gateway.stop(1000);
  await expect(openToServe(other)).rejects.toMatchObject(taken);
  await installation.close();
  await telemetry.close();
  await expect(openToServe(other)).rejects.toMatchObject({ code: 'keys.passphrase' });

  // What fails to open holds no place.
  const next = await openToServe(await configured());
  await next.close();
  expect(existsSync(join(folder, 'a', 'data', 'gateway.db'))).toBe(true);
});

test('closed again, it does nothing more', async () => {
  const installation = await openToServe(await configured());
  await Promise.all([installation.close(), installation.close()]);
  await installation.close();
  const next = await openToServe(await configured());
  await installation.close();
  await expect(openToServe(await configured())).rejects.toMatchObject({
    code: 'store.unavailable',
  });
  await next.close();
});
