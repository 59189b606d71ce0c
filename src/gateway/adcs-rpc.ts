import { openRpcIssuer, type AdcsIssuer } from '../adcs/index.js';
import type { AdcsRpcConfig, ResolvedConfig } from '../config/index.js';
import { kerberosSignIn, ntlmSignIn, spnegoNtlmSignIn, type RpcSignIn } from '../dcerpc/index.js';
import { configuredChain, issuerSettings } from './adcs-parts.js';
import type { CaNeeds } from './authority-dependencies.js';
import { kerberosInitiators } from './kerberos-initiators.js';

/** AD CS over RPC. It is asked for nothing yet. */
export async function openRpcCa(
  name: string,
  config: AdcsRpcConfig,
  needs: CaNeeds,
): Promise<AdcsIssuer> {
  const { readSecret, clock, onSignIn = () => undefined } = needs;
  return openRpcIssuer({
    ...issuerSettings(name, config, needs),
    host: config.host,
    port: config.port,
    authority: config.caName,
    signIns: await signInsOf(config, readSecret, onSignIn),
    chain: await configuredChain(config, clock),
    submitMillis: config.timeoutSeconds * 1000,
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
