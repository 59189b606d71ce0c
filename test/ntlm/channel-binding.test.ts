import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der } from '../../src/asn1/index.js';
import { channelBindingHash, tlsServerEndPoint } from '../../src/ntlm/channel-binding/index.js';

/** As much of a certificate as is looked at. */
function certificate(...algorithm: Buffer[]): Buffer {
  return der.sequence(der.sequence(), der.sequence(...algorithm), der.bitString(Buffer.alloc(8)));
}

const pss = (hash?: string) =>
  certificate(
    der.oid('1.2.840.113549.1.1.10'),
    der.sequence(...(hash === undefined ? [] : [der.element(0xa0, der.sequence(der.oid(hash)))])),
  );

describe('tls-server-end-point', () => {
  test.each([
    ['md5WithRSAEncryption', '1.2.840.113549.1.1.4', 'sha256'],
    ['sha1WithRSAEncryption', '1.2.840.113549.1.1.5', 'sha256'],
    ['sha256WithRSAEncryption', '1.2.840.113549.1.1.11', 'sha256'],
    ['sha384WithRSAEncryption', '1.2.840.113549.1.1.12', 'sha384'],
    ['sha512WithRSAEncryption', '1.2.840.113549.1.1.13', 'sha512'],
    ['ecdsa-with-SHA1', '1.2.840.10045.4.1', 'sha256'],
    ['ecdsa-with-SHA384', '1.2.840.10045.4.3.3', 'sha384'],
  ])('of a certificate signed by %s', (_, oid, digest) => {
    const bytes = certificate(der.oid(oid));
    const hash = createHash(digest).update(bytes).digest();
    expect(tlsServerEndPoint(bytes)).toEqual(
      Buffer.concat([Buffer.from('tls-server-end-point:'), hash]),
    );
  });

  test.each([
    ['SHA-512', pss('2.16.840.1.101.3.4.2.3'), 'sha512'],
    ['SHA-1, its default', pss(), 'sha256'],
  ])('of RSASSA-PSS with %s', (_, bytes, digest) => {
    const hash = createHash(digest).update(bytes).digest();
    expect(tlsServerEndPoint(bytes)?.subarray(21)).toEqual(hash);
  });

  test('is undefined for Ed25519 and for what is no certificate', () => {
    expect(tlsServerEndPoint(certificate(der.oid('1.3.101.112')))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(tlsServerEndPoint(Buffer.from(bytes))).toBeUndefined();
      }),
    );
  });

  // The example that Microsoft gives of Extended Protection: hash of a certificate, MD5 in the AV pair.
  test('is hashed as a gss_channel_bindings_struct', () => {
    const certificateHash = 'ea05fefecc6b0bd571dbbc5baa3ed45386d0446835f7b74c85621b9983475f95';
    const applicationData = Buffer.concat([
      Buffer.from('tls-server-end-point:'),
      Buffer.from(certificateHash, 'hex'),
    ]);
    expect(channelBindingHash(applicationData).toString('hex')).toBe(
      '6586e99d81c2fc984e47172fd4dd0310',
    );
  });
});
