import { Command } from 'commander';
import { GatewayError } from '../errors/index.js';
import type { Installation } from '../gateway/index.js';
import { isLocalAuthority, type LocalAuthority, type RolloverStatus } from '../issuer/index.js';
import { examples } from './examples.js';
import { cliAudit, withInstallation } from './state.js';
import { shortTime } from './table.js';
import { note, print } from './terminal.js';

export function caCommand(): Command {
  const rollover = new Command('rollover')
    .description('Replace the embedded CA without cutting off devices (GetNextCACert).')
    .addHelpText(
      'after',
      `
The order of things:
  scep-gateway ca rollover prepare     the next CA exists and is announced to devices
  (wait until devices have fetched it)
  scep-gateway ca rollover activate    it issues; certificates of the old CA still renew`,
    )
    .addCommand(
      step('status', 'What issues, what is prepared, what was replaced.', (authority) =>
        Promise.resolve(authority.rolloverStatus()),
      ),
    )
    .addCommand(
      step('prepare', 'Make the next CA and announce it.', (authority, { subject, newRoot }) =>
        authority.prepareRollover({
          ...(subject !== undefined && { subject }),
          ...(newRoot !== undefined && { newRoot }),
        }),
      )
        .option('--subject <name>', 'distinguished name of the next CA')
        .option('--new-root', 'a new root too, where there are two levels'),
    )
    .addCommand(
      step('activate', 'Let the prepared CA issue from now on.', (authority) =>
        authority.activateRollover(),
      ),
    )
    .addCommand(
      step('discard', 'Forget the prepared CA.', (authority) => authority.discardRollover()),
    );
  return new Command('ca')
    .description('The embedded CA.')
    .addHelpText('after', examples('scep-gateway ca rollover status'))
    .addCommand(rollover);
}

interface StepOptions {
  readonly issuer?: string;
  readonly subject?: string;
  readonly newRoot?: boolean;
}

function step(
  name: string,
  description: string,
  work: (authority: LocalAuthority, options: StepOptions) => Promise<RolloverStatus>,
): Command {
  return new Command(name)
    .description(description)
    .option('--issuer <name>', 'which issuer, where there are several')
    .addHelpText('after', examples(`scep-gateway ca rollover ${name}`))
    .action((options: StepOptions) =>
      withInstallation(async (installation) => {
        const [issuer, authority] = chosen(installation, options.issuer);
        const status = await work(authority, options);
        if (name !== 'status') {
          await installation.data.enrollments.appendAudit(
            cliAudit(`ca.rollover-${name}`, { reason: issuer }),
          );
          note(`done; a running gateway takes it up within seconds`);
        }
        print(describe(status));
      }),
    );
}

function chosen({ authorities }: Installation, name: string | undefined): [string, LocalAuthority] {
  const all = [...authorities].flatMap(([issuer, authority]): [string, LocalAuthority][] =>
    isLocalAuthority(authority) ? [[issuer, authority]] : [],
  );
  const found =
    name === undefined
      ? all.length === 1
        ? all[0]
        : undefined
      : all.find(([issuer]) => issuer === name);
  if (found) return found;
  throw new GatewayError(
    'cli.usage',
    name === undefined
      ? `There ${all.length === 0 ? 'is no embedded CA' : 'are several embedded CAs'}.`
      : `There is no embedded CA ${name}.`,
    {
      mend: `Name one with --issuer: ${all.map(([issuer]) => issuer).join(', ')}`,
    },
  );
}

function describe({ current, next, retired }: RolloverStatus): string {
  return [
    `issuing   ${current.subject.text}, until ${shortTime(current.notAfter)}, SHA-256 ${current.thumbprints.sha256}`,
    next
      ? `prepared  ${next.subject.text}, until ${shortTime(next.notAfter)}, SHA-256 ${next.thumbprints.sha256}`
      : 'prepared  none',
    ...retired.map(
      ({ certificate, retiredAt }) =>
        `replaced  ${certificate.subject.text}, on ${shortTime(retiredAt)}, SHA-256 ${certificate.thumbprints.sha256}`,
    ),
  ].join('\n');
}
