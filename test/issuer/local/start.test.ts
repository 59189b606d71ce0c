import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { LocalAuthority } from '../../../src/issuer/index.js';
import {
  extendedKeyUsages,
  extensionOids,
  readBasicConstraints,
  readExtendedKeyUsage,
  readKeyUsage,
  verifyIssuedBy,
  type Certificate,
} from '../../../src/x509/index.js';
import { hasOpenssl, runOpenssl } from '../../support/openssl.js';
import { authorizationFor, issuanceRequest } from '../issuer.contract.js';
import { Site } from './authority-fixture.js';

const withOpenssl = hasOpenssl() ? test : test.skip;

function usages(certificate: Certificate): string[] {
  return readKeyUsage(certificate.extension(extensionOids.keyUsage)!);
}

function extendedUsages(certificate: Certificate): string[] {
  return readExtendedKeyUsage(certificate.extension(extensionOids.extendedKeyUsage)!);
}

/** All that others can see of an authority. */
function appearance(authority: LocalAuthority) {
  return {
    chain: authority.issuer.chain.map(({ thumbprints }) => thumbprints.sha256),
    ra: authority.registrationAuthority('ra').certificates.map((one) => one.thumbprints.sha256),
    decryption: authority
      .registrationAuthority('ra')
      .decryption.map(({ key, certificate }) => [key.publicKey.id, certificate.publicKey.id]),
    signer: authority.registrationAuthority('ra').signing.key.publicKey.id,
    known: authority.knownCas.map(({ thumbprints }) => thumbprints.sha256),
  };
}

