/** `ENOENT`, `ERR_OSSL_BAD_DECRYPT` and their kin; undefined for what carries no such code. */
export function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
