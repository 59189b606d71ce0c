import type { Certificate } from '../x509/index.js';
import { nameOf } from './expiry.js';
import { failed, info, ok, warning, type Verdict } from './finding.js';

const pss = '1.2.840.113549.1.1.10';
const md5: ReadonlySet<string> = new Set(['1.2.840.113549.1.1.4']);
const sha1: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.5',
  '1.2.840.10045.4.1',
  '1.3.14.3.2.29',
]);

const leastRsaBits = 2048;

/**
 * What families of clients make of a CA: iOS and macOS do not even ask for GetCACaps where its chain is
 * signed with RSASSA-PSS or SHA-1; the Windows SCEP client cannot verify what an ECDSA key signed; SCEP
 * clients of network devices know RSA keys alone.
 *
 * @param chain issuing CA first, root last
 */
export function signatureVerdicts(chain: readonly Certificate[]): Verdict[] {
  const [issuing] = chain;
  if (issuing === undefined) return [];
  const faults = [...keyVerdicts(issuing), ...chain.flatMap(certificateVerdicts)];
  return faults.length > 0
    ? faults
    : [ok('Key and signatures of the CA suit Apple, Windows, Android and network devices.')];
}

function keyVerdicts(issuing: Certificate): Verdict[] {
  const { kind, bits } = issuing.publicKey;
  const name = nameOf(issuing);
  if (kind === 'rsa' && bits >= leastRsaBits) return [];
  if (kind === 'rsa') {
    const text = `The key of ${name} has ${bits} bits: current Apple, Windows and Linux clients refuse less than 2048.`;
    return [warning(text, 'Renew the CA with a new key of at least 2048 bits.')];
  }
  const what = kind === 'ec' ? 'signs with ECDSA' : 'has a key that is neither RSA nor ECDSA';
  return [
    warning(
      `${name} ${what}: the SCEP client of Windows cannot verify the certificates it gets, and routers, switches and printers know RSA alone. Apple and Linux devices are content with ECDSA.`,
      'Give profiles for Windows and network devices an issuer whose CA has an RSA key.',
    ),
  ];
}

function certificateVerdicts(certificate: Certificate): Verdict[] {
  const { signatureAlgorithm: algorithm, subject, issuer } = certificate;
  const name = nameOf(certificate);
  if (algorithm === pss) {
    return [
      warning(
        `${name} is signed with RSASSA-PSS: Apple devices end the enrollment before GetCACaps, and older Windows, Cisco and Java clients cannot verify it.`,
        'On the CA above it (on this one for a root): certutil -setreg ca\\csp\\AlternateSignatureAlgorithm 0, restart the service, and renew this certificate. What the CA issues afterwards is signed with PKCS#1 v1.5, too.',
      ),
    ];
  }
  // Nobody verifies the signature of a root on itself.
  const isRoot = subject.matches(issuer);
  if (md5.has(algorithm) && !isRoot) {
    return [
      failed(`${name} is signed with MD5, which no current client accepts.`, renewWithSha256),
    ];
  }
  if (!sha1.has(algorithm)) return [];
  return isRoot
    ? [
        info(
          `${name} is a root signed with SHA-1. Its own signature is not verified, but Apple devices are known to stop at such a root in a SCEP profile.`,
          renewWithSha256,
        ),
      ]
    : [
        warning(
          `${name} is signed with SHA-1: Apple devices end the enrollment before GetCACaps, and Windows and current Linux clients refuse the chain.`,
          renewWithSha256,
        ),
      ];
}

const renewWithSha256 =
  'On the CA above it: certutil -setreg ca\\csp\\CNGHashAlgorithm SHA256, restart the service, and renew this certificate.';
