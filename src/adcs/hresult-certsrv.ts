import type { Hresult } from './hresult.js';
import { configuration, permanent, transient, type HresultEntry } from './hresult-entry.js';

const attestation =
  'Remove key attestation from the certificate template; devices do not attest over SCEP.';
const archival = 'Turn off key archival in the certificate template.';
const subjectFromAd =
  'Set the certificate template to "Supply in the request" (Subject Name), or complete the account in Active Directory.';
const coSigning =
  'The certificate template wants the signature of an enrollment agent: sign for it with `coSign` of the issuer, or set its authorized signatures to 0 (Issuance Requirements tab).';

/** CERTSRV_E_*: MS-ERREF §2.1.1; 0x80094014 to 0x80094018 after the Windows SDK. */
export const certsrvEntries: readonly (readonly [Hresult, HresultEntry])[] = [
  [
    0x80094001,
    permanent(
      'CERTSRV_E_BAD_REQUESTSUBJECT',
      'the subject of the request is invalid or too long',
      'Correct the subject in the SCEP settings of the device.',
    ),
  ],
  [
    0x80094002,
    {
      ...permanent(
        'CERTSRV_E_NO_REQUEST',
        'the CA has no such request',
        'Check that the CA was not restored from an older backup, and that the request was not deleted there.',
      ),
      unknownRequest: true,
    },
  ],
  [
    0x80094003,
    permanent(
      'CERTSRV_E_BAD_REQUESTSTATUS',
      'the state of the request does not allow this',
      'Look the request up in the Certification Authority console.',
    ),
  ],
  [
    0x80094004,
    {
      ...permanent(
        'CERTSRV_E_PROPERTY_EMPTY',
        'the CA has no such request, or no certificate for it',
        'Look the request up in the Certification Authority console.',
      ),
      unknownRequest: true,
    },
  ],
  [
    0x80094005,
    configuration(
      'CERTSRV_E_INVALID_CA_CERTIFICATE',
      'the certificate of the CA is invalid',
      'Check the CA certificate on the CA: certutil -verify, then pkiview.msc.',
    ),
  ],
  [
    0x80094006,
    transient(
      'CERTSRV_E_SERVER_SUSPENDED',
      'the CA is suspended for a restore',
      'Finish the restore and start the CA service.',
    ),
  ],
  [
    0x80094007,
    permanent('CERTSRV_E_ENCODING_LENGTH', 'a name in the request may be encoded too long'),
  ],
  [
    0x80094008,
    configuration(
      'CERTSRV_E_ROLECONFLICT',
      'the account holds roles that role separation keeps apart',
      'Give the account of the gateway no CA role but Request Certificates.',
    ),
  ],
  [
    0x80094009,
    configuration(
      'CERTSRV_E_RESTRICTEDOFFICER',
      'the enrollment agent may not ask for this requester or template',
      'Allow it on the Enrollment Agents tab of the CA.',
    ),
  ],
  [
    0x8009400a,
    configuration(
      'CERTSRV_E_KEY_ARCHIVAL_NOT_CONFIGURED',
      'the CA archives no keys, but the template asks for it',
      archival,
    ),
  ],
  [
    0x8009400b,
    configuration('CERTSRV_E_NO_VALID_KRA', 'the CA has no key recovery agent', archival),
  ],
  [
    0x8009400c,
    configuration(
      'CERTSRV_E_BAD_REQUEST_KEY_ARCHIVAL',
      'the request lacks the private key to archive',
      archival,
    ),
  ],
  [
    0x8009400d,
    configuration(
      'CERTSRV_E_NO_CAADMIN_DEFINED',
      'the CA has no administrator',
      'Repair the permissions of the CA (Security tab).',
    ),
  ],
  [
    0x8009400e,
    configuration(
      'CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE',
      'the renewal certificate of the request is invalid',
      'Check the certificate the request was signed with.',
    ),
  ],
  [
    0x8009400f,
    transient(
      'CERTSRV_E_NO_DB_SESSIONS',
      'the CA is too busy: its database has no free session',
      'Look at the load of the CA; raise DBSessionCount with certutil if this stays.',
    ),
  ],
  [
    0x80094010,
    transient(
      'CERTSRV_E_ALIGNMENT_FAULT',
      'the CA failed inside',
      'Look into the event log of the CA.',
    ),
  ],
  [
    0x80094011,
    {
      ...configuration(
        'CERTSRV_E_ENROLL_DENIED',
        'the CA lets the gateway request no certificates',
        'Give the account of the gateway Request Certificates on the Security tab of the CA.',
      ),
      ofCaller: true,
    },
  ],
  [
    0x80094012,
    configuration(
      'CERTSRV_E_TEMPLATE_DENIED',
      'the certificate template does not allow the gateway to enroll',
      'Give the account of the gateway Read and Enroll on the Security tab of the template.',
    ),
  ],
  [
    0x80094013,
    configuration(
      'CERTSRV_E_DOWNLEVEL_DC_SSL_OR_UPGRADE',
      'the CA reaches no domain controller with signed LDAP',
      'Upgrade the domain controller, or give it a certificate for LDAP over TLS.',
    ),
  ],
  [
    0x80094014,
    permanent(
      'CERTSRV_E_ADMIN_DENIED_REQUEST',
      'a certificate manager denied the request',
      'Ask the certificate managers why.',
    ),
  ],
  [
    0x80094015,
    configuration(
      'CERTSRV_E_NO_POLICY_SERVER',
      'there is no policy server for this',
      'Check the enrollment policy of the CA.',
    ),
  ],
  [
    0x80094016,
    permanent(
      'CERTSRV_E_WEAK_SIGNATURE_OR_KEY',
      'the key or the signature algorithm of the request is too weak for the CA',
      'Raise key size and digest in the SCEP settings of the device.',
    ),
  ],
  [
    0x80094017,
    permanent(
      'CERTSRV_E_KEY_ATTESTATION_NOT_SUPPORTED',
      'the CA supports no key attestation',
      attestation,
    ),
  ],
  [
    0x80094018,
    permanent(
      'CERTSRV_E_ENCRYPTION_CERT_REQUIRED',
      'the request lacks the certificate to encrypt to',
      archival,
    ),
  ],
  [
    0x80094800,
    configuration(
      'CERTSRV_E_UNSUPPORTED_CERT_TYPE',
      'the CA does not offer the certificate template',
      'Publish the template on the CA (Certificate Templates, New), and write its name (cn), not its display name, into the configuration.',
    ),
  ],
  [
    0x80094801,
    configuration(
      'CERTSRV_E_NO_CERT_TYPE',
      'the request names no certificate template',
      'Name a template in the configuration of the issuer.',
    ),
  ],
  [
    0x80094802,
    permanent(
      'CERTSRV_E_TEMPLATE_CONFLICT',
      'the request names different certificate templates in two places',
      'Remove the template from the SCEP settings of the device: the gateway chooses it.',
    ),
  ],
  [
    0x80094803,
    permanent('CERTSRV_E_SUBJECT_ALT_NAME_REQUIRED', 'the request needs a subjectAltName'),
  ],
  [
    0x80094804,
    configuration(
      'CERTSRV_E_ARCHIVED_KEY_REQUIRED',
      'the template archives private keys, which no SCEP device gives away',
      archival,
    ),
  ],
  [
    0x80094805,
    permanent('CERTSRV_E_SMIME_REQUIRED', 'the request needs the extension of S/MIME capabilities'),
  ],
  [
    0x80094806,
    configuration(
      'CERTSRV_E_BAD_RENEWAL_SUBJECT',
      'the request is for another subject than its signer',
      coSigning,
    ),
  ],
  [
    0x80094807,
    permanent(
      'CERTSRV_E_BAD_TEMPLATE_VERSION',
      'the request asks for a newer version of the template than the CA has',
      'Wait for the replication of Active Directory, or restart the CA service.',
    ),
  ],
  [
    0x80094808,
    configuration(
      'CERTSRV_E_TEMPLATE_POLICY_REQUIRED',
      'the template lacks its signature policy',
      'Repair the Issuance Requirements tab of the template.',
    ),
  ],
  [
    0x80094809,
    configuration(
      'CERTSRV_E_SIGNATURE_POLICY_REQUIRED',
      'the template demands a signature policy that the request lacks',
      coSigning,
    ),
  ],
  [
    0x8009480a,
    configuration(
      'CERTSRV_E_SIGNATURE_COUNT',
      'the template demands more signatures of enrollment agents than the request has',
      'Sign for it with `coSign` of the issuer; a template with two authorized signatures needs `coSign.secondAgent` too.',
    ),
  ],
  [
    0x8009480b,
    configuration(
      'CERTSRV_E_SIGNATURE_REJECTED',
      'the certificate of the enrollment agent does not satisfy the template',
      'Give `coSign.agent` a certificate with the application policy that the Issuance Requirements tab names (Certificate Request Agent).',
    ),
  ],
  [
    0x8009480c,
    configuration(
      'CERTSRV_E_ISSUANCE_POLICY_REQUIRED',
      'the certificate of the enrollment agent lacks an issuance policy',
      'Give the gateway a certificate with the issuance policy that the template names.',
    ),
  ],
  [
    0x8009480d,
    configuration(
      'CERTSRV_E_SUBJECT_UPN_REQUIRED',
      'the template takes the UPN from Active Directory, where there is none',
      subjectFromAd,
    ),
  ],
  [
    0x8009480e,
    configuration(
      'CERTSRV_E_SUBJECT_DIRECTORY_GUID_REQUIRED',
      'the template takes the GUID from Active Directory, where there is none',
      subjectFromAd,
    ),
  ],
  [
    0x8009480f,
    configuration(
      'CERTSRV_E_SUBJECT_DNS_REQUIRED',
      'the template takes the DNS name from Active Directory, where there is none',
      subjectFromAd,
    ),
  ],
  [
    0x80094810,
    permanent(
      'CERTSRV_E_ARCHIVED_KEY_UNEXPECTED',
      'the request carries a private key to archive, which the template does not want',
    ),
  ],
  [
    0x80094811,
    permanent(
      'CERTSRV_E_KEY_LENGTH',
      'the key is shorter than the certificate template allows',
      'Raise the key size in the SCEP settings of the device to the minimum of the template.',
    ),
  ],
  [
    0x80094812,
    configuration(
      'CERTSRV_E_SUBJECT_EMAIL_REQUIRED',
      'the template takes the mail address from Active Directory, where there is none',
      subjectFromAd,
    ),
  ],
  [
    0x80094813,
    configuration(
      'CERTSRV_E_UNKNOWN_CERT_TYPE',
      'the certificate template does not exist',
      'Write the name (cn) of an existing template into the configuration of the issuer.',
    ),
  ],
  [
    0x80094814,
    configuration(
      'CERTSRV_E_CERT_TYPE_OVERLAP',
      'the renewal period of the template is longer than its validity',
      'Correct the General tab of the template.',
    ),
  ],
  [
    0x80094815,
    configuration(
      'CERTSRV_E_TOO_MANY_SIGNATURES',
      'the template demands more than one signature of enrollment agents',
      'Set the number of authorized signatures of the template to 0 or 1.',
    ),
  ],
  [
    0x80094816,
    permanent(
      'CERTSRV_E_RENEWAL_BAD_PUBLIC_KEY',
      'the key of the renewal is not that of the certificate',
    ),
  ],
  [
    0x80094817,
    permanent('CERTSRV_E_INVALID_EK', 'the endorsement key could not be validated', attestation),
  ],
  [
    0x8009481a,
    permanent('CERTSRV_E_KEY_ATTESTATION', 'the key attestation was rejected', attestation),
  ],
];
