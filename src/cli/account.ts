import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { hashPassword, newApiToken } from '../access/index.js';
import { GatewayError } from '../errors/index.js';
import { administratorName, resetAdministrator } from '../gateway/index.js';
import { examples } from './examples.js';
import { wholeNumber } from './option.js';
import { readStandardInput } from './standard-input.js';
import { cliAudit, withData } from './state.js';
import { shortTime, table } from './table.js';
import { note, print } from './terminal.js';

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

export function tokenCommand(): Command {
  return new Command('token')
    .description('API tokens for scripts and MDMs, with the rights of their account.')
    .addHelpText(
      'after',
      `
Examples:
  scep-gateway token new --account admin --days 365
  curl -X POST -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d "{}" http://127.0.0.1:8080/api/v1/challenges`,
    )
    .addCommand(
      new Command('new')
        .description('Make a token and print it; it is shown this once.')
        .option('--account <name>', 'account it acts for', administratorName)
        .option('--days <n>', 'how long it is good (default: no end)', wholeNumber(1, 3650))
        .addHelpText('after', examples('scep-gateway token new --account mdm --days 365'))
        .action(({ account, days }: { account: string; days?: number }) =>
          withData(async (data, { config }) => {
            const known = [administratorName, ...config.accounts.map(({ name }) => name)];
            if (!known.includes(account)) {
              throw new GatewayError('cli.usage', `There is no account ${account}.`, {
                mend: `Accounts: ${known.join(', ')}`,
              });
            }
            const { token, digest } = newApiToken();
            const id = randomUUID();
            const createdAt = new Date();
            const expiresAt =
              days === undefined ? undefined : new Date(createdAt.getTime() + days * 86_400_000);
            await data.settings.putToken({ id, account, digest, createdAt, expiresAt });
            await data.enrollments.appendAudit(
              cliAudit('token.issued', { code: id, reason: `for ${account}` }),
            );
            print(token);
            note(`token ${id} for ${account}, good until ${shortTime(expiresAt)}`);
          }),
        ),
    )
    .addCommand(
      new Command('list')
        .description('Tokens, without their secrets.')
        .addHelpText('after', examples('scep-gateway token list'))
        .action(() =>
          withData(async (data) => {
            const tokens = await data.settings.tokens();
            print(
              table(
                ['ID', 'ACCOUNT', 'CREATED', 'EXPIRES'],
                tokens.map(({ id, account, createdAt, expiresAt }) => [
                  id,
                  account,
                  shortTime(createdAt),
                  shortTime(expiresAt),
                ]),
              ),
            );
          }),
        ),
    )
    .addCommand(
      new Command('revoke')
        .description('Make a token useless.')
        .argument('<id>', 'from token list')
        .addHelpText(
          'after',
          examples('scep-gateway token revoke 6f1e1c9e-6f0a-4f5e-9d5e-3f3c2f0c7a11'),
        )
        .action((id: string) =>
          withData(async (data) => {
            if (!(await data.settings.removeToken(id))) {
              throw new GatewayError('cli.not-found', `There is no token ${id}.`, {
                mend: 'List them with: scep-gateway token list',
              });
            }
            await data.enrollments.appendAudit(cliAudit('token.revoked', { code: id }));
            note(`token ${id} is revoked`);
          }),
        ),
    );
}
