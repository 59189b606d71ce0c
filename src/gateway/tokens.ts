import type { ResolvedConfig, TokenConfig } from '../config/index.js';
import type { Tokens, TokenSettings } from '../pkcs11/index.js';

/** Tokens that are logged in. */
export type OpenTokens = Pick<Tokens, 'byName' | 'waiting' | 'close'>;

/** Of the configuration; without any, nothing of PKCS #11 is loaded. @throws GatewayError `keys.*` */
export async function openConfiguredTokens(
  resolved: Pick<ResolvedConfig, 'config' | 'readSecret'>,
): Promise<OpenTokens> {
  const settings = configuredTokens(resolved);
  if (settings.length === 0)
    return { byName: new Map(), waiting: 0, close: () => Promise.resolve() };
  const { openTokens } = await import('../pkcs11/index.js');
  return openTokens(settings);
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
