/** Tokens, and the keys that issuers have in them. */
import type { CheckedConfig } from './checked-config.js';
import type { ConfigWarning } from './config-warning.js';
import type { IssuerPair } from './imported-pair-schema.js';
import type { IssuerConfig } from './issuer-schema.js';
import { nearest } from './nearest.js';
import { keyText, problemAt, quoted, type ConfigPath, type ConfigProblem } from './problem.js';
import type { GatewayConfig } from './schema.js';

export function checkTokens({ config: { tokens, issuers } }: CheckedConfig): ConfigProblem[] {
  return [
    ...Object.entries(tokens)
      .filter(([, { label, serial }]) => label === undefined && serial === undefined)
      .map(([name]) =>
        problemAt(
          ['tokens', name],
          'does not say which token of the module',
          'add `label`, or `serial`',
        ),
      ),
    ...Object.entries(issuers).flatMap(([name, issuer]) =>
      checkIssuerTokens(['issuers', name], issuer, Object.keys(tokens)),
    ),
  ];
}

function checkIssuerTokens(
  path: ConfigPath,
  issuer: IssuerConfig,
  tokens: readonly string[],
): ConfigProblem[] {
  const { raKeyToken } = issuer;
  const keyToken = issuer.kind === 'local' ? issuer.keyToken : undefined;
  const ca = issuer.kind === 'local' ? issuer.import : undefined;
  const encryption = issuer.kind === 'ndes' ? issuer.importRaEncryption : undefined;
  return [
    ...checkName([...path, 'keyToken'], keyToken, tokens),
    ...checkName([...path, 'raKeyToken'], raKeyToken, tokens),
    ...checkPair([...path, 'import'], ca, keyToken, 'keyToken'),
    ...checkPair([...path, 'importRa'], issuer.importRa, raKeyToken, 'raKeyToken'),
    ...checkPair([...path, 'importRaEncryption'], encryption, raKeyToken, 'raKeyToken'),
  ];
}

function checkName(
  path: ConfigPath,
  name: string | undefined,
  tokens: readonly string[],
): ConfigProblem[] {
  if (name === undefined || tokens.includes(name)) return [];
  const meant = nearest(name, tokens);
  return [
    problemAt(
      path,
      `is ${quoted(name)}, which is not under tokens`,
      meant === undefined ? 'add it under `tokens`' : `did you mean ${quoted(meant)}?`,
    ),
  ];
}

function checkPair(
  path: ConfigPath,
  pair: IssuerPair | undefined,
  token: string | undefined,
  setting: string,
): ConfigProblem[] {
  if (pair?.tokenKey === undefined || token !== undefined) return [];
  return [
    problemAt(
      [...path, 'tokenKey'],
      'names a key, but the issuer no token for it',
      `add \`${setting}\` to the issuer`,
    ),
  ];
}

/** What was configured and is not used. */
export function tokenWarnings({ tokens, issuers }: GatewayConfig): ConfigWarning[] {
  const used = new Set(
    Object.values(issuers).flatMap((issuer) => [
      issuer.raKeyToken,
      issuer.kind === 'local' ? issuer.keyToken : undefined,
    ]),
  );
  return Object.keys(tokens)
    .filter((name) => !used.has(name))
    .map((name) => ({
      key: keyText(['tokens', name]),
      warning:
        'no issuer makes new keys in this token: name it as keyToken or raKeyToken, or remove it when no key in force lies there',
    }));
}

/**
 * A call that hangs keeps its thread, and files, DNS and SQLite wait for one as well. A token may have a call
 * beside its sessions: of a login that ends.
 */
export function threadWarnings(
  { tokens }: Pick<GatewayConfig, 'tokens'>,
  environment: NodeJS.ProcessEnv,
): ConfigWarning[] {
  const threads = Number.parseInt(environment['UV_THREADPOOL_SIZE'] ?? '', 10) || 4;
  const wanted = Object.values(tokens).reduce((sum, { sessions }) => sum + sessions + 1, 0);
  const [name] = Object.keys(tokens);
  if (name === undefined || wanted < threads) return [];
  return [
    {
      key: keyText(['tokens', name, 'sessions']),
      warning: `tokens that hang could keep all ${threads} threads of the process: set the environment variable UV_THREADPOOL_SIZE to ${wanted + 1} or more, or lower sessions`,
    },
  ];
}
