/**
 * All an authority remembers beside its keys: one JSON value, replaced as a whole. The schema reads and
 * writes it (dates as ISO 8601, certificates as base64 DER).
 */
import { z } from 'zod';
import { GatewayError } from '../../errors/index.js';
import { Certificate } from '../../x509/index.js';

const certificate = z.codec(
  z.base64(),
  z.custom<Certificate>((value) => value instanceof Certificate),
  {
    decode: (text) => Certificate.fromDer(Buffer.from(text, 'base64')),
    encode: ({ der }) => der.toString('base64'),
  },
);
const date = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (value) => value.toISOString(),
});
const number = z.int().min(0);

const keptCertificate = z.strictObject({ key: z.string().min(1), certificate });

const raPair = z.strictObject({
  imported: z.boolean(),
  /** From another CA, which also renews them. */
  enrolled: z.boolean().optional(),
  signing: keptCertificate,
  encryption: keptCertificate,
});

/** A key that waits for a certificate of another CA. */
const waitingRa = z.strictObject({
  purpose: z.enum(['signing', 'encryption', 'both']),
  key: z.string().min(1),
  csr: z.base64(),
  /** There, once it was sent. */
  requestId: z.string().optional(),
  /** From there, while another request still waits for its own. */
  certificate: certificate.optional(),
});

const caGeneration = z.strictObject({
  number,
  ca: keptCertificate,
  /** Nearest first, root last; empty when the CA is its own root. */
  above: z.array(certificate).readonly(),
  /** The key of the root in `above`, where it is ours. */
  root: z.strictObject({ number, key: z.string().min(1) }).optional(),
});
const publishedCa = caGeneration.extend({ ra: raPair });

const authorityRecord = z.strictObject({
  /** Grows when the meaning of a field changes. */
  format: z.literal(1),
  current: publishedCa,
  next: publishedCa.optional(),
  /** Newest first. */
  retired: z.array(caGeneration.extend({ retiredAt: date })).readonly(),
  /** Newest first. */
  replacedRa: z.array(keptCertificate.extend({ until: date })).readonly(),
  waitingRa: z.array(waitingRa).readonly().optional(),
  /** The last number given to a key in each role: none is used twice. */
  keyNumbers: z.strictObject({
    ca: number,
    root: number,
    'ra-sign': number,
    'ra-encrypt': number,
    ra: number,
  }),
});

/** A certificate of ours and the name its private key has in the key store. */
export type KeptCertificate = Readonly<z.output<typeof keptCertificate>>;
/** The RA certificates of one CA; signing and encryption are the same where one does both. */
export type RaPair = Readonly<z.output<typeof raPair>>;
export type WaitingRa = Readonly<z.output<typeof waitingRa>>;
/** One issuing CA and what stands above it; `number` counts the CAs of this authority from 1. */
export type CaGeneration = Readonly<z.output<typeof caGeneration>>;
/** A CA that GetCACert or GetNextCACert shows. */
export type PublishedCa = Readonly<z.output<typeof publishedCa>>;
export type AuthorityRecord = Readonly<z.output<typeof authorityRecord>>;

export function writeAuthorityRecord(record: AuthorityRecord): string {
  return JSON.stringify(z.encode(authorityRecord, record));
}

/** @throws GatewayError `store.schema` */
export function readAuthorityRecord(text: string): AuthorityRecord {
  try {
    return authorityRecord.parse(JSON.parse(text));
  } catch (cause) {
    throw new GatewayError('store.schema', 'The stored state of the CA cannot be read.', {
      cause,
      mend: 'It was written by a newer version or is damaged: upgrade, or restore the data directory from a backup.',
    });
  }
}
