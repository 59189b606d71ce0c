/** `token`: API tokens, their scope and their end. */
import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { newApiToken, roles } from '../access/index.js';
import { GatewayError } from '../errors/index.js';
import { administratorName } from '../gateway/index.js';
import type { ApiTokenRecord } from '../store/index.js';
import { examples } from './examples.js';
import { collect, wholeNumber } from './option.js';
import { cliAudit, withData } from './state.js';
import { shortTime, table } from './table.js';
import { note, print } from './terminal.js';

const tokenRoles = roles.filter((role) => role !== 'admin');

interface TokenOptions {
  readonly account: string;
  readonly days: number;
  readonly role?: readonly string[];
  readonly profile?: readonly string[];
}

function refuseUnknown(what: string, given: readonly string[] = [], known: readonly string[]) {
  const odd = given.find((one) => !known.includes(one));
  if (odd === undefined) return;
  throw new GatewayError('cli.usage', `There is no ${what} ${odd}.`, {
    mend: `There are: ${known.join(', ')}`,
  });
}

function scopeText({ roles: only, profiles }: Pick<ApiTokenRecord, 'roles' | 'profiles'>): string {
  const rights = only === undefined ? 'all rights' : only.join(', ');
  return profiles === undefined ? rights : `${rights} (${profiles.join(', ')})`;
}

export function tokenCommand(): Command {
  return new Command('token')
    .description('API tokens for scripts and MDMs, with the rights of their account, or fewer.')
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
        .option('--days <n>', 'how long it is good', wholeNumber(1, 3650), 365)
        .option(
          '--role <role>',
          `only this of the rights of its account, repeatable: ${tokenRoles.join(', ')}`,
          collect,
        )
        .option('--profile <name>', 'challenges for this profile only, repeatable', collect)
        .addHelpText(
          'after',
          examples('scep-gateway token new --account mdm --role challenge --profile default'),
        )
        .action(({ account, days, role, profile }: TokenOptions) =>
          withData(async (data, { config }) => {
            const known = [administratorName, ...config.accounts.map(({ name }) => name)];
            if (!known.includes(account)) {
              throw new GatewayError('cli.usage', `There is no account ${account}.`, {
                mend: `Accounts: ${known.join(', ')}`,
              });
            }
            refuseUnknown('role', role, tokenRoles);
            refuseUnknown('profile', profile, Object.keys(config.profiles));
            const { token, digest } = newApiToken();
            const id = randomUUID();
            const createdAt = new Date();
            const expiresAt = new Date(createdAt.getTime() + days * 86_400_000);
            const record = { id, account, createdAt, expiresAt, roles: role, profiles: profile };
            await data.settings.putToken({ ...record, digest });
            await data.enrollments.appendAudit(
              cliAudit('token.issued', {
                code: id,
                reason: `for ${account}: ${scopeText(record)}`,
              }),
            );
            print(token);
            note(
              `token ${id} for ${account}: ${scopeText(record)}, good until ${shortTime(expiresAt)}`,
            );
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
                ['ID', 'ACCOUNT', 'RIGHTS', 'CREATED', 'EXPIRES'],
                tokens.map((record) => [
                  record.id,
                  record.account,
                  scopeText(record),
                  shortTime(record.createdAt),
                  shortTime(record.expiresAt),
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
