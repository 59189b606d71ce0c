/** Messages that administrators find in the logs of NDES, connectors and web servers, in plain words. */
import { failureCode, hresultInText, hresultText, meaningOf } from '../adcs/index.js';
import { failed, type Verdict } from './finding.js';

interface KnownFailure {
  /** Stable. */
  readonly id: string;
  readonly pattern: RegExp;
  readonly text: string;
  readonly next: string;
}

/**
 * The rows of connectors' troubleshooting tables, and what goes wrong in the same places here. Before the
 * table of HRESULTs: a row knows more of the place than a code.
 */
const knownFailures: readonly KnownFailure[] = [
  {
    id: 'rpc-unavailable',
    pattern: /RPC server is unavailable|RPC_S_SERVER_UNAVAILABLE|0x800706ba|\b1722\b/i,
    text: 'The CA service was not reached: the host name is wrong, the name is that of another server (a domain controller without a CA), the service is stopped, or a firewall stands between.',
    next: 'Check `host` of the issuer, port 135 and the dynamic range of the CA: the checks network.name, rpc.mapper and network.port say which of them it is.',
  },
  {
    id: 'certificate-name',
    pattern:
      /doesn.t match any of the subject alternative names|ERR_TLS_CERT_ALTNAME_INVALID|Hostname\/IP does not match|SSL_ERROR_BAD_CERT_DOMAIN|CERT_E_CN_NO_MATCH|0x800b010f/i,
    text: 'The server is called by a name or address that its TLS certificate does not hold.',
    next: 'Look for a slip in `url`, or give the server a certificate for the name it is called by: the check tls.name shows both.',
  },
  {
    id: 'client-certificate-untrusted',
    pattern: /\b403[. ]16\b|2148204809|0x800b0109/i,
    text: 'The server got a certificate but does not trust the CA that issued it.',
    next: 'Put the root (and the CAs between) of that certificate into the Trusted Root Certification Authorities of the computer, not of a user, and see whether a group policy takes it out again.',
  },
  {
    id: 'client-certificate-missing',
    pattern: /\b403[. ]7\b/,
    text: 'The web server wants a client certificate and got none.',
    next: 'Configure `authentication.certificate` of the issuer; where IIS asks on some paths only, `tls.maximum: TLSv1.2`. A proxy that ends TLS does not pass it on.',
  },
  {
    id: 'dcom-access',
    pattern:
      /Certificate Services? DCOM Access|DCOM.{0,40}(?:denied|10016)|0x80070005|E_ACCESSDENIED/i,
    text: 'The CA does not let the account in: group Certificate Service DCOM Access, Request Certificates on the CA, or Enroll on the template is missing.',
    next: 'The gateway needs no DCOM. Give its account Request Certificates on the CA and Read and Enroll on the template; certreq -submit as that account, or the certificates console of a computer, tells CA and template apart from the gateway.',
  },
  {
    id: 'application-proxy',
    pattern: /Web Application Proxy|Azure AD App(?:lication)? Proxy|App Proxy|X-MS-Proxy/i,
    text: 'A proxy that ends TLS stands between: client certificates do not come through it, and sign-ins that are bound to the TLS channel fail.',
    next: 'Let the gateway reach IIS directly. For devices in front of the gateway a proxy is fine with pass-through preauthentication; see access.md.',
  },
  {
    id: 'clock-skew',
    pattern: /clock skew|KRB_AP_ERR_SKEW|0x80090324/i,
    text: 'The clocks of gateway and domain controller differ by more than the five minutes that Kerberos allows.',
    next: 'Set both by the same time source (NTP); the check clock.skew shows the difference.',
  },
];

/** Undefined for what holds neither a known message nor an HRESULT. */
export function explainFailure(text: string): (Verdict & { readonly id: string }) | undefined {
  const known = knownFailures.find(({ pattern }) => pattern.test(text));
  if (known !== undefined) return { id: known.id, ...failed(known.text, known.next) };
  const hresult = hresultInText(text) ?? decimalHresult(text);
  if (hresult === undefined) return undefined;
  const { name, meaning, nextStep } = meaningOf(hresult);
  return { id: hresultText(hresult), ...failed(`${name}: ${meaning}.`, nextStep) };
}

/** WSTEP faults and SCEP attributes write HRESULTs as signed decimals. */
function decimalHresult(text: string): number | undefined {
  const found = /(?<![\d.])-(2\d{9})\b/.exec(text)?.[1];
  return found === undefined ? undefined : failureCode(-Number(found));
}
