/** Eight hex digits a group, as the NDES page writes thumbprints and people compare them. */
export function groupedHex(hex: string): string {
  return hex.match(/.{1,8}/g)?.join(' ') ?? '';
}
