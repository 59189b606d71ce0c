import { dataServers, type DataServer } from './data-servers.js';
import { issuerSecrets } from './issuer-files.js';
import type { ConfigPath } from './problem.js';
import type { GatewayConfig } from './schema.js';
import type { SecretReference } from './secret.js';

export interface NeededSecret {
  readonly path: ConfigPath;
  readonly reference: SecretReference;
}

/** The secrets every start needs. */
export function secretsNeeded(config: GatewayConfig): NeededSecret[] {
  const { data, tokens, directory, listeners, accounts, issuers, profiles } = config;
  return [
    ...(data.passphrase ? [{ path: ['data', 'passphrase'], reference: data.passphrase }] : []),
    ...dataServers(data).flatMap(serverSecrets),
    ...Object.entries(tokens).flatMap(([name, { pin }]) =>
      pin ? [{ path: ['tokens', name, 'pin'], reference: pin }] : [],
    ),
    ...listeners.flatMap(({ tls }, index) =>
      tls?.passphrase
        ? [{ path: ['listeners', index, 'tls', 'passphrase'], reference: tls.passphrase }]
        : [],
    ),
    ...accounts.flatMap(({ password }, index) =>
      password ? [{ path: ['accounts', index, 'password'], reference: password }] : [],
    ),
    ...(directory?.service
      ? [{ path: ['directory', 'service', 'password'], reference: directory.service.password }]
      : []),
    ...Object.entries(issuers).flatMap(([name, issuer]) =>
      issuerSecrets(issuer).map(({ path, reference }) => ({
        path: ['issuers', name, ...path],
        reference,
      })),
    ),
    ...Object.entries(profiles).flatMap(
      ([
        name,
        {
          challenges: { webhook },
        },
      ]) =>
        webhook === undefined
          ? []
          : [
              {
                path: ['profiles', name, 'challenges', 'webhook', 'secret'],
                reference: webhook.secret,
              },
            ],
    ),
    ...Object.entries(profiles).flatMap(([name, { challenges }]) =>
      challenges.static.map(({ secret }, index) => ({
        path: ['profiles', name, 'challenges', 'static', index, 'secret'],
        reference: secret,
      })),
    ),
  ];
}

function serverSecrets({ path, server: { password, tls } }: DataServer): NeededSecret[] {
  return [
    ...(password ? [{ path: [...path, 'password'], reference: password }] : []),
    ...(tls.passphrase
      ? [{ path: [...path, 'tls', 'passphrase'], reference: tls.passphrase }]
      : []),
  ];
}
