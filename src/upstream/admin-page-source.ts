/** One-time challenges from the `mscep_admin` page of an upstream NDES. */
import type { ChallengeSource, UpstreamChallenge } from '../challenge/index.js';
import { GatewayError } from '../errors/index.js';
import { readAdminPage } from '../ndes/index.js';
import type { UpstreamHttp } from './upstream-http.js';

export interface AdminPageSourceOptions {
  readonly url: URL;
  readonly http: UpstreamHttp;
  /** For messages: of the issuer in the configuration. */
  readonly name: string;
  readonly checksBindings: boolean;
}

/** What NDES keeps a password for unless the page says otherwise. */
const usualMinutes = 60;

export function adminPageSource(options: AdminPageSourceOptions): ChallengeSource {
  const { url, http, name, checksBindings } = options;

  async function fetch(): Promise<UpstreamChallenge> {
    const path = `${url.pathname}${url.search}`;
    const { status, body } = await http.send({ method: 'GET', path });
    if (status === 403) throw denied('HTTP 403; a policy module may be installed there');
    if (status !== 200) throw useless(`it was answered HTTP ${status}`);
    return challengeOn(body);
  }

  function challengeOn(body: Buffer): UpstreamChallenge {
    const page = readAdminPage(body);
    switch (page.kind) {
      case 'password': {
        const { password, validityMinutes = usualMinutes, lasting } = page;
        return lasting
          ? { kind: 'lasting', password }
          : { kind: 'one-time', password, validityMinutes };
      }
      case 'cache-full':
        throw new GatewayError('upstream.full', 'The upstream NDES has no room for a password.', {
          detail: `issuer ${name}: its cache is full; raise PasswordMax there, or wait until passwords expire`,
          retryAfterSeconds: 300,
        });
      case 'no-permission':
        throw denied('its account lacks Enroll on a template that NDES names (event 6 there)');
      case 'no-password':
        throw useless('the page shows no password (EnforcePassword is 0): write `challenge: none`');
      case 'enrollment-page':
        throw useless('that is the page of devices: name the admin page under adminPage.url');
      case 'unknown':
        throw useless('that is no page of NDES');
    }
  }

  function denied(reason: string): GatewayError {
    return new GatewayError('upstream.denied', 'The upstream NDES gives the gateway no password.', {
      detail: `issuer ${name}: ${reason}`,
      retryAfterSeconds: 300,
    });
  }

  function useless(reason: string): GatewayError {
    return new GatewayError(
      'upstream.unavailable',
      'The admin page of the upstream NDES cannot be used.',
      { detail: `issuer ${name}: ${url.pathname}: ${reason}`, retryAfterSeconds: 60 },
    );
  }

  return { checksBindings, fetch };
}
