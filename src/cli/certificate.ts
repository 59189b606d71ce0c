import { Command } from 'commander';
import { GatewayError } from '../errors/index.js';
import type { DataDirectory } from '../gateway/index.js';
import type { AuditRecord, CertificateRecord } from '../store/index.js';
import { Certificate, revocationReasons } from '../x509/index.js';
import { examples } from './examples.js';
import { groupedHex } from './hex.js';
import { wholeNumber } from './option.js';
import { printable } from './printable.js';
import { cliAudit, withData } from './state.js';
import { shortTime, table } from './table.js';
import { note, print } from './terminal.js';

export function certificateCommand(): Command {
  return new Command('certificate')
    .description('What was issued to whom, and why device X has no certificate.')
    .addHelpText(
      'after',
      examples(
        'scep-gateway certificate list',
        'scep-gateway certificate show CN=device-7',
        'scep-gateway certificate revoke 7b28ef7970b5ca15 --reason keyCompromise',
      ),
    )
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(revokeCommand());
}

const states = ['valid', 'expired', 'revoked'] as const;

function listCommand(): Command {
  return new Command('list')
    .description('Issued certificates, newest first.')
    .argument('[text]', 'part of subject, SAN or transactionID; or a serial, thumbprint or key id')
    .option('--profile <name>', 'of this profile only')
    .option('--state <state>', states.join(', '))
    .option('--limit <n>', 'at most so many', wholeNumber(1, 100_000), 100)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'scep-gateway certificate list example.org --state valid',
        'scep-gateway certificate list --json --limit 10000',
      ),
    )
    .action(
      (
        text: string | undefined,
        options: {
          profile?: string;
          state?: (typeof states)[number];
          limit: number;
          json?: boolean;
        },
      ) =>
        withData(async (data) => {
          if (options.state && !states.includes(options.state)) {
            throw new GatewayError('cli.usage', `There is no state ${options.state}.`, {
              mend: `States: ${states.join(', ')}`,
            });
          }
          const records = await data.enrollments.certificates(
            {
              limit: options.limit,
              ...(text !== undefined && { text }),
              ...(options.profile !== undefined && { profile: options.profile }),
              ...(options.state && { state: options.state }),
            },
            new Date(),
          );
          if (options.json) print(JSON.stringify(records.map(asJson), null, 2));
          else {
            print(
              table(
                ['SERIAL', 'SUBJECT', 'PROFILE', 'ISSUED', 'EXPIRES', 'STATE'],
                records.map(row),
              ),
            );
            if (records.length === 0)
              note(
                'none; was it refused? scep-gateway certificate show <text> searches the audit trail',
              );
          }
        }),
    );
}

function row(record: CertificateRecord): string[] {
  return [
    record.serial,
    record.subject || record.sanText,
    record.profile,
    shortTime(record.issuedAt),
    shortTime(record.notAfter),
    stateOf(record),
  ];
}

function stateOf({ revokedAt, notAfter }: CertificateRecord): string {
  if (revokedAt) return `revoked ${shortTime(revokedAt)}`;
  return notAfter < new Date() ? 'expired' : 'valid';
}

function asJson(record: CertificateRecord): unknown {
  const { der, ...facts } = record;
  return { ...facts, state: stateOf(record), pem: Certificate.fromDer(der).toPem() };
}

function showCommand(): Command {
  return new Command('show')
    .description(
      'One certificate with its history; or, where there is none, what was decided about that device.',
    )
    .argument(
      '<text>',
      'serial, thumbprint, transactionID, subject, key id, reference of a refusal',
    )
    .option('--json', 'print JSON')
    .option('--pem', 'print only the certificate')
    .addHelpText(
      'after',
      `
Examples:
  scep-gateway certificate show 7b28ef7970b5ca15
  scep-gateway certificate show CN=device-7
  scep-gateway certificate show BPRYJBLHEIOZ      (the reference a device was told)`,
    )
    .action((text: string, options: { json?: boolean; pem?: boolean }) =>
      withData(async (data) => {
        const found = await data.enrollments.certificates({ text, limit: 20 }, new Date());
        const history = await historyOf(data, text, found);
        if (found.length === 0 && history.length === 0) {
          throw new GatewayError('cli.not-found', `Nothing is on record about ${text}.`, {
            mend: 'The device may never have reached this gateway: look for its address in the log.',
          });
        }
        if (options.json) {
          print(JSON.stringify({ certificates: found.map(asJson), history }, null, 2));
          return;
        }
        if (options.pem) {
          for (const { der } of found) process.stdout.write(Certificate.fromDer(der).toPem());
          return;
        }
        for (const record of found) print(describe(record));
        print(history.map(historyLine).join('\n'));
      }),
    );
}

