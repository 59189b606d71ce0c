import { Command } from 'commander';
import type { ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import {
  administratorName,
  administratorQuota,
  defaultProfile,
  openChallengeSource,
  type DataDirectory,
} from '../gateway/index.js';
import type { ChallengeBinding, ChallengeId, ChallengeRecord } from '../store/index.js';
import { examples } from './examples.js';
import { collect, wholeNumber } from './option.js';
import { cliAudit, withData } from './state.js';
import { shortTime, table } from './table.js';
import { note, print } from './terminal.js';

export function challengeCommand(): Command {
  return new Command('challenge')
    .description('One-time challenges: what a device needs for its first certificate.')
    .addHelpText(
      'after',
      examples('scep-gateway challenge new', 'scep-gateway challenge list --state open'),
    )
    .addCommand(newCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
}

interface NewOptions {
  readonly profile?: string;
  readonly subject?: string;
  readonly san?: readonly string[];
  readonly key?: string;
  readonly requester?: string;
  readonly minutes?: number;
  readonly uses: number;
  readonly json?: boolean;
}

function newCommand(): Command {
  return new Command('new')
    .description('Issue a challenge and print it. With a binding it opens only for what it names.')
    .option('--profile <name>', 'profile it is good for (default: the first)')
    .option('--subject <name>', 'only for this subject, such as "CN=device-7,O=Example"')
    .option(
      '--san <entry>',
      'only for these SANs, such as dns:device-7.example.org; repeat for more',
      collect,
    )
    .option('--key <sha256>', 'only for this public key: SHA-256 of its SubjectPublicKeyInfo, hex')
    .option('--requester <address>', 'only from this address or CIDR')
    .option(
      '--minutes <n>',
      'how long it is good (default: as the profile says)',
      wholeNumber(1, 525_600),
    )
    .option('--uses <n>', 'enrollments it is good for', wholeNumber(1, 100_000), 1)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  scep-gateway challenge new
  scep-gateway challenge new --subject CN=device-7 --minutes 1440 --json`,
    )
    .action((options: NewOptions) =>
      withData(async (data, { config, readSecret }) => {
        refuseMemory(data);
        const profile = options.profile ?? defaultProfile(config);
        const { challenges, issuer } = profileOf(config, profile);
        const page = await openChallengeSource({ config, readSecret }, issuer);
        const outcome = await data.challenges
          .issue({
            account: administratorName,
            quota: administratorQuota,
            binding: bindingOf(options, profile),
            length: challenges.length,
            validityMinutes: options.minutes ?? challenges.validityMinutes,
            maxUses: options.uses,
            source: page?.source,
          })
          .finally(() => page?.http.close());
        if (outcome.kind === 'full') {
          throw new GatewayError(
            'challenge.quota',
            `${administratorName} holds ${administratorQuota} open challenges.`,
            {
              mend: 'Wait until some expire, or revoke some: scep-gateway challenge list',
            },
          );
        }
        const { id, password, expiresAt } = outcome;
        await data.enrollments.appendAudit(
          cliAudit('challenge.issued', { profile, challengeId: id, subject: options.subject }),
        );
        if (options.json) print(JSON.stringify({ id, challenge: password, expiresAt, profile }));
        else {
          print(password);
          note(
            `challenge ${id} for profile ${profile ?? ''}, good until ${shortTime(expiresAt)} UTC`,
          );
        }
      }),
    );
}

function profileOf(config: ResolvedConfig['config'], name: string | undefined) {
  const profile = name === undefined ? undefined : config.profiles[name];
  if (!profile) {
    throw new GatewayError('cli.usage', `There is no profile ${name ?? ''}.`, {
      mend: `Profiles: ${Object.keys(config.profiles).join(', ')}`,
    });
  }
  if (!profile.challenges.dynamic) {
    throw new GatewayError('cli.usage', `The profile ${name ?? ''} takes no dynamic challenges.`, {
      mend: `Set profiles.${name ?? ''}.challenges.dynamic to true, or use its static challenge.`,
    });
  }
  return profile;
}

function bindingOf(options: NewOptions, profile: string | undefined): ChallengeBinding {
  const { subject, san, key, requester } = options;
  return {
    ...(profile !== undefined && { profile }),
    ...(subject !== undefined && { subject }),
    ...(san !== undefined && { san }),
    ...(key !== undefined && { key: key.toLowerCase() }),
    ...(requester !== undefined && { requester }),
  };
}

function listCommand(): Command {
  return new Command('list')
    .description('Challenges with their state; the secrets themselves are not kept.')
    .option('--state <state>', 'open, used, expired or revoked')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 100_000), 100)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'scep-gateway challenge list --state open',
        'scep-gateway challenge list --limit 1000 --json',
      ),
    )
    .action((options: { state?: ChallengeState; limit: number; json?: boolean }) =>
      withData(async (data) => {
        refuseMemory(data);
        if (options.state && !states.includes(options.state)) {
          throw new GatewayError('cli.usage', `There is no state ${options.state}.`, {
            mend: `States: ${states.join(', ')}`,
          });
        }
        const records = await data.challenges.list({
          limit: options.limit,
          ...(options.state && { state: options.state }),
        });
        if (options.json) print(JSON.stringify(records.map(withoutDigest), null, 2));
        else
          print(
            table(['ID', 'ACCOUNT', 'CREATED', 'EXPIRES', 'USES', 'BOUND TO'], records.map(row)),
          );
      }),
    );
}

const states = ['open', 'used', 'expired', 'revoked'] as const;
type ChallengeState = (typeof states)[number];

function withoutDigest(record: ChallengeRecord): unknown {
  return { ...record, digest: undefined };
}

function row({
  id,
  account,
  createdAt,
  expiresAt,
  uses,
  maxUses,
  binding,
  revokedAt,
}: ChallengeRecord): string[] {
  return [
    id,
    account,
    shortTime(createdAt),
    revokedAt ? 'revoked' : shortTime(expiresAt),
    `${uses}/${maxUses ?? '∞'}`,
    Object.entries(binding)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(' '),
  ];
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description('Make a challenge useless.')
    .argument('<id>', 'from challenge list')
    .addHelpText('after', examples('scep-gateway challenge revoke 442a4ce9a47d14ccdd23'))
    .action((id: string) =>
      withData(async (data) => {
        refuseMemory(data);
        if (!(await data.challenges.revoke(id as ChallengeId))) {
          throw new GatewayError('cli.not-found', `There is no challenge ${id}.`, {
            mend: 'List them with: scep-gateway challenge list',
          });
        }
        await data.enrollments.appendAudit(cliAudit('challenge.revoked', { challengeId: id }));
        note(`challenge ${id} is revoked`);
      }),
    );
}

/** Challenges in the memory of the gateway are out of this process' reach. */
function refuseMemory(data: DataDirectory): void {
  if (!data.challengesInMemory) return;
  throw new GatewayError('cli.usage', 'Challenges are kept in the memory of the running gateway.', {
    mend: 'Use its API, POST /api/v1/challenges, or set data.challengeStore to database.',
  });
}
