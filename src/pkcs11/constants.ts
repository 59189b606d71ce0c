/** Numbers of PKCS #11 v2.40 (OASIS, pkcs11t.h) as far as we use them. */

export const objectClasses = { publicKey: 2, privateKey: 3 } as const;

export const keyTypes = { rsa: 0 } as const;

/** CKM_…: mechanisms. */
export const mechanisms = {
  rsaKeyPairGeneration: 0x0,
  /** PKCS #1 v1.5: signs a DigestInfo that the caller made. */
  rsaPkcs: 0x1,
  /** Raw RSA: the caller pads and unpads. */
  rsaX509: 0x3,
} as const;

/** CKA_…: attributes. */
export const attributeTypes = {
  class: 0x0,
  token: 0x1,
  private: 0x2,
  label: 0x3,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  encrypt: 0x104,
  decrypt: 0x105,
  wrap: 0x106,
  unwrap: 0x107,
  sign: 0x108,
  verify: 0x10a,
  modulus: 0x120,
  modulusBits: 0x121,
  publicExponent: 0x122,
  privateExponent: 0x123,
  prime1: 0x124,
  prime2: 0x125,
  exponent1: 0x126,
  exponent2: 0x127,
  coefficient: 0x128,
  extractable: 0x162,
  alwaysAuthenticate: 0x202,
} as const;

/** CKF_… of CK_TOKEN_INFO. */
export const tokenFlags = {
  loginRequired: 0x4,
  userPinInitialized: 0x8,
  protectedAuthenticationPath: 0x100,
  initialized: 0x400,
  userPinFinalTry: 0x20000,
  userPinLocked: 0x40000,
} as const;

/** CKF_… of C_OpenSession, C_Initialize and CK_MECHANISM_INFO. */
export const sessionFlags = { readWrite: 0x2, serial: 0x4 } as const;
export const osLockingOk = 0x2;
export const mechanismFlags = { decrypt: 0x200, sign: 0x800, generateKeyPair: 0x10000 } as const;

/** CKU_USER */
export const normalUser = 1;