/** Records that name the text, and those of the transactions the certificates came from. */
async function historyOf(
  { enrollments }: DataDirectory,
  text: string,
  found: readonly CertificateRecord[],
): Promise<readonly AuditRecord[]> {
  const lists = await Promise.all([
    enrollments.audit({ text, limit: 50 }),
    ...found.map(({ transactionId }) => enrollments.audit({ transactionId, limit: 50 })),
  ]);
  const unique = new Map(lists.flat().map((record) => [JSON.stringify(record), record]));
  return [...unique.values()].sort((a, b) => a.at.getTime() - b.at.getTime());
}

function describe(record: CertificateRecord): string {
  const certificate = Certificate.fromDer(record.der);
  const lines: [string, string][] = [
    ['Subject', record.subject || '(empty)'],
    ['SAN', record.sanText || '–'],
    ['Issuer', certificate.issuer.text],
    ['Serial', record.serial],
    ['Valid', `${shortTime(record.notBefore)} to ${shortTime(record.notAfter)} UTC`],
    ['State', stateOf(record)],
    ['Key', `${certificate.publicKey.description}, SHA-256 ${record.keyId}`],
    ['SHA-256', groupedHex(record.thumbprint)],
    ['SHA-1', groupedHex(certificate.thumbprints.sha1)],
    ['Profile', record.profile],
    ['Transaction', record.transactionId],
  ];
  return `${lines.map(([label, value]) => `${label.padEnd(12)} ${printable(value)}`).join('\n')}\n`;
}

function historyLine(record: AuditRecord): string {
  const { at, event, outcome, code, reason, clientAddress, actor, correlationId } = record;
  const details = [
    code && code !== reason ? code : undefined,
    reason,
    clientAddress && `from ${clientAddress}`,
    actor && `by ${actor}`,
    `reference ${correlationId}`,
  ];
  return printable(
    `${at.toISOString()}  ${event} (${outcome}): ${details.filter(Boolean).join('; ')}`,
  );
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description('Revoke a certificate; the next CRL, made at once, names it.')
    .argument('<certificate>', 'serial or SHA-256 thumbprint')
    .option('--reason <reason>', Object.keys(revocationReasons).join(', '), 'unspecified')
    .addHelpText(
      'after',
      examples('scep-gateway certificate revoke 7b28ef7970b5ca15 --reason keyCompromise'),
    )
    .action((text: string, { reason }: { reason: string }) =>
      withData(async (data) => {
        const number = revocationReasons[reason];
        if (number === undefined) {
          throw new GatewayError('cli.usage', `There is no reason ${reason}.`, {
            mend: `Reasons: ${Object.keys(revocationReasons).join(', ')}`,
          });
        }
        const record = await exactly(data, text);
        const audit = cliAudit('certificate.revoked', {
          profile: record.profile,
          transactionId: record.transactionId,
          subject: record.subject,
          keyId: record.keyId,
          code: record.thumbprint,
          reason,
        });
        if (!(await data.enrollments.revoke(record.thumbprint, number, audit))) {
          throw new GatewayError('cli.not-found', 'The certificate is revoked already.');
        }
        note(
          `revoked ${record.serial} (${record.subject}); a running gateway publishes the CRL at the next request for it`,
        );
      }),
    );
}

async function exactly({ enrollments }: DataDirectory, text: string): Promise<CertificateRecord> {
  const wanted = text.replace(/[\s:]/g, '').toLowerCase();
  const found = (await enrollments.certificates({ text: wanted, limit: 10 }, new Date())).filter(
    ({ serial, thumbprint }) => serial === wanted || thumbprint.toLowerCase() === wanted,
  );
  const [record, another] = found;
  if (record && !another) return record;
  throw new GatewayError(
    'cli.not-found',
    record
      ? `Several certificates have the serial ${text}; give the thumbprint.`
      : `No certificate has the serial or thumbprint ${text}.`,
    { mend: 'Find it with: scep-gateway certificate list' },
  );
}
