/** The command line: one file a command, results on standard output, everything else on standard error. */
import { Command, CommanderError } from 'commander';
import { isGatewayError } from '../errors/index.js';
import { accountCommand, tokenCommand } from './account.js';
import { caCommand } from './ca.js';
import { certificateCommand } from './certificate.js';
import { challengeCommand } from './challenge.js';
import { exitCodeOf, exitCodes } from './exit-code.js';
import { initCommand } from './init.js';
import { pendingCommand } from './pending.js';
import { serveCommand } from './serve.js';
import { complain } from './terminal.js';
import { thumbprintCommand } from './thumbprint.js';

const program = new Command('scep-gateway')
  .description('SCEP server with an embedded CA, dynamic challenges and the NDES admin page.')
  .showHelpAfterError('(see: scep-gateway --help)')
  .exitOverride()
  .addCommand(serveCommand())
  .addCommand(initCommand())
  .addCommand(challengeCommand())
  .addCommand(certificateCommand())
  .addCommand(pendingCommand())
  .addCommand(thumbprintCommand())
  .addCommand(accountCommand())
  .addCommand(tokenCommand())
  .addCommand(caCommand());

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
  } else {
    complain(error);
    process.exitCode = isGatewayError(error) ? exitCodeOf(error) : exitCodes.internal;
  }
}
