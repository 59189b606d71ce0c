import type { ResolvedConfig, TokenConfig } from '../config/index.js';
import { openTokens, type Tokens, type TokenSettings } from '../pkcs11/index.js';

/** Of the configuration; without any, nothing native is loaded. @throws GatewayError `keys.*` */
export function openConfiguredTokens(
  resolved: Pick<ResolvedConfig, 'config' | 'readSecret'>,
): Promise<Tokens> {
  return openTokens(configuredTokens(resolved));
}

export function configuredTokens({
  config,
  readSecret,
}: Pick<ResolvedConfig, 'config' | 'readSecret'>): TokenSettings[] {
  return Object.entries(config.tokens).map(([name, token]) =>
    tokenSettings(name, token, readSecret),
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
