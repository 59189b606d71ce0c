/** `/certsrv/mscep_admin/`: the page MDMs fetch a challenge from. */
import type { Request, RequestHandler, Response } from 'express';
import type { Principal } from '../access/index.js';
import { GatewayError, isGatewayError } from '../errors/index.js';
import { adminPage, type AdminPageState } from '../ndes/index.js';
import { quotaOf, whyNoChallenge, type ChallengeDesk } from './challenge-desk.js';
import type { Exchanges } from './exchange.js';
import type { HttpDeps, HttpProfile } from './http.types.js';
import { pageReply } from './ndes-reply.js';
import { protectPage } from './page-protection.js';
import { sendReply } from './reply.js';
import type { SignIn } from './sign-in.js';

/** `mscep.dll` below it is the same page, when no SCEP operation is asked for. */
export const adminPagePaths = ['/certsrv/mscep_admin', '/certsrv/mscep_admin/mscep.dll'];

/** A POST is a GET here: HPE's iLO script posts a form (`operation=GetCACaps`) and reads the page. */
export function adminPageRoute(
  deps: Pick<HttpDeps, 'profiles' | 'defaultProfile' | 'log' | 'clock'>,
  exchanges: Exchanges,
  desk: ChallengeDesk,
  signIn: SignIn,
): RequestHandler {
  const usual = usualProfile(deps);

  async function page(request: Request, response: Response): Promise<void> {
    protectPage(request, response);
    const principal = await signIn(request, response);
    const profile = profileOf(request);
    exchanges.of(request).profile = profile.name;
    // To look whether the page is there costs no password.
    const state: AdminPageState =
      request.method === 'HEAD'
        ? { kind: 'no-password', thumbprint: thumbprintOf(profile) }
        : await stateOf(request, response, principal, profile);
    sendReply(response, pageReply(adminPage(state)));
  }

  async function stateOf(
    request: Request,
    response: Response,
    principal: Principal,
    profile: HttpProfile,
  ): Promise<AdminPageState> {
    const customer = { principal, exchange: exchanges.of(request) };
    const thumbprint = thumbprintOf(profile);
    const { none, single, dynamic } = profile.challenges;
    const offered = none || single || dynamic;
    const refusal = offered
      ? whyNoChallenge(principal, profile)
      : `The profile ${profile.name} hands out no challenges.`;
    if (refusal !== undefined) {
      await desk.denied(customer, profile, refusal);
      return { kind: 'no-permission' };
    }
    if (none) return { kind: 'no-password', thumbprint };
    if (single) {
      const password = await desk.single(customer, profile);
      return { kind: 'single-password', thumbprint, password };
    }
    const limit = quotaOf(customer, profile);
    try {
      const outcome = await desk.issue(customer, { profile });
      if (outcome.kind === 'full') return { kind: 'cache-full', limit };
      const { password, lasting } = outcome;
      return lasting
        ? { kind: 'single-password', thumbprint, password }
        : { kind: 'password', thumbprint, password, validityMinutes: minutesLeft(outcome) };
    } catch (error) {
      if (isGatewayError(error) && error.code === 'http.rate') {
        // To parsers of the page any other status means wrong credentials; this page means "later".
        deps.log.warn('cache-full page: the account asks too often', {
          correlationId: customer.exchange.correlationId,
          account: principal.account,
        });
        response.setHeader('Retry-After', error.retryAfterSeconds ?? 60);
        return { kind: 'cache-full', limit };
      }
      // MDMs know these two pages of an upstream NDES, and no other way to be told.
      if (isGatewayError(error) && error.code === 'upstream.full')
        return { kind: 'cache-full', limit };
      if (isGatewayError(error) && error.code === 'upstream.denied')
        return { kind: 'no-permission' };
      throw error;
    }
  }

  function minutesLeft({ expiresAt }: { readonly expiresAt: Date }): number {
    return Math.max(1, Math.round((expiresAt.getTime() - deps.clock().getTime()) / 60_000));
  }

  /** `?profile=name`, else the one that stands in NDES' place. */
  function profileOf(request: Request): HttpProfile {
    const wanted = new URLSearchParams(exchanges.of(request).target.query).get('profile');
    const profile =
      wanted === null ? usual : deps.profiles.find(({ name }) => name === wanted.toLowerCase());
    if (!profile) throw new GatewayError('http.not-found', 'There is no such profile.');
    return profile;
  }

  return page;
}

export function usualProfile({
  profiles,
  defaultProfile,
}: Pick<HttpDeps, 'profiles' | 'defaultProfile'>): HttpProfile | undefined {
  return (
    profiles.find(({ paths }) => paths.some((path) => /^\/certsrv\//i.test(path))) ??
    profiles.find(({ name }) => name === defaultProfile)
  );
}

function thumbprintOf(profile: HttpProfile): string {
  return profile.caCertificate().thumbprints.md5;
}
