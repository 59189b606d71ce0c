/** RSA private keys in a token: found, made, imported, used. */
import { GatewayError, isGatewayError } from '../errors/index.js';
import { keyTypes, mechanismFlags, mechanisms, objectClasses } from './constants.js';
import type { ObjectHandle } from './cryptoki.js';
import { Pkcs11Failure } from './return-value.js';
import type { Template } from './structure.js';
import { refusedByToken, unavailable, withRefusalTold } from './token-fault.js';
import type { Token } from './token.js';
import type { KeyAddress, RsaKeyUsage, TokenSession } from './token.types.js';

/** What a token tells of a private key. */
export interface TokenKeyFacts {
  /** Big-endian. */
  readonly modulus: Buffer;
  readonly publicExponent: Buffer;
  readonly canSign: boolean;
  readonly canDecrypt: boolean;
  /** True where the token would hand the key out, wrapped or plain; undefined where it does not tell. */
  readonly isExtractable: boolean | undefined;
}

/** An RSA private key that stays in its token. */
export class TokenRsaKey {
  #object: { readonly login: number; readonly handle: ObjectHandle } | undefined;

  constructor(
    readonly token: Token,
    private readonly address: KeyAddress,
    readonly facts: TokenKeyFacts,
  ) {}

  /**
   * RSASSA-PKCS1-v1_5 over a DER DigestInfo.
   * @throws GatewayError `keys.unavailable`, `keys.token`
   */
  sign(digestInfo: Buffer): Promise<Buffer> {
    return this.#use('sign', mechanisms.rsaPkcs, digestInfo);
  }

  /**
   * RSADP of a ciphertext as long as the modulus; the token may leave out zeros in front.
   * @throws GatewayError `keys.unavailable`, `keys.token`; Pkcs11Failure for a ciphertext that it refuses
   */
  rawDecrypt(ciphertext: Buffer): Promise<Buffer> {
    return this.#use('decrypt', mechanisms.rsaX509, ciphertext);
  }

  async #use(operation: 'sign' | 'decrypt', mechanism: number, input: Buffer): Promise<Buffer> {
    const mostOctets = this.facts.modulus.length;
    try {
      return await this.token.run(async (session) => {
        const key = await this.#handle(session);
        return session.cryptoki[operation](session.handle, key, { mechanism, input, mostOctets });
      });
    } catch (error) {
      if (isGatewayError(error)) throw error;
      // Else a fault of this process, such as no memory, would be taken for one of the ciphertext.
      if (!(error instanceof Pkcs11Failure))
        throw unavailable(this.token, 'cannot be asked', error);
      if (operation === 'decrypt' && ciphertextFaults.has(error.returned)) throw error;
      throw refusedByToken(this.token, `${operation} with ${addressText(this.address)}`, error);
    }
  }

  /** Handles are looked up again after each login. */
  async #handle(session: TokenSession): Promise<ObjectHandle> {
    if (this.#object?.login === session.login) return this.#object.handle;
    const handle = await findPrivateKey(this.token, session, this.address);
    if (handle === undefined) throw new Pkcs11Failure('C_FindObjects', objectHandleInvalid);
    this.#object = { login: session.login, handle };
    return handle;
  }
}

const objectHandleInvalid = 0x82;

const ciphertextFaults: ReadonlySet<unknown> = new Set([
  'CKR_ENCRYPTED_DATA_INVALID',
  'CKR_ENCRYPTED_DATA_LEN_RANGE',
  'CKR_DATA_INVALID',
]);

/** Undefined where the token has no such key. @throws GatewayError `keys.*` */
export async function findRsaKey(
  token: Token,
  address: KeyAddress,
): Promise<TokenRsaKey | undefined> {
  const reading = token.run(async (session) => {
    const handle = await findPrivateKey(token, session, address);
    return handle === undefined ? undefined : readFacts(token, session, address, handle);
  });
  const facts = await withRefusalTold(token, `show ${addressText(address)}`, reading);
  return facts && new TokenRsaKey(token, address, facts);
}

async function findPrivateKey(
  token: Token,
  { cryptoki, handle }: TokenSession,
  address: KeyAddress,
): Promise<ObjectHandle | undefined> {
  const template: Template = {
    class: objectClasses.privateKey,
    keyType: keyTypes.rsa,
    ...objectName(address),
  };
  const [found, other] = await cryptoki.findObjects(handle, template, 2);
  if (other === undefined) return found;
  throw new GatewayError(
    'keys.token',
    `The token ${token.name} has several RSA keys with ${addressText(address)}.`,
    { mend: 'Name the one by its `id` as well (CKA_ID), or remove the others.' },
  );
}

