import { Command } from 'commander';
import { loadConfig, type ResolvedConfig } from '../config/index.js';
import { backupStore, migrateStore, restoreStore, verifyStore } from '../gateway/index.js';
import { examples } from './examples.js';
import { exitCodes } from './exit-code.js';
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
    .addCommand(restoreCommand());
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

function settings(): Promise<ResolvedConfig> {
  return loadConfig({ environment: process.env });
}
