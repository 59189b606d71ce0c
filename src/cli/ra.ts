import { Command } from 'commander';
import { GatewayError } from '../errors/index.js';
import type { Installation } from '../gateway/index.js';
import type { Authority, RaEnrollment, RaStatus } from '../issuer/index.js';
import { toPem, verifyIssuedBy, type Certificate } from '../x509/index.js';
import { examples } from './examples.js';
import { readCertificates } from './pem-file.js';
import { cliAudit, withInstallation } from './state.js';
import { shortTime } from './table.js';
import { note, print } from './terminal.js';

/** RA certificates in front of a CA that is not ours. */
export function raCommand(): Command {
  return new Command('ra')
    .description('RA certificates of an issuer whose CA is elsewhere (AD CS).')
    .addHelpText(
      'after',
      `
Where Web Enrollment may issue them:
  scep-gateway ra enroll               asks the CA; again, while a certificate manager has to look
By hand:
  scep-gateway ra request > ra.csr     a PKCS#10 for each certificate
  (have them signed by the CA)
  scep-gateway ra install *.cer        they are in force; the old keys open requests for a while`,
    )
    .addCommand(
      step('status', 'What is in force, and what waits.', ({ raKeeper }) =>
        Promise.resolve(describe(raKeeper.status())),
      ),
    )
    .addCommand(
      step('request', 'Make new keys and print requests for them.', async ({ raKeeper }) =>
        (await raKeeper.request())
          .map(({ csr }) => toPem('CERTIFICATE REQUEST', csr))
          .join('')
          .trimEnd(),
      ),
    )
    .addCommand(
      step(
        'install',
        'Put the certificates of the requests in force.',
        async (authority, files) => {
          const certificates: Certificate[] = [];
          for (const file of files) certificates.push(...(await readCertificates(file)));
          const { requests } = authority.raKeeper.status();
          for (const certificate of certificates) {
            const isOurs = requests.some(({ keyId }) => keyId === certificate.publicKey.id);
            if (isOurs) requireOfCa(certificate, authority);
          }
          return describe(await authority.raKeeper.install(certificates, 'imported'));
        },
      ).argument('<files...>', 'PEM or DER files'),
    )
    .addCommand(
      step('enroll', 'Obtain certificates from the CA itself.', async (authority) => {
        if (authority.enrollRa === undefined) {
          throw new GatewayError('cli.usage', 'The CA of this issuer cannot be asked for them.', {
            mend: 'Use: scep-gateway ra request, then ra install',
          });
        }
        return enrolled(await authority.enrollRa());
      }),
    )
    .addCommand(
      step('discard', 'Forget requests that wait.', async ({ raKeeper }) => {
        await raKeeper.discard();
        return describe(raKeeper.status());
      }),
    );
}

function step(
  name: string,
  description: string,
  work: (authority: Authority, files: readonly string[]) => Promise<string>,
): Command {
  return new Command(name)
    .description(description)
    .option('--issuer <name>', 'which issuer, where there are several')
    .addHelpText('after', examples(`scep-gateway ra ${name}`))
    .action((...given: unknown[]) =>
      withInstallation(async (installation) => {
        const [files, options] = given.length > 2 ? given : [[], given[0]];
        const [issuer, authority] = chosen(installation, issuerOption(options));
        if (name !== 'status') refuseConfigured(installation, issuer);
        const text = await work(authority, Array.isArray(files) ? files.map(String) : []);
        if (name !== 'status') {
          await installation.data.enrollments.appendAudit(
            cliAudit(`ra.${name}`, { reason: issuer }),
          );
          note('done; a running gateway takes it up within seconds');
        }
        print(text);
      }),
    );
}

function issuerOption(options: unknown): string | undefined {
  const given = typeof options === 'object' && options !== null && 'issuer' in options;
  return given && typeof options.issuer === 'string' ? options.issuer : undefined;
}

function chosen({ authorities }: Installation, name: string | undefined): [string, Authority] {
  const all = [...authorities].filter(([, { kind }]) => kind === 'foreign');
  const found = name === undefined && all.length === 1 ? all[0] : all.find(([one]) => one === name);
  if (found) return found;
  const names = all.map(([one]) => one).join(', ');
  throw new GatewayError(
    'cli.usage',
    name === undefined
      ? `There ${all.length === 0 ? 'is no issuer' : 'are several issuers'} whose CA is elsewhere.`
      : `There is no issuer ${name} whose CA is elsewhere.`,
    {
      mend:
        names === ''
          ? 'The embedded CA certifies its RA itself.'
          : `Name one with --issuer: ${names}`,
    },
  );
}

/** As far as the CA is known: devices would find no way from the RA certificate to it. */
function requireOfCa(certificate: Certificate, { knownCas, issuer }: Authority): void {
  if (knownCas.length === 0 || knownCas.some((ca) => verifyIssuedBy(certificate, ca))) return;
  throw new GatewayError(
    'config.invalid',
    `The RA certificate ${certificate.subject.text} is issued by ${certificate.issuer.text}, which is not the CA of issuer ${issuer.name}.`,
    { mend: 'Have the request signed by that CA.' },
  );
}

/** What the configuration imports would be taken up again with the next start. */
function refuseConfigured({ resolved }: Installation, name: string): void {
  if (resolved.config.issuers[name]?.importRa === undefined) return;
  throw new GatewayError('cli.usage', `issuers.${name}.importRa names the RA certificates.`, {
    mend: 'Change the file it names, or remove importRa first.',
  });
}

const origins: Readonly<Record<RaStatus['origin'], string>> = {
  self: 'certified by the gateway itself',
  imported: 'installed',
  enrolled: 'enrolled from the CA, which renews them',
};

function describe({ signing, encryption, origin, replaced, requests }: RaStatus): string {
  const line = (what: string, { subject, issuer, notAfter, thumbprints }: Certificate) =>
    `${what.padEnd(11)}${subject.text} by ${issuer.text}, until ${shortTime(notAfter)}, SHA-256 ${thumbprints.sha256}`;
  return [
    `origin     ${origins[origin]}`,
    line('signing', signing),
    line('encryption', encryption),
    ...replaced.map(
      ({ certificate, until }) =>
        `${line('replaced', certificate)}, opens until ${shortTime(until)}`,
    ),
    ...requests.map(({ purpose, keyId, requestId, certificate }) =>
      [
        `${'waiting'.padEnd(11)}${purpose}, key ${keyId}`,
        ...(requestId === undefined ? [] : [`request ${requestId} at the CA`]),
        ...(certificate === undefined ? [] : ['its certificate is here']),
      ].join(', '),
    ),
  ].join('\n');
}

function enrolled(outcome: RaEnrollment): string {
  switch (outcome.kind) {
    case 'installed':
      return describe(outcome.status);
    case 'pending':
      return `waiting    for a certificate manager: request ${outcome.requestIds.join(' and ')}. Repeat this command then; a running gateway asks every hour.`;
    case 'refused':
      throw new GatewayError('issuer.refused', `The CA refused. ${outcome.detail}`);
    case 'unavailable':
      throw new GatewayError('issuer.unavailable', outcome.detail, {
        ...(outcome.mend !== undefined && { mend: outcome.mend }),
      });
  }
}
