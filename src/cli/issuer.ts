import { Command } from 'commander';
import { GatewayError } from '../errors/index.js';
import type { Installation } from '../gateway/index.js';
import { examineUpstream } from '../upstream/index.js';
import { examples } from './examples.js';
import { exitCodes } from './exit-code.js';
import { withInstallation } from './state.js';
import { print } from './terminal.js';

export function issuerCommand(): Command {
  return new Command('issuer')
    .description('The CAs and servers behind the gateway.')
    .addHelpText('after', examples('scep-gateway issuer test old-ndes'))
    .addCommand(testCommand());
}

function testCommand(): Command {
  return new Command('test')
    .description(
      'Ask an NDES or SCEP server behind the gateway what it is, and say what is wrong. Its admin page is asked for one password, which is used up.',
    )
    .argument('<name>', 'of the issuer in the configuration')
    .option('--no-admin-page', 'leave its admin page alone')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'scep-gateway issuer test old-ndes',
        'scep-gateway issuer test old-ndes --no-admin-page',
      ),
    )
    .action((name: string, options: { adminPage: boolean; json?: boolean }) =>
      withInstallation(async (installation) => {
        const { config, server, challengeSource } = upstreamOf(installation, name);
        const findings = await examineUpstream({
          server,
          fingerprint: config.fingerprint,
          source: options.adminPage ? challengeSource : undefined,
          now: new Date(),
        });
        if (options.json) print(JSON.stringify(findings, null, 2));
        else for (const { kind, text } of findings) print(`${marks[kind]} ${text}`);
        if (findings.some(({ kind }) => kind === 'fault')) process.exitCode = exitCodes.refused;
      }),
    );
}

const marks = { good: 'ok      ', warning: 'warning ', fault: 'FAULT   ' } as const;

function upstreamOf({ resolved, upstreams }: Installation, name: string) {
  const upstream = upstreams.get(name);
  if (upstream) return upstream;
  const known = [...upstreams.keys()];
  const isThere = Object.hasOwn(resolved.config.issuers, name);
  throw new GatewayError(
    'cli.usage',
    isThere ? `The issuer ${name} is no NDES or SCEP server.` : `There is no issuer ${name}.`,
    isThere
      ? { mend: `Look at it with: scep-gateway doctor --issuer ${name}` }
      : known.length > 0
        ? { mend: `Issuers of kind ndes: ${known.join(', ')}` }
        : {},
  );
}
