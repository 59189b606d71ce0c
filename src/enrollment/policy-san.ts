import {
  extensionOids,
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
  policy: Pick<CsrPolicy, 'san' | 'sidUri' | 'unlisted'>,
  notes: string[],
): SanDecision {
  const granted = requestedNames(csr).filter((name) => isGranted(name, policy, notes));
  if (policy.san.required && granted.length === 0) {
    throw new PolicyRefusal(
      'policy.san',
      `This profile needs a subjectAltName of type ${policy.san.types.join(' or ')}.`,
    );
  }
  return {
    names: granted.map(subjectAltNameText),
    extension:
      granted.length === 0
        ? undefined
        : (critical) =>
            writeSubjectAltNames(
              granted.map(({ raw }) => raw),
              critical,
            ),
  };
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
