/** RA certificates: what for, by whom, until when. */
import type { AuthorityView, RaStatus } from '../issuer/index.js';
import { isGatewayError } from '../errors/index.js';
import {
  extensionOids,
  readKeyUsage,
  verifyIssuedBy,
  type Certificate,
  type KeyUsage,
} from '../x509/index.js';
import type { Examination } from './examination.js';
import { expiryVerdict, nameOf } from './expiry.js';
import { failed, info, ok, warning, type Verdict } from './finding.js';

interface RaFacts {
  /** Undefined before the first start, or where the data directory cannot be read. */
  readonly view: AuthorityView | undefined;
  /** Present and replaced CAs, as far as they are known. */
  readonly cas: readonly Certificate[];
  readonly now: Date;
  /** The embedded CA certifies its RA itself, as it should. */
  readonly embedded: boolean;
}

/** `ra.present`, `ra.origin`, `ra.use`, `ra.chain`, `ra.expiry`. */
export async function examineRa(
  examination: Examination,
  about: string,
  { view, cas, now, embedded }: RaFacts,
): Promise<void> {
  await examination.check({ id: 'ra.present', about }, () =>
    view === undefined
      ? info(
          'There are no RA certificates yet: the gateway has not been started with this data directory.',
          'scep-gateway init, or the first start, makes them.',
        )
      : ok(
          `RA certificates are there: ${[...new Set([view.ra.signing, view.ra.encryption].map(nameOf))].join(', ')}.`,
        ),
  );
  if (view === undefined) return;
  const { ra } = view;
  await examination.check({ id: 'ra.origin', about }, () => originVerdicts(ra, embedded));
  await examination.check({ id: 'ra.use', about }, () => useVerdicts(ra));
  await examination.check({ id: 'ra.chain', about }, () => chainVerdicts(ra, cas));
  await examination.check({ id: 'ra.expiry', about }, () =>
    both(ra).map(([what, certificate]) =>
      expiryVerdict(`The RA certificate that ${what}`, certificate, now, renewal(ra, embedded)),
    ),
  );
}

function both({ signing, encryption }: RaStatus): [string, Certificate][] {
  return signing.der.equals(encryption.der)
    ? [['signs and opens requests', signing]]
    : [
        ['signs', signing],
        ['opens requests', encryption],
      ];
}

function originVerdicts({ origin, requests }: RaStatus, embedded: boolean): Verdict[] {
  const waiting = requests.map(({ purpose, requestId, certificate }) => {
    if (certificate !== undefined) {
      return info(
        `A new RA certificate (${purpose}) is here and waits for the other one.`,
        'The gateway asks for it every hour, or: scep-gateway ra enroll.',
      );
    }
    return info(
      `A new RA certificate (${purpose}) is asked for${requestId === undefined ? ' and waits to be installed' : `: request ${requestId} at the CA`}.`,
      requestId === undefined
        ? 'Have the request signed (scep-gateway ra request) and install it (scep-gateway ra install), or forget it (scep-gateway ra discard).'
        : 'A certificate manager has to approve it; the gateway asks every hour, or: scep-gateway ra enroll.',
    );
  });
  return [originVerdict(origin, embedded), ...waiting];
}

function originVerdict(origin: RaStatus['origin'], embedded: boolean): Verdict {
  if (origin === 'enrolled')
    return ok('The RA certificates were enrolled from the CA, by the gateway, which renews them.');
  if (origin === 'imported')
    return ok('The RA certificates were imported; whoever brought them renews them.');
  if (embedded) return ok('The RA certificates are of the embedded CA, which renews them.');
  return warning(
    'The RA certificates are certified by the gateway itself: devices that check them against the CA (Apple, Cisco, sscep with a CA file) refuse the enrollment.',
    'Obtain some from the CA: scep-gateway ra enroll; or by hand: scep-gateway ra request, then ra install.',
  );
}

function useVerdicts({ signing, encryption }: RaStatus): Verdict[] {
  const faults = [
    ...useFault(signing, 'digitalSignature', 'signs'),
    ...useFault(encryption, 'keyEncipherment', 'opens requests'),
  ];
  return faults.length > 0 ? faults : [ok('Key and key usage of the RA certificates are right.')];
}

function useFault(certificate: Certificate, wanted: KeyUsage, what: string): Verdict[] {
  const next =
    'Replace it by one of a template for this use (CEPEncryption, EnrollmentAgentOffline).';
  const name = `The RA certificate that ${what} (${nameOf(certificate)})`;
  if (certificate.publicKey.kind !== 'rsa') {
    return [failed(`${name} has no RSA key: devices cannot encrypt to it.`, next)];
  }
  const usages = usagesOf(certificate);
  return usages === undefined || usages.includes(wanted)
    ? []
    : [failed(`${name} lacks the key usage ${wanted}.`, next)];
}

/** Undefined: it may be used for everything. */
function usagesOf(certificate: Certificate): readonly KeyUsage[] | undefined {
  const extension = certificate.extension(extensionOids.keyUsage);
  if (extension === undefined) return undefined;
  try {
    return readKeyUsage(extension);
  } catch (error) {
    if (isGatewayError(error)) return [];
    throw error;
  }
}

function chainVerdicts(ra: RaStatus, cas: readonly Certificate[]): Verdict[] {
  if (ra.origin === 'self' && cas.length === 0) return [];
  if (cas.length === 0)
    return [info('The CA is not known, so nobody can say whether it issued the RA certificates.')];
  const foreign = both(ra).filter(([, one]) => !cas.some((ca) => verifyIssuedBy(one, ca)));
  if (foreign.length === 0) return [ok('The CA of the issuer issued the RA certificates.')];
  return foreign.map(([what, certificate]) =>
    warning(
      `The RA certificate that ${what} is issued by ${certificate.issuer.text.slice(0, 200)}, not by the CA of this issuer: devices that check it find no way to the CA they trust.`,
      'Obtain RA certificates from that CA: scep-gateway ra enroll, or ra request and ra install.',
    ),
  );
}

function renewal({ origin }: RaStatus, embedded: boolean): string {
  if (origin === 'enrolled') {
    return 'The running gateway asks the CA for new ones; see why it could not (ra.failed in its log), or: scep-gateway ra enroll.';
  }
  if (origin === 'imported')
    return 'Obtain new ones: scep-gateway ra request, then ra install; or a new file for importRa.';
  return embedded
    ? 'The running gateway renews them; start it.'
    : 'Obtain some from the CA: scep-gateway ra enroll.';
}
