/** GetNextCACert (RFC 8894 §4.7): the CA that takes over, vouched for by the RA that still serves. */
import { GatewayError } from '../errors/index.js';
import { certificateBundle, type Pkcs7Codec } from '../pkcs7/index.js';
import type { ScepProfile, ScepResponse } from './scep-server.types.js';

/**
 * The new certificates stand twice, for sscep reads them from the content and jscep from the outer
 * certificates, where sscep wants the signer. The content type stays id-data: sscep's OpenSSL cannot
 * read a CMS-style signedData inside a signedData.
 *
 * @throws GatewayError `http.operation` when no rollover is prepared
 */
export async function nextCaResponse(
  profile: ScepProfile,
  codec: Pkcs7Codec,
): Promise<ScepResponse> {
  const rollover = profile.rollover();
  if (rollover === undefined) {
    throw new GatewayError('http.operation', 'No next CA is prepared.', {
      mend: 'GetCACaps lists GetNextCACert once there is one.',
    });
  }
  const next = [...rollover.raCertificates, ...rollover.chain];
  const { signing } = profile.registrationAuthority();
  return {
    status: 200,
    contentType: 'application/x-x509-next-ca-cert',
    body: await codec.sign({
      content: certificateBundle(next),
      digest: strongestCommonDigest(profile),
      attributes: [],
      signer: signing,
      certificates: [signing.certificate, ...next],
    }),
  };
}

/** Nothing in the request tells what the client knows; SHA-256 unless the profile is a legacy one. */
function strongestCommonDigest({ floor }: ScepProfile): ScepProfile['floor']['digests'][number] {
  return floor.digests.includes('sha256') ? 'sha256' : (floor.digests.at(-1) ?? 'sha256');
}
