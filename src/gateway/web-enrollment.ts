import { givenChain, openWebEnrollmentIssuer, type AdcsIssuer } from '../adcs/index.js';
import type { WebEnrollmentConfig } from '../config/index.js';
import { createWebClient } from '../web-client/index.js';
import { configuredChain, issuerSettings } from './adcs-parts.js';
import type { CaNeeds } from './authority-dependencies.js';
import { webCredentials, webTls } from './web-credentials.js';

/** AD CS behind its Web Enrollment pages. It is asked for nothing yet. */
export async function openWebEnrollmentCa(
  name: string,
  config: WebEnrollmentConfig,
  needs: CaNeeds,
): Promise<AdcsIssuer> {
  const { readSecret, clock } = needs;
  const url = new URL(config.url);
  const client = createWebClient({
    origin: url.origin,
    credentials: await webCredentials(config.authentication, readSecret),
    tls: await webTls(config, readSecret),
    userAgent,
    clock,
  });
  const chain = await configuredChain(config, clock);
  return openWebEnrollmentIssuer({
    ...issuerSettings(name, config, needs),
    client,
    directory: url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`,
    chain: chain && givenChain(chain),
  });
}

/** certsrv answers otherwise to what does not call itself a browser. */
const userAgent = 'Mozilla/5.0 (compatible; scep-gateway)';
