import type { CaAnswer, CaQuestion } from '../ca-answer.js';
import { meaningOf } from '../hresult-meaning.js';
import type { Unavailable } from '../unavailable.js';
import { namespaces } from './names.js';
import type { SoapFault } from './soap-fault.js';

type Failed = Extract<CaAnswer, { readonly kind: 'denied' | 'failed' }>;

/** What a fault says of the question it answers. */
export function replyOfFault(fault: SoapFault, question: CaQuestion): Failed | Unavailable {
  const { detail, reason: message } = fault;
  const rejection = detail === undefined ? rejectionOf(fault) : undefined;
  if (rejection !== undefined) return rejection;
  if (detail === undefined || !isDenial(detail, question)) {
    const { hresult, requestId } = detail ?? {};
    return { kind: 'failed', hresult, message, requestId };
  }
  return { kind: 'denied', requestId: detail.requestId, hresult: detail.hresult, message };
}

/**
 * `InvalidRequest` is the word of the CA (MS-WSTEP §3.1.4.1.3.7); a new request that stands in its database
 * with an error is at its end, too. What passes by itself is no denial, whatever stands beside it: CES may
 * not have reached the CA.
 */
function isDenial(
  { hresult, invalidRequest, requestId }: NonNullable<SoapFault['detail']>,
  question: CaQuestion,
): boolean {
  if (hresult !== undefined && meaningOf(hresult).class === 'transient') return false;
  if (invalidRequest) return true;
  return question === 'submit' && hresult !== undefined && requestId !== undefined;
}

/** The message was turned away before CES looked at what it asks for. */
function rejectionOf({ codes, reason }: SoapFault): Unavailable | undefined {
  for (const { namespace, localName } of codes) {
    const rejection = rejections.get(`${namespace} ${localName}`);
    if (rejection === undefined) continue;
    const words = (reason ?? '').replace(/[\p{C}\s]+/gu, ' ').slice(0, 300);
    return {
      kind: 'unavailable',
      submission: 'none',
      detail: `${rejection.what} (${localName}). Its words: ${JSON.stringify(words)}`,
      mend: rejection.mend,
    };
  }
  return undefined;
}

interface Rejection {
  readonly what: string;
  readonly mend: string;
}

const notLetIn: Rejection = {
  what: 'CES refused the login',
  mend: 'Check user name and password of the issuer and whether the account is locked, then compare the clocks of gateway and server: they may differ by five minutes at most.',
};

const elsewhere: Rejection = {
  what: 'CES does not know what it was asked',
  mend: 'Check `url`: it ends in /service.svc/CES and its host is a name that IIS knows the site by; and that the way to sign in is that of this CES application.',
};

/** WSS SOAP Message Security 1.1 §12, WS-Addressing SOAP binding §6.4, SOAP 1.2 part 1 §5.4.6, WCF. */
const rejections: ReadonlyMap<string, Rejection> = new Map(
  (
    [
      [
        namespaces.security,
        [
          'FailedAuthentication',
          'InvalidSecurity',
          'InvalidSecurityToken',
          'SecurityTokenUnavailable',
          'UnsupportedSecurityToken',
          'FailedCheck',
          'MessageExpired',
        ],
        notLetIn,
      ],
      [namespaces.utility, ['MessageExpired'], notLetIn],
      [
        namespaces.addressing,
        [
          'ActionNotSupported',
          'DestinationUnreachable',
          'InvalidAddressingHeader',
          'MessageAddressingHeaderRequired',
        ],
        elsewhere,
      ],
      [namespaces.soap, ['MustUnderstand', 'VersionMismatch', 'DataEncodingUnknown'], elsewhere],
      [namespaces.dispatcher, ['DeserializationFailed'], elsewhere],
    ] as const
  ).flatMap(([namespace, names, rejection]) =>
    names.map((name): [string, Rejection] => [`${namespace} ${name}`, rejection]),
  ),
);
