import { Command } from 'commander';
import { hashPassword } from '../access/index.js';
import { GatewayError } from '../errors/index.js';
import { administratorName, resetAdministrator } from '../gateway/index.js';
import { examples } from './examples.js';
import { readStandardInput } from './standard-input.js';
import { cliAudit, withData } from './state.js';
import { print } from './terminal.js';

const shortestPassword = 12;

export function accountCommand(): Command {
  return new Command('account')
    .description('Passwords of the accounts that fetch challenges.')
    .addHelpText('after', examples('scep-gateway account reset-admin'))
    .addCommand(
      new Command('reset-admin')
        .description('Give admin a new generated password and print it.')
        .addHelpText('after', examples('scep-gateway account reset-admin'))
        .action(() =>
          withData(async (data) => {
            print(await resetAdministrator(data.settings, new Date()));
            await data.enrollments.appendAudit(
              cliAudit('account.password-reset', { reason: administratorName }),
            );
          }),
        ),
    )
    .addCommand(
      new Command('hash')
        .description(
          'Read a password from standard input and print its passwordHash for gateway.yaml.',
        )
        .addHelpText(
          'after',
          `\nExample:\n  read -rs P && printf %s "$P" | scep-gateway account hash`,
        )
        .action(async () => {
          const password = (await readStandardInput()).toString('utf8').replace(/\r?\n$/, '');
          if (Array.from(password).length < shortestPassword) {
            throw new GatewayError(
              'cli.usage',
              `The password is shorter than ${shortestPassword} characters.`,
              {
                mend: 'Pipe a longer one: printf %s "$PASSWORD" | scep-gateway account hash',
              },
            );
          }
          print(await hashPassword(password));
        }),
    );
}
