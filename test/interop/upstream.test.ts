/** Servers behind the gateway: another gateway and scepserver; clients that nobody here wrote in front. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { handset, issuedCertificate } from '../gateway/two-gateways.js';
import { caFile, expectChain, expectKey, newRsaKey, readCertificate } from './certificate-file.js';
import { Certmonger, certmongerPrograms } from './certmonger.js';
import { eventually } from './eventually.js';
import { startGateway, type Gateway } from './gateway.js';
import { describeWithPrograms, mustRun } from './programs.js';
import { ScepServerProcess, scepserverChallenge } from './scepserver.js';
import { StrongswanPki, strongswanPrograms } from './strongswan.js';

describeWithPrograms(
  'through a relay to a gateway',
  [...certmongerPrograms, ...strongswanPrograms],
  () => {
    let behind: Gateway;
    let front: Gateway;
    let ca: string;

    beforeAll(async () => {
      behind = await startGateway({});
      front = await startGateway({
        config: `
issuers:
  behind: { kind: ndes, mode: relay, url: '${behind.url}/scep' }
profiles:
  default: { issuer: behind, paths: [/scep] }
`,
      });
      ca = await caFile(behind);
    }, 60_000);
    afterAll(async () => {
      await front.stop();
      await behind.stop();
    });

    test('strongSwan enrolls and renews', async () => {
      const pki = new StrongswanPki(front);
      const authority = await pki.fetchCa('/scep', 'authority');
      const key = await newRsaKey(join(front.directory, 'swan.key'));
      const file = join(front.directory, 'swan.pem');
      const request = ['--in', key, '--dn', 'CN=swan, O=Example'];
      const challenge = ['--password', await behind.challenge()];
      const first = await behind.operationsDuring(async () => {
        const run = await pki.enroll('/scep', authority, [...request, ...challenge]);
        expect(run).toMatchObject({ status: 0 });
        writeFileSync(file, run.stdout);
      });
      expect(first).toEqual([
        expect.objectContaining({ messageType: 'PKCSReq (19)', outcome: 'success' }),
      ]);
      await expectKey(await expectChain(file, [ca]), key);

      const renewal = ['--cert', file, '--key', key];
      const second = await behind.operationsDuring(async () => {
        const run = await pki.enroll('/scep', authority, [...request, ...renewal]);
        expect(run).toMatchObject({ status: 0 });
      });
      expect(second).toEqual([
        expect.objectContaining({ messageType: 'RenewalReq (17)', outcome: 'success' }),
      ]);
    });

    test('certmonger enrolls and renews', async () => {
      const certmonger = await Certmonger.start();
      try {
        await certmonger.getcert('add-scep-ca', '-c', 'relay', '-u', `${front.url}/scep`);
        const [key, file] = ['key', 'pem'].map((end) => join(certmonger.directory, `m.${end}`));
        const storage = ['-k', key ?? '', '-f', file ?? ''];
        const challenge = await behind.challenge();
        const names = ['-N', 'CN=monger,O=Example', '-L', challenge];
        await certmonger.getcert('request', '-I', 'm', '-c', 'relay', ...storage, ...names);
        await certmonger.waitFor('m', 'MONITORING');
        const issued = await expectChain(file ?? '', [ca]);
        await certmonger.getcert('resubmit', '-i', 'm', '-w');
        const renewed = await expectChain(file ?? '', [ca]);
        expect(renewed.serialNumber).not.toBe(issued.serialNumber);
      } finally {
        await certmonger.stop();
      }
    });
  },
);

const others = [...certmongerPrograms, ...strongswanPrograms];

describeWithPrograms(
  'scepserver behind the gateway',
  ['scepserver', 'scepclient', ...others],
  () => {
    let behind: ScepServerProcess;
    let front: Gateway;

    beforeAll(async () => {
      behind = await ScepServerProcess.start();
      const secret = join(behind.directory, 'challenge.txt');
      writeFileSync(secret, scepserverChallenge);
      front = await startGateway({
        config: `
backlog:
  retry: { firstSeconds: 1, longestSeconds: 2 }
issuers:
  relayed: { kind: ndes, mode: relay, url: '${behind.url}' }
  enrolled:
    kind: ndes
    mode: re-enroll
    url: '${behind.url}'
    fingerprint: '${behind.fingerprint}'
    challenge: fixed
    raCertificates: single
profiles:
  relayed: { issuer: relayed }
  enrolled:
    issuer: enrolled
    challenges: { static: [{ name: all, secret: { file: '${secret}' } }] }
    algorithms: { ciphers: [des-cbc, des-ede3-cbc, aes-128-cbc, aes-192-cbc, aes-256-cbc] }
`,
      });
    }, 60_000);
    afterAll(async () => {
      await front.stop();
      await behind.dispose();
    });

    function scepclient(name: string, profile: string, ...args: readonly string[]) {
      const folder = join(front.directory, name);
      mkdirSync(folder, { recursive: true });
      const url = ['-server-url', `${front.url}/scep/${profile}`];
      const files = ['-private-key', 'key.pem', '-certificate', 'certificate.pem'];
      const challenge = ['-challenge', scepserverChallenge];
      return mustRun('scepclient', [...url, ...files, ...challenge, ...args], { cwd: folder });
    }

    test.each(['relayed', 'enrolled'])('scepclient enrolls (%s)', async (profile) => {
      await scepclient(`first-${profile}`, profile, '-cn', `first-${profile}`);
      const file = join(front.directory, `first-${profile}`, 'certificate.pem');
      const certificate = readCertificate(file);
      expect(certificate.verify(readCertificate(behind.ca).publicKey)).toBe(true);
      await expectKey(certificate, join(front.directory, `first-${profile}`, 'key.pem'));
    });

    test('scepclient renews through the relay', async () => {
      await scepclient('renews', 'relayed', '-cn', 'renews');
      const file = join(front.directory, 'renews', 'certificate.pem');
      const first = readCertificate(file);
      await scepclient('renews', 'relayed');
      expect(readCertificate(file).serialNumber).not.toBe(first.serialNumber);
    });

    test('a wrong password is refused by scepserver through the relay, and by the gateway itself', async () => {
      for (const profile of ['relayed', 'enrolled']) {
        const device = await handset(front.port, `/scep/${profile}`, `wrong-${profile}`);
        const outcome = await device.enroll(`wrong-${profile}`, 'wrong');
        expect(outcome).toMatchObject({ kind: 'failed', failInfo: 'badRequest' });
      }
    });

    test('killed and started again: 503 from the relay, PENDING from the gateway, one certificate each', async () => {
      const relayed = await handset(front.port, '/scep/relayed', 'late-relayed');
      const enrolled = await handset(front.port, '/scep/enrolled', 'late-enrolled');
      await Promise.all([relayed.session(), enrolled.session()]);
      await behind.kill();
      await expect(relayed.enroll('late-relayed', scepserverChallenge)).rejects.toMatchObject({
        code: 'scep.unreachable',
        message: expect.stringContaining('HTTP 503'),
      });
      expect((await enrolled.enroll('late-enrolled', scepserverChallenge)).kind).toBe('pending');
      await behind.run();
      const late = await eventually('the certificate of a late server', async () => {
        const outcome = await enrolled.poll('late-enrolled');
        return outcome.kind === 'pending' ? undefined : outcome;
      });
      expect(issuedCertificate(late).subject.text).toBe('CN=late-enrolled');
      const again = await eventually('the relay', () =>
        relayed.enroll('late-relayed', scepserverChallenge).catch(() => undefined),
      );
      expect(issuedCertificate(again).subject.text).toBe('CN=late-relayed');
    }, 60_000);

    describe('whose replies other clients cannot read', () => {
      test('strongSwan refuses them through the relay and enrolls with the gateway in between', async () => {
        const pki = new StrongswanPki(front);
        const key = await newRsaKey(join(front.directory, 'swan.key'));
        const request = ['--in', key, '--dn', 'CN=swan', '--password', scepserverChallenge];
        const relayed = await pki.fetchCa('/scep/relayed', 'ca-relayed');
        const refused = await pki.enroll('/scep/relayed', relayed, [
          ...request,
          '--cipher',
          'des3',
        ]);
        expect(refused.stderr).toContain('unable to verify PKCS#7 container');
        const enrolled = await pki.fetchCa('/scep/enrolled', 'ca-enrolled');
        const run = await pki.enroll('/scep/enrolled', enrolled, request);
        expect(run).toMatchObject({ status: 0 });
      });
    });

    test('certmonger takes the RA of the gateway once the CA has signed it', async () => {
      const certmonger = await Certmonger.start();
      const enroll = async (id: string): Promise<string> => {
        const [key = '', file = ''] = ['key', 'pem'].map((end) =>
          join(certmonger.directory, `${id}.${end}`),
        );
        const names = ['-N', `CN=${id}`, '-L', scepserverChallenge];
        await certmonger.getcert('request', '-I', id, '-c', id, '-k', key, '-f', file, ...names);
        return certmonger.waitFor(id, 'MONITORING', 'CA_UNREACHABLE', 'CA_REJECTED');
      };
      try {
        const url = `${front.url}/scep/enrolled`;
        await certmonger.getcert('add-scep-ca', '-c', 'before', '-u', url);
        expect(await enroll('before')).toContain('failed to verify signature on server response');

        const { stdout } = await front.cli('ra', 'request', '--issuer', 'enrolled');
        const usage = 'keyUsage = digitalSignature, keyEncipherment\nbasicConstraints = CA:FALSE\n';
        const signed = await behind.sign(stdout, usage);
        expect(await front.cli('ra', 'install', '--issuer', 'enrolled', signed)).toMatchObject({
          code: 0,
        });
        await eventually('the gateway to take it up', async () => {
          const answer = await fetch(`${url}?operation=GetCACert`);
          const shown = Buffer.from(await answer.arrayBuffer());
          return shown.includes(readCertificate(signed).raw) || undefined;
        });
        await certmonger.getcert('add-scep-ca', '-c', 'after', '-u', url);
        expect(await enroll('after')).toContain('status: MONITORING');
      } finally {
        await certmonger.stop();
      }
    });

    test('`issuer test` says what it is', async () => {
      const { code, stdout } = await front.cli('issuer', 'test', 'enrolled');
      expect(code).toBe(0);
      expect(stdout).toContain('ok       GetCACaps: Renewal, SHA-1, SHA-256');
      expect(stdout).toContain('ok       GetCACert: the CA is C=US,O=scep-ca,OU=SCEP CA');
      expect((await front.cli('issuer', 'test', 'nobody')).code).toBe(2);
    });
  },
);
