import forge from 'node-forge';
import { fixedAuthority } from '../test/support/fixed-authority.js';
import { testKeyObject } from '../test/support/keys.js';

/** A PKCS#12 file with the fixed CA, its key under a cheap password hash: each input costs one. */
export async function pfxExample(passphrase: string): Promise<Buffer> {
  const { ca } = await fixedAuthority();
  const key = testKeyObject('ca').export({ type: 'pkcs1', format: 'pem' }).toString();
  const certificate = forge.pki.certificateFromAsn1(
    forge.asn1.fromDer(ca.certificate.der.toString('latin1')),
  );
  const pfx = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(key),
    [certificate],
    passphrase,
    {
      algorithm: 'aes128',
      count: 1,
    },
  );
  return Buffer.from(forge.asn1.toDer(pfx).getBytes(), 'latin1');
}
