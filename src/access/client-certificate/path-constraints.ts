/** What RFC 5280 §6.1 asks of the certificates of a path, and a little more. */
import {
  extendedKeyUsages,
  extensionOids,
  readBasicConstraints,
  readExtendedKeyUsage,
  readKeyUsage,
  type Certificate,
} from '../../x509/index.js';

/** Outside of it a certificate says nothing. Undefined when it is valid; else completes "the certificate …". */
export function dateFault({ notBefore, notAfter }: Certificate, now: Date): string | undefined {
  if (now < notBefore) return `is valid from ${notBefore.toISOString()} on`;
  return now > notAfter ? `expired on ${notAfter.toISOString()}` : undefined;
}

/** @param path leaf first, anchor last */
export function pathFault(path: readonly Certificate[], now: Date): string | undefined {
  for (const [index, certificate] of path.entries()) {
    const fault =
      dateFault(certificate, now) ??
      strengthFault(certificate, index === path.length - 1) ??
      readable(() =>
        index === 0 ? leafFault(certificate) : caFault(certificate, path.slice(1, index)),
      );
    if (fault === undefined) continue;
    return index === 0 ? `the certificate ${fault}` : `the CA ${nameOf(certificate)} ${fault}`;
  }
  return undefined;
}

export function nameOf({ subject }: Certificate): string {
  return subject.text === '' ? '(no subject)' : subject.text.slice(0, 200);
}

function leafFault(leaf: Certificate): string | undefined {
  const constraints = leaf.extension(extensionOids.basicConstraints);
  if (constraints && readBasicConstraints(constraints).ca) return 'is that of a CA';
  const usage = leaf.extension(extensionOids.keyUsage);
  if (usage && !readKeyUsage(usage).includes('digitalSignature')) {
    return 'may not sign (keyUsage without digitalSignature)';
  }
  return clientUseFault(leaf) ?? extensionFault(leaf);
}

/** @param below the CAs between it and the leaf */
function caFault(ca: Certificate, below: readonly Certificate[]): string | undefined {
  const constraints = ca.extension(extensionOids.basicConstraints);
  if (!constraints) return 'is no CA (no basicConstraints)';
  const { ca: isCa, pathLength } = readBasicConstraints(constraints);
  if (!isCa) return 'is no CA (basicConstraints)';
  const counted = below.filter(({ issuer, subject }) => !issuer.matches(subject)).length;
  if (pathLength !== undefined && counted > pathLength) {
    return `may have ${pathLength} CAs under it, not ${counted} (pathLenConstraint)`;
  }
  const usage = ca.extension(extensionOids.keyUsage);
  if (usage && !readKeyUsage(usage).includes('keyCertSign')) {
    return 'may not sign certificates (keyUsage without keyCertSign)';
  }
  return clientUseFault(ca) ?? extensionFault(ca);
}

const anyExtendedKeyUsage = '2.5.29.37.0';

/** Of a CA too: Windows and OpenSSL both take it for a limit on what is issued under it. */
function clientUseFault(certificate: Certificate): string | undefined {
  const extension = certificate.extension(extensionOids.extendedKeyUsage);
  if (!extension) return undefined;
  const usages = readExtendedKeyUsage(extension);
  const fits = usages.some(
    (oid) => oid === extendedKeyUsages.clientAuth || oid === anyExtendedKeyUsage,
  );
  return fits ? undefined : 'is not for client authentication (extendedKeyUsage)';
}

const nameConstraints = '2.5.29.30';

/** Critical ones that are weighed here, or have nothing to say to us. */
const understood: readonly string[] = [
  extensionOids.basicConstraints,
  extensionOids.keyUsage,
  extensionOids.extendedKeyUsage,
  extensionOids.subjectAltName,
  extensionOids.subjectKeyIdentifier,
  extensionOids.authorityKeyIdentifier,
  extensionOids.certificatePolicies,
  extensionOids.cdp,
  extensionOids.authorityInfoAccess,
  extensionOids.msApplicationPolicies,
];

function extensionFault({ extensions }: Certificate): string | undefined {
  const oids = extensions.map(({ oid }) => oid);
  const twice = oids.find((oid, index) => oids.indexOf(oid) < index);
  if (twice !== undefined) return `has the extension ${twice} twice`;
  if (oids.includes(nameConstraints)) return 'has nameConstraints, which the gateway cannot weigh';
  const unknown = extensions.find(({ oid, critical }) => critical && !understood.includes(oid));
  return unknown && `has a critical extension that the gateway does not know (${unknown.oid})`;
}

const weakSignatures: readonly string[] = [
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.10045.4.1',
  '1.3.14.3.2.29',
];

/** The signature on an anchor itself proves nothing, so its digest does not matter. */
function strengthFault(
  { publicKey, signatureAlgorithm }: Certificate,
  isAnchor: boolean,
): string | undefined {
  const { kind, bits, description } = publicKey;
  if (kind === 'other' || (kind === 'rsa' && bits < 2048)) return `has a weak key: ${description}`;
  const weak = !isAnchor && weakSignatures.includes(signatureAlgorithm);
  return weak ? 'is signed with MD5 or SHA-1' : undefined;
}

function readable(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch {
    return 'has an extension that cannot be read';
  }
}
