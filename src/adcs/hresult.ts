/** HRESULT of a Windows API (MS-ERREF §2.1) as an unsigned number of 32 bits, the one form used in this gateway. */
export type Hresult = number;

const win32Facility = 0x8007_0000;

/**
 * What an HRESULT says of a failure, signed (WSTEP) or unsigned: the one rule for every place where AD CS
 * writes one. A code of success (highest bit clear, MS-ERREF §2.1: S_OK, S_FALSE, a bare Win32 code) is no
 * reason for anything.
 *
 * @returns undefined for success, and for what is no 32-bit integer
 */
export function failureCode(value: number): Hresult | undefined {
  if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0xffff_ffff) return undefined;
  const unsigned = value >>> 0;
  return unsigned >= 0x8000_0000 ? unsigned : undefined;
}

/** The first failure among the `0x` numbers of eight hex digits in a text, as AD CS writes them in every language. */
export function hresultInText(text: string): Hresult | undefined {
  for (const [, digits = ''] of text.matchAll(/\b0x([0-9a-fA-F]{8})\b/g)) {
    const hresult = failureCode(Number.parseInt(digits, 16));
    if (hresult !== undefined) return hresult;
  }
  return undefined;
}

/** HRESULT_FROM_WIN32, for where a protocol carries Win32 codes. @param code of 16 bits, not 0 */
export function hresultOfWin32(code: number): Hresult {
  return (win32Facility | code) >>> 0;
}

/** `0x80094811`. */
export function hresultText(hresult: Hresult): string {
  return `0x${hresult.toString(16).padStart(8, '0')}`;
}

/** The Win32 code inside, where it is a wrapped one. */
export function win32Code(hresult: Hresult): number | undefined {
  return (hresult & 0xffff_0000) >>> 0 === win32Facility ? hresult & 0xffff : undefined;
}
