/** A server behind the gateway, from its name to the first answer of its web server. */
import { offeredSchemes, type WebTls } from '../web-client/index.js';
import type { Examination } from './examination.js';
import { expiryVerdict, nameOf } from './expiry.js';
import { failed, info, ok, warning, type Verdict } from './finding.js';
import { clockVerdict } from './clock.js';
import type { Handshake, WebAnswer, World } from './world.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export function endpointOf(url: URL): Endpoint {
  const usual = url.protocol === 'https:' ? 443 : 80;
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || usual) };
}

/** `network.name`, `network.port`. */
export async function examineReach(
  examination: Examination,
  world: World,
  about: string,
  { host, port }: Endpoint,
  firewall = 'Check that the service runs there, and that no firewall stands between.',
): Promise<void> {
  await examineName(examination, world, about, host);
  await examination.check(
    { id: 'network.port', about, needs: ['network.name'], doing: `connecting to ${host}:${port}` },
    async () => {
      const reached = await world.connect(host, port);
      return reached.kind === 'done'
        ? ok(`Port ${port} of ${host} is open.`)
        : failed(`Port ${port} of ${host} cannot be reached: ${reached.reason}.`, firewall);
    },
  );
}

export async function examineName(
  examination: Examination,
  world: World,
  about: string,
  host: string,
): Promise<void> {
  await examination.check({ id: 'network.name', about, doing: `looking up ${host}` }, async () => {
    const found = await world.lookUp(host);
    if (found.kind === 'done') return ok(`${host} is ${found.addresses.join(', ')}.`);
    return failed(
      `The name ${host} does not lead to an address: ${found.reason}.`,
      'Look for a slip in the host name of the configuration, and check the DNS servers of this machine.',
    );
  });
}

/** `tls.handshake`, `tls.version`, `tls.pin` or `tls.chain` and `tls.name`, `tls.expiry`. */
export async function examineTls(
  examination: Examination,
  world: World,
  about: string,
  { host, port }: Endpoint,
  tls: WebTls,
): Promise<void> {
  let shown: Handshake | undefined;
  await examination.check(
    { id: 'tls.handshake', about, needs: ['network.port'], doing: `TLS with ${host}:${port}` },
    async () => {
      const outcome = await world.shakeHands(host, port, tls);
      if (outcome.kind === 'failed') {
        return failed(
          `There is no TLS with ${host}:${port}: ${outcome.reason}.`,
          'The server has to speak TLS 1.2 or 1.3 on this port; check the https binding of its web site and the port in the configuration.',
        );
      }
      shown = outcome;
      return ok(`${host}:${port} speaks ${outcome.protocol}.`);
    },
  );
  const step = async (id: string, judge: (shown: Handshake) => Verdict) => {
    await examination.check({ id, about, needs: ['tls.handshake'] }, () =>
      shown === undefined ? [] : judge(shown),
    );
  };
  if ((tls.pins ?? []).length > 0) {
    await step('tls.pin', (seen) => pinVerdict(seen, tls.pins ?? []));
  } else {
    await step('tls.chain', (seen) => chainVerdict(seen, host));
    await step('tls.name', (seen) => nameVerdict(seen, host));
  }
  await step('tls.expiry', ({ certificates: [own] }) =>
    own === undefined
      ? info('The server showed no certificate.')
      : expiryVerdict(
          `The TLS certificate ${nameOf(own)}`,
          own,
          world.clock(),
          'Renew the certificate of the web site and bind the new one.',
        ),
  );
}

function pinVerdict({ certificates: [own] }: Handshake, pins: readonly string[]): Verdict {
  const shown = own?.thumbprints.sha256 ?? 'none';
  if (pins.includes(shown)) {
    return ok('The server shows the pinned certificate; its chain and name do not count.');
  }
  return failed(
    `The server shows another certificate than the pinned ones: SHA-256 ${shown}.`,
    'If the certificate was renewed, write the new SHA-256 into `tls.pins`; if not, find out what stands between gateway and server.',
  );
}

function chainVerdict({ chainFault, certificates }: Handshake, host: string): Verdict {
  if (chainFault === undefined) return ok(`The chain of the certificate of ${host} is trusted.`);
  const above = certificates[certificates.length - 1]?.issuer.text.slice(0, 200) ?? 'its CA';
  return failed(
    `The certificate of ${host} is not trusted: ${chainFault}.`,
    `Write the path of the root certificate (of ${above}) into \`tls.ca\` of the issuer, and let the server send the CAs between.`,
  );
}

function nameVerdict({ otherNames }: Handshake, host: string): Verdict {
  if (otherNames === undefined) return ok(`The certificate is for ${host}.`);
  return failed(
    `The certificate of the server is not for ${host} but for ${otherNames.slice(0, 300)}.`,
    'Write a name of the certificate into the configuration, or give the server a certificate for the name it is called by. Look for a slip in both.',
  );
}

/** What judges whose certificate that is: with pins their check stands in for chain and name. */
export function trustChecks(isTls: boolean, { pins = [] }: WebTls): readonly string[] {
  if (!isTls) return ['network.port'];
  return pins.length > 0 ? ['tls.pin'] : ['tls.chain', 'tls.name'];
}

/** `http.answer`, `clock.skew`; without a sign-in. @returns the schemes it offers, in lower case */
export async function examineAnswer(
  examination: Examination,
  world: World,
  about: string,
  {
    url,
    tls,
    clockJudge,
  }: {
    readonly url: URL;
    readonly tls: WebTls;
    /** As `clockVerdict` wants it. */
    readonly clockJudge: string | undefined;
  },
): Promise<{ readonly status: number; readonly offered: readonly string[] } | undefined> {
  let answer: WebAnswer | undefined;
  const needs = trustChecks(url.protocol === 'https:', tls);
  await examination.check(
    { id: 'http.answer', about, needs, doing: `asking ${url.host} without a sign-in` },
    async () => {
      const outcome = await world.ask(url, tls);
      if (outcome.kind === 'failed') {
        return failed(
          `The web server does not answer: ${outcome.reason}.`,
          'Look at the web site and its application pool; a server that wants a client certificate breaks off here when it gets none.',
        );
      }
      answer = outcome;
      return ok(`The web server answers (HTTP ${outcome.status}).`);
    },
  );
  await examination.check({ id: 'clock.skew', about, needs: ['http.answer'] }, () =>
    answer === undefined ? [] : clockVerdict(answer.rawHeaders, world.clock(), clockJudge),
  );
  if (answer === undefined) return undefined;
  const { status, rawHeaders } = answer;
  return { status, offered: offeredSchemes(rawHeaders).map(({ scheme }) => scheme) };
}

/** `tls.none`: plain http where it should not be. */
export async function examinePlainHttp(
  examination: Examination,
  about: string,
  url: URL,
): Promise<void> {
  await examination.check({ id: 'tls.none', about }, () =>
    warning(
      `${url.origin} is plain http: whoever stands between can read and change what is asked and answered.`,
      'Bind https at the web server and write https into the configuration.',
    ),
  );
}
