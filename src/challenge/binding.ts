import { GatewayError } from '../errors/index.js';
import type { ChallengeBinding } from '../store/index.js';
import type { ChallengeOrder, ChallengeUse } from './challenge-service.types.js';
import type { ChallengeSource } from './challenge-source.js';
import { namesDevice } from './device.js';
import { foldKeyId, foldSan, foldSubject } from './folding.js';
import { isAddressRange, isRequester } from './requester.js';

/**
 * What does not fit, for the audit record; undefined when the challenge opens for this use. A member that
 * is absent binds nothing.
 */
export function bindingMismatch(binding: ChallengeBinding, use: ChallengeUse): string | undefined {
  const { profile, subject, san, key, requester, device } = binding;
  if (profile !== undefined && profile !== use.profile)
    return `bound to profile ${profile}, used in ${use.profile}`;
  if (subject !== undefined && foldSubject(subject) !== foldSubject(use.subject))
    return `bound to subject ${subject}, used for ${use.subject}`;
  if (san !== undefined) {
    const mismatch = sanMismatch(san, use);
    if (mismatch !== undefined) return mismatch;
  }
  if (key !== undefined && foldKeyId(key) !== foldKeyId(use.keyId))
    return `bound to key ${key}, used for ${use.keyId}`;
  if (requester !== undefined && !isRequester(requester, use.address))
    return `bound to requester ${requester}, used from ${use.address}`;
  if (device !== undefined && !namesDevice(device, use))
    return `bound to device ${device.join(' or ')}, used for ${use.subject}`;
  return undefined;
}

/**
 * @throws GatewayError `challenge.binding` for a binding that could never fit: better said when the
 * challenge is made than when a device fails
 */
export function requireUsable(binding: ChallengeBinding): void {
  if (binding.requester !== undefined && !isAddressRange(binding.requester))
    throw unusable(`"${binding.requester}" is neither an address nor a CIDR such as 192.0.2.0/24.`);
  if (binding.key !== undefined && !/^[0-9a-f]{64}$/.test(foldKeyId(binding.key)))
    throw unusable('The key is given as the SHA-256 of its SubjectPublicKeyInfo, 64 hex digits.');
  const unknown = binding.san?.find(
    (entry) => !/^\s*(dns|email|upn|uri|ip|directory|other):/i.test(entry),
  );
  if (unknown !== undefined)
    throw unusable(
      `"${unknown}" does not say its kind: dns:host, email:a@b, upn:u@d, uri:…, ip:….`,
    );
}

/** @throws GatewayError `challenge.binding` for what a challenge of upstream cannot promise */
export function requireRelayable(
  { binding, maxUses }: Pick<ChallengeOrder, 'binding' | 'maxUses'>,
  { checksBindings }: Pick<ChallengeSource, 'checksBindings'>,
): void {
  if (maxUses !== 1)
    throw unusable('The upstream server makes it, and makes it good for one enrollment.');
  const bound = Object.keys(binding).some((member) => member !== 'profile');
  if (!checksBindings && bound)
    throw unusable('Messages of this profile pass sealed, so a binding cannot be checked here.');
}

/**
 * Every SAN of the request must be listed, and one at least be there unless it gets them all; an empty list
 * allows none.
 */
function sanMismatch(
  listed: readonly string[],
  { san: asked, sanIsAdded = false }: ChallengeUse,
): string | undefined {
  if (listed.length > 0 && asked.length === 0 && !sanIsAdded)
    return `bound to ${listed.join(', ')}, used without SAN`;
  const known = new Set(listed.map(foldSan));
  const stranger = asked.find((entry) => !known.has(foldSan(entry)));
  return stranger === undefined ? undefined : `${stranger} is not among the SANs it is bound to`;
}

function unusable(text: string): GatewayError {
  return new GatewayError('challenge.binding', `No challenge can be bound like this: ${text}`);
}
