import { parseBer } from '../asn1/index.js';
import type { PublicKey } from '../x509/index.js';
import { PolicyRefusal } from './policy-refusal.js';
import type { CsrPolicy } from './policy-types.js';

export function decideKey(key: PublicKey, policy: Pick<CsrPolicy, 'rsaBits' | 'ecCurves'>): void {
  if (key.kind === 'rsa') {
    decideRsa(key, policy);
    return;
  }
  if (key.curve !== undefined && policy.ecCurves.includes(key.curve)) return;
  throw new PolicyRefusal(
    'policy.key',
    `A key of type ${key.description} is not accepted here; this profile takes ${accepted(policy)}.`,
  );
}

function decideRsa(key: PublicKey, policy: Pick<CsrPolicy, 'rsaBits' | 'ecCurves'>): void {
  const { min, max } = policy.rsaBits;
  if (key.bits < min || key.bits > max) {
    const problem = key.bits < min ? 'too small' : 'too large';
    throw new PolicyRefusal(
      'policy.key',
      `The key, ${key.description}, is ${problem}; this profile takes ${accepted(policy)}. Change the key size in the device's SCEP settings.`,
    );
  }
  if (!hasSoundExponent(key)) {
    throw new PolicyRefusal(
      'policy.key',
      'The public exponent of the RSA key is even or smaller than 3.',
    );
  }
}

/** With e = 1 anybody has the private key; an even e has none. */
function hasSoundExponent(key: PublicKey): boolean {
  const exponent = parseBer(parseBer(key.spki).child(1).bits()).child(1).integerBytes();
  const last = exponent[exponent.length - 1] ?? 0;
  const isOne = last === 1 && exponent.subarray(0, -1).every((octet) => octet === 0);
  return (last & 1) === 1 && !isOne && (exponent[0] ?? 0x80) < 0x80;
}

function accepted({ rsaBits, ecCurves }: Pick<CsrPolicy, 'rsaBits' | 'ecCurves'>): string {
  return [`RSA ${rsaBits.min} to ${rsaBits.max}`, ...ecCurves.map((curve) => `EC ${curve}`)].join(
    ', ',
  );
}
