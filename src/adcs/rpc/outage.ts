import { faultStatus, type Fault } from '../../dcerpc/index.js';
import type { ErrorCode, GatewayError } from '../../errors/index.js';
import { hresultOfWin32, hresultText } from '../hresult.js';
import { meaningOf } from '../hresult-meaning.js';
import type { Unavailable } from '../unavailable.js';

/** The CA was not reached, did not let us in, or its answer did not come. */
export function outageOf({ code, message, detail, mend }: GatewayError): Unavailable {
  const step = mend ?? mends[code];
  const what = detail === undefined ? message : `${message} (${detail})`;
  return {
    kind: 'unavailable',
    submission: code === 'rpc.unanswered' ? 'unknown' : 'none',
    detail: [what, hints[code]].filter(Boolean).join(' '),
    ...(step !== undefined && { mend: step }),
  };
}

const signIn =
  'Check user name, password or keytab of the issuer, whether the account is locked or disabled, and whether it may sign in to the CA server over the network.';

/** Where waiting alone may mend it, such as a restart of the CA: the CA is soon asked again. */
const hints: Partial<Record<ErrorCode, string>> = {
  'rpc.unreachable':
    'If that lasts: check `host` and `port` of the issuer, DNS, and firewalls: port 135 and the dynamic range (49152 to 65535) of the CA, or its fixed port.',
  'rpc.not-registered':
    'If that lasts: check that the service CertSvc runs on this host, and that InterfaceFlags of the CA do not hold IF_NORPCICERTREQUEST.',
};

/** Only what waiting does not mend, or an operator has to look at: the CA is left alone for longer. */
const mends: Partial<Record<ErrorCode, string>> = {
  'rpc.bind-refused':
    'Check host and port of the issuer: what answers there is no CA, or one that takes no requests over RPC.',
  'rpc.mechanism-refused':
    'Configure another way to sign in: the CA server does not take this one.',
  'rpc.sign-in-refused': signIn,
};

/** The server answered with a fault in place of the CA's answer. */
export function faultOutage({ status, neverRan }: Fault): Unavailable {
  const { text, mend } = faultWords(status);
  return {
    kind: 'unavailable',
    submission: neverRan ? 'none' : 'unknown',
    detail: `The CA server answered with a fault: ${text}.`,
    ...(mend !== undefined && { mend }),
  };
}

interface FaultWords {
  readonly text: string;
  readonly mend?: string;
}

function faultWords(status: number): FaultWords {
  const code = `0x${status.toString(16).padStart(8, '0')}`;
  switch (status) {
    case faultStatus.accessDenied:
    case faultStatus.securityPackage:
    case faultStatus.ncaProtocolError:
      return { text: `${code}, access denied`, mend: signIn };
    case faultStatus.ncaUnknownInterface:
    case faultStatus.ncaOperationRange:
      return { text: `${code}, no such interface`, mend: mends['rpc.bind-refused'] ?? '' };
    case faultStatus.ncaServerTooBusy:
      return { text: `${code}, too busy` };
    default:
      return wordsOfTable(status, code);
  }
}

/** Below 64 k they are Win32 codes; nca_s_* codes are not HRESULTs. */
function wordsOfTable(status: number, code: string): FaultWords {
  if (status === 0 || status > 0xffff) return { text: code };
  const hresult = hresultOfWin32(status);
  const { name, meaning, nextStep } = meaningOf(hresult);
  return { text: `${hresultText(hresult)} ${name}, ${meaning}`, mend: nextStep };
}
