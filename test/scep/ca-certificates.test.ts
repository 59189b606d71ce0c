import { describe, expect, test } from '@jest/globals';
import { createFastCodec } from '../../src/pkcs7/index.js';
import { readBundle } from '../../src/pkcs7/pkijs/index.js';
import { Certificate } from '../../src/x509/index.js';
import type { ScepProfile } from '../../src/scep/index.js';
import { issuedBy, selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import { testAuthority } from '../support/pki-message.js';
import { scenario, type Scenario } from './scenario.js';

const bare = 'application/x-x509-ca-cert';
const bundle = 'application/x-x509-ca-ra-cert';

describe('GetCACert', () => {
  test.each<[ScepProfile['caCertShape'], boolean, string, readonly string[]]>([
    ['ra-and-chain', true, bundle, ['RA sign', 'RA encrypt', 'Issuing', 'Middle', 'Root']],
    ['ra-and-chain', false, bundle, ['RA sign', 'RA encrypt', 'Issuing', 'Middle']],
    ['ra-and-issuer', true, bundle, ['RA sign', 'RA encrypt', 'Issuing']],
    ['ra-only', true, bundle, ['RA sign', 'RA encrypt']],
    ['ca-only', true, bare, ['Issuing']],
  ])('%s, root %s', async (caCertShape, caCertRoot, contentType, names) => {
    const { s } = await hierarchy({ caCertShape, caCertRoot });
    const response = await s.get('GetCACert');
    expect(response).toMatchObject({ status: 200, contentType });
    expect(namesIn(response.body)).toEqual(names);
  });

  test('one RA certificate for both uses stands once, alone it goes out bare', async () => {
    const { s: both } = await hierarchy({ caCertShape: 'ra-and-issuer' }, true);
    expect(namesIn((await both.get('GetCACert')).body)).toEqual(['RA sign', 'Issuing']);
    const { s: alone } = await hierarchy({ caCertShape: 'ra-only' }, true);
    const response = await alone.get('GetCACert');
    expect(response.contentType).toBe(bare);
    expect(namesIn(response.body)).toEqual(['RA sign']);
  });

  test('a root that issues stays though the root is left out', async () => {
    const s = await scenario({ caCertRoot: false });
    expect(namesIn((await s.get('GetCACert')).body)).toEqual(['Test RA', 'Test RA', 'Test CA']);
  });

  test('is made once, and anew when a certificate is renewed', async () => {
    const { ca, raSigning, raEncryption } = await testAuthority();
    const renewed = await issuedBy(ca, raSigning.key.publicKey, { subject: 'CN=RA renewed' });
    let certificates = [raSigning.certificate, raEncryption.certificate];
    const ra = { signing: raSigning, decryption: [raEncryption] };
    const s = await scenario({ registrationAuthority: () => ({ ...ra, certificates }) });
    const first = await s.get('GetCACert');
    expect((await s.get('getcacert')).body).toBe(first.body);
    certificates = [renewed, raEncryption.certificate];
    expect(namesIn((await s.get('GetCACert')).body)).toEqual(['RA renewed', 'Test RA', 'Test CA']);
  });

  test.each(['GetCACertChain', 'GetCAChain', 'getcachain'])(
    '%s: the whole chain in a bundle, even of one',
    async (operation) => {
      const { s } = await hierarchy({ caCertShape: 'ra-only', caCertRoot: false });
      const response = await s.get(operation);
      expect(response.contentType).toBe('application/x-x509-ca-ra-cert-chain');
      expect(namesIn(response.body)).toEqual(['Issuing', 'Middle', 'Root']);
      const lone = await scenario();
      expect(namesIn((await lone.get(operation)).body)).toEqual(['Test CA']);
    },
  );
});

describe('GetNextCACert', () => {
  test('without a rollover there is none', async () => {
    const s = await scenario();
    await expect(s.get('GetNextCACert')).rejects.toMatchObject({
      code: 'http.operation',
      message: 'No next CA is prepared.',
    });
  });

  test('signed by the present RA; the new certificates inside, and outside beside the signer', async () => {
    const nextCa = await selfSigned(testKey('ra-old'), { subject: 'CN=Next CA' });
    const nextRa = await selfSigned(testKey('client'), { subject: 'CN=Next RA' });
    const s = await scenario({
      rollover: () => ({ chain: [nextCa], raCertificates: [nextRa] }),
    });
    const response = await s.get('GetNextCACert');
    expect(response).toMatchObject({
      status: 200,
      contentType: 'application/x-x509-next-ca-cert',
    });
    const codec = createFastCodec();
    const message = codec.readSigned(response.body);
    expect(codec.verifySigned(message, s.authority.raSigning.certificate)).toBe(true);
    expect(message.contentType).toBe('1.2.840.113549.1.7.1');
    expect(message.certificates.map(nameOf)).toEqual(['Test RA', 'Next RA', 'Next CA']);
    expect(namesIn(message.content!)).toEqual(['Next RA', 'Next CA']);
  });
});

/** Root, middle and issuing CA, and an RA with two certificates or one. */
async function hierarchy(
  overrides: Partial<ScepProfile>,
  single = false,
): Promise<{ readonly s: Scenario }> {
  const root = {
    key: testKey('ca'),
    certificate: await selfSigned(testKey('ca'), { subject: 'CN=Root' }),
  };
  const under = async (
    issuer: typeof root,
    name: 'ra-old' | 'client' | 'ra-sign' | 'ra-encrypt',
    subject: string,
  ): Promise<typeof root> => ({
    key: testKey(name),
    certificate: await issuedBy(issuer, testKey(name).publicKey, { subject }),
  });
  const middle = await under(root, 'ra-old', 'CN=Middle');
  const issuing = await under(middle, 'client', 'CN=Issuing');
  const signing = await under(issuing, 'ra-sign', 'CN=RA sign');
  const encryption = single ? signing : await under(issuing, 'ra-encrypt', 'CN=RA encrypt');
  const s = await scenario({
    registrationAuthority: () => ({
      signing,
      decryption: [encryption],
      certificates: [signing.certificate, encryption.certificate],
    }),
    chain: () => [issuing.certificate, middle.certificate, root.certificate],
    ...overrides,
  });
  return { s };
}

function namesIn(body: Buffer): string[] {
  return certificatesIn(body).map(nameOf);
}

function certificatesIn(body: Buffer): readonly Certificate[] {
  try {
    return [Certificate.fromDer(body)];
  } catch {
    return readBundle(body).certificates;
  }
}

function nameOf({ subject }: Certificate): string {
  return subject.values('CN').join();
}
