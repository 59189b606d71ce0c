import type { Name } from '../x509/index.js';
import { PolicyRefusal } from './policy-refusal.js';
import type { CsrPolicy } from './policy-types.js';

export function decideSubject(
  subject: Name,
  policy: Pick<CsrPolicy, 'subject'>,
  hasSan: boolean,
): void {
  const { allowEmpty, pattern } = policy.subject;
  if (subject.isEmpty) {
    if (allowEmpty && hasSan) return;
    throw new PolicyRefusal(
      'policy.subject',
      allowEmpty
        ? 'The subject is empty and there is no subjectAltName; one of them must name the device.'
        : 'The subject is empty; this profile needs one, for example CN=device-name.',
    );
  }
  if (
    subject.rdns.some((rdn) => rdn.length === 0 || rdn.some(({ value }) => value === undefined))
  ) {
    throw new PolicyRefusal('policy.subject', 'The subject has a part that is not text.');
  }
  // A reader that stops at NUL would see another name than this profile's rules do.
  if (subject.rdns.some((rdn) => rdn.some(({ value }) => value?.includes('\0')))) {
    throw new PolicyRefusal('policy.subject', 'The subject contains a NUL character.');
  }
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`, 'u').test(subject.text)) {
    throw new PolicyRefusal(
      'policy.subject',
      `The subject ${subject.text} does not have the form this profile asks for.`,
    );
  }
}
