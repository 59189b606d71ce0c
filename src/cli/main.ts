/** The command line: one file a command, results on standard output, everything else on standard error. */
import { Command, CommanderError } from 'commander';
import { isGatewayError } from '../errors/index.js';
import { serveCommand } from './serve.js';
import { exitCodeOf, exitCodes } from './exit-code.js';
import { complain } from './terminal.js';

const program = new Command('scep-gateway')
  .description('SCEP server with an embedded CA, dynamic challenges and the NDES admin page.')
  .showHelpAfterError('(see: scep-gateway --help)')
  .exitOverride()
  .addCommand(serveCommand());

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