describe('the first start', () => {
  test('makes one root that issues and the pair of RA certificates that NDES has', async () => {
    const site = new Site();
    const authority = await site.open();
    const [ca, ...above] = authority.issuer.chain;
    expect(above).toEqual([]);
    expect(ca!.subject.text).toBe('CN=Example CA,O=Example');
    expect(verifyIssuedBy(ca!, ca!)).toBe(true);
    expect(ca!.notBefore.toISOString()).toBe('2025-12-31T23:00:00.000Z');
    expect(ca!.notAfter.toISOString()).toBe('2046-01-01T00:00:00.000Z');
    expect(ca!.extension(extensionOids.keyUsage)?.critical).toBe(true);
    expect(usages(ca!)).toEqual(['digitalSignature', 'keyCertSign', 'cRLSign']);
    const constraints = ca!.extension(extensionOids.basicConstraints)!;
    expect([constraints.critical, readBasicConstraints(constraints)]).toEqual([
      true,
      { ca: true, pathLength: undefined },
    ]);

    const { signing, decryption, certificates } = authority.registrationAuthority('ra');
    const [signer, recipient] = certificates;
    expect(signing.certificate).toBe(signer);
    expect(decryption[0]!.certificate).toBe(recipient);
    expect(decryption[0]!.key.publicKey.id).toBe(recipient!.publicKey.id);
    expect(signing.key.publicKey.id).toBe(signer!.publicKey.id);
    expect(usages(signer!)).toEqual(['digitalSignature']);
    expect(usages(recipient!)).toEqual(['keyEncipherment']);
    for (const certificate of certificates) {
      expect(certificate.subject.text).toBe('CN=Example-MSCEP-RA');
      expect(certificate.extension(extensionOids.keyUsage)?.critical).toBe(true);
      expect(extendedUsages(certificate)).toEqual([extendedKeyUsages.certificateRequestAgent]);
      expect(verifyIssuedBy(certificate, ca!)).toBe(true);
      expect(certificate.notAfter.toISOString()).toBe('2028-01-01T00:00:00.000Z');
    }
    // The signing key opens messages of clients that encrypt to the first certificate they see.
    expect(decryption.map(({ certificate }) => certificate)).toEqual([recipient, signer]);
    expect(site.keys.names).toEqual(['local-ca-1', 'local-ra-sign-1', 'local-ra-encrypt-1']);
  });

  test('makes a single RA certificate for both usages where that is configured', async () => {
    const authority = await new Site().open({ raCertificates: 'single' });
    const { signing, decryption, certificates } = authority.registrationAuthority('ra');
    expect(certificates).toEqual([signing.certificate]);
    expect(decryption.map(({ certificate }) => certificate)).toEqual(certificates);
    expect(usages(signing.certificate)).toEqual(['digitalSignature', 'keyEncipherment']);
    expect(extendedUsages(signing.certificate)).toEqual([
      extendedKeyUsages.serverAuth,
      extendedKeyUsages.certificateRequestAgent,
    ]);
  });

  test('makes a CA that devices may encrypt to where a profile publishes the CA alone', async () => {
    const authority = await new Site().open({}, { caIsRecipient: true });
    const ca = authority.thumbprintCertificate;
    expect(usages(ca)).toEqual(['digitalSignature', 'keyEncipherment', 'keyCertSign', 'cRLSign']);
    const own = authority.registrationAuthority('ca');
    expect(own.certificates).toEqual([ca]);
    expect(own.signing.certificate).toBe(ca);
    expect(own.decryption[0]!.certificate).toBe(ca);
    const { decryption } = authority.registrationAuthority('ra');
    expect(decryption.at(-1)!.certificate).toBe(ca);
    expect(await authority.maintain()).toEqual([]);
  });

  test('puts every certificate it makes on record', async () => {
    const site = new Site();
    const authority = await site.open({ hierarchy: 'root-and-issuing' });
    expect(site.records.added.map(({ thumbprint }) => thumbprint).sort()).toEqual(
      [...authority.issuer.chain, ...authority.registrationAuthority('ra').certificates]
        .map(({ thumbprints }) => thumbprints.sha256)
        .sort(),
    );
    expect(site.records.added[0]).toMatchObject({ profile: '', issuer: 'local' });
  });

  withOpenssl('openssl verifies devices and RA up to the root', async () => {
    const site = new Site();
    const authority = await site.open({ hierarchy: 'root-and-issuing' });
    const request = await issuanceRequest('t');
    const outcome = await authority.issuer.submit(request, authorizationFor(request));
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);
    const [issuing, root] = authority.issuer.chain;
    expect(issuing!.subject.text).toBe('CN=Example CA,O=Example');
    expect(root!.subject.text).toBe('CN=Example Root CA,O=Example');
    const directory = mkdtempSync(join(tmpdir(), 'scep-gateway-'));
    try {
      const file = (name: string, certificate: Certificate): string => {
        const path = join(directory, `${name}.pem`);
        writeFileSync(path, certificate.toPem());
        return path;
      };
      const leaves = [outcome.certificate, ...authority.registrationAuthority('ra').certificates];
      const text = runOpenssl([
        'verify',
        ...['-x509_strict', '-attime', String(site.now.getTime() / 1000)],
        ...['-CAfile', file('root', root!), '-untrusted', file('issuing', issuing!)],
        ...leaves.map((leaf, index) => file(`leaf-${index}`, leaf)),
      ]);
      expect(text.match(/: OK$/gm)).toHaveLength(3);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('Node reads the CA as a CA', async () => {
    const ca = new X509Certificate((await new Site().open()).thumbprintCertificate.der);
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
  });

  test('refuses a distinguished name that cannot be read, with the mend', async () => {
    await expect(new Site().open({ subject: 'Example CA' })).rejects.toMatchObject({
      code: 'config.invalid',
      mend: expect.stringContaining('CN=Device 1,O=Example'),
    });
  });
});

describe('the second start', () => {
  test.each(['root', 'root-and-issuing'] as const)(
    'finds keys and certificates of a %s again',
    async (hierarchy) => {
      const site = new Site();
      const first = appearance(await site.open({ hierarchy }));
      const names = [...site.keys.names];
      site.passDays(400);
      expect(appearance(await site.open({ hierarchy }))).toEqual(first);
      expect(site.keys.names).toEqual(names);
    },
  );

  test('takes up a key whose certificate a stop prevented', async () => {
    const site = new Site();
    const key = await site.keys.generate('local-ca-1', 2048);
    const authority = await site.open();
    expect(authority.thumbprintCertificate.publicKey.id).toBe(key.publicKey.id);
  });

  test('leaves alone a stray key of another size', async () => {
    const site = new Site();
    await site.keys.import('local-ca-1', rsa3072());
    const authority = await site.open();
    expect(authority.thumbprintCertificate.publicKey.bits).toBe(2048);
    expect(site.keys.names).toContain('local-ca-2');
  });

  test('of two processes that start at once, one makes the CA and both have it', async () => {
    const site = new Site();
    const both = await Promise.all([site.open(), site.open()]);
    expect(appearance(both[0])).toEqual(appearance(both[1]));
    expect(both[0].thumbprintCertificate.thumbprints.sha256).toBe(
      (await site.open()).thumbprintCertificate.thumbprints.sha256,
    );
  });

  test('refuses a state it cannot read rather than making another CA', async () => {
    const site = new Site();
    await site.open();
    site.state.values.set('issuer.local', '{"format":2}');
    await expect(site.open()).rejects.toMatchObject({
      code: 'store.schema',
      message: 'The stored state of the CA cannot be read.',
    });
  });

  test('stops when the CA key is lost', async () => {
    const site = new Site();
    await site.open();
    site.keys.forget('local-ca-1');
    await expect(site.open()).rejects.toMatchObject({ code: 'keys.unreadable' });
  });

  test('two issuers in one store do not meet', async () => {
    const site = new Site();
    const local = await site.open();
    const other = await site.open({ subject: 'CN=Other CA' }, { name: 'other' });
    expect(other.thumbprintCertificate.subject.text).toBe('CN=Other CA');
    expect(
      (await site.open()).thumbprintCertificate.der.equals(local.thumbprintCertificate.der),
    ).toBe(true);
  });
});

function rsa3072(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}
