/** Private keys in tokens behind PKCS #11 modules: SoftHSM, network and USB devices. */
export { openTokens, Tokens } from './tokens.js';
export type { Token } from './token.js';
export {
  addressText,
  destroyRsaKey,
  findRsaKey,
  generateRsaKey,
  importRsaKey,
  type RsaPrivateNumbers,
  type TokenRsaKey,
} from './token-rsa-key.js';
export { describeToken, type TokenDescription } from './token-description.js';
export type { KeyAddress, RsaKeyUsage, TokenSettings } from './token.types.js';
