import type { CheckedConfig } from './checked-config.js';
import { problemAt, type ConfigProblem } from './problem.js';

/** What was written for NTLM and would have no effect. */
export function checkSignIn({ config }: CheckedConfig): ConfigProblem[] {
  const { ntlm } = config.access.signIn;
  const strict = (['channelBinding', 'mic'] as const).filter((key) => ntlm[key] === 'required');
  return [
    ...strict.flatMap((key) =>
      ntlm.enabled
        ? []
        : problemAt(
            ['access', 'signIn', 'ntlm', key],
            'is required, and NTLM is off',
            'write `enabled: true` beside it, or remove the key',
          ),
    ),
    ...config.listeners.flatMap(({ ntlmBehindProxies, clientAddress }, index) => {
      if (ntlmBehindProxies === 'refused' || clientAddress.trustedProxies !== undefined) return [];
      return [
        problemAt(
          ['listeners', index, 'ntlmBehindProxies'],
          'speaks of proxies, and the listener has none',
          'name them under `clientAddress.trustedProxies`, or remove the key',
        ),
      ];
    }),
  ];
}
