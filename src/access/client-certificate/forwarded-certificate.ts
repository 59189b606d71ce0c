import { Certificate } from '../../x509/index.js';
import type { ClientAddress } from '../access.types.js';
import type { AddressRules } from '../address-rules.js';
import { missingMarker, type RequiredHeader } from '../required-headers.js';
import { certificateHeaders, type CertificateForm } from './certificate-form.js';
import type { PresentedCertificate } from './presented-certificate.js';

export interface ForwardedCertificateOptions {
  readonly form: CertificateForm;
  /** Only these peers may say which certificate a client has. */
  readonly trustedProxies: AddressRules;
  /** They must send these beside it. */
  readonly requiredHeaders: readonly RequiredHeader[];
}

/** All that a listener looks at. */
interface Approach {
  /** Of the connection, never of the client behind it. */
  readonly peer: ClientAddress;
  readonly rawHeaders: readonly string[];
}

/** Characters of one header: ten certificates of 4 KiB, escaped. */
const longestValue = 64 * 1024;
const largestCertificate = 16 * 1024;
export const mostCertificates = 10;

/**
 * The certificate that a terminating proxy forwards. A certificate header is refused from anybody else,
 * in any other form, twice, or where it cannot be read to its end: a request that tries one of these is
 * not served as if it had shown nothing.
 */
export function forwardedCertificate(
  { form, trustedProxies, requiredHeaders }: ForwardedCertificateOptions,
  { peer, rawHeaders }: Approach,
): PresentedCertificate {
  const lines = certificateLines(rawHeaders, form);
  const [header] = form.headers;
  if (lines.length === 0) {
    return { kind: 'none', steps: [`there is no header ${header}: no certificate`] };
  }
  const proxy = trustedProxies.match(peer);
  if (proxy === undefined) {
    const step = `the peer ${peer} is no trusted proxy and sends ${nameOf(lines)}`;
    return { kind: 'refused', steps: [step] };
  }
  const steps = [`the peer ${peer} may forward certificates: ${proxy}`];
  const refuse = (step: string): PresentedCertificate => ({
    kind: 'refused',
    steps: [...steps, step],
  });
  const marker = missingMarker(requiredHeaders, rawHeaders);
  if (marker !== undefined) return refuse(marker);
  const fault = lines
    .map((line, index) => lineFault(line, lines.slice(0, index), form))
    .find(isText);
  if (fault !== undefined) return refuse(fault);

  const decoded = form.decode((name) => lines.find((line) => line.name === name)?.value);
  if (decoded.kind === 'broken') return refuse(`the header ${header} ${decoded.reason}`);
  if (decoded.kind === 'none') {
    return { kind: 'none', steps: [...steps, `${header} is empty: no certificate`] };
  }
  const certificates = readCertificates(decoded.ders);
  if (typeof certificates === 'string') return refuse(`the header ${header} ${certificates}`);
  const [leaf, ...others] = certificates;
  if (leaf === undefined) return refuse(`the header ${header} holds no certificate`);
  return { kind: 'presented', leaf, others, steps: [...steps, `${header} holds the certificate`] };
}

interface HeaderLine {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

function certificateLines(rawHeaders: readonly string[], form: CertificateForm): HeaderLine[] {
  const lines: HeaderLine[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!certificateHeaders.includes(name) && !form.headers.includes(name)) continue;
    lines.push({ name, value: rawHeaders[index + 1] ?? '' });
  }
  return lines;
}

function lineFault(
  { name, value }: HeaderLine,
  before: readonly HeaderLine[],
  form: CertificateForm,
): string | undefined {
  if (!form.headers.includes(name)) return `the header ${name} is none that is believed here`;
  if (before.some((line) => line.name === name)) return `the header ${name} came twice`;
  if (value.length > longestValue) return `the header ${name} is longer than ${longestValue}`;
  return undefined;
}

function nameOf([first]: readonly HeaderLine[]): string {
  return first?.name ?? '';
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}

/** Or what is wrong with them. */
function readCertificates(ders: readonly Buffer[]): Certificate[] | string {
  if (ders.length > mostCertificates) return `holds more than ${mostCertificates} certificates`;
  if (ders.some(({ length }) => length > largestCertificate)) {
    return `holds a certificate of more than ${largestCertificate} octets`;
  }
  try {
    return ders.map((der) => Certificate.fromDer(der));
  } catch {
    return 'holds something that is no certificate';
  }
}
