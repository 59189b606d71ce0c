import { openRpcIssuer } from '../adcs/index.js';
import type { AdcsRpcConfig, ResolvedConfig } from '../config/index.js';
import { kerberosSignIn, ntlmSignIn, spnegoNtlmSignIn, type RpcSignIn } from '../dcerpc/index.js';
import { frontedAuthority, type Authority } from '../issuer/index.js';
import { chainPins, configuredChain, openRaKeys, templateRule } from './adcs-parts.js';
import type { AuthorityDependencies } from './authorities.js';
import { kerberosInitiators } from './kerberos-initiators.js';

/** AD CS over RPC, with RA keys of ours in front. */
export async function openAdcsRpc(
  name: string,
  config: AdcsRpcConfig,
  dependencies: AuthorityDependencies,
): Promise<Authority> {
  const { resolved, data, notices, clock } = dependencies;
  const issuer = await openRpcIssuer({
    name,
    host: config.host,
    port: config.port,
    authority: config.caName,
    signIns: await signInsOf(config, resolved.readSecret),
    identity: identityOf(config.authentication),
    templates: templateRule(config),
    attributes: Object.entries(config.attributes),
    chain: await configuredChain(config, clock),
    pins: chainPins(config),
    submitMillis: config.timeoutSeconds * 1000,
    state: data.settings,
    report: (notice) => notices.post(name, notice),
    clock,
  });
  return frontedAuthority({
    issuer,
    ra: await openRaKeys(name, config, dependencies),
    replacedCas: () => issuer.replacedCas,
    maintain: () => issuer.maintain(),
  });
}

/** The strongest first. */
async function signInsOf(
  { host, authentication: { kerberos, ntlm } }: AdcsRpcConfig,
  readSecret: ResolvedConfig['readSecret'],
): Promise<(() => Promise<RpcSignIn>)[]> {
  const service = `host/${host}`;
  const signIns: (() => Promise<RpcSignIn>)[] = [];
  if (kerberos) {
    const { create } = kerberosInitiators(kerberos);
    signIns.push(() => kerberosSignIn(create, kerberos.spn ?? service));
  }
  if (ntlm) {
    const { user, domain } = ntlm;
    const account = { user, domain, password: await readSecret(ntlm.password) };
    const options = { targetName: service };
    signIns.push(
      () => Promise.resolve(ntlmSignIn(account, options)),
      () => Promise.resolve(spnegoNtlmSignIn(account, options)),
    );
  }
  return signIns;
}

/** As whom the CA knows us, for the record; undefined where only a cache of tickets can tell. */
function identityOf({ kerberos, ntlm }: AdcsRpcConfig['authentication']): string | undefined {
  if (kerberos) return kerberos.principal ?? kerberos.credentialCache;
  return ntlm && (ntlm.domain === '' ? ntlm.user : `${ntlm.domain}\\${ntlm.user}`);
}
