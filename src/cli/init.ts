import { Command } from 'commander';
import { examples } from './examples.js';
import { withInstallation } from './state.js';
import { note } from './terminal.js';

export function initCommand(): Command {
  return new Command('init')
    .description(
      'Make keys, CA, RA certificates and the administrator without serving; what is there is kept.',
    )
    .addHelpText('after', examples('SCEP_GATEWAY_DATA_DIR=/var/lib/scep-gateway scep-gateway init'))
    .action(() =>
      withInstallation(({ data, authorities, newAdministratorPassword }) => {
        note(`data directory ${data.path} is ready`);
        for (const [name, { thumbprintCertificate }] of authorities) {
          note(
            thumbprintCertificate
              ? `issuer ${name}: ${thumbprintCertificate.subject.text}, SHA-256 ${thumbprintCertificate.thumbprints.sha256}`
              : `issuer ${name}: its CA was not reached yet`,
          );
        }
        note(
          newAdministratorPassword === undefined
            ? 'administrator admin: password unchanged'
            : `administrator admin: password ${newAdministratorPassword} (shown this once)`,
        );
        note('next: scep-gateway serve');
        return Promise.resolve();
      }),
    );
}
