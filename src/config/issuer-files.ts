/** Files and secrets that an issuer names, whatever its kind. */
import { resolve } from 'node:path';
import type { ImportedPair } from './imported-pair-schema.js';
import type { IssuerConfig } from './issuer-schema.js';
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
    importRa: absolutePair(issuer.importRa, baseDirectory, secret),
  };
  if (issuer.kind === 'local') {
    return {
      ...issuer,
      ...(issuer.import && { import: absolutePair(issuer.import, baseDirectory, secret) }),
      ...importRa,
    };
  }
  const { caCertificates } = issuer;
  const adcs = {
    ...importRa,
    ...(caCertificates !== undefined && { caCertificates: path(caCertificates) }),
  };
  const withKeytab = <T extends { readonly keytab?: string | undefined }>(account: T): T => ({
    ...account,
    ...(account.keytab !== undefined && { keytab: path(account.keytab) }),
  });
  if (issuer.kind === 'adcs-rpc') {
    const { negotiate, ntlm } = issuer.authentication;
    return {
      ...issuer,
      ...adcs,
      authentication: {
        ...(negotiate && { negotiate: withKeytab(negotiate) }),
        ...(ntlm && { ntlm: { ...ntlm, password: secret(ntlm.password) } }),
      },
    };
  }
  const { authentication, tls } = issuer;
  const { negotiate, ntlm, basic, certificate } = authentication;
  return {
    ...issuer,
    ...adcs,
    tls: { ...tls, ...(tls.ca !== undefined && { ca: path(tls.ca) }) },
    authentication: {
      ...(negotiate && { negotiate: withKeytab(negotiate) }),
      ...(ntlm && { ntlm: { ...ntlm, password: secret(ntlm.password) } }),
      ...(basic && { basic: { ...basic, password: secret(basic.password) } }),
      ...(certificate && { certificate: absolutePair(certificate, baseDirectory, secret) }),
    },
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

/** Secrets of an issuer, by their path below it. */
export function issuerSecrets(
  issuer: IssuerConfig,
): { readonly path: ConfigPath; readonly reference: SecretReference }[] {
  const named: [ConfigPath, SecretReference | undefined][] = [
    [['importRa', 'passphrase'], issuer.importRa?.passphrase],
  ];
  if (issuer.kind === 'local') {
    named.push([['import', 'passphrase'], issuer.import?.passphrase]);
  } else if (issuer.kind === 'adcs-rpc') {
    named.push([['authentication', 'ntlm', 'password'], issuer.authentication.ntlm?.password]);
  } else {
    const { ntlm, basic, certificate } = issuer.authentication;
    named.push(
      [['authentication', 'ntlm', 'password'], ntlm?.password],
      [['authentication', 'basic', 'password'], basic?.password],
      [['authentication', 'certificate', 'passphrase'], certificate?.passphrase],
    );
  }
  return named.flatMap(([path, reference]) => (reference ? [{ path, reference }] : []));
}
