import { isGatewayError } from '../errors/index.js';
import { extensionOids, readExtendedKeyUsage, type Certificate } from '../x509/index.js';

/**
 * Why a CA would not take the signature of this enrollment agent; undefined when nothing speaks against it.
 *
 * @param policy OID of the application policy that the template demands of its signers
 * @returns a sentence
 */
export function faultOfAgent(agent: Certificate, policy: string, now: Date): string | undefined {
  const name = `The enrollment agent ${agent.subject.text.slice(0, 200)}`;
  if (!hasPolicy(agent, policy)) {
    return `${name} has a certificate without the extended key usage ${policy}.`;
  }
  if (agent.notAfter <= now) return `${name} expired on ${agent.notAfter.toISOString()}.`;
  if (agent.notBefore > now) {
    return `${name} is valid only from ${agent.notBefore.toISOString()} on.`;
  }
  return undefined;
}

/** Windows takes the extended key usage for the application policies where there is nothing else. */
export function hasPolicy(certificate: Certificate, policy: string): boolean {
  const usage = certificate.extension(extensionOids.extendedKeyUsage);
  try {
    return usage !== undefined && readExtendedKeyUsage(usage).includes(policy);
  } catch (error) {
    if (isGatewayError(error) || error instanceof RangeError) return false;
    throw error;
  }
}
