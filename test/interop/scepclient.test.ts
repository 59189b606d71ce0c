/** scepclient 2.1.0 of Debian's `scep` package: SHA-1 and single DES whatever it is told. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { caFile, expectChain, expectKey } from './certificate-file.js';
import { startGateway, type Gateway } from './gateway.js';
import { describeWithPrograms, runProgram, type ProgramRun } from './programs.js';

describeWithPrograms('scepclient', ['scepclient', 'openssl'], () => {
  let gateway: Gateway;
  let ca: string;

  beforeAll(async () => {
    gateway = await startGateway({ example: 'legacy.yaml' });
    ca = await caFile(gateway);
  });
  afterAll(() => gateway.stop());

  /** A folder with the state of one device; scepclient keeps its CSR in the working folder. */
  function device(name: string): Device {
    const folder = join(gateway.directory, name);
    mkdirSync(folder);
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    return {
      key,
      certificate,
      enroll: (path, ...args) =>
        runProgram(
          'scepclient',
          [
            '-server-url',
            gateway.url + path,
            '-private-key',
            key,
            '-certificate',
            certificate,
            ...args,
          ],
          { cwd: folder },
        ),
    };
  }

  test('enrolls where the profile lets single DES in, and renews with the certificate it got', async () => {
    const { enroll, key, certificate } = device('enrolls');
    const challenge = await gateway.challenge('legacy');
    const subject = ['-cn', 'device-1', '-organization', 'Example', '-ou', 'Test'];
    const first = await gateway.operationsDuring(async () => {
      const run = await enroll('/scep/legacy', '-challenge', challenge, ...subject);
      expect(run).toMatchObject({ status: 0 });
    });
    expect(first).toEqual([
      expect.objectContaining({
        profile: 'legacy',
        messageType: 'PKCSReq (19)',
        digest: 'sha1',
        cipher: 'des-cbc',
        signer: expect.stringContaining('CN=SCEP SIGNER'),
        outcome: 'success',
      }),
    ]);
    const issued = await expectChain(certificate, [ca]);
    expect(issued.subject).toBe('C=US\nO=Example\nOU=Test\nCN=device-1');
    await expectKey(issued, key);

    const second = await gateway.operationsDuring(async () => {
      expect(await enroll('/scep/legacy')).toMatchObject({ status: 0 });
    });
    expect(second).toEqual([
      expect.objectContaining({
        messageType: 'RenewalReq (17)',
        signer: 'C=US,O=Example,OU=Test,CN=device-1',
        outcome: 'success',
      }),
    ]);
    const renewed = await expectChain(certificate, [ca]);
    expect(renewed.subject).toBe(issued.subject);
    expect(renewed.serialNumber).not.toBe(issued.serialNumber);
    await expectKey(renewed, key);
  });

  test('enrolls after GetCACert with a message of its own', async () => {
    const { enroll, certificate } = device('message');
    const args = ['-challenge', await gateway.challenge('legacy'), '-cacert-message', 'any CA'];
    expect(await enroll('/scep/legacy', ...args)).toMatchObject({ status: 0 });
    await expectChain(certificate, [ca]);
  });

  test.each([
    ['a wrong challenge', ['-challenge', '0000000000000000'], 'challenge.refused'],
    ['no challenge', [], 'challenge.missing'],
  ])('is told badRequest for %s', async (name, args, code) => {
    const { enroll } = device(name);
    const operations = await gateway.operationsDuring(async () => {
      expectRefused(await enroll('/scep/legacy', ...args), 'badRequest (2)');
    });
    expect(operations).toEqual([
      expect.objectContaining({ outcome: 'failure', failInfo: 'badRequest', code }),
    ]);
  });

  test('cannot use a challenge twice', async () => {
    const challenge = await gateway.challenge('legacy');
    const first = await device('first').enroll('/scep/legacy', '-challenge', challenge);
    expect(first).toMatchObject({ status: 0 });
    const second = await device('second').enroll('/scep/legacy', '-challenge', challenge);
    expectRefused(second, 'badRequest (2)');
  });

  test('is refused by name where single DES stays out', async () => {
    const challenge = await gateway.challenge();
    const { enroll } = device('refused');
    const operations = await gateway.operationsDuring(async () => {
      expectRefused(await enroll('/scep', '-challenge', challenge), 'badAlg (0)');
    });
    expect(operations).toEqual([
      expect.objectContaining({
        profile: 'default',
        cipher: 'des-cbc',
        failInfo: 'badAlg',
        code: 'scep.algorithm-floor',
        reason: 'The content cipher single DES is not allowed here.',
      }),
    ]);
  });
});

interface Device {
  readonly key: string;
  readonly certificate: string;
  readonly enroll: (path: string, ...args: readonly string[]) => Promise<ProgramRun>;
}

function expectRefused({ status, stdout, stderr }: ProgramRun, failInfo: string): void {
  expect(`${stdout}${stderr}`).toContain(`PKCSReq (19) request failed, failInfo: ${failInfo}`);
  expect(status).toBe(1);
}
