/** The extensions that make a certificate a CA's or an RA's. */
import {
  basicConstraints,
  extendedKeyUsage,
  extendedKeyUsages,
  keyUsage,
  type Extension,
} from '../../x509/index.js';
import type { RaPurpose } from '../ra-keeper.js';

/** @param pathLength CAs that may stand below: 0 for a CA that issues to devices */
export function caExtensions(pathLength: number | undefined, isRecipient: boolean): Extension[] {
  return [
    basicConstraints({ ca: true, pathLength }),
    // digitalSignature as AD CS has it: replies may be signed by the CA itself.
    keyUsage([
      'digitalSignature',
      ...(isRecipient ? (['keyEncipherment'] as const) : []),
      'keyCertSign',
      'cRLSign',
    ]),
  ];
}

/**
 * The pair as NDES' templates "Exchange Enrollment Agent" and "CEP Encryption" have it; the single one
 * with serverAuth as well, which some Windows clients look for. Windows and macOS choose among the
 * certificates of GetCACert by exactly these usages.
 */
export function raExtensions(purpose: RaPurpose): Extension[] {
  switch (purpose) {
    case 'signing':
      return [keyUsage(['digitalSignature']), requestAgent];
    case 'encryption':
      return [keyUsage(['keyEncipherment']), requestAgent];
    case 'both':
      return [
        keyUsage(['digitalSignature', 'keyEncipherment']),
        extendedKeyUsage([extendedKeyUsages.serverAuth, extendedKeyUsages.certificateRequestAgent]),
      ];
  }
}

const requestAgent = extendedKeyUsage([extendedKeyUsages.certificateRequestAgent]);
