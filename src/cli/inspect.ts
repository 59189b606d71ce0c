import { Command } from 'commander';
import { collect } from './option.js';
import type { InspectFlags } from './inspect/inspect-flags.js';

export function inspectCommand(): Command {
  return new Command('inspect')
    .description(
      'Explain a PKIOperation, CertRep, CSR, certificate, CRL or bundle, and what is wrong with it.',
    )
    .argument('[file]', 'what to explain; without it, or with -, what is pasted or piped in')
    .option('--profile <name>', 'the profile it is meant for (default: by its URL, else the first)')
    .option('--no-data', 'look at the bytes alone, not into the data directory')
    .option('--key <file>', 'a private key that may open it, PEM; a device’s for a reply')
    .option('--cert <file>', 'certificates: of --key, or of whoever signed it', collect)
    .option('--passphrase-file <file>', 'passphrase of an encrypted --key')
    .option(
      '--challenge-password <file>',
      'a file with the challenge that opens a reply to an EC device; - is standard input',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
It takes DER, PEM, hex, and base64 in any alphabet, with line breaks or percent-encoded; a whole GET
URL or a line of an access log; a saved HTTP answer. With a data directory at hand it opens requests
with the RA keys and looks at challenge, policy and audit trail; nothing is spent or changed.
A challenge is never printed.

Exit codes: 0 nothing is wrong with it, 1 something is, 2 it is nothing we know.

Examples:
  scep-gateway inspect request.der
  pbpaste | scep-gateway inspect
  grep PKIOperation access.log | tail -1 | scep-gateway inspect
  scep-gateway inspect --key device-7.key --cert device-7.pem reply.der
  scep-gateway inspect --no-data --json ca.pem | jq .wrong`,
    )
    .action(async (file: string | undefined, flags: InspectFlags) => {
      const { runInspect } = await import('./inspect/run.js');
      process.exitCode = await runInspect(file, flags);
    });
}
