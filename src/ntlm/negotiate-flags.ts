/** NEGOTIATE flags (MS-NLMP 2.2.2.5), those that are looked at or sent here. */
export const negotiateFlag = {
  unicode: 0x0000_0001,
  oem: 0x0000_0002,
  requestTarget: 0x0000_0004,
  sign: 0x0000_0010,
  seal: 0x0000_0020,
  ntlm: 0x0000_0200,
  domainSupplied: 0x0000_1000,
  workstationSupplied: 0x0000_2000,
  alwaysSign: 0x0000_8000,
  targetTypeServer: 0x0002_0000,
  extendedSessionSecurity: 0x0008_0000,
  targetInfo: 0x0080_0000,
  version: 0x0200_0000,
  strength128: 0x2000_0000,
  keyExchange: 0x4000_0000,
  strength56: 0x8000_0000,
} as const;

/** As an unsigned number: the highest bit is in use. */
export function joinFlags(...names: readonly (keyof typeof negotiateFlag)[]): number {
  return names.reduce((flags, name) => (flags | negotiateFlag[name]) >>> 0, 0);
}

export function hasFlags(
  flags: number,
  ...names: readonly (keyof typeof negotiateFlag)[]
): boolean {
  return names.every((name) => (flags & negotiateFlag[name]) !== 0);
}
