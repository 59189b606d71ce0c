import { z } from 'zod';
import { Certificate } from '../x509/index.js';

/** What an upstream server said of itself when it was asked last: kept, so that it may be down at a start. */
export interface CaRecord {
  readonly caps: { readonly contentType: string; readonly body: Buffer };
  readonly caCert: { readonly contentType: string; readonly body: Buffer };
  readonly fetchedAt: Date;
  /** Issuing CAs it had before, newest first. */
  readonly replaced: readonly Certificate[];
}

const content = z.strictObject({ contentType: z.string(), body: z.base64() });

const schema = z.strictObject({
  format: z.literal(1),
  caps: content,
  caCert: content,
  fetchedAt: z.iso.datetime(),
  replaced: z.array(z.base64()),
});

export function writeCaRecord({ caps, caCert, fetchedAt, replaced }: CaRecord): string {
  const text = ({ contentType, body }: CaRecord['caps']) => ({
    contentType,
    body: body.toString('base64'),
  });
  const record: z.infer<typeof schema> = {
    format: 1,
    caps: text(caps),
    caCert: text(caCert),
    fetchedAt: fetchedAt.toISOString(),
    replaced: replaced.map(({ der }) => der.toString('base64')),
  };
  return JSON.stringify(record);
}

/** Undefined for what cannot be read: it is fetched anew then. */
export function readCaRecord(text: string): CaRecord | undefined {
  try {
    const { caps, caCert, fetchedAt, replaced } = schema.parse(JSON.parse(text));
    const octets = ({ contentType, body }: z.infer<typeof content>) => ({
      contentType,
      body: Buffer.from(body, 'base64'),
    });
    return {
      caps: octets(caps),
      caCert: octets(caCert),
      fetchedAt: new Date(fetchedAt),
      replaced: replaced.map((der) => Certificate.fromDer(Buffer.from(der, 'base64'))),
    };
  } catch {
    return undefined;
  }
}
