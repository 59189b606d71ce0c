/** The CA behind an issuer, as far as its certificates tell. */
import type { Certificate } from '../x509/index.js';
import type { Examination } from './examination.js';
import { expiryVerdict, nameOf } from './expiry.js';
import { signatureVerdicts } from './signature.js';

const renewCa = 'Renew the certificate of the CA (certutil -renewCert, or the console of the CA).';

/** `ca.expiry`, `ca.signature`. @param chain issuing CA first, root last; empty: nothing is known */
export async function examineCaCertificates(
  examination: Examination,
  about: string,
  chain: readonly Certificate[],
  now: Date,
  renew: string = renewCa,
): Promise<void> {
  if (chain.length === 0) return;
  await examination.check({ id: 'ca.expiry', about }, () =>
    chain.map((certificate) =>
      expiryVerdict(`The CA certificate ${nameOf(certificate)}`, certificate, now, renew),
    ),
  );
  await examination.check({ id: 'ca.signature', about }, () => signatureVerdicts(chain));
}
