import { openRpcIssuer, type AdcsIssuer } from '../adcs/index.js';
import type { AdcsRpcConfig, ResolvedConfig } from '../config/index.js';
import { kerberosSignIn, ntlmSignIn, spnegoNtlmSignIn, type RpcSignIn } from '../dcerpc/index.js';
import type { Authority } from '../issuer/index.js';
import { accountIdentity } from './account-identity.js';
import {
  chainPins,
  configuredChain,
  frontedByRa,
  openAdcsFront,
  templateRule,
} from './adcs-parts.js';
import { caNeeds, type AuthorityDependencies, type CaNeeds } from './authority-dependencies.js';
import { kerberosInitiators } from './kerberos-initiators.js';

/** AD CS over RPC, with RA keys of ours in front. */
export async function openAdcsRpc(
  name: string,
  config: AdcsRpcConfig,
  dependencies: AuthorityDependencies,
): Promise<Authority> {
  const front = await openAdcsFront(name, config, dependencies);
  const needs = { ...caNeeds(name, dependencies), coSigning: front.agents?.coSigning };
  return frontedByRa(front, await openRpcCa(name, config, needs), config, dependencies);
}

/** The CA alone. It is asked for nothing yet. */
export async function openRpcCa(
  name: string,
  config: AdcsRpcConfig,
  { readSecret, state, report, clock, coSigning, onSignIn = () => undefined }: CaNeeds,
): Promise<AdcsIssuer> {
  return openRpcIssuer({
    name,
    host: config.host,
    port: config.port,
    authority: config.caName,
    signIns: await signInsOf(config, readSecret, onSignIn),
    identity: accountIdentity(config.authentication),
    templates: templateRule(config),
    attributes: Object.entries(config.attributes),
    coSigning,
    chain: await configuredChain(config, clock),
    pins: chainPins(config),
    submitMillis: config.timeoutSeconds * 1000,
    state,
    report,
    clock,
  });
}

/** The strongest first. */
async function signInsOf(
  { host, authentication: { negotiate, ntlm } }: AdcsRpcConfig,
  readSecret: ResolvedConfig['readSecret'],
  onSignIn: (scheme: string) => void,
): Promise<(() => Promise<RpcSignIn>)[]> {
  const service = `host/${host}`;
  const signIns: (() => Promise<RpcSignIn>)[] = [];
  if (negotiate) {
    const initiators = kerberosInitiators(negotiate);
    signIns.push(() => {
      onSignIn('Kerberos');
      return kerberosSignIn((target) => initiators.create(target), negotiate.spn ?? service);
    });
  }
  if (ntlm) {
    const { user, domain } = ntlm;
    const account = { user, domain, password: await readSecret(ntlm.password) };
    const options = { targetName: service };
    signIns.push(
      () => {
        onSignIn('NTLM');
        return Promise.resolve(ntlmSignIn(account, options));
      },
      () => {
        onSignIn('NTLM in SPNEGO');
        return Promise.resolve(spnegoNtlmSignIn(account, options));
      },
    );
  }
  return signIns;
}
