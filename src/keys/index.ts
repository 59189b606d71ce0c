/** Where private keys live. */
export { DirectoryShelf } from './directory-shelf.js';
export { syncDirectory } from './durable-file.js';
export { FileKeyStore } from './file-key-store.js';
export { ensureGeneratedPassphrase, generatedPassphrase } from './generated-passphrase.js';
export type { ImportedIdentity, KeyPurpose } from './imported-identity.js';
export type { KeyStore } from './key-store.js';
export { holdsKeys, SealedKeyStore } from './sealed-key-store.js';
export { sealFile } from './sealed-secrets.js';
export type { SecretShelf } from './secret-shelf.js';
export type { SecretSource } from './secret-source.js';
export { importPem } from './pem-import.js';
export { requireFewKeyRounds } from './pem-rounds.js';
export { importPfx } from './pfx-import.js';
export { generatedPassphraseCost, type ScryptCost } from './sealing-key.js';
export { importedCertificates } from './pem-import.js';
export { PlacedKeyStore, type KeyPlace } from './placed-key-store.js';
export { TokenKey } from './token-key.js';
export { SoftwareKey } from './software-key.js';
