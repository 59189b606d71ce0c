import { givenChain, openWebEnrollmentIssuer } from '../adcs/index.js';
import type { WebEnrollmentConfig } from '../config/index.js';
import type { Authority } from '../issuer/index.js';
import { createWebClient } from '../web-client/index.js';
import { configuredChain, frontedByRa, issuerSettings, openAdcsFront } from './adcs-parts.js';
import type { AuthorityDependencies } from './authority-dependencies.js';
import { webCredentials, webTls } from './web-credentials.js';

/** AD CS behind its Web Enrollment pages, with RA keys of ours in front. */
export async function openWebEnrollment(
  name: string,
  config: WebEnrollmentConfig,
  dependencies: AuthorityDependencies,
): Promise<Authority> {
  const { resolved, clock } = dependencies;
  const { readSecret } = resolved;
  const url = new URL(config.url);
  const client = createWebClient({
    origin: url.origin,
    credentials: await webCredentials(config.authentication, readSecret),
    tls: await webTls(config, readSecret),
    userAgent,
    clock,
  });
  const chain = await configuredChain(config, clock);
  const front = await openAdcsFront(name, config, dependencies);
  const issuer = await openWebEnrollmentIssuer({
    ...issuerSettings(name, config, dependencies),
    client,
    directory: url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`,
    coSigning: front.agents?.coSigning,
    chain: chain && givenChain(chain),
  });
  return frontedByRa(front, issuer, config, dependencies);
}

/** certsrv answers otherwise to what does not call itself a browser. */
const userAgent = 'Mozilla/5.0 (compatible; scep-gateway)';
