import { readableOr } from '../errors/index.js';
import { readBundle } from '../pkcs7/pkijs/index.js';
import { Certificate } from '../x509/index.js';
import { isAuthority } from './authority-certificate.js';

interface ReturnedCertificate {
  readonly certificate: Certificate;
  /** What came in the CMS around it, in any order; nothing of it is checked. */
  readonly bundle: readonly Certificate[];
}

/**
 * The certificate of an answer and what came along. Undefined where there is none that can be read; a bundle
 * that cannot be is left out.
 */
export function readReturned({
  certificate,
  bundle,
}: {
  /** DER; undefined: it is in the bundle, the one that is no CA's. */
  readonly certificate: Buffer | undefined;
  /** CMS; undefined: none came. */
  readonly bundle: Buffer | undefined;
}): ReturnedCertificate | undefined {
  const around = bundle === undefined ? [] : readableOr([], () => readBundle(bundle).certificates);
  const found =
    certificate === undefined
      ? onlyOne(around.filter((one) => !isAuthority(one)))
      : readableOr(undefined, () => Certificate.fromDer(certificate));
  return found && { certificate: found, bundle: around };
}

function onlyOne<T>(list: readonly T[]): T | undefined {
  return list.length === 1 ? list[0] : undefined;
}
