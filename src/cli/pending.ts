import { Command } from 'commander';
import {
  decideApproval,
  decideWaiting,
  type ApprovalRequest,
  type OperatorDecision,
} from '../enrollment/index.js';
import { issuerOutages } from '../gateway/index.js';
import { examples } from './examples.js';
import { wholeNumber } from './option.js';
import { outageLines, waitingAsJson, waitingRow, waitingHead, whyLines } from './pending-list.js';
import { actor, newCliCorrelationId, withData } from './state.js';
import { table } from './table.js';
import { note, print } from './terminal.js';

export function pendingCommand(): Command {
  return new Command('pending')
    .description('Requests that wait for an administrator or for a CA.')
    .addHelpText(
      'after',
      examples(
        'scep-gateway pending list',
        'scep-gateway pending approve 3f9a1c20b7d4',
        'scep-gateway pending deny 3f9a1c20b7d4 --reason "Not one of our devices."',
        'scep-gateway pending retry 3f9a1c20b7d4',
        'scep-gateway pending drop 3f9a1c20b7d4 --reason "Enroll again, please."',
      ),
    )
    .addCommand(listCommand())
    .addCommand(decisionCommand('approve', 'Say yes: the gateway obtains the certificate.'))
    .addCommand(decisionCommand('deny', 'Say no; the device is told the reason.'))
    .addCommand(retryCommand())
    .addCommand(dropCommand());
}

function listCommand(): Command {
  return new Command('list')
    .description('What waits, oldest first, and the CAs that do not answer.')
    .option('--profile <name>', 'of this profile only')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 100_000), 100)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('scep-gateway pending list --profile phones --json'))
    .action((options: { profile?: string; limit: number; json?: boolean }) =>
      withData(async (data, { config }) => {
        const records = await data.enrollments.pending({
          limit: options.limit,
          ...(options.profile !== undefined && { profile: options.profile }),
        });
        const outages = await issuerOutages(data.settings, Object.keys(config.issuers));
        if (options.json) {
          print(
            JSON.stringify(
              records.map((record) => waitingAsJson(record, config)),
              null,
              2,
            ),
          );
          return;
        }
        for (const line of outageLines(outages)) note(line);
        print(table(waitingHead, records.map(waitingRow)));
        for (const line of whyLines(records, config)) print(line);
      }),
    );
}

function decisionCommand(decision: ApprovalRequest['decision'], description: string): Command {
  const command = new Command(decision)
    .description(description)
    .argument('<id>', 'from pending list; its beginning will do');
  command.addHelpText('after', examples(`scep-gateway pending ${decision} 3f9a1c20b7d4`));
  if (decision === 'deny') command.option('--reason <text>', 'what the device is told');
  return command.action((transaction: string, { reason }: { reason?: string }) =>
    withData(async (data) => {
      const record = await decideApproval(
        { store: data.enrollments, challenges: data.challenges, clock: () => new Date() },
        {
          transaction,
          decision,
          actor: actor(),
          correlationId: newCliCorrelationId(),
          ...(reason !== undefined && { reason }),
        },
      );
      note(`${decision === 'approve' ? 'approved' : 'denied'}: ${record.subject}`);
    }),
  );
}

function retryCommand(): Command {
  return new Command('retry')
    .description(
      'Go on with a request: ask its CA now, or, where nobody can find out whether the CA has it, send it again.',
    )
    .argument('<id>', 'from pending list; its beginning will do')
    .option('--resubmit', 'send it again although the CA has it under submission')
    .addHelpText(
      'after',
      `\nA request "in doubt" was sent, and no answer came. Look at the CA for a request of this subject\nat this time first: if there is one, sending again makes a second certificate.\n${examples('scep-gateway pending retry 3f9a1c20b7d4')}`,
    )
    .action((transaction: string, { resubmit = false }: { resubmit?: boolean }) =>
      decide({ transaction, decision: 'retry', resubmit }),
    );
}

function dropCommand(): Command {
  return new Command('drop')
    .description('Give a request up: the device is refused and needs a new challenge.')
    .argument('<id>', 'from pending list; its beginning will do')
    .option('--reason <text>', 'what the device is told')
    .addHelpText('after', examples('scep-gateway pending drop 3f9a1c20b7d4'))
    .action((transaction: string, { reason }: { reason?: string }) =>
      decide({ transaction, decision: 'drop', ...(reason !== undefined && { reason }) }),
    );
}

function decide(decision: Omit<OperatorDecision, 'actor' | 'correlationId'>): Promise<void> {
  return withData(async (data) => {
    const { record, text } = await decideWaiting(
      { store: data.enrollments, challenges: data.challenges, clock: () => new Date() },
      { ...decision, actor: actor(), correlationId: newCliCorrelationId() },
    );
    note(`${decision.decision === 'retry' ? 'to be tried again' : 'dropped'}: ${record.subject}`);
    note(text);
  });
}
