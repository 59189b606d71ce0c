/** Damaged data: a clear message, the right exit code, no stack, and nothing lost once it is mended. */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startGatewayProcess } from '../support/gateway-process.js';
import { failingStart } from './failing-start.js';
import { Fleet, type Enrollment } from './fleet.js';

let sound: string;
let directory: string;
let enrollment: Enrollment;

beforeAll(async () => {
  const gateway = await startGatewayProcess();
  const fleet = await Fleet.of(gateway);
  [enrollment] = (await fleet.prepare(1, 'device')) as [Enrollment];
  await fleet.enroll(enrollment);
  await gateway.stop();
  sound = gateway.directory;
}, 60_000);
afterAll(() => rmSync(sound, { recursive: true }));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'damage-'));
  cpSync(sound, directory, { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true }));

const data = (...path: string[]) => join(directory, 'data', ...path);

/** Every file, by its path, as it is; but for who tried to serve last. */
function contents(): ReadonlyMap<string, string> {
  const files = readdirSync(data(), { recursive: true, withFileTypes: true });
  return new Map(
    files
      .filter((entry) => entry.isFile() && !/^serving-\d+\./.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path).toString('base64')]),
  );
}

/** The certificate of before is served to the device that has it, byte for byte. */
async function expectNothingLost(): Promise<void> {
  const gateway = await startGatewayProcess({ directory });
  const fleet = await Fleet.of(gateway);
  const again: Enrollment = { ...enrollment };
  delete again.certificate;
  expect(await fleet.enroll(again)).toBe('issued');
  expect(again.certificate).toEqual(enrollment.certificate);
  await gateway.stop();
}

const fromBackup =
  'Restore the data directory from a backup, and check that the gateway may read and write it.';

describe('a start on damaged data', () => {
  test.each<[string, () => void, number, string]>([
    [
      'a truncated CA key',
      () => truncateSync(data('keys', 'local-ca-1.key'), 200),
      3,
      `scep-gateway: <dir>/data/keys/local-ca-1.key is damaged.\n  → ${fromBackup}\n`,
    ],
    [
      'an emptied RA key',
      () => truncateSync(data('keys', 'local-ra-sign-1.key'), 0),
      3,
      `scep-gateway: <dir>/data/keys/local-ra-sign-1.key is not a sealed secret of this gateway.\n  → ${fromBackup}\n`,
    ],
    [
      'an RA key in place of the CA key',
      () => cpSync(data('keys', 'local-ra-sign-1.key'), data('keys', 'local-ca-1.key')),
      3,
      `scep-gateway: <dir>/data/keys/local-ca-1.key is damaged or not from this key store.\n  → ${fromBackup}\n`,
    ],
    [
      'a missing CA key',
      () => rmSync(data('keys', 'local-ca-1.key')),
      3,
      'scep-gateway: The private key local-ca-1 is missing.\n  → Restore <dir>/data/keys/local-ca-1.key from a backup.\n',
    ],
    [
      'another passphrase',
      () => writeFileSync(data('passphrase'), 'another\n'),
      3,
      'scep-gateway: The passphrase does not open <dir>/data/keys.\n  → Set `data.passphrase` to the passphrase these keys were made with, or restore the generated `passphrase` file from a backup.\n',
    ],
    [
      'a lost passphrase',
      () => rmSync(data('passphrase')),
      3,
      'scep-gateway: <dir>/data/passphrase is missing, but keys depend on it.\n  → Restore the file from a backup, or set `data.passphrase` to the passphrase the keys were made with.\n',
    ],
    [
      'a lost database',
      () => removeDatabase(),
      3,
      'scep-gateway: <dir>/data/gateway.db is missing, but there are keys of a CA.\n  → Restore the database (and the file gateway.db-wal beside it) from a backup. To begin anew, move the whole data directory away.\n',
    ],
    [
      'an emptied database',
      () => {
        removeDatabase();
        writeFileSync(data('gateway.db'), '');
      },
      3,
      'scep-gateway: <dir>/data/gateway.db is missing, but there are keys of a CA.\n  → Restore the database (and the file gateway.db-wal beside it) from a backup. To begin anew, move the whole data directory away.\n',
    ],
    [
      'a database that is none',
      () => writeFileSync(data('gateway.db'), Buffer.alloc(50_000, 0xa5)),
      3,
      'scep-gateway: The file is not an SQLite database.\n  → Point the gateway at its own data directory, or restore the database from a backup.\n',
    ],
    ['a truncated database', () => truncateSync(data('gateway.db'), 60_000), 3, damaged()],
    ['a database with pages overwritten', () => overwritePages(), 3, damaged()],
  ])(
    '%s',
    async (_name, damage, code, stderr) => {
      damage();
      const before = contents();
      expect(await failingStart(directory)).toEqual({ code, stderr });
      expect(contents()).toEqual(before);
    },
    60_000,
  );

  test('that was mended has lost nothing', async () => {
    removeDatabase();
    expect((await failingStart(directory)).code).toBe(3);
    cpSync(join(sound, 'data', 'gateway.db'), data('gateway.db'));
    await expectNothingLost();
  }, 60_000);

  test('a torn write-ahead log is what a crash leaves: it starts', async () => {
    appendFileSync(data('gateway.db-wal'), Buffer.alloc(5000, 0x5a));
    const gateway = await startGatewayProcess({ directory });
    const fleet = await Fleet.of(gateway);
    expect(await fleet.enroll({ ...enrollment })).toBe('issued');
    await gateway.stop();
  }, 60_000);

  test('a second gateway is told so and does no harm', async () => {
    const gateway = await startGatewayProcess({ directory });
    expect(await failingStart(directory)).toEqual({
      code: 4,
      stderr: expect.stringContaining(
        `Another gateway serves the data directory <dir>/data: process ${gateway.child.pid} of `,
      ),
    });
    const fleet = await Fleet.of(gateway);
    const [another] = await fleet.prepare(1, 'another');
    expect(await fleet.enroll(another!)).toBe('issued');
    expect(await gateway.stop()).toBe(0);
  }, 60_000);

  test('a data directory that is a file', async () => {
    rmSync(data(), { recursive: true });
    writeFileSync(data(), '');
    const failure = await failingStart(directory);
    expect(failure.code).toBe(3);
    expect(failure.stderr).toContain('<dir>/data');
  }, 60_000);
});

function damaged(): string {
  return 'scep-gateway: The database is damaged.\n  → Stop the gateway, keep a copy of the data directory, and restore gateway.db from a backup.\n';
}

function removeDatabase(): void {
  for (const file of ['gateway.db', 'gateway.db-wal', 'gateway.db-shm'])
    rmSync(data(file), { force: true });
}

function overwritePages(): void {
  expect(existsSync(data('gateway.db-wal'))).toBe(false);
  const { length } = readFileSync(data('gateway.db'));
  const file = openSync(data('gateway.db'), 'r+');
  writeSync(file, Buffer.alloc(length - 4096, 0xa5), 0, length - 4096, 4096);
}
