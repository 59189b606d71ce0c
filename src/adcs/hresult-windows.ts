import type { Hresult } from './hresult.js';
import { configuration, permanent, transient, type HresultEntry } from './hresult-entry.js';

const caService =
  'Check that the service CertSvc runs on the CA and that no firewall stands between; certutil -ping from the web server tells more.';
const domain = 'Check the domain controllers, and DNS and network of the CA.';
const signIn =
  'Check user name, password or keytab of the issuer, and whether the account is locked or disabled.';
const crl =
  'A CRL in the chain of the CA or of the RA certificate cannot be fetched by the CA: publish it, or check its URL with certutil -URL.';
const caKey =
  'Check the key store of the CA (HSM, provider service): certutil -verifykeys on the CA.';
const raChain =
  'Check with certutil -verify on the CA which certificate of its chain or of the RA certificate it rejects.';
const malformed = 'Look at the request with: scep-gateway inspect';

/** Codes of other components that AD CS hands on: MS-ERREF §2.1.1 and §2.2. */
export const windowsEntries: readonly (readonly [Hresult, HresultEntry])[] = [
  [0x80004001, configuration('E_NOTIMPL', 'the CA does not offer this', caService)],
  [
    0x80004005,
    transient('E_FAIL', 'the CA failed for no stated reason', 'Look into the event log of the CA.'),
  ],
  [
    0x8000ffff,
    transient('E_UNEXPECTED', 'the CA failed inside', 'Look into the event log of the CA.'),
  ],
  [
    0x80040154,
    configuration(
      'REGDB_E_CLASSNOTREG',
      'the web server has no certificate services',
      'Run Install-AdcsWebEnrollment on the web server again.',
    ),
  ],
  [
    0x80070005,
    {
      ...configuration(
        'E_ACCESSDENIED',
        'the CA denied the gateway access',
        'Give the account of the gateway Request Certificates on the CA and Enroll on the template. A web server apart from the CA needs constrained delegation to HOST and RPCSS of the CA. Over RPC, packet privacy may be missing.',
      ),
      ofCaller: true,
    },
  ],
  [
    0x80070008,
    transient(
      'ERROR_NOT_ENOUGH_MEMORY',
      'the CA is short of memory',
      'Look at the memory of the CA.',
    ),
  ],
  [0x8007000d, permanent('ERROR_INVALID_DATA', 'the CA cannot read the request', malformed)],
  [
    0x8007000e,
    transient('E_OUTOFMEMORY', 'the CA is short of memory', 'Look at the memory of the CA.'),
  ],
  [
    0x80070057,
    configuration(
      'E_INVALIDARG',
      'the CA was called with a wrong argument',
      'Check the name of the CA and of the template in the configuration of the issuer.',
    ),
  ],
  [
    0x80070070,
    transient('ERROR_DISK_FULL', 'the disk of the CA is full', 'Make room on the disk of the CA.'),
  ],
  [
    0x80070102,
    {
      ...transient('WAIT_TIMEOUT', 'the CA did not answer in time', caService),
      mayHaveHappened: true,
    },
  ],
  [0x80070422, transient('ERROR_SERVICE_DISABLED', 'the service of the CA is disabled', caService)],
  [
    0x80070426,
    transient('ERROR_SERVICE_NOT_ACTIVE', 'the service of the CA is not running', caService),
  ],
  [0x8007051f, transient('ERROR_NO_LOGON_SERVERS', 'the CA reaches no domain controller', domain)],
  [
    0x8007052e,
    {
      ...configuration('ERROR_LOGON_FAILURE', 'the sign-in of the gateway was refused', signIn),
      login: true,
    },
  ],
  [
    0x80070533,
    {
      ...configuration('ERROR_ACCOUNT_DISABLED', 'the account of the gateway is disabled', signIn),
      login: true,
    },
  ],
  [
    0x80070775,
    {
      ...configuration('ERROR_ACCOUNT_LOCKED_OUT', 'the account of the gateway is locked', signIn),
      login: true,
    },
  ],
  [0x8007054b, transient('ERROR_NO_SUCH_DOMAIN', 'the CA does not find its domain', domain)],
  [
    0x800705b4,
    {
      ...transient('ERROR_TIMEOUT', 'the CA did not answer in time', caService),
      mayHaveHappened: true,
    },
  ],
  [
    0x800706ba,
    transient(
      'RPC_S_SERVER_UNAVAILABLE',
      'the CA service cannot be reached',
      'Check that the service CertSvc runs and that port 135 and the dynamic range are open. A CA hardened with IF_NORPCICERTREQUEST answers the same to RPC: use web enrollment there.',
    ),
  ],
  [0x800706bb, transient('RPC_S_SERVER_TOO_BUSY', 'the CA is too busy', caService)],
  [
    0x800706be,
    {
      ...transient('RPC_S_CALL_FAILED', 'the call to the CA broke off', caService),
      mayHaveHappened: true,
    },
  ],
  [
    0x800706bf,
    transient('RPC_S_CALL_FAILED_DNE', 'the call to the CA failed and did not execute', caService),
  ],
  [0x8007200e, transient('ERROR_DS_BUSY', 'Active Directory is busy', domain)],
  [0x8007200f, transient('ERROR_DS_UNAVAILABLE', 'Active Directory is not available', domain)],
  [0x8007203a, transient('ERROR_DS_SERVER_DOWN', 'Active Directory cannot be reached', domain)],
  [
    0x80090006,
    permanent('NTE_BAD_SIGNATURE', 'the signature of the request does not verify', malformed),
  ],
  [
    0x80090008,
    permanent(
      'NTE_BAD_ALGID',
      'the CA does not support an algorithm of the request',
      'Choose another key type or digest in the SCEP settings of the device.',
    ),
  ],
  [0x8009000d, transient('NTE_NO_KEY', 'the CA cannot reach its private key', caKey)],
  [0x80090016, transient('NTE_BAD_KEYSET', 'the CA cannot reach its private key', caKey)],
  [0x80090020, transient('NTE_FAIL', 'the key store of the CA failed', caKey)],
  [0x80090030, transient('NTE_DEVICE_NOT_READY', 'the key store of the CA is not ready', caKey)],
  [
    0x8009030c,
    {
      ...configuration('SEC_E_LOGON_DENIED', 'the sign-in of the gateway was refused', signIn),
      login: true,
    },
  ],
  [
    0x8009030e,
    {
      ...configuration(
        'SEC_E_NO_CREDENTIALS',
        'the web server may not pass the identity of the gateway on to the CA',
        'Set up constrained delegation from the web server to HOST and RPCSS of the CA.',
      ),
      login: true,
    },
  ],
  [
    0x80090311,
    transient(
      'SEC_E_NO_AUTHENTICATING_AUTHORITY',
      'no domain controller could check the sign-in of the gateway',
      domain,
    ),
  ],
  [
    0x80090322,
    {
      ...configuration(
        'SEC_E_WRONG_PRINCIPAL',
        'the sign-in was meant for another service',
        'Check the service principal names (setspn -Q) of the CA and its web server.',
      ),
      login: true,
    },
  ],
  [
    0x80090324,
    {
      ...configuration(
        'SEC_E_TIME_SKEW',
        'clocks differ too much',
        'Set the clocks of gateway, CA and domain controllers (NTP).',
      ),
      login: true,
    },
  ],
  [
    0x80090346,
    {
      ...configuration(
        'SEC_E_BAD_BINDINGS',
        'the channel binding of the sign-in is wrong',
        'A TLS proxy stands between gateway and web server: let the gateway reach it directly.',
      ),
      login: true,
    },
  ],
  [
    0x80091004,
    configuration(
      'CRYPT_E_INVALID_MSG_TYPE',
      'the CA does not take a request in this envelope',
      'Check whether co-signing fits the certificate template.',
    ),
  ],
  [
    0x8009200e,
    configuration(
      'CRYPT_E_NO_SIGNER',
      'the CA does not find the signer of the request',
      'Check the enrollment agent certificate of the gateway.',
    ),
  ],
  [0x80092012, transient('CRYPT_E_NO_REVOCATION_CHECK', 'the CA could not check revocation', crl)],
  [0x80092013, transient('CRYPT_E_REVOCATION_OFFLINE', 'the CA could not fetch a CRL', crl)],
  [0x80092010, configuration('CRYPT_E_REVOKED', 'a certificate in the chain is revoked', raChain)],
  [0x800b0101, configuration('CERT_E_EXPIRED', 'a certificate in the chain has expired', raChain)],
  [
    0x800b0109,
    configuration('CERT_E_UNTRUSTEDROOT', 'a chain ends in a root the CA does not trust', raChain),
  ],
  [0x800b010a, configuration('CERT_E_CHAINING', 'a chain cannot be built', raChain)],
  [0x800b010c, configuration('CERT_E_REVOKED', 'a certificate in the chain is revoked', raChain)],
  [0x800b010e, transient('CERT_E_REVOCATION_FAILURE', 'the CA could not check revocation', crl)],
  [
    0x800b0110,
    configuration('CERT_E_WRONG_USAGE', 'a certificate in the chain is not for this use', raChain),
  ],
  [0x800b0114, permanent('CERT_E_INVALID_NAME', 'a name in the request is not allowed by the CA')],
];
