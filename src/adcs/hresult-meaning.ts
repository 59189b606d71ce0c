import { hresultText, win32Code, type Hresult } from './hresult.js';
import { certsrvEntries } from './hresult-certsrv.js';
import { configuration, permanent, transient, type HresultEntry } from './hresult-entry.js';
import { windowsEntries } from './hresult-windows.js';

/** Every failure that AD CS is known to answer with. */
export const hresultTable: ReadonlyMap<Hresult, HresultEntry> = new Map([
  ...certsrvEntries,
  ...windowsEntries,
]);

/** What a failure means: by the table, else by the component that its facility names (MS-ERREF §2.1). */
export function meaningOf(hresult: Hresult): HresultEntry {
  return hresultTable.get(hresult) ?? fallback(hresult);
}

function fallback(hresult: Hresult): HresultEntry {
  const name = hresultText(hresult);
  const look = `Look ${name} up with certutil -error ${name}, and into the event log of the CA.`;
  const win32 = win32Code(hresult);
  if (win32 !== undefined) return win32Fallback(name, win32, look);
  if (isDatabase(hresult)) return transient(name, 'the database of the CA failed', look);
  switch (facilityOf(hresult)) {
    case facility.rpc:
      return { ...transient(name, 'the call to the CA failed', look), mayHaveHappened: true };
    case facility.security:
      return securityFallback(name, hresult, look);
    case facility.certificate:
      return configuration(name, 'a certificate in the chain was rejected', look);
    default:
      return configuration(name, 'the CA failed for a reason unknown to the gateway', look);
  }
}

const facility = { rpc: 1, security: 9, certificate: 11 } as const;

function facilityOf(hresult: Hresult): number {
  return (hresult >>> 16) & 0x7ff;
}

/** 0xC8000000 and what follows: errors of the ESE database under the CA. */
function isDatabase(hresult: Hresult): boolean {
  return (hresult & 0xffff_0000) >>> 0 === 0xc800_0000;
}

function securityFallback(name: string, hresult: Hresult, look: string): HresultEntry {
  const code = hresult & 0xffff;
  // 0x8009003x… 0x800903xx are sign-in (SEC_E), 0x800931xx ASN.1 (CRYPT_E_ASN1), 0x80094xxx CERTSRV.
  if (code >= 0x0300 && code <= 0x03ff) {
    return { ...configuration(name, 'the sign-in of the gateway failed', look), login: true };
  }
  if (code >= 0x3000 && code <= 0x31ff) {
    return permanent(name, 'the CA cannot read the request', look);
  }
  if (code >= 0x4000 && code <= 0x4fff) {
    return permanent(name, 'the CA refused the request', look);
  }
  return configuration(name, 'a cryptographic operation of the CA failed', look);
}

function win32Fallback(name: string, code: number, look: string): HresultEntry {
  if (within(code, win32Ranges.rpc)) {
    return { ...transient(name, 'the call to the CA failed', look), mayHaveHappened: true };
  }
  if (win32Ranges.network.some((range) => within(code, range))) {
    return transient(name, 'the CA cannot be reached', look);
  }
  return configuration(name, 'Windows reported an error at the CA', look);
}

type Range = readonly [number, number];

function within(code: number, [first, last]: Range): boolean {
  return code >= first && code <= last;
}

/** MS-ERREF §2.2. */
const win32Ranges: { readonly rpc: Range; readonly network: readonly Range[] } = {
  rpc: [1700, 1831],
  network: [
    [50, 71],
    [1219, 1240],
    [9001, 9999],
    [10_004, 11_031],
    [12_001, 12_175],
  ],
};
