import { Command } from 'commander';
import type { DirectoryTestFlags } from './directory/flags.js';

export function directoryCommand(): Command {
  return new Command('directory')
    .description('Accounts of the Active Directory: why a sign-in succeeds or fails.')
    .addCommand(testCommand());
}

function testCommand(): Command {
  return new Command('test')
    .description('Go through the sign-in of an account, step by step, as the gateway does.')
    .argument('<account>', 'as it is typed: mdm, CORP\\mdm or mdm@corp.example')
    .option(
      '--password',
      'read its password from standard input; without it, `directory.service` looks the account up',
    )
    .option(
      '--config <file>',
      'a gateway.yaml (default: what SCEP_GATEWAY_CONFIG names, else the defaults)',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
It exits with 0 when the account may sign in and with 1 when not. A wrong password counts in the directory.

Examples:
  scep-gateway directory test mdm@corp.example
  read -rs P && printf %s "$P" | scep-gateway directory test --password 'CORP\\mdm'`,
    )
    .action(async (account: string, flags: DirectoryTestFlags) => {
      const { runDirectoryTest } = await import('./directory/run.js');
      process.exitCode = await runDirectoryTest(account, flags);
    });
}
