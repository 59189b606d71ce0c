/** Under which an authority keeps its record; its CRLs and chains stand under longer ones. */
export function stateKeyOf(issuer: string): string {
  return `issuer.${issuer}`;
}
