import { z } from 'zod';

const schema = z.strictObject({
  format: z.literal('pkcs11'),
  /** In the configuration. */
  token: z.string(),
  /** CKA_LABEL and CKA_ID (lower-case hex) of the key. */
  label: z.string().optional(),
  id: z.string().optional(),
  /** Of the public key: another key under the same name is not taken for this one. */
  keyId: z.string(),
});

/** Which key of which token stands for a name, where the key store holds no key itself. */
export type TokenReference = Readonly<z.infer<typeof schema>>;

export function writeTokenReference(reference: TokenReference): Buffer {
  return Buffer.from(JSON.stringify(reference));
}

/** Undefined for a PKCS#8 key, which begins with a SEQUENCE. @throws ZodError, SyntaxError */
export function readTokenReference(stored: Buffer): TokenReference | undefined {
  return stored[0] === openingBrace ? schema.parse(JSON.parse(stored.toString('utf8'))) : undefined;
}

const openingBrace = 0x7b;
