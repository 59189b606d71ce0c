import { GatewayError, isGatewayError } from '../../errors/index.js';
import type { SoftwareKey } from '../../keys/index.js';
import {
  buildCertificationRequest,
  extendedKeyUsage,
  extendedKeyUsages,
  extensionOids,
  keyUsage,
  keyUsageBits,
  parseDistinguishedName,
  parseSubjectAltName,
  writeSubjectAltNames,
  type Certificate,
  type CertificateDigest,
  type Extension,
  type KeyUsage,
} from '../../x509/index.js';
import type { DigestChoice, EnrollFlags } from './enroll-flags.js';

export type RequestFlags = Pick<EnrollFlags, 'subject' | 'san' | 'keyUsage' | 'eku' | 'digest'>;

/** The CSR that the flags describe; a renewal has the names of the old certificate unless others are given. */
export function makeSigningRequest(
  flags: RequestFlags,
  key: SoftwareKey,
  challengePassword: string | undefined,
  renewed?: Certificate,
): Promise<Buffer> {
  const subject = subjectOf(flags, renewed);
  return buildCertificationRequest({
    key,
    digest: certificateDigest(flags.digest),
    subject,
    challengePassword,
    extensions: [
      ...(flags.keyUsage === undefined ? [] : [keyUsage(usages(flags.keyUsage))]),
      ...(flags.eku === undefined ? [] : [extendedKeyUsage(extendedUsages(flags.eku))]),
      ...subjectAltNames(flags, subject, renewed),
    ],
  });
}

/** DER Name. @throws GatewayError `cli.usage` */
export function subjectOf({ subject, san }: RequestFlags, renewed?: Certificate): Buffer {
  if (subject !== undefined) return given(() => parseDistinguishedName(subject));
  if (renewed) return renewed.subject.der;
  if (san) return parseDistinguishedName('');
  throw new GatewayError('cli.usage', 'Whose certificate shall it be?', {
    mend: 'Give --subject CN=name, --san, or a CSR with --csr.',
  });
}

function subjectAltNames(
  { san }: RequestFlags,
  subject: Buffer,
  renewed: Certificate | undefined,
): Extension[] {
  if (san) {
    const names = san.map((text) => given(() => parseSubjectAltName(text)).raw);
    return [writeSubjectAltNames(names, subject.equals(parseDistinguishedName('')))];
  }
  const kept = renewed?.extension(extensionOids.subjectAltName);
  return kept ? [kept] : [];
}

function usages(list: string): KeyUsage[] {
  return list.split(',').map((name) => {
    const usage = usageNames.find((each) => each.toLowerCase() === name.trim().toLowerCase());
    if (usage) return usage;
    throw new GatewayError('cli.usage', `There is no key usage ${name}.`, {
      mend: `Key usages: ${usageNames.join(', ')}`,
    });
  });
}

const usageNames = Object.keys(keyUsageBits) as KeyUsage[];

function extendedUsages(list: string): string[] {
  const known = new Map(Object.entries<string>(extendedKeyUsages));
  return list.split(',').map((name) => {
    const oid = known.get(name.trim()) ?? name.trim();
    if (/^[0-2](\.\d+)+$/.test(oid)) return oid;
    throw new GatewayError('cli.usage', `There is no extended key usage ${name}.`, {
      mend: `Give a dotted OID or one of: ${[...known.keys()].join(', ')}`,
    });
  });
}

/** No CSR is signed with MD5, whatever its envelope is. */
function certificateDigest(digest: DigestChoice | undefined): CertificateDigest {
  if (digest === undefined) return 'sha256';
  return digest === 'md5' ? 'sha1' : digest;
}

/** The parsers are the configuration's; here it is the command line that was wrong. */
function given<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    throw new GatewayError('cli.usage', error.message, {
      cause: error,
      ...(error.mend !== undefined && { mend: error.mend }),
    });
  }
}
