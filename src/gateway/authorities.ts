import type { IssuerConfig, LocalIssuerConfig } from '../config/index.js';
import { isFounded, openLocalAuthority, type Authority } from '../issuer/index.js';
import { openAdcsRpc } from './adcs-rpc.js';
import type { AuthorityDependencies } from './authority-dependencies.js';
import { readImport } from './imported-pair.js';
import type { Authorities } from './profiles.js';
import { openWebEnrollment } from './web-enrollment.js';

/**
 * Opens every issuer of the configuration; the first start makes or imports its keys and certificates. A
 * foreign CA is not asked for anything yet.
 */
export async function openAuthorities(dependencies: AuthorityDependencies): Promise<Authorities> {
  const authorities = new Map<string, Authority>();
  for (const [name, issuer] of Object.entries(dependencies.resolved.config.issuers)) {
    authorities.set(name, await openAuthority(name, issuer, dependencies));
  }
  return authorities;
}

function openAuthority(
  name: string,
  issuer: IssuerConfig,
  dependencies: AuthorityDependencies,
): Promise<Authority> {
  switch (issuer.kind) {
    case 'local':
      return openEmbedded(name, issuer, dependencies);
    case 'adcs-webenroll':
      return openWebEnrollment(name, issuer, dependencies);
    case 'adcs-rpc':
      return openAdcsRpc(name, issuer, dependencies);
  }
}

async function openEmbedded(
  name: string,
  { import: ca, importRa, ...settings }: LocalIssuerConfig,
  { resolved: { config, readSecret }, data, clock }: AuthorityDependencies,
): Promise<Authority> {
  const founded = await isFounded(data.settings, name);
  const importedCa = ca && (await readImport(ca, readSecret, founded));
  const importedRa = importRa && (await readImport(importRa, readSecret, founded));
  return openLocalAuthority({
    name,
    settings,
    keys: data.keys,
    records: data.enrollments,
    state: data.settings,
    publicUrl: config.publicUrl,
    caIsRecipient: Object.values(config.profiles).some(
      ({ issuer, caCertShape }) => issuer === name && caCertShape === 'ca-only',
    ),
    imported: {
      ...(importedCa && { ca: importedCa }),
      ...(importedRa && { ra: [importedRa] }),
    },
    clock,
  });
}
