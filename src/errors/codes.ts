/**
 * Every error code the gateway can raise, with what it says to the caller. `class` decides the door
 * it leaves by: see `scep/failure.ts` (CertRep) and `http/error-response.ts` (HTTP).
 *
 * - `crypto`: any cryptographic or structural fault before authorization; all look alike outside.
 * - `algorithm`: an algorithm below the profile's floor; may be named to the device.
 * - `request`: the device asked for something the gateway does not do; text is shown.
 * - `unauthorized`: no valid challenge and no renewable certificate; text is shown.
 * - `policy`: authorized, but the CSR breaks the profile's policy; text is shown.
 * - `transport`: HTTP-level fault, answered 4xx.
 * - `overload`: answered 503 with Retry-After.
 * - `unavailable`: the CA or the store cannot answer now; 503 with Retry-After, never FAILURE.
 * - `configuration`: stops the start.
 * - `usage`: the command line or an API call was wrong.
 * - `internal`: our own fault; answered 500 with a correlation id.
 */
export type ErrorClass =
  | 'crypto'
  | 'algorithm'
  | 'request'
  | 'unauthorized'
  | 'policy'
  | 'transport'
  | 'overload'
  | 'unavailable'
  | 'configuration'
  | 'usage'
  | 'internal';

const table = {
  'asn1.malformed': 'crypto',
  'asn1.limit': 'crypto',
  'cms.malformed': 'crypto',
  'cms.signature': 'crypto',
  'cms.recipient': 'crypto',
  'cms.undecryptable': 'crypto',
  'cms.algorithm': 'algorithm',
  'x509.malformed': 'crypto',
  'csr.malformed': 'crypto',
  'csr.proof-of-possession': 'crypto',
  'scep.attribute': 'crypto',
  'scep.message-type': 'request',
  'scep.algorithm-floor': 'algorithm',
  'scep.reply-recipient': 'algorithm',
  'scep.transaction-key': 'request',
  'scep.unknown-transaction': 'request',
  'scep.unknown-certificate': 'request',
  'scep.reply': 'usage',
  'scep.unreachable': 'unavailable',
  'challenge.missing': 'unauthorized',
  'challenge.refused': 'unauthorized',
  'challenge.unavailable': 'unavailable',
  'challenge.quota': 'usage',
  'challenge.binding': 'usage',
  'renewal.refused': 'unauthorized',
  'policy.key': 'policy',
  'policy.subject': 'policy',
  'policy.san': 'policy',
  'policy.usage': 'policy',
  'policy.extension': 'policy',
  'enrollment.denied': 'policy',
  'enrollment.pending-limit': 'overload',
  'issuer.refused': 'policy',
  'issuer.unavailable': 'unavailable',
  'upstream.unavailable': 'unavailable',
  'upstream.no-answer': 'unavailable',
  'upstream.full': 'unavailable',
  'upstream.denied': 'unavailable',
  'ntlm.malformed': 'unavailable',
  'xml.malformed': 'unavailable',
  'rpc.unreachable': 'unavailable',
  'rpc.not-registered': 'unavailable',
  'rpc.busy': 'unavailable',
  'rpc.bind-refused': 'unavailable',
  'rpc.mechanism-refused': 'unavailable',
  'rpc.sign-in-refused': 'unavailable',
  'rpc.timeout': 'unavailable',
  'rpc.cut': 'unavailable',
  'rpc.malformed': 'unavailable',
  'rpc.unanswered': 'unavailable',
  'http.operation': 'transport',
  'http.message': 'transport',
  'http.too-large': 'transport',
  'http.uri-too-large': 'transport',
  'http.method': 'transport',
  'http.not-found': 'transport',
  'http.unauthorized': 'transport',
  'http.forbidden': 'transport',
  'http.rate': 'transport',
  'http.overload': 'overload',
  'directory.unavailable': 'unavailable',
  'kerberos.library': 'configuration',
  'kerberos.credentials': 'unavailable',
  'kerberos.refused': 'unavailable',
  'kerberos.unavailable': 'unavailable',
  'config.invalid': 'configuration',
  'config.unreadable': 'configuration',
  'keys.passphrase': 'configuration',
  'keys.unreadable': 'configuration',
  'keys.exists': 'configuration',
  'keys.module': 'configuration',
  'keys.pin': 'unavailable',
  'keys.token': 'unavailable',
  'keys.unavailable': 'unavailable',
  'store.unavailable': 'unavailable',
  'store.damaged': 'unavailable',
  'store.schema': 'configuration',
  'cli.usage': 'usage',
  'cli.not-found': 'usage',
  internal: 'internal',
} as const satisfies Record<string, ErrorClass>;

export type ErrorCode = keyof typeof table;

/** Code → class. Frozen, null-prototype safe: look up only with an `ErrorCode`. */
export const errorCodes: Readonly<Record<ErrorCode, ErrorClass>> = Object.freeze(table);
