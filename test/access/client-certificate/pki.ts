/** A small PKI: root, issuing CA, and whatever a test wants under them. */
import {
  createTrustList,
  readRevocationList,
  type RevocationList,
} from '../../../src/access/index.js';
import { parseCertificateName } from '../../../src/access/index.js';
import {
  basicConstraints,
  buildCrl,
  extendedKeyUsage,
  extendedKeyUsages,
  keyUsage,
  parseSubjectAltName,
  writeSubjectAltNames,
  type Certificate,
  type Extension,
  type KeyUsage,
} from '../../../src/x509/index.js';
import {
  issuedBy,
  selfSigned,
  type CertificateOptions,
  type Issuer,
} from '../../support/certificates.js';
import { testKey, type TestKeyName } from '../../support/keys.js';

export const now = new Date('2026-06-01T12:00:00Z');
export const days = (count: number) => new Date(now.getTime() + count * 86_400_000);
const life = { notBefore: days(-100), notAfter: days(100) };

export function caExtensions(
  pathLength?: number,
  usages: readonly KeyUsage[] = ['keyCertSign', 'cRLSign'],
): Extension[] {
  return [basicConstraints({ ca: true, pathLength }), keyUsage(usages)];
}

export const clientExtensions: readonly Extension[] = [
  keyUsage(['digitalSignature']),
  extendedKeyUsage([extendedKeyUsages.clientAuth]),
  writeSubjectAltNames([parseSubjectAltName('dns:connector.example.org').raw], false),
];

export async function makeRoot(
  subject = 'CN=Root',
  keyName: TestKeyName = 'ca',
  options: CertificateOptions = {},
): Promise<Issuer> {
  const key = testKey(keyName);
  const certificate = await selfSigned(key, {
    subject,
    ...life,
    extensions: caExtensions(),
    ...options,
  });
  return { certificate, key };
}

export async function makeCa(
  issuer: Issuer,
  subject: string,
  keyName: TestKeyName,
  options: CertificateOptions = {},
): Promise<Issuer> {
  const key = testKey(keyName);
  const certificate = await issuedBy(issuer, key.publicKey, {
    subject,
    ...life,
    extensions: caExtensions(),
    ...options,
  });
  return { certificate, key };
}

export function makeClient(
  issuer: Issuer,
  options: CertificateOptions = {},
  keyName: TestKeyName = 'client',
): Promise<Certificate> {
  return issuedBy(issuer, testKey(keyName).publicKey, {
    subject: 'CN=connector,O=Example',
    ...life,
    extensions: clientExtensions,
    ...options,
  });
}

export async function makeCrl(
  issuer: Issuer,
  options: {
    readonly revoked?: readonly Certificate[];
    readonly thisUpdate?: Date;
    readonly nextUpdate?: Date;
  } = {},
): Promise<Buffer> {
  const { revoked = [], thisUpdate = days(-1), nextUpdate = days(6) } = options;
  return buildCrl(
    {
      issuer: issuer.certificate.subject.der,
      thisUpdate,
      nextUpdate,
      number: 1,
      authorityKeyIdentifier: Buffer.alloc(20),
      revoked: revoked.map(({ serial }) => ({ serial, at: days(-2), reason: 1 })),
    },
    { key: issuer.key, digest: 'sha256' },
  );
}

interface TrustSettings {
  readonly pins?: readonly Certificate[];
  readonly anchors?: readonly Certificate[];
  readonly names?: readonly string[];
  readonly rule?: 'required' | 'best-effort' | 'off';
  readonly graceHours?: number;
  readonly crls?: readonly Buffer[];
  readonly at?: Date;
}

/** What a trust list makes of a certificate: the last step in words, and `accepted` in front when it is. */
export async function judge(
  settings: TrustSettings,
  leaf: Certificate,
  others: readonly Certificate[] = [],
): Promise<string> {
  const { pins = [], anchors, names = [], rule = 'required', graceHours = 0, crls = [] } = settings;
  const lists: readonly RevocationList[] = crls.map(readRevocationList);
  const trust = createTrustList({
    name: 'connectors',
    pins: pins.map(({ thumbprints }) => thumbprints.sha256),
    anchors: anchors && (() => anchors),
    names: names.map((name) => parseCertificateName(name)),
    revocation: { rule, graceMillis: graceHours * 3_600_000, lists: () => Promise.resolve(lists) },
    clock: () => settings.at ?? now,
  });
  const { kind, steps } = await trust.judge({ kind: 'presented', leaf, others, steps: [] });
  return kind === 'accepted' ? `accepted: ${steps.slice(1, -1).join('; ')}` : (steps.at(-1) ?? '');
}
