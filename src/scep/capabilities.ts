/** GetCACaps (RFC 8894 §3.5.2), from what the profile lets in and what the gateway can do. */
import type { ScepProfile } from './scep-server.types.js';

/**
 * In the order that pleased every client tried: LF between lines, no empty line (strongSwan 5.9.8 takes
 * one for every capability), far below 1 KiB. SHA-384 stands there for strongSwan 5.9.8, which sees AES
 * and SHA-256 only beside it; GetNextCACert only while there is a next CA, since asking fails without one.
 */
export function capabilityLines(
  profile: Pick<ScepProfile, 'floor' | 'renewal' | 'rollover'>,
): string[] {
  const { digests, ciphers } = profile.floor;
  const aes = ciphers.includes('aes-128-cbc');
  const sha256 = digests.includes('sha256');
  const offers: readonly (readonly [string, boolean])[] = [
    ['AES', aes],
    ['DES3', ciphers.includes('des-ede3-cbc')],
    ['SHA-1', digests.includes('sha1')],
    ['SHA-256', sha256],
    ['SHA-384', digests.includes('sha384')],
    ['SHA-512', digests.includes('sha512')],
    // Stands for AES, SHA-256 and POST together.
    ['SCEPStandard', aes && sha256],
    ['POSTPKIOperation', true],
    ['Renewal', profile.renewal],
    ['GetNextCACert', profile.rollover() !== undefined],
  ];
  return offers.flatMap(([name, offered]) => (offered ? [name] : []));
}
