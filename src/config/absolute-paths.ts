import { resolve } from 'node:path';
import type { DataServer } from './data-servers.js';
import { absoluteIssuer, absolutePair } from './issuer-files.js';
import type { GatewayConfig } from './schema.js';
import type { SecretReference } from './secret.js';

export interface PathBases {
  /** Folder of the configuration file: secrets and imported keys lie beside it. */
  readonly baseDirectory: string;
  /** `data.directory` starts from here, like SCEP_GATEWAY_DATA_DIR. */
  readonly workingDirectory: string;
}

/** The configuration with every path in it made absolute. */
export function absolutePaths(config: GatewayConfig, bases: PathBases): GatewayConfig {
  const secret = (reference: SecretReference): SecretReference =>
    'file' in reference ? { file: resolve(bases.baseDirectory, reference.file) } : reference;
  const { data } = config;
  return {
    ...config,
    data: {
      ...data,
      directory: resolve(bases.workingDirectory, data.directory),
      store:
        data.store.kind === 'postgres' ? absoluteServer(data.store, bases, secret) : data.store,
      ...(data.redis && { redis: absoluteServer(data.redis, bases, secret) }),
      retention: {
        ...data.retention,
        ...(data.retention.archive && {
          archive: resolve(bases.baseDirectory, data.retention.archive),
        }),
      },
      ...(data.passphrase && { passphrase: secret(data.passphrase) }),
    },
    listeners: config.listeners.map(({ tls, ...listener }) => ({
      ...listener,
      ...(tls && { tls: { ...tls, ...absolutePair(tls, bases.baseDirectory, secret) } }),
    })),
    ...(config.directory && { directory: absoluteDirectory(config.directory, bases, secret) }),
    access: {
      ...config.access,
      signIn: absoluteSignIn(config.access.signIn, bases),
      lists: mapValues(config.access.lists, (list) => ({
        ...list,
        file: resolve(bases.baseDirectory, list.file),
      })),
      trustLists: mapValues(config.access.trustLists, (list) => ({
        ...list,
        ca: list.ca.map((file) => resolve(bases.baseDirectory, file)),
        crls: list.crls.map((file) => resolve(bases.baseDirectory, file)),
      })),
    },
    accounts: config.accounts.map((account) =>
      account.password ? { ...account, password: secret(account.password) } : account,
    ),
    tokens: mapValues(config.tokens, (token) => absoluteToken(token, bases, secret)),
    issuers: mapValues(config.issuers, (issuer) =>
      absoluteIssuer(issuer, bases.baseDirectory, secret),
    ),
    profiles: mapValues(config.profiles, (profile) => ({
      ...profile,
      challenges: {
        ...profile.challenges,
        static: profile.challenges.static.map((entry) => ({
          ...entry,
          secret: secret(entry.secret),
        })),
        ...(profile.challenges.webhook && {
          webhook: absoluteWebhook(profile.challenges.webhook, bases, secret),
        }),
      },
    })),
  };
}

function absoluteServer<S extends DataServer['server']>(
  server: S,
  { baseDirectory }: PathBases,
  secret: (reference: SecretReference) => SecretReference,
): S {
  const { password, tls } = server;
  return {
    ...server,
    ...(password && { password: secret(password) }),
    tls: {
      ...tls,
      ...absolutePair(tls, baseDirectory, secret),
      ...(tls.ca !== undefined && { ca: resolve(baseDirectory, tls.ca) }),
    },
  };
}

type DirectoryConfig = NonNullable<GatewayConfig['directory']>;

function absoluteDirectory(
  { ca, service, ...directory }: DirectoryConfig,
  { baseDirectory }: PathBases,
  secret: (reference: SecretReference) => SecretReference,
): DirectoryConfig {
  return {
    ...directory,
    ...(ca !== undefined && { ca: resolve(baseDirectory, ca) }),
    ...(service && { service: { ...service, password: secret(service.password) } }),
  };
}

type SignInConfig = GatewayConfig['access']['signIn'];

function absoluteSignIn(
  { negotiate, ...signIn }: SignInConfig,
  { baseDirectory }: PathBases,
): SignInConfig {
  if (!negotiate) return signIn;
  return {
    ...signIn,
    negotiate: { ...negotiate, keytab: resolve(baseDirectory, negotiate.keytab) },
  };
}

type Webhook = NonNullable<GatewayConfig['profiles'][string]['challenges']['webhook']>;

function absoluteWebhook(
  webhook: Webhook,
  { baseDirectory }: PathBases,
  secret: (reference: SecretReference) => SecretReference,
): Webhook {
  return {
    ...webhook,
    secret: secret(webhook.secret),
    ...(webhook.ca !== undefined && { ca: resolve(baseDirectory, webhook.ca) }),
  };
}

type Token = GatewayConfig['tokens'][string];

/** A name without a folder is one for the loader of the system to find. */
function absoluteToken(
  token: Token,
  { baseDirectory }: PathBases,
  secret: (reference: SecretReference) => SecretReference,
): Token {
  const { module, pin } = token;
  return {
    ...token,
    module: module.includes('/') ? resolve(baseDirectory, module) : module,
    ...(pin && { pin: secret(pin) }),
  };
}

function mapValues<T>(record: Record<string, T>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
