import {
  authorityInfoAccess,
  authorityKeyIdentifier,
  buildCertificate,
  crlDistributionPoints,
  extensionOids,
  subjectKeyIdentifier,
  type Certificate,
  type Extension,
  type PublicKey,
  type SigningKey,
} from '../../x509/index.js';
import { keyIdentifierOf } from './key-identifier.js';
import { caCertificatePath, crlPath, type CaId } from './published-path.js';
import { newSerialNumber } from './serial-number.js';
import { validityWithin } from './validity.js';

/** A CA as a signer of certificates and CRLs. */
export interface SigningCa {
  readonly id: CaId;
  readonly certificate: Certificate;
  readonly key: SigningKey;
}

export interface CertificateOrder {
  /** DER Name, taken over verbatim. */
  readonly subject: Buffer;
  readonly publicKey: PublicKey;
  readonly extensions: readonly Extension[];
  /** Cut to the issuer's own end. */
  readonly notAfter: Date;
}

export interface MintOptions {
  /** Name of the issuer in the configuration; part of the published paths. */
  readonly issuerName: string;
  readonly publicUrl: string | undefined;
  readonly backdateMinutes: number;
  readonly clock: () => Date;
  readonly randomBytes: (size: number) => Buffer;
}

/** RFC 5280 §4.2 extensions that say where a certificate comes from: always ours, whatever was asked for. */
const originExtensions: readonly string[] = [
  extensionOids.subjectKeyIdentifier,
  extensionOids.authorityKeyIdentifier,
  extensionOids.cdp,
  extensionOids.authorityInfoAccess,
];

/** Makes every certificate of this authority: the devices', the RA's and the CAs' own. */
export class CertificateMint {
  readonly #options: MintOptions;
  /** What all certificates of a CA have in common, encoded once. */
  readonly #encoded = new WeakMap<Certificate, readonly Extension[]>();

  constructor(options: MintOptions) {
    this.#options = options;
  }

  issue(ca: SigningCa, order: CertificateOrder): Promise<Certificate> {
    return this.#build(ca.certificate, ca.key, order, [
      ...order.extensions.filter(({ oid }) => !originExtensions.includes(oid)),
      subjectKeyIdentifier(order.publicKey),
      ...this.#issuerExtensions(ca),
    ]);
  }

  selfSign(key: SigningKey, order: Omit<CertificateOrder, 'publicKey'>): Promise<Certificate> {
    const { publicKey } = key;
    return this.#build(undefined, key, { ...order, publicKey }, [
      ...order.extensions,
      subjectKeyIdentifier(publicKey),
    ]);
  }

  #build(
    issuer: Certificate | undefined,
    key: SigningKey,
    { subject, publicKey, notAfter }: CertificateOrder,
    extensions: readonly Extension[],
  ): Promise<Certificate> {
    const { clock, backdateMinutes, randomBytes } = this.#options;
    return buildCertificate(
      {
        serial: newSerialNumber(randomBytes),
        issuer: issuer?.subject.der ?? subject,
        subject,
        ...validityWithin(issuer, clock(), notAfter, backdateMinutes),
        spki: publicKey.spki,
        extensions,
      },
      { key, digest: 'sha256' },
    );
  }

  #issuerExtensions(ca: SigningCa): readonly Extension[] {
    const known = this.#encoded.get(ca.certificate);
    if (known) return known;
    const made = [
      authorityKeyIdentifier(keyIdentifierOf(ca.certificate)),
      ...this.#pointers(ca.id),
    ];
    this.#encoded.set(ca.certificate, made);
    return made;
  }

  #pointers(ca: CaId): Extension[] {
    const { publicUrl, issuerName } = this.#options;
    if (publicUrl === undefined) return [];
    // URL writes an internationalized host in its xn-- form, as an IA5String needs it.
    const base = new URL(publicUrl).href.replace(/\/+$/, '');
    return [
      crlDistributionPoints([base + crlPath(issuerName, ca)]),
      authorityInfoAccess({ caIssuers: [base + caCertificatePath(issuerName, ca)] }),
    ];
  }
}
