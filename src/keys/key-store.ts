/** Where private keys live. The file store is the default; `PlacedKeyStore` keeps keys in PKCS #11 tokens as well. */
import type { RsaKey } from '../x509/index.js';

export interface KeyStore {
  /** @throws GatewayError `keys.unreadable` (missing, damaged) or `keys.passphrase` (wrong passphrase) */
  load(name: string): Promise<RsaKey>;
  has(name: string): Promise<boolean>;
  /** Makes and keeps an RSA key; refuses to overwrite. */
  generate(name: string, bits: 2048 | 3072 | 4096): Promise<RsaKey>;
  /** Keeps an imported PKCS#8 key (PEM, unencrypted in memory); refuses to overwrite. */
  import(name: string, pkcs8Pem: string): Promise<RsaKey>;
}
