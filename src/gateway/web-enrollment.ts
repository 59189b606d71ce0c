import { givenChain, openWebEnrollmentIssuer, type AdcsIssuer } from '../adcs/index.js';
import type { WebEnrollmentConfig } from '../config/index.js';
import type { Authority } from '../issuer/index.js';
import { createWebClient } from '../web-client/index.js';
import { accountIdentity } from './account-identity.js';
import {
  chainPins,
  configuredChain,
  frontedByRa,
  openAdcsFront,
  templateRule,
} from './adcs-parts.js';
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
  { readSecret, state, report, clock, coSigning }: CaNeeds,
): Promise<AdcsIssuer> {
  const url = new URL(config.url);
  const client = createWebClient({
    origin: url.origin,
    credentials: await webCredentials(config.authentication, readSecret),
    tls: await webTls(config, readSecret),
    userAgent,
    clock,
  });
  const identity = accountIdentity(config.authentication);
  const chain = await configuredChain(config, clock);
  return openWebEnrollmentIssuer({
    name,
    client,
    directory: url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`,
    identity,
    templates: templateRule(config),
    attributes: Object.entries(config.attributes),
    coSigning,
    chain: chain && givenChain(chain),
    pins: chainPins(config),
    state,
    report,
    clock,
  });
}

/** certsrv answers otherwise to what does not call itself a browser. */
const userAgent = 'Mozilla/5.0 (compatible; scep-gateway)';
