import { Command } from 'commander';
import { GatewayError } from '../errors/index.js';
import type { UpstreamServer } from '../upstream/index.js';
import { examples } from './examples.js';
import { groupedHex } from './hex.js';
import { withInstallation } from './state.js';
import { print } from './terminal.js';

export function thumbprintCommand(): Command {
  return new Command('thumbprint')
    .description(
      'Thumbprints that devices and MDM profiles pin: of the CA and of the RA certificates.',
    )
    .option('--profile <name>', 'of this profile only')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples('scep-gateway thumbprint', 'scep-gateway thumbprint --profile default --json'),
    )
    .action((options: { profile?: string; json?: boolean }) =>
      withInstallation(({ resolved, authorities, upstreams }) => {
        const profiles = Object.entries(resolved.config.profiles).filter(
          ([name]) => options.profile === undefined || name === options.profile,
        );
        if (profiles.length === 0) {
          throw new GatewayError('cli.usage', `There is no profile ${options.profile ?? ''}.`);
        }
        const all = profiles.flatMap(([profile, { issuer, caCertShape }]) => {
          const authority = authorities.get(issuer);
          if (!authority) return relayed(profile, upstreams.get(issuer)?.server.known);
          const ra = authority.registrationAuthority(caCertShape === 'ca-only' ? 'ca' : 'ra');
          const raOnly = ra.certificates.filter(
            (certificate) => !authority.issuer.chain.includes(certificate),
          );
          return [
            ...authority.issuer.chain.map((certificate) => ({ profile, role: 'CA', certificate })),
            ...raOnly.map((certificate) => ({ profile, role: 'RA', certificate })),
          ];
        });
        if (options.json) {
          print(
            JSON.stringify(
              all.map(({ profile, role, certificate }) => ({
                profile,
                role,
                subject: certificate.subject.text,
                notAfter: certificate.notAfter,
                ...certificate.thumbprints,
              })),
              null,
              2,
            ),
          );
        } else {
          for (const { profile, role, certificate } of all) {
            const { sha256, sha1, md5 } = certificate.thumbprints;
            print(
              `${role} of profile ${profile}: ${certificate.subject.text}, until ${certificate.notAfter.toISOString().slice(0, 10)}`,
            );
            print(
              `  SHA-256  ${groupedHex(sha256)}\n  SHA-1    ${groupedHex(sha1)}\n  MD5      ${groupedHex(md5)}`,
            );
          }
        }
        return Promise.resolve();
      }),
    );
}

/** Of a server whose messages are relayed: what it last answered to GetCACert. */
function relayed(profile: string, known: UpstreamServer['known']) {
  const chain = known?.chain ?? [];
  const others = known?.session.authority.certificates ?? [];
  return [
    ...chain.map((certificate) => ({ profile, role: 'CA', certificate })),
    ...others
      .filter(({ der }) => !chain.some((ca) => ca.der.equals(der)))
      .map((certificate) => ({ profile, role: 'RA', certificate })),
  ];
}
