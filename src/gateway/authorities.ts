import type { LocalIssuerConfig } from '../config/index.js';
import { isFounded, openLocalAuthority, type Authority } from '../issuer/index.js';
import type { AuthorityDependencies } from './authority-dependencies.js';
import { issuerKeys, tellOfPlaces } from './issuer-keys.js';
import { readIssuerImport } from './issuer-import.js';
import type { Upstreams } from './upstreams.js';

export interface Issuers {
  /** Without those that only relay: they authorize nothing. */
  readonly authorities: ReadonlyMap<string, Authority>;
  /** Every issuer of kind `ndes`. */
  readonly upstreams: Upstreams;
}

/**
 * Opens every issuer of the configuration; the first start makes or imports its keys and certificates. A
 * foreign CA is not asked for anything yet. What opens the kinds that only some have is loaded for them.
 */
export async function openIssuers(dependencies: AuthorityDependencies): Promise<Issuers> {
  const issuers = Object.entries(dependencies.resolved.config.issuers);
  const upstreams: Upstreams = issuers.some(([, { kind }]) => kind === 'ndes')
    ? await (await import('./upstreams.js')).openUpstreams(dependencies)
    : new Map();
  const authorities = new Map<string, Authority>();
  for (const [name, issuer] of issuers) {
    switch (issuer.kind) {
      case 'local':
        authorities.set(name, await openEmbedded(name, issuer, dependencies));
        break;
      case 'adcs-webenroll':
      case 'adcs-rpc':
      case 'adcs-ces': {
        const { openAdcs } = await import('./adcs-authority.js');
        authorities.set(name, await openAdcs(name, issuer, dependencies));
        break;
      }
      case 'ndes': {
        const upstream = upstreams.get(name);
        if (upstream?.config.mode === 're-enroll') {
          const { openReEnrollment } = await import('./re-enrollment.js');
          authorities.set(name, await openReEnrollment(name, upstream, dependencies));
        }
        break;
      }
    }
  }
  return { authorities, upstreams };
}

async function openEmbedded(
  name: string,
  { import: ca, importRa, keyToken, raKeyToken, ...settings }: LocalIssuerConfig,
  dependencies: AuthorityDependencies,
): Promise<Authority> {
  const {
    resolved: { config, readSecret },
    data,
    tokens,
    clock,
  } = dependencies;
  const founded = await isFounded(data.settings, name);
  const caIsRecipient = Object.values(config.profiles).some(
    ({ issuer, caCertShape }) => issuer === name && caCertShape === 'ca-only',
  );
  const keys = issuerKeys(data.keys, tokens, { keyToken, raKeyToken, caOpens: caIsRecipient });
  const reading = { readSecret, founded, keys, tokens };
  const importedCa = ca && (await readIssuerImport(ca, { ...reading, token: keyToken }));
  const importedRa =
    importRa && (await readIssuerImport(importRa, { ...reading, token: raKeyToken }));
  const authority = await openLocalAuthority({
    name,
    settings,
    keys,
    records: data.enrollments,
    state: data.settings,
    publicUrl: config.publicUrl,
    caIsRecipient,
    imported: {
      ...(importedCa && { ca: importedCa }),
      ...(importedRa && { ra: [importedRa] }),
    },
    clock,
  });
  await tellOfPlaces(name, { keyToken, raKeyToken }, dependencies);
  return authority;
}
