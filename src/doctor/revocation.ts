/** Whether others can fetch the CRLs that certificates point to. */
import { readableOr } from '../errors/index.js';
import {
  extensionOids,
  parseCrl,
  readCrlDistributionPoints,
  verifyIssuedBy,
  type Certificate,
} from '../x509/index.js';
import type { Examination } from './examination.js';
import { day, nameOf } from './expiry.js';
import { failed, info, ok, warning, type Verdict } from './finding.js';
import type { World } from './world.js';

/** Each costs a download. */
const mostPoints = 8;

/** `crl.reachable`, for each distribution point of these certificates. @param cas whose CRLs they may be */
export async function examineCrls(
  examination: Examination,
  world: World,
  about: string,
  certificates: readonly Certificate[],
  cas: readonly Certificate[],
): Promise<void> {
  const points = distributionPoints(certificates);
  if (points.size === 0) {
    const text = 'The certificates name no CRL distribution point.';
    await examination.check({ id: 'crl.reachable', about }, () => info(text));
  }
  for (const [url, certificate] of [...points].slice(0, mostPoints)) {
    await examination.check({ id: 'crl.reachable', about, doing: `fetching ${url}` }, () =>
      pointVerdict(world, url, certificate, cas),
    );
  }
}

/** A root points to nothing that anybody looks at. */
function distributionPoints(certificates: readonly Certificate[]): Map<string, Certificate> {
  const points = new Map<string, Certificate>();
  for (const certificate of certificates) {
    const extension = certificate.extension(extensionOids.cdp);
    if (extension === undefined) continue;
    for (const url of urisOf(extension)) {
      if (!points.has(url)) points.set(url, certificate);
    }
  }
  return points;
}

function urisOf(extension: Parameters<typeof readCrlDistributionPoints>[0]): string[] {
  return readableOr([], () => readCrlDistributionPoints(extension));
}

async function pointVerdict(
  world: World,
  written: string,
  certificate: Certificate,
  cas: readonly Certificate[],
): Promise<Verdict> {
  const where = `${written.slice(0, 300)} (of ${nameOf(certificate)})`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return info(
      `The CRL at ${where} is not fetched: only machines of the domain read ${/^ldap/i.test(written) ? 'LDAP' : 'such'} addresses.`,
      'Publish the CRL over HTTP as well, for phones and network devices.',
    );
  }
  const outcome = await world.download(url);
  if (outcome.kind === 'failed') return notFetched(where, outcome.reason);
  if (outcome.status !== 200) return notFetched(where, `HTTP ${outcome.status}`);
  return crlVerdict(outcome.body, where, world.clock(), cas);
}

function notFetched(where: string, reason: string): Verdict {
  return warning(
    `The CRL at ${where} cannot be fetched from here: ${reason}. Where the CA or a device cannot fetch it either, enrollments end with CRYPT_E_REVOCATION_OFFLINE or a refused certificate.`,
    'Let the CA publish its CRL there (certutil -CRL), and check the address from the CA and from a device: certutil -URL.',
  );
}

function crlVerdict(body: Buffer, where: string, now: Date, cas: readonly Certificate[]): Verdict {
  const crl = readableOr(undefined, () => parseCrl(body));
  if (crl === undefined) {
    return failed(`What is at ${where} is no CRL.`, 'Publish the CRL there, in DER.');
  }
  if (crl.nextUpdate !== undefined && crl.nextUpdate <= now) {
    return failed(
      `The CRL at ${where} ended on ${day(crl.nextUpdate)}: whoever checks revocation refuses the certificates of this CA.`,
      'Publish a new one on the CA (certutil -CRL), see why it was not copied here, and for an offline root bring its new CRL along by hand.',
    );
  }
  const named = cas.filter(({ subject }) => subject.matches(crl.issuer));
  if (named.length > 0 && !named.some((ca) => verifyIssuedBy(crl, ca))) {
    return failed(
      `The CRL at ${where} is not signed by the CA whose name it has.`,
      'Publish the CRL of the present key of the CA; after a renewal with a new key it has another file name.',
    );
  }
  const until =
    crl.nextUpdate === undefined ? 'without an end' : `valid until ${day(crl.nextUpdate)}`;
  return ok(`The CRL at ${where} can be fetched, ${until}.`);
}
