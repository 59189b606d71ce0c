/** What can be told of certificate templates without asking the CA for a certificate. */
import { info, warning, type Verdict } from './finding.js';

/**
 * Those that come with AD CS in schema version 1 (MS-CRTD appendix), as far as requests supply the subject
 * there: for these ESC15 (CVE-2024-49019) is of use to a requester.
 */
const version1: ReadonlySet<string> = new Set([
  'ipsecintermediateoffline',
  'webserver',
  'enrollmentagentoffline',
  'exchangeuser',
  'exchangeusersignature',
  'cepencryption',
  'offlinerouter',
  'subca',
  'ca',
  'crossca',
]);

/** `template.permitted`. @param ways templates by what uses them, `profile default` */
export function permissionVerdicts(ways: ReadonlyMap<string, readonly string[]>): Verdict[] {
  if (ways.size === 0) return [info('No profile uses this issuer.')];
  return [...ways].map(([use, templates]) =>
    info(
      `Whether the CA offers ${listed(templates)} (${use}) and lets the account enroll cannot be told without a request, which might be granted; none is sent.`,
      'On the CA, certutil -catemplates lists what it offers; the account needs Read and Enroll on the Security tab of the template. A first request answers 0x80094800 where it is not offered and 0x80094012 where it is not permitted.',
    ),
  );
}

/** `template.name`: display names have blanks, names (cn) as a rule none. */
export function nameVerdicts(templates: readonly string[]): Verdict[] {
  return templates
    .filter((template) => /\s/.test(template))
    .map((template) =>
      warning(
        `${JSON.stringify(template)} looks like the display name of a template.`,
        'Write its name (cn): "Template name" on the General tab, without blanks as a rule. The CA answers 0x80094800 to a display name.',
      ),
    );
}

/** `template.schema`: ESC15. */
export function schemaVerdicts(templates: readonly string[]): Verdict[] {
  const known = templates.filter((template) => version1.has(template.toLowerCase()));
  if (known.length > 0) {
    return [
      warning(
        `${listed(known)} comes with AD CS in schema version 1, where on a CA without the update of November 2024 a request may choose application policies for itself (ESC15, CVE-2024-49019). The gateway refuses such requests; others who may enroll do not.`,
        'Duplicate the template (which makes it version 2), give the copy the same settings and only the account of the gateway Enroll, publish it, and name it in the configuration.',
      ),
    ];
  }
  return templates.length === 0
    ? []
    : [
        info(
          `The schema version of ${listed(templates)} cannot be told from here.`,
          'On the CA: certutil -v -dstemplate <name> | findstr msPKI-Template-Schema-Version. Version 1 is open to ESC15 (CVE-2024-49019); duplicate such a template.',
        ),
      ];
}

function listed(templates: readonly string[]): string {
  return templates.join(', ');
}
