import { Command } from 'commander';
import { loadConfig, type ResolvedConfig } from '../config/index.js';
import {
  backupStore,
  copyStore,
  migrateStore,
  restoreStore,
  verifyStore,
} from '../gateway/index.js';
import { examples } from './examples.js';
import { exitCodes } from './exit-code.js';
import { withProgress } from './progress.js';
import { note, print } from './terminal.js';

export function storeCommand(): Command {
  return new Command('store')
    .description('The database: its schema, its soundness, its backups.')
    .addHelpText(
      'after',
      `
Keys are not in the database, unless data.keys says so: keep data/keys and the passphrase, too.
${examples('scep-gateway store verify', 'scep-gateway store backup /backup/gateway-$(date +%F).db')}`,
    )
    .addCommand(migrateCommand())
    .addCommand(verifyCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(copyCommand());
}

interface Flags {
  readonly json?: boolean;
}

function migrateCommand(): Command {
  return new Command('migrate')
    .description('Bring the schema up to date, as the next start would.')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
An empty PostgreSQL database gets its tables. There is no way back but a backup.
${examples('scep-gateway store migrate', 'scep-gateway store migrate --json')}`,
    )
    .action(async ({ json = false }: Flags) => {
      const { from, to } = await migrateStore(await settings(), new Date());
      if (json) print(JSON.stringify({ from, to }, null, 2));
      else
        note(from === to ? `schema version ${to}: up to date` : `schema version ${from} → ${to}`);
    });
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('Read the whole database and say what does not hold. Changes nothing.')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Works beside a running gateway. Exit code 1: something does not hold.
${examples('scep-gateway store verify', 'scep-gateway store verify --json | jq .checks')}`,
    )
    .action(async ({ json = false }: Flags) => {
      const { engine, schema, records, checks } = await verifyStore(await settings());
      const valid = checks.every(({ fault }) => fault === undefined);
      if (json) {
        print(JSON.stringify({ valid, engine, schema, records, checks }, null, 2));
      } else {
        print(`${engine}, schema version ${schema}`);
        print(
          Object.entries(records)
            .map(([table, count]) => `${table} ${count}`)
            .join(', '),
        );
        for (const { name, fault } of checks)
          print(fault === undefined ? `ok     ${name}` : `FAULT  ${name}: ${fault}`);
      }
      if (!valid) process.exitCode = exitCodes.refused;
    });
}

function backupCommand(): Command {
  return new Command('backup')
    .description('Write the database into a new file, beside a running gateway.')
    .argument('<file>', 'that does not exist yet')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The file is complete as of one moment, and verified. For PostgreSQL it says how pg_dump is called.
${examples('scep-gateway store backup /backup/gateway.db')}`,
    )
    .action(async (file: string, { json = false }: Flags) => {
      await backupStore(await settings(), file);
      if (json) print(JSON.stringify({ file }, null, 2));
      else note(`written: ${file}; keys and passphrase are not in it`);
    });
}

function restoreCommand(): Command {
  return new Command('restore')
    .description('Put a backup in the place of the database. No gateway may run.')
    .argument('<file>', 'that `store backup` wrote')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
What is replaced is kept beside it. Whatever happened after the backup is forgotten: certificates that were
issued, revocations, challenges that were spent. For PostgreSQL it says how pg_restore is called.
${examples('scep-gateway store restore /backup/gateway.db')}`,
    )
    .action(async (file: string, { json = false }: Flags) => {
      const replaced = await restoreStore(await settings(), file, new Date());
      if (json) {
        print(JSON.stringify({ file, replaced: replaced ?? null }, null, 2));
        return;
      }
      note(`restored: ${file}`);
      if (replaced !== undefined) note(`what was there is now ${replaced}`);
    });
}

function copyCommand(): Command {
  return new Command('copy')
    .description('Copy the database file into an empty PostgreSQL database. No gateway may run.')
    .requiredOption('--to <gateway.yaml>', 'the configuration gateways will be started with')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Everything is copied: requests, certificates, challenges, the audit trail, accounts. It is one transaction: a
copy that breaks off leaves the database empty, and can be begun anew. Keys are not in it; the command says what
becomes of them, and stops where the new configuration has others. docs/several-gateways.md goes through it.
${examples('scep-gateway store copy --to gateway-postgres.yaml', 'SCEP_GATEWAY_CONFIG=old.yaml scep-gateway store copy --to new.yaml --json')}`,
    )
    .action(async ({ to, json = false }: Flags & { readonly to: string }) => {
      const target = await loadConfig({ environment: { ...process.env, SCEP_GATEWAY_CONFIG: to } });
      let state = '';
      const copy = await withProgress(
        'copying',
        copyStore(await settings(), target, {
          now: new Date(),
          progress: (copied, all) => (state = `, ${copied} of ${all} records`),
        }),
        () => state,
      );
      if (json) {
        print(JSON.stringify(copy, null, 2));
        return;
      }
      print(`${copy.from} is copied into the ${copy.to}:`);
      print(
        Object.entries(copy.records)
          .map(([table, count]) => `${table} ${count}`)
          .join(', '),
      );
      for (const text of copy.notes) note(text);
    });
}

function settings(): Promise<ResolvedConfig> {
  return loadConfig({ environment: process.env });
}
