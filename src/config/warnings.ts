import { cesUrlWarnings } from './ces-url-warning.js';
import { coSignWarnings } from './co-sign-checks.js';
import type { ConfigWarning } from './config-warning.js';
import { keyText } from './problem.js';
import type { GatewayConfig } from './schema.js';
import { ntlmWarnings } from './sign-in-warnings.js';
import { tokenWarnings } from './token-checks.js';
import { storeWarnings } from './store-checks.js';

export function configWarnings(config: GatewayConfig): ConfigWarning[] {
  return [
    ...dataWarnings(config.data),
    ...signInWarnings(config),
    ...Object.entries(config.issuers).flatMap(([name, issuer]) => issuerWarnings(name, issuer)),
    ...coSignWarnings(config),
    ...ntlmWarnings(config),
    ...tokenWarnings(config),
    ...Object.entries(config.profiles).flatMap(([name, profile]) => profileWarnings(name, profile)),
  ];
}

function dataWarnings(data: GatewayConfig['data']): ConfigWarning[] {
  const warnings: ConfigWarning[] = [];
  if (data.challengeStore === 'memory') {
    warnings.push({
      key: 'data.challengeStore',
      warning: 'challenges are kept in memory: a restart forgets them',
    });
  }
  warnings.push(...storeWarnings(data));
  if (data.passphrase === undefined) {
    warnings.push({
      key: 'data.passphrase',
      warning:
        'the passphrase of the private keys is generated into the data directory: whoever can read the whole directory can use the keys',
    });
  }
  return warnings;
}

function issuerWarnings(name: string, issuer: GatewayConfig['issuers'][string]): ConfigWarning[] {
  switch (issuer.kind) {
    case 'adcs-rpc':
      return chainWarnings(name, issuer, 'over RPC');
    case 'adcs-ces':
      return [...chainWarnings(name, issuer, 'through CES'), ...cesUrlWarnings(name, issuer)];
    default:
      return [];
  }
}

function chainWarnings(
  name: string,
  { caCertificates }: { readonly caCertificates?: string | undefined },
  how: string,
): ConfigWarning[] {
  if (caCertificates !== undefined) return [];
  return [
    {
      key: keyText(['issuers', name, 'caCertificates']),
      warning: `${how} a CA tells its certificates only with one that it issues: until \`scep-gateway ra enroll\` has obtained one, devices get none and cannot enroll`,
    },
  ];
}

function signInWarnings({ access, lockout }: GatewayConfig): ConfigWarning[] {
  const { count, seconds } = access.rateLimits.failedSignIns;
  if (count < lockout.failures && seconds >= lockout.minutes * 60) return [];
  return [
    {
      key: keyText(['access', 'rateLimits', 'failedSignIns']),
      warning: `one address can lock an account: let count be below lockout.failures (${lockout.failures}) and seconds at least ${lockout.minutes * 60}`,
    },
  ];
}

function profileWarnings(
  name: string,
  { algorithms, challenges }: GatewayConfig['profiles'][string],
): ConfigWarning[] {
  const key = (...path: (string | number)[]) => keyText(['profiles', name, ...path]);
  const warnings: ConfigWarning[] = [];
  if (algorithms.digests.includes('md5')) {
    warnings.push({
      key: key('algorithms', 'digests'),
      warning: 'MD5 is let in: signatures made with it can be forged',
    });
  }
  if (algorithms.ciphers.includes('des-cbc')) {
    warnings.push({
      key: key('algorithms', 'ciphers'),
      warning: 'single DES is let in: whoever records a request can read its challenge',
    });
  }
  if (challenges.none !== undefined) {
    warnings.push({
      key: key('challenges', 'none'),
      warning: 'anyone who reaches the gateway gets a certificate from this profile',
    });
  }
  challenges.static.forEach(({ expires }, index) => {
    if (expires !== undefined) return;
    warnings.push({
      key: key('challenges', 'static', index),
      warning: 'this shared secret never expires: give it `expires`, and a successor before that',
    });
  });
  return warnings;
}
