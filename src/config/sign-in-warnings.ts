import type { ConfigWarning } from './config-warning.js';
import { keyText } from './problem.js';
import type { GatewayConfig } from './schema.js';

export function ntlmWarnings(config: GatewayConfig): ConfigWarning[] {
  const { ntlm } = config.access.signIn;
  if (!ntlm.enabled) return [];
  const key = keyText(['access', 'signIn', 'ntlm']);
  const required = ntlm.channelBinding === 'required';
  const offered = config.listeners.filter((listener) => isOffered(listener, required));
  return [
    ...(offered.length === 0 ? [{ key, warning: notOffered(required) }] : []),
    ...withoutTls(config, required),
    ...withoutPassword(config),
  ];
}

type Listener = GatewayConfig['listeners'][number];

function isOffered(listener: Listener, required: boolean): boolean {
  const behindProxies = listener.clientAddress.trustedProxies !== undefined;
  if (behindProxies && listener.ntlmBehindProxies === 'refused') return false;
  const tlsHere = listener.tls && (!behindProxies || listener.proxyProtocol !== 'off');
  return !required || tlsHere !== undefined;
}

function notOffered(required: boolean): string {
  return required
    ? 'NTLM is offered nowhere: channelBinding is required, and no listener ends TLS for clients that reach it without a proxy'
    : 'NTLM is offered nowhere: every listener has trustedProxies, and none `ntlmBehindProxies: connection-is-not-shared`';
}

/** The password stays safe, the challenge on the page does not. */
function withoutTls({ listeners }: GatewayConfig, required: boolean): ConfigWarning[] {
  return listeners.flatMap((listener, index) => {
    const plain = !listener.tls && listener.clientAddress.trustedProxies === undefined;
    if (!plain || required || /^(?:127\.|\[::1\]|localhost)/.test(listener.address)) return [];
    return [
      {
        key: keyText(['listeners', index]),
        warning:
          'NTLM is offered without TLS: the sign-in can be relayed, and the challenge on the page be read on the way',
      },
    ];
  });
}

function withoutPassword({ accounts }: GatewayConfig): ConfigWarning[] {
  const hashed = accounts.flatMap(({ passwordHash }, index) =>
    passwordHash === undefined
      ? []
      : [
          {
            key: keyText(['accounts', index, 'passwordHash']),
            warning:
              'this account cannot sign in by NTLM, which needs the password itself: write `password` as a secret reference',
          },
        ],
  );
  const able = accounts.some(({ password }) => password !== undefined);
  return able
    ? hashed
    : [
        ...hashed,
        {
          key: keyText(['access', 'signIn', 'ntlm']),
          warning:
            'no account can sign in by NTLM: it needs one with `password`; the built-in admin has a hash only',
        },
      ];
}
