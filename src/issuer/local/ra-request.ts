/** RA certificates from another CA: keys here, requests to there. Each function gives the record that would follow. */
import { GatewayError } from '../../errors/index.js';
import {
  buildCertificationRequest,
  parseCertificationRequest,
  parseDistinguishedName,
  type Certificate,
} from '../../x509/index.js';
import type { RaPurpose, RaRequest, RaStatus } from '../ra-keeper.js';
import { recordCertificate, type AuthorityContext } from './authority-context.js';
import type { AuthorityRecord, KeptCertificate, RaPair, WaitingRa } from './authority-record.js';
import { raExtensions } from './certificate-purpose.js';
import { checkRaUsage } from './imported-key-pair.js';
import { NumberedKeys } from './numbered-keys.js';
import { replaced } from './ra-replacement.js';

/** With requests on new keys; undefined where some wait already. */
export async function withRaRequests(
  context: AuthorityContext,
  record: AuthorityRecord,
): Promise<AuthorityRecord | undefined> {
  if (record.waitingRa !== undefined) return undefined;
  const keys = new NumberedKeys(context.ring, context.name, record.keyNumbers);
  const { raCertificates, raKeyBits, raSubject } = context.settings;
  const request = async (purpose: RaPurpose): Promise<WaitingRa> => {
    const { name, key } = await keys.make(roles[purpose], raKeyBits);
    const csr = await buildCertificationRequest({
      subject: parseDistinguishedName(raSubject),
      key,
      digest: 'sha256',
      extensions: raExtensions(purpose),
    });
    return { purpose, key: name, csr: csr.toString('base64') };
  };
  const waitingRa =
    raCertificates === 'single'
      ? [await request('both')]
      : [await request('signing'), await request('encryption')];
  return { ...record, waitingRa, keyNumbers: keys.numbers };
}

const roles = { signing: 'ra-sign', encryption: 'ra-encrypt', both: 'ra' } as const;

/** With what the CA said of the request for this key. */
export function withNoted(
  record: AuthorityRecord,
  keyId: string,
  noted: Pick<WaitingRa, 'requestId' | 'certificate'>,
): AuthorityRecord | undefined {
  const { waitingRa } = record;
  if (waitingRa === undefined) return undefined;
  return {
    ...record,
    waitingRa: waitingRa.map((waiting) =>
      requestOf(waiting).keyId === keyId ? { ...waiting, ...noted } : waiting,
    ),
  };
}

export function withoutRaRequests(record: AuthorityRecord): AuthorityRecord | undefined {
  return record.waitingRa === undefined ? undefined : { ...record, waitingRa: undefined };
}

/** @throws GatewayError `cli.not-found`, `config.invalid` */
export async function withInstalledRa(
  context: AuthorityContext,
  record: AuthorityRecord,
  certificates: readonly Certificate[],
  origin: 'imported' | 'enrolled',
): Promise<AuthorityRecord> {
  const pair = installedPair(record, certificates, origin, context.clock());
  await recordCertificate(context, pair.signing.certificate);
  await recordCertificate(context, pair.encryption.certificate);
  return {
    ...record,
    waitingRa: undefined,
    current: { ...record.current, ra: pair },
    replacedRa: [...replaced(context, record.current.ra, pair), ...record.replacedRa],
  };
}

function installedPair(
  { waitingRa }: AuthorityRecord,
  certificates: readonly Certificate[],
  origin: 'imported' | 'enrolled',
  now: Date,
): RaPair {
  if (waitingRa === undefined) {
    throw new GatewayError('cli.not-found', 'No RA certificate was asked for.', {
      mend: 'Begin with: scep-gateway ra request',
    });
  }
  const kept = new Map<RaPurpose, KeptCertificate>();
  for (const waiting of waitingRa) {
    const { keyId } = requestOf(waiting);
    const given = certificates.find(({ publicKey }) => publicKey.id === keyId);
    const certificate = given ?? waiting.certificate;
    if (certificate === undefined) {
      throw new GatewayError(
        'config.invalid',
        `There is no certificate for the ${waiting.purpose} request.`,
        {
          mend: 'Give the certificates of all requests that `scep-gateway ra status` shows, together.',
        },
      );
    }
    checkRaUsage(certificate, waiting.purpose, now);
    kept.set(waiting.purpose, { key: waiting.key, certificate });
  }
  const signing = kept.get('signing') ?? kept.get('both');
  const encryption = kept.get('encryption') ?? kept.get('both');
  if (!signing || !encryption) {
    throw new GatewayError('store.schema', 'The waiting RA requests are not complete.');
  }
  return { imported: true, enrolled: origin === 'enrolled', signing, encryption };
}

export function raStatusOf({ current: { ra }, replacedRa, waitingRa }: AuthorityRecord): RaStatus {
  return {
    signing: ra.signing.certificate,
    encryption: ra.encryption.certificate,
    origin: ra.enrolled === true ? 'enrolled' : ra.imported ? 'imported' : 'self',
    replaced: replacedRa,
    requests: (waitingRa ?? []).map(requestOf),
  };
}

function requestOf({ purpose, csr, requestId, certificate }: WaitingRa): RaRequest {
  const bytes = Buffer.from(csr, 'base64');
  const { publicKey } = parseCertificationRequest(bytes);
  return { purpose, csr: bytes, keyId: publicKey.id, requestId, certificate };
}
