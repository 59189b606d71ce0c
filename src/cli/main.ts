/** The command line: one file a command, results on standard output, everything else on standard error. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { isGatewayError } from '../errors/index.js';
import { exitCodeOf, exitCodes } from './exit-code.js';
import { complain, endAtOnce, outliveReaders } from './terminal.js';

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.js')).serveCommand(),
  init: async () => (await import('./init.js')).initCommand(),
  doctor: async () => (await import('./doctor.js')).doctorCommand(),
  config: async () => (await import('./config.js')).configCommand(),
  challenge: async () => (await import('./challenge.js')).challengeCommand(),
  certificate: async () => (await import('./certificate.js')).certificateCommand(),
  pending: async () => (await import('./pending.js')).pendingCommand(),
  enroll: async () => (await import('./enroll.js')).enrollCommand(),
  inspect: async () => (await import('./inspect.js')).inspectCommand(),
  thumbprint: async () => (await import('./thumbprint.js')).thumbprintCommand(),
  access: async () => (await import('./access.js')).accessCommand(),
  directory: async () => (await import('./directory.js')).directoryCommand(),
  account: async () => (await import('./account.js')).accountCommand(),
  token: async () => (await import('./token.js')).tokenCommand(),
  ca: async () => (await import('./ca.js')).caCommand(),
  issuer: async () => (await import('./issuer.js')).issuerCommand(),
  store: async () => (await import('./store.js')).storeCommand(),
  ra: async () => (await import('./ra.js')).raCommand(),
};

outliveReaders();

const program = new Command('scep-gateway')
  .description('SCEP server with an embedded CA, dynamic challenges and the NDES admin page.')
  .version(version(), '-V, --version', 'print the version')
  .showHelpAfterError('(see: scep-gateway --help)')
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  scep-gateway serve                            start; the first time makes a CA and prints the password of admin
  scep-gateway challenge new                    a one-time challenge for a device
  scep-gateway enroll --url http://127.0.0.1:8080/scep --subject CN=device-1 --challenge-file -
  scep-gateway certificate show CN=device-1     what happened to device-1
  scep-gateway inspect request.der              what is wrong with a message
  scep-gateway doctor                           what is wrong with the configuration, the CA, the network
  scep-gateway <command> --help                 more, with examples

Environment:
  SCEP_GATEWAY_CONFIG, SCEP_GATEWAY_DATA_DIR, SCEP_GATEWAY_LISTEN, SCEP_GATEWAY_ADMIN_PASSWORD
  (see: scep-gateway serve --help)

Exit codes:
  0   done
  1   refused, not found, or not valid
  2   the command was not understood, or was given what it cannot use
  3   the configuration or a key cannot be used
  4   not now: unreachable, overloaded, or still pending
  5   doctor: warnings, nothing failed
  70  a fault of scep-gateway itself`,
  );
for (const command of await commandsFor(process.argv[2])) program.addCommand(command);
inheritSettings(program);

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  } else {
    complain(error);
    process.exitCode = isGatewayError(error) ? exitCodeOf(error) : exitCodes.internal;
  }
}

// A call that hangs, to a token or a network disk, holds the process when everything else has ended.
setTimeout(endAtOnce, 5000).unref();

/** Commander does not hand `exitOverride` down to commands that were made elsewhere. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritSettings(command);
  }
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version: found } = JSON.parse(text) as { readonly version: string };
  return found;
}

/** The one that is called, with what it needs; all of them for the help and for a name nobody knows. */
async function commandsFor(name: string | undefined): Promise<readonly Command[]> {
  const called = Object.entries(commands).find(([each]) => each === name);
  const wanted = called ? [called[1]] : Object.values(commands);
  return Promise.all(wanted.map((load) => load()));
}
