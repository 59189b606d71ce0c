/** Where private keys live. */
export type { KeyStore } from './key-store.js';
export { SoftwareKey, softwareSigningKey } from './software-key.js';
