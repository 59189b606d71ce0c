/** The way to a CES: as to any web server, then what it tells of its sign-in before it is asked anything. */
import type { AdcsCesConfig } from '../config/index.js';
import { kerberosJudge } from './clock.js';
import { examineAnswer } from './endpoint.js';
import { failed, info, ok, warning, type Verdict } from './finding.js';
import type { IssuerContext } from './issuer-context.js';
import { bindingVerdict, certificateMend } from './sign-in.js';
import { examineWebEndpoint, webEndpointSteps } from './web-way.js';

/** Windows makes one application for each. */
type SignIn = keyof AdcsCesConfig['authentication'];

interface Application {
  readonly has: string;
  readonly by: string;
  readonly mend: string;
}

const applications: Readonly<Record<SignIn, Application>> = {
  negotiate: {
    has: 'Kerberos',
    by: 'Kerberos',
    mend: 'Use the URL of the application for Kerberos (…_CES_Kerberos), with the provider Negotiate of Windows authentication turned on in IIS.',
  },
  userNameToken: {
    has: 'a user name token',
    by: 'user name token',
    mend: 'Use the URL of the application for user names (…_CES_UsernamePassword), with anonymous authentication turned on in IIS; or configure `authentication.negotiate`.',
  },
  certificate: {
    has: 'a client certificate',
    by: 'client certificate',
    mend: `Use the URL of the application for certificates (…_CES_Certificate). If it is that: ${certificateMend}`,
  },
};

/** Up to `sign-in.offered`. Asks with a GET, which CES does not answer: it takes POST alone. */
export async function examineCesWay(context: IssuerContext, config: AdcsCesConfig): Promise<void> {
  const { examination, world, about } = context;
  const tls = await examineWebEndpoint(context, config);
  if (tls === undefined) return;
  const signIn = signInOf(config);
  const answer = await examineAnswer(examination, world, about, {
    url: new URL(config.url),
    tls,
    clockJudge: clockJudges[signIn],
  });
  await examination.check({ id: 'sign-in.offered', about, needs: ['http.answer'] }, () =>
    answer === undefined ? [] : offeredVerdict(signIn, answer),
  );
}

/** Checks of `examineCesWay` that the CA behind it stands on. */
export function cesWaySteps(config: AdcsCesConfig): readonly string[] {
  return [...webEndpointSteps(config), 'http.answer', 'sign-in.offered'];
}

/** `sign-in.used`, `sign-in.channel-binding`: the question to the CA was the sign-in, and has been asked. */
export async function examineCesSignIn(
  { examination, about }: IssuerContext,
  config: AdcsCesConfig,
): Promise<void> {
  const signIn = signInOf(config);
  await examination.check({ id: 'sign-in.used', about, needs: ['ca.reachable'] }, () =>
    ok(`CES lets the gateway in by ${applications[signIn].by}.`),
  );
  await examination.check({ id: 'sign-in.channel-binding', about, needs: ['sign-in.used'] }, () =>
    signIn === 'userNameToken'
      ? info('No channel binding: a user name token has none; TLS protects it.')
      : bindingVerdict(signIn === 'negotiate' ? signIn : undefined, true),
  );
}

function signInOf({ authentication }: AdcsCesConfig): SignIn {
  if (authentication.negotiate) return 'negotiate';
  return authentication.userNameToken ? 'userNameToken' : 'certificate';
}

const clockJudges: Readonly<Record<SignIn, string | undefined>> = {
  negotiate: kerberosJudge,
  userNameToken: 'a user name token is refused beyond five minutes',
  certificate: undefined,
};

/**
 * IIS signs in, or refuses, before it looks at the method; what CES itself thinks of a token only a message
 * with one shows.
 */
function offeredVerdict(
  signIn: SignIn,
  { status, offered }: { readonly status: number; readonly offered: readonly string[] },
): Verdict {
  const { has, by, mend } = applications[signIn];
  if (status === 401) {
    const theirs = offered.length === 0 ? 'of no known scheme' : offered.join(', ');
    return signIn === 'negotiate' && offered.includes('negotiate')
      ? ok(
          `The application offers ${theirs} before it reads a message; the gateway signs in by ${by}.`,
        )
      : failed(
          `The application asks for a sign-in (${theirs}) before it reads a message; the gateway has ${has}.`,
          mend,
        );
  }
  if (status === 403) {
    return signIn === 'certificate'
      ? failed('The web server does not let the client certificate in (HTTP 403).', mend)
      : warning(
          'The web server refuses to answer (HTTP 403), as an application for client certificates does; an IP restriction or a proxy may be the reason, too.',
          mend,
        );
  }
  return elsewhereVerdict(status) ?? notAskedVerdict(signIn, status);
}

/** There may be no CES. `ca.reachable` shows it: that a GET is answered so proves nothing. */
function elsewhereVerdict(status: number): Verdict | undefined {
  if (status >= 500) {
    return warning(
      `The web server answers with an error of its own (HTTP ${status}), so its sign-in is not known.`,
      'Look at the application pool of CES, the event log and the IIS log of the web server.',
    );
  }
  if (status >= 300 && status < 400) {
    return warning(
      `The address redirects (HTTP ${status}), which the gateway does not follow.`,
      'Write the address the web server redirects to into `url`.',
    );
  }
  if (status !== 404) return undefined;
  return warning(
    'Nothing is said to be at this address (HTTP 404); CES may say so of everything but its own messages.',
    'Check `url`, if ca.reachable fails: it ends in /service.svc/CES.',
  );
}

function notAskedVerdict(signIn: SignIn, status: number): Verdict {
  switch (signIn) {
    case 'negotiate':
      return warning(
        `The application asks for no sign-in (HTTP ${status}): it seems not to be the one for Kerberos.`,
        applications.negotiate.mend,
      );
    case 'userNameToken':
      return info(
        `No sign-in stands before the message (HTTP ${status}), as it must be for a user name token. Whether this one is taken cannot be told without a message: ca.reachable tries it.`,
      );
    case 'certificate':
      return info(
        `Nothing beside the client certificate is asked for (HTTP ${status}). Whether the server asked for it, and which account it stands for, cannot be told without a message: ca.reachable tries it.`,
      );
  }
}
