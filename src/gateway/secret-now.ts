import type { ResolvedConfig } from '../config/index.js';
import { isGatewayError, GatewayError, type ErrorCode } from '../errors/index.js';

type SecretReference = Parameters<ResolvedConfig['readSecret']>[0];

/**
 * A secret that is read again and again, so that a new one needs no restart. It was there at the start: what
 * cannot be read now is being replaced, or its file system is away, and devices come again.
 *
 * @param code what cannot be used without it
 * @throws GatewayError of that code, which names the secret in its detail alone
 */
export async function secretNow(
  readSecret: ResolvedConfig['readSecret'],
  reference: SecretReference,
  code: Extract<ErrorCode, 'store.unavailable' | 'directory.unavailable'>,
): Promise<string> {
  try {
    return await readSecret(reference);
  } catch (cause) {
    if (!isGatewayError(cause) || cause.code !== 'config.unreadable') throw cause;
    // Where it is to be put is for the log, too: whoever calls the gateway is shown every mend.
    const detail = [cause.message, cause.mend].filter((part) => part !== undefined).join('; ');
    throw new GatewayError(code, 'A password cannot be read now.', { detail, cause });
  }
}
