import { openRpcIssuer } from '../adcs/index.js';
import type { AdcsRpcConfig, ResolvedConfig } from '../config/index.js';
import { kerberosSignIn, ntlmSignIn, spnegoNtlmSignIn, type RpcSignIn } from '../dcerpc/index.js';
import type { Authority } from '../issuer/index.js';
import { configuredChain, frontedByRa, issuerSettings, openAdcsFront } from './adcs-parts.js';
import type { AuthorityDependencies } from './authority-dependencies.js';
import { kerberosInitiators } from './kerberos-initiators.js';

/** AD CS over RPC, with RA keys of ours in front. */
export async function openAdcsRpc(
  name: string,
  config: AdcsRpcConfig,
  dependencies: AuthorityDependencies,
): Promise<Authority> {
  const { resolved, clock } = dependencies;
  const front = await openAdcsFront(name, config, dependencies);
  const issuer = await openRpcIssuer({
    ...issuerSettings(name, config, dependencies),
    host: config.host,
    port: config.port,
    authority: config.caName,
    signIns: await signInsOf(config, resolved.readSecret),
    coSigning: front.agents?.coSigning,
    chain: await configuredChain(config, clock),
    submitMillis: config.timeoutSeconds * 1000,
  });
  return frontedByRa(front, issuer, config, dependencies);
}

/** The strongest first. */
async function signInsOf(
  { host, authentication: { negotiate, ntlm } }: AdcsRpcConfig,
  readSecret: ResolvedConfig['readSecret'],
): Promise<(() => Promise<RpcSignIn>)[]> {
  const service = `host/${host}`;
  const signIns: (() => Promise<RpcSignIn>)[] = [];
  if (negotiate) {
    const initiators = kerberosInitiators(negotiate);
    signIns.push(() =>
      kerberosSignIn((target) => initiators.create(target), negotiate.spn ?? service),
    );
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