async function readFacts(
  token: Token,
  { cryptoki, handle: session, slot }: TokenSession,
  address: KeyAddress,
  handle: ObjectHandle,
): Promise<TokenKeyFacts> {
  const key = await cryptoki.attributes(session, handle, [
    'modulus',
    'publicExponent',
    'sign',
    'decrypt',
    'extractable',
    'alwaysAuthenticate',
  ]);
  const known =
    key.modulus && key.publicExponent
      ? key
      : { ...key, ...(await readPublicKey({ cryptoki, handle: session }, address)) };
  const { modulus, publicExponent } = known;
  if (!modulus || !publicExponent) {
    throw new GatewayError(
      'keys.token',
      `The token ${token.name} does not tell the public key of ${addressText(address)}.`,
      { mend: 'Keep the public key object beside the private one, with the same label and id.' },
    );
  }
  if (isSet(key.alwaysAuthenticate)) {
    throw new GatewayError(
      'keys.token',
      `The token ${token.name} wants the PIN for each use of ${addressText(address)}.`,
      { mend: 'Make a key without CKA_ALWAYS_AUTHENTICATE: a server cannot ask for the PIN.' },
    );
  }
  const raw = await cryptoki.mechanism(slot, mechanisms.rsaX509);
  return {
    modulus: withoutZeros(modulus),
    publicExponent: withoutZeros(publicExponent),
    canSign: isSet(key.sign),
    canDecrypt: isSet(key.decrypt) && ((raw?.flags ?? 0) & mechanismFlags.decrypt) !== 0,
    isExtractable: key.extractable?.length === 1 ? isSet(key.extractable) : undefined,
  };
}

async function readPublicKey(
  { cryptoki, handle }: Pick<TokenSession, 'cryptoki' | 'handle'>,
  address: KeyAddress,
): Promise<{ modulus?: Buffer; publicExponent?: Buffer }> {
  const template = {
    class: objectClasses.publicKey,
    keyType: keyTypes.rsa,
    ...objectName(address),
  };
  const [found] = await cryptoki.findObjects(handle, template, 1);
  return found === undefined
    ? {}
    : cryptoki.attributes(handle, found, ['modulus', 'publicExponent']);
}

/** Makes a key that never leaves the token. @throws GatewayError `keys.*` */
export async function generateRsaKey(
  token: Token,
  address: Required<KeyAddress>,
  { bits, usage }: { readonly bits: number; readonly usage: RsaKeyUsage },
): Promise<void> {
  const opens = usage === 'sign-and-decrypt';
  const name = objectName(address);
  await write(token, 'make an RSA key', ({ cryptoki, handle }) =>
    cryptoki.generateKeyPair(handle, mechanisms.rsaKeyPairGeneration, {
      public: {
        token: true,
        ...name,
        verify: true,
        encrypt: opens,
        wrap: false,
        modulusBits: bits,
        publicExponent: Buffer.from([1, 0, 1]),
      },
      private: { ...guarded, ...name, sign: true, decrypt: opens },
    }),
  );
}

/** Numbers of an RSA private key (RFC 8017, section 3.2), big-endian. A secret: never log. */
export interface RsaPrivateNumbers {
  readonly modulus: Buffer;
  readonly publicExponent: Buffer;
  readonly privateExponent: Buffer;
  readonly prime1: Buffer;
  readonly prime2: Buffer;
  readonly exponent1: Buffer;
  readonly exponent2: Buffer;
  readonly coefficient: Buffer;
}

/** Puts a key from outside into the token; many of those in FIPS mode refuse. @throws GatewayError `keys.*` */
export async function importRsaKey(
  token: Token,
  address: Required<KeyAddress>,
  { numbers, usage }: { readonly numbers: RsaPrivateNumbers; readonly usage: RsaKeyUsage },
): Promise<void> {
  await write(token, 'take a key from outside', ({ cryptoki, handle }) =>
    cryptoki.createObject(handle, {
      class: objectClasses.privateKey,
      keyType: keyTypes.rsa,
      ...guarded,
      ...objectName(address),
      sign: true,
      decrypt: usage === 'sign-and-decrypt',
      ...numbers,
    }),
  );
}

/** Takes a key that nobody came to use away, with its public key. @throws GatewayError `keys.*` */
export async function destroyRsaKey(token: Token, address: Required<KeyAddress>): Promise<void> {
  await write(token, 'destroy a key', async ({ cryptoki, handle }) => {
    for (const type of [objectClasses.privateKey, objectClasses.publicKey]) {
      const template = { class: type, ...objectName(address) };
      for (const object of await cryptoki.findObjects(handle, template, 2))
        await cryptoki.destroyObject(handle, object);
    }
  });
}

function write(
  token: Token,
  doing: string,
  work: (session: TokenSession) => Promise<void>,
): Promise<void> {
  return withRefusalTold(token, doing, token.run(work, { writing: true }));
}

/** Of a private key: kept, used after login only, never handed out, and not for keys of others. */
const guarded: Template = {
  token: true,
  private: true,
  sensitive: true,
  extractable: false,
  unwrap: false,
};

function objectName({ label, id }: KeyAddress): Template {
  return {
    ...(label !== undefined && { label }),
    ...(id !== undefined && { id: Buffer.from(id, 'hex') }),
  };
}

/** `the label "ca" and the id 01ab` */
export function addressText({ label, id }: KeyAddress): string {
  return [
    ...(label === undefined ? [] : [`the label ${JSON.stringify(label)}`]),
    ...(id === undefined ? [] : [`the id ${id}`]),
  ].join(' and ');
}

function isSet(value: Buffer | undefined): boolean {
  return value?.[0] === 1;
}

function withoutZeros(number: Buffer): Buffer {
  const start = number.findIndex((octet) => octet !== 0);
  return number.subarray(Math.max(start, 0));
}
