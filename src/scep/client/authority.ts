/** GetCACert as a client reads it: whom to encrypt to, and whose signature to believe. */
import { GatewayError } from '../../errors/index.js';
import { canDecrypt } from '../../pkcs7/index.js';
import { readBundle } from '../../pkcs7/pkijs/index.js';
import {
  Certificate,
  extendedKeyUsages,
  extensionOids,
  readBasicConstraints,
  readExtendedKeyUsage,
  readKeyUsage,
  verifyIssuedBy,
} from '../../x509/index.js';
import type { ScepAuthority } from './scep-client.types.js';

/** @throws GatewayError `scep.reply` */
export function readAuthority(body: Buffer, fingerprint: string | undefined): ScepAuthority {
  const received = readCertificates(body);
  const certificates =
    fingerprint === undefined ? received : trustedBy(fingerprint, received).filter(mayActAsRa);
  const recipient = chooseRecipient(certificates);
  return {
    certificates,
    recipient,
    issuer: isCa(recipient) ? recipient.subject : recipient.issuer,
  };
}

/** One bare certificate or a degenerate bundle, whatever the Content-Type says. */
function readCertificates(body: Buffer): readonly Certificate[] {
  try {
    return [Certificate.fromDer(body)];
  } catch {
    try {
      return readBundle(body).certificates;
    } catch (cause) {
      throw new GatewayError('scep.reply', 'GetCACert answered no certificate.', { cause });
    }
  }
}

/** The pinned certificate and what it vouches for, level by level. */
function trustedBy(fingerprint: string, received: readonly Certificate[]): readonly Certificate[] {
  const wanted = fingerprint.replace(/[^0-9a-f]/gi, '').toUpperCase();
  const pinned = received.find(({ thumbprints }) => Object.values(thumbprints).includes(wanted));
  if (pinned === undefined) {
    throw new GatewayError('scep.reply', 'No CA certificate has the fingerprint that was given.', {
      mend: `Received: ${received.map(({ subject, thumbprints }) => `${subject.text} SHA-256 ${thumbprints.sha256}`).join('; ')}`,
    });
  }
  const trusted = new Set([pinned]);
  for (const issuer of trusted) {
    if (!isCa(issuer)) continue;
    for (const certificate of received) {
      if (verifyIssuedBy(certificate, issuer)) trusted.add(certificate);
    }
  }
  return received.filter((certificate) => trusted.has(certificate));
}

/**
 * A CA also issues to devices, and one of them in the middle must not pass for the RA: a certificate
 * for other uses only is none. No usage at all is let through, as some RA certificates have none.
 */
function mayActAsRa(certificate: Certificate): boolean {
  const extension = certificate.extension(extensionOids.extendedKeyUsage);
  if (extension === undefined || isCa(certificate)) return true;
  return readExtendedKeyUsage(extension).some((usage) => raUsages.has(usage));
}

const raUsages: ReadonlySet<string> = new Set([
  extendedKeyUsages.certificateRequestAgent,
  extendedKeyUsages.serverAuth,
  /** id-kp-cmcRA (RFC 6402 §2.10) and anyExtendedKeyUsage. */
  '1.3.6.1.5.5.7.3.28',
  '2.5.29.37.0',
]);

/** An RA before the CA, a certificate made for encryption before one that does not say. */
function chooseRecipient(certificates: readonly Certificate[]): Certificate {
  const usable = certificates.filter(({ publicKey }) => canDecrypt(publicKey));
  const recipient =
    usable.find((each) => !isCa(each) && encrypts(each) === true) ??
    usable.find((each) => !isCa(each) && encrypts(each) === undefined) ??
    usable.find((each) => isCa(each) && encrypts(each) === true) ??
    usable.find(isCa);
  if (recipient === undefined) {
    throw new GatewayError('scep.reply', 'GetCACert has no RSA certificate to encrypt to.');
  }
  return recipient;
}

/** Undefined when the certificate has no keyUsage. */
function encrypts(certificate: Certificate): boolean | undefined {
  const extension = certificate.extension(extensionOids.keyUsage);
  return extension && readKeyUsage(extension).includes('keyEncipherment');
}

/** By basicConstraints; a v1 root by naming itself. */
function isCa(certificate: Certificate): boolean {
  const extension = certificate.extension(extensionOids.basicConstraints);
  if (extension !== undefined) return readBasicConstraints(extension).ca;
  return certificate.subject.matches(certificate.issuer);
}
