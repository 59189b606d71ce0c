import { extensionOids, readKeyUsage, type CertificationRequest } from '../x509/index.js';
import { readableOr } from './readable.js';

/** Certificate templates by their name (`cn`), never the display name. */
export interface TemplateRule {
  /** keyUsage of the request is digitalSignature without keyEncipherment; NDES `SignatureTemplate`. */
  readonly signature: string;
  /** keyEncipherment without digitalSignature; NDES `EncryptionTemplate`. */
  readonly encryption: string;
  /** Both, neither, or no keyUsage; NDES `GeneralPurposeTemplate`. */
  readonly generalPurpose: string;
}

/** The template for a request, by the key usage it asks for, as NDES chooses. */
export function chooseTemplate(rule: TemplateRule, csr: CertificationRequest): string {
  const usages = requestedUsages(csr);
  const signs = usages.includes('digitalSignature');
  const enciphers = usages.includes('keyEncipherment');
  if (signs === enciphers) return rule.generalPurpose;
  return signs ? rule.signature : rule.encryption;
}

/** The same template whatever is asked for. */
export function fixedTemplate(name: string): TemplateRule {
  return { signature: name, encryption: name, generalPurpose: name };
}

/** An unreadable keyUsage asks for nothing: the CA decides, and policy has refused it before. */
function requestedUsages(csr: CertificationRequest): readonly string[] {
  const extension = csr.extensions.find(({ oid }) => oid === extensionOids.keyUsage);
  return extension === undefined ? [] : readableOr([], () => readKeyUsage(extension));
}
