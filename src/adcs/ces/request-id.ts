/**
 * A string as far as MS-WSTEP goes (§3.1.4.1.2.4); the 32 bits of AD CS in decimal where CES is Microsoft's.
 * What this refuses is an id of nobody, and has no place in a record.
 */
export function isRequestId(text: string): boolean {
  return /^[!-~]{1,64}$/.test(text);
}
