import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { caFile, expectChain, expectKey, newRsaKey, readCertificate } from './certificate-file.js';
import { startGateway, type Gateway } from './gateway.js';
import { describeWithPrograms, type ProgramRun } from './programs.js';
import { StrongswanPki, strongswanPrograms, type CaFiles } from './strongswan.js';

const config = `
issuers:
  local: { kind: local }
  single: { kind: local, subject: CN=Single CA, raCertificates: single }
  lone: { kind: local, subject: CN=Lone CA }
  tiered: { kind: local, subject: CN=Issuing CA, rootSubject: CN=Root CA, hierarchy: root-and-issuing }
profiles:
  default: { paths: [/scep] }
  manual: { paths: [/scep/manual], approval: manual }
  single: { paths: [/scep/single], issuer: single }
  ra-alone: { paths: [/scep/ra-alone], issuer: single, caCertShape: ra-only }
  lone: { paths: [/scep/lone], issuer: lone, caCertShape: ca-only }
  tiered: { paths: [/scep/tiered], issuer: tiered }
`;

describeWithPrograms('strongSwan pki --scep', strongswanPrograms, () => {
  let gateway: Gateway;
  let pki: StrongswanPki;
  let authority: CaFiles;

  beforeAll(async () => {
    gateway = await startGateway({ config });
    pki = new StrongswanPki(gateway);
    authority = await pki.fetchCa('/scep', 'authority');
  }, 60_000);
  afterAll(() => gateway.stop());

  function newKey(name: string): Promise<string> {
    return newRsaKey(join(gateway.directory, `${name}.key`));
  }

  /** The file of the certificate that a successful run printed. */
  function issuedBy(run: ProgramRun, name: string): string {
    expect(run).toMatchObject({ status: 0 });
    const file = join(gateway.directory, `${name}.pem`);
    writeFileSync(file, run.stdout);
    return file;
  }

  async function firstEnrollment(name: string, ...args: readonly string[]): Promise<string[]> {
    const key = await newKey(name);
    const challenge = await gateway.challenge();
    const request = [
      '--in',
      key,
      '--dn',
      `CN=${name}, O=Example`,
      '--password',
      challenge,
      ...args,
    ];
    return [issuedBy(await pki.enroll('/scep', authority, request), name), key];
  }

  describe('a first certificate', () => {
    test.each([
      ['by default', [], 'sha256', 'aes-128-cbc'],
      ['with 3DES and SHA-1', ['--cipher', 'des3', '--digest', 'sha1'], 'sha1', 'des-ede3-cbc'],
      ['with SHA-384', ['--digest', 'sha384'], 'sha384', 'aes-128-cbc'],
      ['with SHA-512', ['--digest', 'sha512'], 'sha512', 'aes-128-cbc'],
      ['with RSASSA-PSS', ['--rsa-padding', 'pss'], 'sha256', 'aes-128-cbc'],
      [
        'with RSASSA-PSS and SHA-512',
        ['--rsa-padding', 'pss', '--digest', 'sha512'],
        'sha512',
        'aes-128-cbc',
      ],
    ])('%s', async (_, args, digest, cipher) => {
      const operations = await gateway.operationsDuring(async () => {
        const [certificate = '', key = ''] = await firstEnrollment('device', ...args);
        const issued = await expectChain(certificate, authority.authorities);
        expect(issued.subject).toBe('CN=device\nO=Example');
        await expectKey(issued, key);
      });
      expect(operations).toEqual([
        expect.objectContaining({
          messageType: 'PKCSReq (19)',
          digest,
          cipher,
          transactionId: expect.stringMatching(/^[0-9A-F]{40}$/),
          outcome: 'success',
        }),
      ]);
    });

    test('with names and the name of a Windows template, which the policy strips', async () => {
      const names = [
        '--san',
        'device.example.org',
        '--san',
        '192.0.2.7',
        '--san',
        'me@example.org',
      ];
      const [file = ''] = await firstEnrollment('named', ...names, '--profile', 'dual');
      const { subjectAltName, keyUsage } = await expectChain(file, authority.authorities);
      expect(subjectAltName).toBe(
        'DNS:device.example.org, IP Address:192.0.2.7, email:me@example.org',
      );
      expect(keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    });

    test('is refused for a wrong challenge', async () => {
      const key = await newKey('wrong');
      const operations = await gateway.operationsDuring(async () => {
        const request = ['--in', key, '--dn', 'CN=wrong', '--password', '0000000000000000'];
        const run = await pki.enroll('/scep', authority, request);
        expect(run.status).toBe(1);
        expect(run.stderr).toContain('failInfo:     badRequest');
        expect(run.stdout).toBe('');
      });
      expect(operations).toEqual([expect.objectContaining({ code: 'challenge.refused' })]);
    });
  });

  test('whose digest nobody here knows is told badAlg', async () => {
    const key = await newKey('sha224');
    const request = ['--in', key, '--dn', 'CN=sha224', '--password', await gateway.challenge()];
    const operations = await gateway.operationsDuring(async () => {
      const run = await pki.enroll('/scep', authority, [...request, '--digest', 'sha224']);
      expect(run.status).toBe(1);
      expect(run.stderr).toContain('failInfo:     badAlg');
    });
    expect(operations).toEqual([expect.objectContaining({ failInfo: 'badAlg' })]);
  });

  describe('a renewal', () => {
    test('by RenewalReq, with a new key and with the old one', async () => {
      const [old = '', oldKey = ''] = await firstEnrollment('renewal');
      for (const key of [await newKey('renewed'), oldKey]) {
        const operations = await gateway.operationsDuring(async () => {
          const request = ['--in', key, '--dn', 'CN=renewal, O=Example'];
          const by = ['--cert', old, '--key', oldKey];
          const run = await pki.enroll('/scep', authority, [...request, ...by]);
          const renewed = await expectChain(issuedBy(run, 'renewed'), authority.authorities);
          await expectKey(renewed, key);
        });
        expect(operations).toEqual([
          expect.objectContaining({
            messageType: 'RenewalReq (17)',
            signer: 'CN=renewal,O=Example',
            outcome: 'success',
          }),
        ]);
      }
    });

    test('by PKCSReq, as its configuration can say', async () => {
      const file = join(gateway.directory, 'strongswan.conf');
      writeFileSync(file, 'pki {\n  scep {\n    renewal_via_pkcs_req = yes\n  }\n}\n');
      const [old = '', oldKey = ''] = await firstEnrollment('via-pkcs-req');
      const key = await newKey('via-pkcs-req-2');
      const operations = await gateway.operationsDuring(async () => {
        const request = ['--in', key, '--dn', 'CN=via-pkcs-req, O=Example'];
        const by = ['--cert', old, '--key', oldKey];
        const environment = { STRONGSWAN_CONF: file };
        const run = await pki.enroll('/scep', authority, [...request, ...by], environment);
        await expectKey(await expectChain(issuedBy(run, 'renewed'), authority.authorities), key);
      });
      expect(operations).toEqual([
        expect.objectContaining({
          messageType: 'PKCSReq (19)',
          signer: 'CN=via-pkcs-req,O=Example',
          outcome: 'success',
        }),
      ]);
    });

    test('is refused under another name', async () => {
      const [old = '', oldKey = ''] = await firstEnrollment('me');
      const by = ['--in', oldKey, '--dn', 'CN=you, O=Example', '--cert', old, '--key', oldKey];
      const operations = await gateway.operationsDuring(async () => {
        expect(await pki.enroll('/scep', authority, by)).toMatchObject({ status: 1, stdout: '' });
      });
      expect(operations).toEqual([expect.objectContaining({ failInfo: 'badRequest' })]);
    });
  });

  describe('polling', () => {
    /** Starts to poll, and decides when the request has arrived. */
    async function decided(
      name: string,
      decision: readonly string[],
    ): Promise<{ readonly run: ProgramRun; readonly key: string }> {
      const key = await newKey(name);
      const challenge = await gateway.challenge('manual');
      const request = ['--in', key, '--dn', `CN=${name}`, '--password', challenge];
      const polling = pki.enroll('/scep/manual', authority, [...request, '--interval', '1']);
      const id = await gateway.pending(`CN=${name}`);
      const [verb = '', ...options] = decision;
      expect(await gateway.cli('pending', verb, id, ...options)).toMatchObject({ code: 0 });
      return { run: await polling, key };
    }

    test('gets the certificate after the approval', async () => {
      const operations = await gateway.operationsDuring(async () => {
        const { run, key } = await decided('approved', ['approve']);
        await expectKey(await expectChain(issuedBy(run, 'approved'), authority.authorities), key);
      });
      expect(operations[0]).toMatchObject({ messageType: 'PKCSReq (19)', outcome: 'pending' });
      expect(operations.at(-1)).toMatchObject({ messageType: 'CertPoll (20)', outcome: 'success' });
    });

    test('is told of a denial', async () => {
      const operations = await gateway.operationsDuring(async () => {
        const { run } = await decided('denied', ['deny', '--reason', 'Not one of ours.']);
        expect(run).toMatchObject({ status: 1, stdout: '' });
      });
      expect(operations.at(-1)).toMatchObject({
        messageType: 'CertPoll (20)',
        outcome: 'failure',
        failInfo: 'badRequest',
        code: 'enrollment.denied',
      });
    });
  });

  describe('pki --scepca', () => {
    test.each([
      ['default', '/scep', 'local', ['ca.pem', 'ra-2.pem', 'ra.pem']],
      ['single', '/scep/single', 'single', ['ca.pem', 'ra.pem']],
      ['lone', '/scep/lone', 'lone', ['ca.pem']],
      ['tiered', '/scep/tiered', 'tiered.root', ['ca-1.pem', 'ca.pem', 'ra-2.pem', 'ra.pem']],
    ])('of the profile %s splits it, and can enroll with it', async (name, path, root, files) => {
      const fetched = await pki.fetchCa(path, `fetched-${name}`);
      expect(fetched.names).toEqual(files);
      const [trusted = ''] = fetched.authorities;
      const published = readCertificate(await caFile(gateway, root));
      expect(readCertificate(trusted).fingerprint256).toBe(published.fingerprint256);

      const key = await newKey(name);
      const challenge = await gateway.challenge(name);
      const request = ['--in', key, '--dn', `CN=${name}`, '--password', challenge];
      const certificate = issuedBy(await pki.enroll(path, fetched, request), name);
      await expectKey(await expectChain(certificate, fetched.authorities), key);
    });

    test('of a profile that shows its RA alone, trusts the CA it has from elsewhere', async () => {
      const fetched = await pki.fetchCa('/scep/ra-alone', 'fetched-ra-alone');
      expect(fetched.names).toEqual(['ra.pem']);
      const authorities = [await caFile(gateway, 'single')];
      const key = await newKey('ra-alone');
      const challenge = await gateway.challenge('ra-alone');
      const request = ['--in', key, '--dn', 'CN=ra-alone', '--password', challenge];
      const run = await pki.enroll('/scep/ra-alone', { ...fetched, authorities }, request);
      await expectKey(await expectChain(issuedBy(run, 'ra-alone'), authorities), key);
    });
  });
});
