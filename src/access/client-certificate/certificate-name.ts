import { GatewayError } from '../../errors/index.js';
import {
  extensionOids,
  Name,
  parseDistinguishedName,
  parseSubjectAltName,
  readSubjectAltNames,
  type Certificate,
  type SubjectAltName,
} from '../../x509/index.js';

/** A name that a certificate must have: its whole subject, or one of its subject alternative names. */
export interface CertificateName {
  readonly text: string;
  isOf(certificate: Certificate): boolean;
}

/**
 * `dns:host`, `email:a@b`, `upn:user@domain`, `uri:https://…`, `ip:192.0.2.1` of the subjectAltName; anything
 * else is a whole subject, `CN=connector,O=Example`. There are no wildcards, and a CN is never taken for a host.
 *
 * @throws GatewayError `config.invalid`
 */
export function parseCertificateName(text: string): CertificateName {
  if (/^(?:dns|email|upn|uri|ip):/.test(text)) {
    const wanted = folded(parseSubjectAltName(text));
    return {
      text,
      isOf: (certificate) => altNames(certificate).some((name) => folded(name) === wanted),
    };
  }
  const subject = Name.fromDer(parseDistinguishedName(text));
  if (subject.isEmpty) {
    throw new GatewayError('config.invalid', 'An empty subject names nobody.');
  }
  return { text, isOf: (certificate) => certificate.subject.matches(subject) };
}

/** Host names and mail domains have no case; user names in AD have none either. */
function folded({ type, value }: SubjectAltName): string {
  return `${type}:${type === 'uri' || type === 'ip' ? value : value.toLowerCase()}`;
}

/** Names that cannot be read are no names. */
function altNames(certificate: Certificate): readonly SubjectAltName[] {
  const extension = certificate.extension(extensionOids.subjectAltName);
  if (extension === undefined) return [];
  try {
    return readSubjectAltNames(extension.value);
  } catch {
    return [];
  }
}
