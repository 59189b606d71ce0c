import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { caFile, expectChain, expectKey } from './certificate-file.js';
import { Certmonger, certmongerPrograms, scepSubmit } from './certmonger.js';
import { startGateway, type Gateway } from './gateway.js';
import { describeWithPrograms, runProgram } from './programs.js';

const config = `
issuers:
  local: { kind: local }
  lone: { kind: local, subject: CN=Lone CA }
profiles:
  default: { paths: [/scep] }
  manual: { paths: [/scep/manual], approval: manual }
  lone: { paths: [/scep/lone], issuer: lone, caCertShape: ca-only }
`;

describeWithPrograms('certmonger', certmongerPrograms, () => {
  let gateway: Gateway;
  let certmonger: Certmonger;
  let ca: string;

  beforeAll(async () => {
    gateway = await startGateway({ config });
    certmonger = await Certmonger.start();
    ca = await caFile(gateway);
  }, 60_000);
  afterAll(async () => {
    await certmonger.stop();
    await gateway.stop();
  });

  function addCa(name: string, path: string, ...args: readonly string[]): Promise<unknown> {
    return done('add-scep-ca', '-c', name, '-u', gateway.url + path, ...args);
  }

  async function done(...args: readonly string[]): Promise<void> {
    expect(await certmonger.getcert(...args)).toMatchObject({ status: 0 });
  }

  function files(name: string): readonly [key: string, certificate: string] {
    return [join(certmonger.directory, `${name}.key`), join(certmonger.directory, `${name}.pem`)];
  }

  /** `getcert request` without waiting. */
  function request(name: string, caName: string, challenge: string): Promise<void> {
    const [key, certificate] = files(name);
    const storage = ['-k', key, '-f', certificate];
    const names = ['-N', `CN=${name},O=Example`, '-D', `${name}.example.org`];
    return done('request', '-I', name, '-c', caName, ...storage, ...names, '-L', challenge);
  }

  describe('enrolls', () => {
    test('and renews by resubmit and by rekey', async () => {
      await addCa('gateway', '/scep');
      const [key, certificate] = files('monger');
      const first = await gateway.operationsDuring(async () => {
        await request('monger', 'gateway', await gateway.challenge());
        await certmonger.waitFor('monger', 'MONITORING');
      });
      expect(first).toEqual([
        expect.objectContaining({
          messageType: 'PKCSReq (19)',
          digest: 'sha256',
          cipher: 'aes-256-cbc',
          transactionId: expect.stringMatching(/^\d{60,80}$/),
          outcome: 'success',
        }),
      ]);
      const issued = await expectChain(certificate, [ca]);
      expect(issued.subject).toBe('CN=monger\nO=Example');
      expect(issued.subjectAltName).toBe('DNS:monger.example.org');
      await expectKey(issued, key);

      let previous = issued;
      for (const command of ['resubmit', 'rekey']) {
        const operations = await gateway.operationsDuring(async () => {
          await done(command, '-i', 'monger', '-w');
        });
        expect(operations).toEqual([
          expect.objectContaining({
            messageType: 'PKCSReq (19)',
            signer: 'CN=monger,O=Example',
            outcome: 'success',
          }),
        ]);
        const renewed = await expectChain(certificate, [ca]);
        await expectKey(renewed, key);
        expect(renewed.serialNumber).not.toBe(previous.serialNumber);
        const sameKey = renewed.publicKey.equals(previous.publicKey);
        expect(sameKey).toBe(command === 'resubmit');
        previous = renewed;
      }
    });

    test('where the CA answers for itself, and is given by hand', async () => {
      const lone = await caFile(gateway, 'lone');
      await addCa('lone', '/scep/lone', '-N', lone);
      const [key, certificate] = files('lone');
      await request('lone', 'lone', await gateway.challenge('lone'));
      await certmonger.waitFor('lone', 'MONITORING');
      await expectKey(await expectChain(certificate, [lone]), key);
    });

    test('after an administrator said yes', async () => {
      await addCa('manual', '/scep/manual');
      const [key, certificate] = files('manual');
      await request('manual', 'manual', await gateway.challenge('manual'));
      const id = await gateway.pending('CN=manual,O=Example');
      await certmonger.waitFor('manual', 'CA_WORKING');
      expect(await gateway.cli('pending', 'approve', id)).toMatchObject({ code: 0 });
      await done('refresh', '-i', 'manual');
      await certmonger.waitFor('manual', 'MONITORING');
      await expectKey(await expectChain(certificate, [ca]), key);
    });

    test('not with a wrong challenge', async () => {
      await addCa('strict', '/scep');
      const operations = await gateway.operationsDuring(async () => {
        await request('wrong', 'strict', '0000000000000000');
        const listed = await certmonger.waitFor('wrong', 'CA_REJECTED');
        expect(listed).toContain('ca-error: Transaction either is not permitted');
      });
      expect(operations).toEqual([
        expect.objectContaining({ failInfo: 'badRequest', code: 'challenge.refused' }),
      ]);
    });
  });

  describe('scep-submit', () => {
    function submit(...args: readonly string[]) {
      return runProgram(scepSubmit, ['-u', `${gateway.url}/scep`, ...args]);
    }

    test('-c prints the capabilities', async () => {
      const { status, stdout } = await submit('-c');
      expect(status).toBe(0);
      expect(stdout.trim().split('\n')).toEqual([
        'AES',
        'DES3',
        'SHA-1',
        'SHA-256',
        'SHA-384',
        'SHA-512',
        'SCEPStandard',
        'POSTPKIOperation',
        'Renewal',
      ]);
    });

    test('-C prints the RA certificate and its issuer', async () => {
      const { status, stdout } = await submit('-C');
      expect(status).toBe(0);
      expect(stdout.match(/BEGIN CERTIFICATE/g)?.length).toBe(3);
    });
  });
});
