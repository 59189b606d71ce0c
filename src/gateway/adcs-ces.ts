import { openCesIssuer, type AdcsIssuer } from '../adcs/index.js';
import type { AdcsCesConfig, ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { createWebClient } from '../web-client/index.js';
import { isXmlText } from '../xml/index.js';
import { configuredChain, issuerSettings } from './adcs-parts.js';
import type { CaNeeds } from './authority-dependencies.js';
import { webCredentials, webTls } from './web-credentials.js';

/** AD CS behind its Certificate Enrollment Web Service. It is asked for nothing yet. */
export async function openCesCa(
  name: string,
  config: AdcsCesConfig,
  needs: CaNeeds,
): Promise<AdcsIssuer> {
  const { readSecret, clock } = needs;
  const { negotiate } = config.authentication;
  const submitMillis = config.timeoutSeconds * 1000;
  return openCesIssuer({
    ...issuerSettings(name, config, needs),
    client: createWebClient({
      origin: new URL(config.url).origin,
      credentials: await webCredentials({ negotiate }, readSecret),
      tls: await webTls(config, readSecret),
      limits: { answerMillis: submitMillis },
      userAgent: 'scep-gateway',
      clock,
    }),
    url: config.url,
    token: await userNameToken(config.authentication, readSecret),
    chain: await configuredChain(config, clock),
    submitMillis,
  });
}

/** @throws GatewayError `config.invalid` */
async function userNameToken(
  { userNameToken: account }: AdcsCesConfig['authentication'],
  readSecret: ResolvedConfig['readSecret'],
): Promise<{ user: string; password: string } | undefined> {
  if (!account) return undefined;
  const password = await readSecret(account.password);
  if (isXmlText(password)) return { user: account.user, password };
  throw new GatewayError(
    'config.invalid',
    'The password of `authentication.userNameToken` holds a control character, which no SOAP message can carry.',
    { mend: 'Check the file or variable it comes from, or give the account another password.' },
  );
}
