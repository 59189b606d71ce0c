import { givenChain, openWebEnrollmentIssuer, type AdcsIssuer } from '../adcs/index.js';
import type { WebEnrollmentConfig } from '../config/index.js';
import type { Authority } from '../issuer/index.js';
import { createWebClient } from '../web-client/index.js';
import { configuredChain, frontedByRa, issuerSettings, openAdcsFront } from './adcs-parts.js';
import { caNeeds, type AuthorityDependencies, type CaNeeds } from './authority-dependencies.js';
import { webCredentials, webTls } from './web-credentials.js';

/** AD CS behind its Web Enrollment pages, with RA keys of ours in front. */
export async function openWebEnrollment(
  name: string,
  config: WebEnrollmentConfig,
  dependencies: AuthorityDependencies,
): Promise<Authority> {
  const front = await openAdcsFront(name, config, dependencies);
  const needs = { ...caNeeds(name, dependencies), coSigning: front.agents?.coSigning };
  return frontedByRa(front, await openWebEnrollmentCa(name, config, needs), config, dependencies);
}

/** The CA alone. It is asked for nothing yet. */
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
