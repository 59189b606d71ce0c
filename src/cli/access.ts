import { Command } from 'commander';
import { collect } from './option.js';
import type { ExplainFlags, TestFlags } from './access/flags.js';

export function accessCommand(): Command {
  return new Command('access')
    .description('Who may call: explain a decision, test expected ones, show the address lists.')
    .addCommand(explainCommand())
    .addCommand(testCommand())
    .addCommand(listsCommand());
}

const configOption = [
  '--config <file>',
  'a gateway.yaml (default: what SCEP_GATEWAY_CONFIG names, else the defaults)',
] as const;

function explainCommand(): Command {
  return new Command('explain')
    .description('What the gateway makes of a caller, step by step. Sends nothing.')
    .requiredOption('--peer <address>', 'who opens the connection: a proxy, or the client itself')
    .option('--listener <address>', 'which listener, as configured or by port (default: the first)')
    .option('--header <line>', "a header, 'Name: value'; may be given several times", collect)
    .option('--proxy-line <line>', "a PROXY line, 'PROXY TCP4 192.0.2.7 10.0.0.1 51234 443'")
    .option(
      '--client-certificate <file>',
      'PEM or DER, what the TLS handshake shows: the certificate first, then what comes with it',
    )
    .option('--path <path>', 'what is asked for', '/certsrv/mscep/mscep.dll')
    .option(...configOption)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
It exits with 0 when the caller is let in and with 1 when not.

Examples:
  scep-gateway access explain --peer 10.0.0.5 --header 'X-Forwarded-For: 54.208.14.206'
  scep-gateway access explain --listener 8443 --peer 10.0.0.5 --path /certsrv/mscep_admin/ \\
    --header 'X-Forwarded-For: 203.0.113.7' --header 'X-MS-Proxy: AzureAD-Application-Proxy'
  scep-gateway access explain --peer 198.51.100.4 --path /api/v1/challenges --client-certificate mdm.pem`,
    )
    .action(async (flags: ExplainFlags) => {
      const { runExplain } = await import('./access/run.js');
      process.exitCode = await runExplain(flags);
    });
}

function testCommand(): Command {
  return new Command('test')
    .description('Run a file of expected decisions against the configuration.')
    .argument('<file>', 'the cases, YAML')
    .option(...configOption)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
It exits with 1 when a decision is not the expected one. A file of cases:

  cases:
    - name: Jamf Cloud through App Proxy
      peer: 10.0.0.5
      headers: ['X-Forwarded-For: 54.208.14.206', 'X-MS-Proxy: AzureAD-Application-Proxy']
      path: /certsrv/mscep/mscep.dll
      client: 54.208.14.206   # optional; or undetermined
      expect: allow           # or deny
Other keys: listener, proxyLine, clientCertificate (a file beside this one), account.

Example:
  scep-gateway access test --config gateway.yaml access-cases.yaml`,
    )
    .action(async (file: string, flags: TestFlags) => {
      const { runTest } = await import('./access/run.js');
      process.exitCode = await runTest(file, flags);
    });
}

function listsCommand(): Command {
  return new Command('lists')
    .description('The named address lists, how many entries they have and of when they are.')
    .option(...configOption)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  scep-gateway access lists
  scep-gateway access lists --config gateway.yaml --json | jq '.[] | select(.date < "2026-06")'`,
    )
    .action(async (flags: TestFlags) => {
      const { runLists } = await import('./access/run.js');
      await runLists(flags);
    });
}
