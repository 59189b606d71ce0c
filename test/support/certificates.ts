/**
 * Certificates and certification requests for tests, written straight with the DER writer so that the
 * odd ones real devices make (negative serials, v1, expired, foreign string types) can be made too.
 */
import { randomBytes } from 'node:crypto';
import { der, encodeTime, tag } from '../../src/asn1/index.js';
import {
  algorithmWithNull,
  Certificate,
  csrAttributeOids,
  writeExtensions,
  type Extension,
  type PublicKey,
  type SignatureDigest,
  type SigningKey,
} from '../../src/x509/index.js';

export interface CertificateOptions {
  /** `CN=device-1,O=Example`, in encoding order; defaults to `CN=test`. */
  readonly subject?: string;
  /** Instead of `subject`: the DER of a Name, as it shall stand in the certificate. */
  readonly subjectDer?: Buffer;
  /** INTEGER content octets, two's complement (a first octet from 80 up makes it negative). */
  readonly serial?: Buffer;
  /** Version 1 has neither a version field nor extensions. */
  readonly version?: 1 | 3;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly extensions?: readonly Extension[];
  /** Of the issuer's signature; defaults to SHA-256. */
  readonly digest?: Exclude<SignatureDigest, 'md5'>;
}

export interface Issuer {
  readonly certificate: Certificate;
  readonly key: SigningKey;
}

/** A certificate that names and signs itself, as SCEP clients make for their first request. */
export function selfSigned(
  key: SigningKey,
  options: CertificateOptions = {},
): Promise<Certificate> {
  return certificate(key, subjectOf(options), key.publicKey, options);
}

/** A certificate for `publicKey` under the issuer's name and signature. */
export function issuedBy(
  issuer: Issuer,
  publicKey: PublicKey,
  options: CertificateOptions = {},
): Promise<Certificate> {
  return certificate(issuer.key, issuer.certificate.subject.der, publicKey, options);
}

async function certificate(
  signer: SigningKey,
  issuer: Buffer,
  publicKey: PublicKey,
  options: CertificateOptions,
): Promise<Certificate> {
  const { version = 3, digest = 'sha256', extensions = [] } = options;
  const algorithm = signatureAlgorithm(signer, digest);
  const tbs = der.sequence(
    ...(version === 3 ? [der.contextConstructed(0, der.unsignedInteger(2))] : []),
    der.integerFromBytes(options.serial ?? Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
    algorithm,
    issuer,
    der.sequence(
      encodeTime(options.notBefore ?? new Date('2020-01-01T00:00:00Z')),
      encodeTime(options.notAfter ?? new Date('2049-12-31T23:59:59Z')),
    ),
    subjectOf(options),
    publicKey.spki,
    ...(version === 3 && extensions.length > 0
      ? [der.contextConstructed(3, writeExtensions(extensions))]
      : []),
  );
  return Certificate.fromDer(await signed(tbs, algorithm, signer, digest));
}

function subjectOf({ subject = 'CN=test', subjectDer }: CertificateOptions): Buffer {
  return subjectDer ?? distinguishedName(subject);
}

const stringTypes = {
  utf8: (text: string) => der.utf8String(text),
  printable: (text: string) => der.printableString(text),
  ia5: (text: string) => der.ia5String(text),
  teletex: (text: string) => der.element(tag.teletexString, Buffer.from(text, 'latin1')),
  bmp: (text: string) => der.element(tag.bmpString, Buffer.from(text, 'utf16le').swap16()),
  universal: (text: string) =>
    der.element(
      tag.universalString,
      Buffer.from(Array.from(text).flatMap((point) => [...utf32(point.codePointAt(0) ?? 0)])),
    ),
  octets: (text: string) => der.octetString(Buffer.from(text, 'utf8')),
} as const;

export type StringType = keyof typeof stringTypes;

function utf32(point: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(point);
  return out;
}

const attributeTypes: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  SERIALNUMBER: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  DC: '0.9.2342.19200300.100.1.25',
  UID: '0.9.2342.19200300.100.1.1',
  EMAIL: '1.2.840.113549.1.9.1',
};

/** DER of a Name, one attribute an RDN; `''` is the empty name. Types by short name or by OID. */
export function distinguishedName(text: string, type: StringType = 'utf8'): Buffer {
  const rdns = text.split(',').filter((part) => part !== '');
  return der.sequence(
    ...rdns.map((rdn) => {
      const equals = rdn.indexOf('=');
      const name = rdn.slice(0, equals).trim();
      const oid = attributeTypes[name.toUpperCase()] ?? name;
      const value = rdn.slice(equals + 1);
      return der.setOf(der.sequence(der.oid(oid), stringTypes[type](value)));
    }),
  );
}

export interface CertificationRequestOptions {
  readonly subject?: string;
  readonly subjectDer?: Buffer;
  readonly challengePassword?: string;
  /** Clients differ: PrintableString, UTF8String, BMPString, even OCTET STRING; defaults to UTF8String. */
  readonly challengeType?: StringType;
  readonly extensions?: readonly Extension[];
  /** The older Microsoft attribute instead of PKCS#9 extensionRequest. */
  readonly microsoftExtensionRequest?: boolean;
  /** Further attributes: type and DER values. */
  readonly attributes?: readonly { readonly oid: string; readonly values: readonly Buffer[] }[];
  readonly digest?: Exclude<SignatureDigest, 'md5'>;
  /** Another public key than the signer's: a request whose proof of possession fails. */
  readonly publicKey?: PublicKey;
}

/** A PKCS#10 request (RFC 2986), DER. */
export async function certificationRequest(
  key: SigningKey,
  options: CertificationRequestOptions = {},
): Promise<Buffer> {
  const { digest = 'sha256', challengePassword, challengeType = 'utf8', extensions } = options;
  const attributes = [
    ...(challengePassword === undefined
      ? []
      : [
          {
            oid: csrAttributeOids.challengePassword,
            values: [stringTypes[challengeType](challengePassword)],
          },
        ]),
    ...(extensions === undefined
      ? []
      : [
          {
            oid: options.microsoftExtensionRequest
              ? csrAttributeOids.msExtensionRequest
              : csrAttributeOids.extensionRequest,
            values: [writeExtensions(extensions)],
          },
        ]),
    ...(options.attributes ?? []),
  ];
  const info = der.sequence(
    der.unsignedInteger(0),
    subjectOf(options),
    (options.publicKey ?? key.publicKey).spki,
    der.contextConstructed(
      0,
      ...attributes.map(({ oid, values }) => der.sequence(der.oid(oid), der.setOf(...values))),
    ),
  );
  return signed(info, signatureAlgorithm(key, digest), key, digest);
}

async function signed(
  content: Buffer,
  algorithm: Buffer,
  key: SigningKey,
  digest: SignatureDigest,
): Promise<Buffer> {
  return der.sequence(content, algorithm, der.bitString(await key.sign(digest, content)));
}

const rsaSignatures = {
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
} as const;

const ecdsaSignatures = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
} as const;

function signatureAlgorithm(key: SigningKey, digest: Exclude<SignatureDigest, 'md5'>): Buffer {
  return key.publicKey.kind === 'rsa'
    ? algorithmWithNull(rsaSignatures[digest])
    : der.sequence(der.oid(ecdsaSignatures[digest]));
}
