import { isGatewayError } from '../errors/index.js';
import {
  extensionOids,
  parseSubjectAltName,
  readSubjectAltNames,
  sidInUri,
  subjectAltNameText,
  writeSubjectAltNames,
  type CertificationRequest,
  type Extension,
  type SubjectAltName,
} from '../x509/index.js';
import { PolicyRefusal } from './policy-refusal.js';
import type { CsrPolicy } from './policy-types.js';

export interface SanDecision {
  readonly names: readonly string[];
  /** Undefined when no name is left. Critical where the subject is empty (RFC 5280 §4.2.1.6). */
  readonly extension: ((subjectIsEmpty: boolean) => Extension) | undefined;
}

export function decideSubjectAltNames(
  csr: CertificationRequest,
  policy: Pick<CsrPolicy, 'san' | 'sidUri' | 'unlisted' | 'attestedSan'>,
  notes: string[],
): SanDecision {
  const granted = requestedNames(csr).filter((name) => isGranted(name, policy, notes));
  // Names that were attested may still come.
  if (policy.san.required && granted.length === 0 && !policy.attestedSan) throw sanMissing(policy);
  return {
    names: granted.map(subjectAltNameText),
    extension: granted.length === 0 ? undefined : (critical) => extensionOf(granted, critical),
  };
}

/**
 * Names that somebody else vouched for, as text.
 * @throws PolicyRefusal for one that this profile would not grant a device either, or that cannot be written
 */
export function grantAttestedNames(
  texts: readonly string[],
  policy: Pick<CsrPolicy, 'san' | 'sidUri'>,
): {
  readonly names: readonly string[];
  readonly extension: (subjectIsEmpty: boolean) => Extension;
} {
  const strict = {
    san: policy.san,
    sidUri: policy.sidUri === 'strip' ? 'refuse' : policy.sidUri,
    unlisted: 'refuse',
  } as const;
  const names = texts.map(attestedName);
  for (const name of names) isGranted(name, strict, []);
  return {
    names: names.map(subjectAltNameText),
    extension: (critical) => extensionOf(names, critical),
  };
}

export function sanMissing({ san }: Pick<CsrPolicy, 'san'>): PolicyRefusal {
  return new PolicyRefusal(
    'policy.san',
    `This profile needs a subjectAltName of type ${san.types.join(' or ')}.`,
  );
}

function attestedName(text: string): SubjectAltName {
  try {
    return parseSubjectAltName(canonical(text));
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    throw new PolicyRefusal(
      'policy.san',
      'A subjectAltName that was attested for this request cannot be written.',
    );
  }
}

/** A binding is compared without regard to blanks, and to case in its kind. */
function canonical(text: string): string {
  const trimmed = text.trim();
  const colon = trimmed.indexOf(':');
  return `${trimmed.slice(0, colon).toLowerCase()}:${trimmed.slice(colon + 1).trim()}`;
}

function extensionOf(names: readonly SubjectAltName[], critical: boolean): Extension {
  return writeSubjectAltNames(
    names.map(({ raw }) => raw),
    critical,
  );
}

/** SANs of a CSR as text; an unreadable extension is refused, never dropped. */
export function requestedSanTexts(csr: CertificationRequest): string[] {
  return requestedNames(csr).map(subjectAltNameText);
}

/** The same for a request that is refused anyway: what cannot be read is nothing. */
export function readableSanTexts(csr: CertificationRequest): string[] {
  try {
    return requestedSanTexts(csr);
  } catch {
    return [];
  }
}

function requestedNames(csr: CertificationRequest): SubjectAltName[] {
  const extensions = csr.extensions.filter(({ oid }) => oid === extensionOids.subjectAltName);
  try {
    return extensions.flatMap(({ value }) => readSubjectAltNames(value));
  } catch {
    throw new PolicyRefusal('policy.san', 'The subjectAltName of the request cannot be read.');
  }
}

function isGranted(
  name: SubjectAltName,
  policy: Pick<CsrPolicy, 'san' | 'sidUri' | 'unlisted'>,
  notes: string[],
): boolean {
  const text = subjectAltNameText(name);
  const rule = sidInUri(text) === undefined ? 'allow' : policy.sidUri;
  if (rule === 'refuse' || rule === 'strip') {
    return refuseOrStrip(rule, 'a Windows SID in the subjectAltName', notes);
  }
  if (!policy.san.types.includes(name.type)) {
    return refuseOrStrip(policy.unlisted, `a subjectAltName of type ${name.type}`, notes);
  }
  const { pattern } = policy.san;
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`, 'u').test(text)) {
    throw new PolicyRefusal('policy.san', `The subjectAltName ${text} is not allowed here.`);
  }
  return true;
}

function refuseOrStrip(rule: 'strip' | 'refuse', what: string, notes: string[]): false {
  if (rule === 'refuse') {
    throw new PolicyRefusal(
      'policy.san',
      `The request asks for ${what}, which this profile does not allow.`,
    );
  }
  notes.push(`left out ${what}`);
  return false;
}
