/**
 * The crypto engine pkijs works with: native WebCrypto for all it has, @peculiar/webcrypto for DES-EDE3-CBC,
 * and the algorithm table of this room for the OIDs pkijs does not know. Passed to each call; pkijs'
 * global engine is never set, so two gateways can run in one process.
 */
import { hash, webcrypto } from 'node:crypto';
import { Crypto } from '@peculiar/webcrypto';
import { CryptoEngine } from 'pkijs';
import { ciphers, digests, type ContentCipher } from '../algorithms.js';

interface NamedAlgorithm {
  readonly name: string;
  /** Of the key, in bits. */
  readonly length?: number;
  readonly iv?: Uint8Array;
}

/** Node's types stand in for the DOM's, which this project does not load. */
interface LegacyCrypto {
  readonly subtle: webcrypto.SubtleCrypto;
}

export class GatewayEngine extends CryptoEngine {
  readonly #legacy: LegacyCrypto = new Crypto();

  constructor() {
    super({ name: 'scep-gateway', crypto: webcrypto });
  }

  /** CBC with PKCS#7 padding through WebCrypto. Rejects as the provider does. */
  async encryptContent(
    cipher: ContentCipher,
    key: Buffer,
    iv: Buffer,
    content: Buffer,
  ): Promise<Buffer> {
    const { subtle, name } = this.#provider(cipher);
    const imported = await subtle.importKey('raw', keyFor(cipher, key), name, false, ['encrypt']);
    return Buffer.from(await subtle.encrypt({ name, iv }, imported, content));
  }

  async decryptContent(
    cipher: ContentCipher,
    key: Buffer,
    iv: Buffer,
    encrypted: Buffer,
  ): Promise<Buffer> {
    const { subtle, name } = this.#provider(cipher);
    const imported = await subtle.importKey('raw', keyFor(cipher, key), name, false, ['decrypt']);
    return Buffer.from(await subtle.decrypt({ name, iv }, imported, encrypted));
  }

  /** WebCrypto has no MD5; a peer whose profile lets MD5 in needs it all the same. */
  override async digest(
    algorithm: string | NamedAlgorithm,
    data: webcrypto.BufferSource,
  ): Promise<ArrayBuffer> {
    const name = typeof algorithm === 'string' ? algorithm : algorithm.name;
    if (name.toUpperCase() !== 'MD5') return webcrypto.subtle.digest(name, data);
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    return new Uint8Array(hash('md5', bytes, 'buffer')).buffer;
  }

  override getAlgorithmByOID(oid: string, safety = false, target?: string): NamedAlgorithm {
    const own = ownAlgorithms.find((algorithm) => algorithm.oid === oid);
    if (own) return { name: own.name, ...(own.length !== undefined && { length: own.length }) };
    return super.getAlgorithmByOID(oid, safety, target) as NamedAlgorithm;
  }

  override getOIDByAlgorithm(algorithm: NamedAlgorithm, safety = false, target?: string): string {
    const name = algorithm.name.toUpperCase();
    const own = ownAlgorithms.find((candidate) => candidate.name === name);
    return own?.oid ?? super.getOIDByAlgorithm(algorithm, safety, target);
  }

  #provider(cipher: ContentCipher): { subtle: webcrypto.SubtleCrypto; name: string } {
    return cipher.startsWith('aes')
      ? { subtle: webcrypto.subtle, name: 'AES-CBC' }
      : { subtle: this.#legacy.subtle, name: 'DES-EDE3-CBC' };
  }
}

/** DES-EDE3 with K|K|K is single DES, which @peculiar/webcrypto cannot name. */
function keyFor(cipher: ContentCipher, key: Buffer): Buffer {
  return cipher === 'des-cbc' ? Buffer.concat([key, key, key]) : key;
}

/** What pkijs 3.4 cannot name; lengths in bits. */
const ownAlgorithms: readonly { oid: string; name: string; length?: number }[] = [
  { oid: ciphers['des-ede3-cbc'].oid, name: 'DES-EDE3-CBC', length: 192 },
  { oid: ciphers['des-cbc'].oid, name: 'DES-CBC', length: 64 },
  { oid: digests.md5.oid, name: 'MD5' },
];
