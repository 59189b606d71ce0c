/** HRESULT of a Windows API (MS-ERREF §2.1) as an unsigned number of 32 bits, the one form used in this gateway. */
export type Hresult = number;

const win32Facility = 0x8007_0000;

/**
 * Any spelling of a failure as an HRESULT: signed decimal (WSTEP, SCEP attributes), unsigned, or a bare
 * Win32 code of up to 16 bits, which is wrapped as HRESULT_FROM_WIN32 does.
 *
 * @returns undefined for zero (success) and for what is no 32-bit integer
 */
export function toHresult(value: number): Hresult | undefined {
  if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0xffff_ffff) return undefined;
  const unsigned = value >>> 0;
  if (unsigned === 0) return undefined;
  return unsigned <= 0xffff ? (win32Facility | unsigned) >>> 0 : unsigned;
}

/** The first `0x` number of eight hex digits in a text, as AD CS writes HRESULTs in every language. */
export function hresultInText(text: string): Hresult | undefined {
  const found = /\b0x([0-9a-fA-F]{8})\b/.exec(text)?.[1];
  return found === undefined ? undefined : toHresult(Number.parseInt(found, 16));
}

/** `0x80094811`. */
export function hresultText(hresult: Hresult): string {
  return `0x${hresult.toString(16).padStart(8, '0')}`;
}

/** The Win32 code inside, where it is a wrapped one. */
export function win32Code(hresult: Hresult): number | undefined {
  return (hresult & 0xffff_0000) >>> 0 === win32Facility ? hresult & 0xffff : undefined;
}
