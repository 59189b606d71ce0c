import { Command } from 'commander';
import { decideApproval, type ApprovalRequest } from '../enrollment/index.js';
import type { TransactionRecord } from '../store/index.js';
import { examples } from './examples.js';
import { wholeNumber } from './option.js';
import { actor, newCliCorrelationId, withData } from './state.js';
import { shortTime, table } from './table.js';
import { note, print } from './terminal.js';

export function pendingCommand(): Command {
  return new Command('pending')
    .description('Requests of profiles with manual approval.')
    .addHelpText(
      'after',
      examples(
        'scep-gateway pending list',
        'scep-gateway pending approve 3f9a1c20b7d4',
        'scep-gateway pending deny 3f9a1c20b7d4 --reason "Not one of our devices."',
      ),
    )
    .addCommand(listCommand())
    .addCommand(
      decisionCommand('approve', 'Say yes: the device gets its certificate at its next poll.'),
    )
    .addCommand(decisionCommand('deny', 'Say no; the device is told the reason.'));
}

function listCommand(): Command {
  return new Command('list')
    .description('What waits, oldest first.')
    .option('--profile <name>', 'of this profile only')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 100_000), 100)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('scep-gateway pending list --profile phones --json'))
    .action((options: { profile?: string; limit: number; json?: boolean }) =>
      withData(async (data) => {
        const records = await data.enrollments.pending({
          limit: options.limit,
          ...(options.profile !== undefined && { profile: options.profile }),
        });
        if (options.json) print(JSON.stringify(records.map(asJson), null, 2));
        else print(table(['ID', 'SINCE', 'PROFILE', 'SUBJECT', 'FROM', 'STATE'], records.map(row)));
      }),
    );
}

/** The sealed CSR stays where it is. */
function asJson(record: TransactionRecord): unknown {
  return { ...record, csr: undefined, ground: undefined };
}

function row({ id, createdAt, key, subject, clientAddress, state }: TransactionRecord): string[] {
  return [id.slice(0, 12), shortTime(createdAt), key.profile, subject, clientAddress, state.kind];
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
