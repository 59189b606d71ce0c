import { Command } from 'commander';
import type { DoctorFlags } from './doctor/flags.js';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Check the configuration against the real world, step by step, and say what to do.',
    )
    .option('--issuer <name>', 'look at this issuer alone')
    .option('--profile <name>', 'look at the issuers of this profile alone')
    .option(
      '--admin-page',
      'sign in to the admin pages of upstream servers, too; uses one of their passwords up',
    )
    .option('--explain <text>', 'say what a line of a log or an HRESULT means, and do nothing else')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
It changes nothing, and asks no CA for a certificate. It signs in once for each issuer.
Run it as the user of the gateway, beside it or without it.

Exit codes: 0 nothing to say, 5 warnings only, 1 something failed, 3 the configuration is not valid.

Examples:
  scep-gateway doctor
  scep-gateway doctor --issuer corp
  scep-gateway doctor --json | jq '.[] | select(.result == "failed")'
  scep-gateway doctor --explain 'CCertRequest::Submit: The RPC server is unavailable. 0x800706ba'`,
    )
    .action(async (flags: DoctorFlags) => {
      const { runDoctor } = await import('./doctor/run.js');
      process.exitCode = await runDoctor(flags);
    });
}
