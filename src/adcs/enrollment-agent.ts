import { isGatewayError } from '../errors/index.js';
import {
  extensionOids,
  readApplicationPolicies,
  readExtendedKeyUsage,
  readKeyUsage,
  type Certificate,
} from '../x509/index.js';

/**
 * Why a CA would not take the signature of this enrollment agent; undefined when nothing speaks against it.
 *
 * @param policy OID of the application policy that the template demands of its signers
 * @returns a sentence
 */
export function faultOfAgent(agent: Certificate, policy: string, now: Date): string | undefined {
  const use = faultOfUse(agent, policy);
  if (use !== undefined) return use;
  const name = nameOf(agent);
  if (agent.notAfter <= now) return `${name} expired on ${agent.notAfter.toISOString()}.`;
  if (agent.notBefore > now) {
    return `${name} is valid only from ${agent.notBefore.toISOString()} on.`;
  }
  return undefined;
}

/** What of this lasts as long as the certificate. @returns a sentence */
export function faultOfUse(agent: Certificate, policy: string): string | undefined {
  const name = nameOf(agent);
  const usage = agent.extension(extensionOids.keyUsage);
  // Without the extension every use is allowed (RFC 5280 §4.2.1.3).
  if (usage && !readOr([], () => readKeyUsage(usage)).includes('digitalSignature')) {
    return `${name} has a certificate whose key usage lacks digitalSignature.`;
  }
  const policies = agent.extension(extensionOids.msApplicationPolicies);
  // Windows looks at the extended key usage only where there are no application policies.
  if (policies) {
    return readOr([], () => readApplicationPolicies(policies)).includes(policy)
      ? undefined
      : `${name} has a certificate without the application policy ${policy}.`;
  }
  const extended = agent.extension(extensionOids.extendedKeyUsage);
  return extended && readOr([], () => readExtendedKeyUsage(extended)).includes(policy)
    ? undefined
    : `${name} has a certificate without the extended key usage ${policy}.`;
}

function nameOf({ subject }: Certificate): string {
  return `The enrollment agent ${subject.text.slice(0, 200)}`;
}

function readOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isGatewayError(error)) return otherwise;
    throw error;
  }
}
