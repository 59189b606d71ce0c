/** Files and secrets that an issuer names, whatever its kind. */
import { resolve } from 'node:path';
import type { CoSignConfig } from './co-sign-schema.js';
import type { ImportedPair, IssuerPair } from './imported-pair-schema.js';
import type { IssuerConfig, WebEnrollmentConfig } from './issuer-schema.js';
import type { ConfigPath } from './problem.js';
import type { SecretReference } from './secret.js';

type SecretChange = (reference: SecretReference) => SecretReference;

/** The issuer with its paths made absolute. */
export function absoluteIssuer(
  issuer: IssuerConfig,
  baseDirectory: string,
  secret: SecretChange,
): IssuerConfig {
  const path = (name: string): string => resolve(baseDirectory, name);
  const importRa = issuer.importRa && {
    importRa: absoluteIssuerPair(issuer.importRa, baseDirectory, secret),
  };
  if (issuer.kind === 'local') {
    return {
      ...issuer,
      ...(issuer.import && { import: absoluteIssuerPair(issuer.import, baseDirectory, secret) }),
      ...importRa,
    };
  }
  if (issuer.kind === 'adcs-rpc') {
    const { authentication, caCertificates, coSign } = issuer;
    return {
      ...issuer,
      ...importRa,
      ...(coSign && { coSign: absoluteCoSign(coSign, baseDirectory, secret) }),
      ...(caCertificates !== undefined && { caCertificates: path(caCertificates) }),
      authentication: absoluteAccounts(authentication, baseDirectory, secret),
    };
  }
  const { tls } = issuer;
  const absoluteTls = { ...tls, ...(tls.ca !== undefined && { ca: path(tls.ca) }) };
  if (issuer.kind === 'ndes') {
    const { signer, importRaEncryption, adminPage } = issuer;
    return {
      ...issuer,
      ...importRa,
      tls: absoluteTls,
      ...(signer && { signer: absolutePair(signer, baseDirectory, secret) }),
      ...(importRaEncryption && {
        importRaEncryption: absoluteIssuerPair(importRaEncryption, baseDirectory, secret),
      }),
      ...(adminPage && {
        adminPage: {
          ...adminPage,
          authentication: absoluteSignIn(adminPage.authentication, baseDirectory, secret),
        },
      }),
    };
  }
  const { caCertificates, coSign } = issuer;
  const absoluteCa = {
    ...(coSign && { coSign: absoluteCoSign(coSign, baseDirectory, secret) }),
    ...(caCertificates !== undefined && { caCertificates: path(caCertificates) }),
  };
  if (issuer.kind === 'adcs-ces') {
    const { userNameToken, ...others } = issuer.authentication;
    return {
      ...issuer,
      ...importRa,
      ...absoluteCa,
      tls: absoluteTls,
      authentication: {
        ...absoluteSignIn(others, baseDirectory, secret),
        ...(userNameToken && {
          userNameToken: { ...userNameToken, password: secret(userNameToken.password) },
        }),
      },
    };
  }
  const { authentication } = issuer;
  return {
    ...issuer,
    ...importRa,
    ...absoluteCa,
    tls: absoluteTls,
    authentication: absoluteSignIn(authentication, baseDirectory, secret),
  };
}

function absoluteCoSign(
  { agent, secondAgent, ...coSign }: CoSignConfig,
  baseDirectory: string,
  secret: SecretChange,
): CoSignConfig {
  return {
    ...coSign,
    ...(agent && { agent: absolutePair(agent, baseDirectory, secret) }),
    ...(secondAgent && { secondAgent: absolutePair(secondAgent, baseDirectory, secret) }),
  };
}

type SignIn = WebEnrollmentConfig['authentication'];
type Accounts = Pick<SignIn, 'negotiate' | 'ntlm'>;

function absoluteAccounts(
  { negotiate, ntlm }: Accounts,
  baseDirectory: string,
  secret: SecretChange,
): Accounts {
  return {
    ...(negotiate && {
      negotiate: {
        ...negotiate,
        ...(negotiate.keytab !== undefined && {
          keytab: resolve(baseDirectory, negotiate.keytab),
        }),
      },
    }),
    ...(ntlm && { ntlm: { ...ntlm, password: secret(ntlm.password) } }),
  };
}

function absoluteSignIn(
  { basic, certificate, ...accounts }: SignIn,
  baseDirectory: string,
  secret: SecretChange,
): SignIn {
  return {
    ...absoluteAccounts(accounts, baseDirectory, secret),
    ...(basic && { basic: { ...basic, password: secret(basic.password) } }),
    ...(certificate && { certificate: absolutePair(certificate, baseDirectory, secret) }),
  };
}

/** A key with its certificate, in one file or in two. */
export function absolutePair(
  { pfx, certificate, key, passphrase }: ImportedPair,
  baseDirectory: string,
  secret: SecretChange,
): ImportedPair {
  const path = (name: string): string => resolve(baseDirectory, name);
  return {
    ...(pfx !== undefined && { pfx: path(pfx) }),
    ...(certificate !== undefined && { certificate: path(certificate) }),
    ...(key !== undefined && { key: path(key) }),
    ...(passphrase && { passphrase: secret(passphrase) }),
  };
}

function absoluteIssuerPair(
  { tokenKey, ...pair }: IssuerPair,
  baseDirectory: string,
  secret: SecretChange,
): IssuerPair {
  return { ...absolutePair(pair, baseDirectory, secret), ...(tokenKey && { tokenKey }) };
}

/** Secrets of an issuer, by their path below it. */
export function issuerSecrets(
  issuer: IssuerConfig,
): { readonly path: ConfigPath; readonly reference: SecretReference }[] {
  const named: [ConfigPath, SecretReference | undefined][] = [
    [['importRa', 'passphrase'], issuer.importRa?.passphrase],
  ];
  if (issuer.kind === 'local') {
    named.push([['import', 'passphrase'], issuer.import?.passphrase]);
  } else if (issuer.kind === 'ndes') {
    const { signer, importRaEncryption, adminPage } = issuer;
    named.push(
      [['signer', 'passphrase'], signer?.passphrase],
      [['importRaEncryption', 'passphrase'], importRaEncryption?.passphrase],
      ...signInSecrets(['adminPage', 'authentication'], adminPage?.authentication ?? {}),
    );
  } else {
    if (issuer.kind === 'adcs-ces') {
      const { userNameToken } = issuer.authentication;
      named.push([['authentication', 'userNameToken', 'password'], userNameToken?.password]);
    }
    named.push(
      ...signInSecrets(['authentication'], issuer.authentication),
      [['coSign', 'agent', 'passphrase'], issuer.coSign?.agent?.passphrase],
      [['coSign', 'secondAgent', 'passphrase'], issuer.coSign?.secondAgent?.passphrase],
    );
  }
  return named.flatMap(([path, reference]) => (reference ? [{ path, reference }] : []));
}

function signInSecrets(
  path: ConfigPath,
  { ntlm, basic, certificate }: SignIn,
): [ConfigPath, SecretReference | undefined][] {
  return [
    [[...path, 'ntlm', 'password'], ntlm?.password],
    [[...path, 'basic', 'password'], basic?.password],
    [[...path, 'certificate', 'passphrase'], certificate?.passphrase],
  ];
}
