/**
 * The one place where a fault becomes failInfo and failInfoText (RFC 8894 §3.2.1.4, §3.2.1.5).
 * Cryptographic faults share one text: an answer that told a bad padding from a bad signature would be
 * a decryption oracle, open to anyone.
 */
import { errorCodes, type ErrorCode } from '../errors/index.js';

const wireValues = {
  badAlg: '0',
  badMessageCheck: '1',
  badRequest: '2',
  badTime: '3',
  badCertId: '4',
} as const;

export type FailInfo = keyof typeof wireValues;

export interface Failure {
  readonly failInfo: FailInfo;
  /** For failInfoText, reference included. */
  readonly text: string;
  /** Of the CA that refused, where it gave one. */
  readonly hresult?: number | undefined;
}

export interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly mend?: string | undefined;
  /** For the log only. */
  readonly detail?: string | undefined;
  readonly hresult?: number | undefined;
}

const uniformFailureText =
  'The message failed its cryptographic checks: signature, encryption or proof of possession. ' +
  'Fetch the CA certificates again (GetCACert) and repeat the request.';

/** Undefined for faults that are not the message's: overload, outage, our own error leave by HTTP. */
export function certRepFailure(fault: Fault, correlationId: string): Failure | undefined {
  const failInfo = failInfoOf(fault.code);
  if (failInfo === undefined) return undefined;
  const told = [fault.message, fault.mend].filter((part) => part !== undefined).join(' ');
  const text = failInfo === 'badMessageCheck' ? uniformFailureText : shorten(told);
  return { failInfo, text: `${text} (reference ${correlationId})`, hresult: fault.hresult };
}

export function failInfoToWire(failInfo: FailInfo): string {
  return wireValues[failInfo];
}

/** Undefined for a value RFC 8894 does not define. */
export function failInfoFromWire(text: string): FailInfo | undefined {
  const value = text.trim();
  return (Object.keys(wireValues) as FailInfo[]).find((name) => wireValues[name] === value);
}

function failInfoOf(code: ErrorCode): FailInfo | undefined {
  switch (errorCodes[code]) {
    case 'crypto':
      return 'badMessageCheck';
    case 'algorithm':
      return 'badAlg';
    case 'request':
      return code === 'scep.unknown-certificate' ? 'badCertId' : 'badRequest';
    case 'unauthorized':
    case 'policy':
      return 'badRequest';
    default:
      return undefined;
  }
}

/** Texts may quote a subject or a SAN of any length; devices show the first lines only. */
function shorten(text: string): string {
  return text.length <= 500 ? text : `${text.slice(0, 499)}…`;
}
