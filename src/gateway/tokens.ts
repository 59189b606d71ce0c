import type { ResolvedConfig, TokenConfig } from '../config/index.js';
import { openTokens, type Tokens, type TokenSettings } from '../pkcs11/index.js';

/**
 * Of the configuration; without any, nothing native is loaded.
 * @param only the one of this name
 * @throws GatewayError `keys.*`
 */
export function openConfiguredTokens(
  { config, readSecret }: Pick<ResolvedConfig, 'config' | 'readSecret'>,
  only?: string,
): Promise<Tokens> {
  return openTokens(
    Object.entries(config.tokens)
      .filter(([name]) => only === undefined || only === name)
      .map(([name, token]) => tokenSettings(name, token, readSecret)),
  );
}

function tokenSettings(
  name: string,
  { pin, timeoutSeconds, ...token }: TokenConfig,
  readSecret: ResolvedConfig['readSecret'],
): TokenSettings {
  return {
    name,
    ...token,
    timeoutMillis: timeoutSeconds * 1000,
    readPin: async () => (pin ? readSecret(pin) : undefined),
  };
}
