/** From one gateway on a file to two on PostgreSQL, as an administrator does it. */
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { device, type Device } from '../gateway/running.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { describeWithPostgres, startPostgres, type PostgresServer } from '../support/postgres.js';

describeWithPostgres('scep-gateway store copy', () => {
  let server: PostgresServer;
  const running: GatewayProcess[] = [];

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterEach(async () => {
    for (const gateway of running.splice(0)) await gateway.dispose();
  });
  afterAll(() => server.remove());

  async function serve(options: Parameters<typeof startGatewayProcess>[0]) {
    const gateway = await startGatewayProcess(options);
    running.push(gateway);
    return gateway;
  }

  async function postgres(data: string): Promise<string> {
    const { host, user, database } = server.connection(await server.createDatabase());
    return `data: { ${data} store: { kind: postgres, host: ${host}, user: ${user}, database: ${database} } }\n`;
  }

  const at = ({ port }: GatewayProcess): Promise<Device> => device(port, '/scep', '127.0.0.1');

  test('one gateway becomes two: old answers, open challenges, and nothing spent twice', async () => {
    const one = await serve({});
    const [first, open, last] = [
      await one.challenge(),
      await one.challenge(),
      await one.challenge(),
    ];
    const issued = await (await at(one)).enroll('old', first);
    expect(issued).toMatchObject({ kind: 'issued' });

    const next = join(one.directory, 'next.yaml');
    const shared = join(one.directory, 'shared-passphrase');
    copyFileSync(join(one.dataDirectory, 'passphrase'), shared);
    const config = await postgres(
      'keys: { kind: database }, passphrase: { file: shared-passphrase },',
    );
    writeFileSync(next, config);
    const copy = ['store', 'copy', '--to', next, '--json'];
    expect(await one.run(copy)).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining('The database is in use.') as unknown,
    });

    await one.stop();
    const run = await one.run(copy);
    // On a slow machine it says on standard error how far it is.
    expect(run).toMatchObject({ code: 0 });
    expect(JSON.parse(run.stdout)).toMatchObject({
      from: join(one.dataDirectory, 'gateway.db'),
      to: expect.stringMatching(/^PostgreSQL database gateway_\d+ on /) as unknown,
      records: { transactions: 1, challenges: 3 },
      notes: [
        expect.stringContaining('puts them into the database. Start it before the others.'),
        expect.stringContaining('Start no gateway with it any more'),
      ],
    });
    const again = await one.run(['store', 'copy', '--to', next]);
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain('The database is not empty: challenges 3, ');

    // A gateway without the keys may not found another CA there, though it comes first.
    const elsewhere = mkdtempSync(join(tmpdir(), 'store-copy-'));
    copyFileSync(shared, join(elsewhere, 'shared-passphrase'));
    await expect(startGatewayProcess({ directory: elsewhere, config })).rejects.toThrow(
      'The database belongs to a gateway with other keys.',
    );

    const heir = await serve({ directory: one.directory, config });
    const second = await serve({ directory: elsewhere, config });
    for (const gateway of [heir, second]) {
      const repeated = await (await at(gateway)).enroll('old', first);
      expect(repeated).toMatchObject({ kind: 'issued' });
      expect(certificateOf(repeated)).toBe(certificateOf(issued));
    }
    expect(await (await at(second)).enroll('new', open)).toMatchObject({ kind: 'issued' });
    expect(await (await at(heir)).enroll('late', open)).toMatchObject({ kind: 'failed' });
    expect(await (await at(heir)).enroll('other', first)).toMatchObject({ kind: 'failed' });
    expect(await (await at(heir)).enroll('last', last)).toMatchObject({ kind: 'issued' });
    const { stdout } = await heir.run(['store', 'verify']);
    expect(stdout).toContain('transactions 3, challenges 3');
    expect(stdout).not.toContain('FAULT');
  }, 240_000);

  test('stops before anything is copied where the new gateways would have other keys', async () => {
    const one = await serve({});
    await one.stop();
    const next = join(one.directory, 'next.yaml');
    const copy = (config: string) => {
      writeFileSync(next, config);
      return one.run(['store', 'copy', '--to', next]);
    };
    writeFileSync(join(one.directory, 'wrong'), 'another passphrase');
    expect(
      await copy(await postgres('keys: { kind: database }, passphrase: { file: wrong },')),
    ).toMatchObject({ code: 3, stderr: expect.stringContaining('passphrase') as unknown });
    expect(await copy(await postgres('passphrase: { file: wrong },'))).toMatchObject({ code: 3 });
    expect(await copy('data: { store: { kind: sqlite } }\n')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'Records are copied from a file into PostgreSQL only.',
      ) as unknown,
    });

    const { code, stderr } = await copy(await postgres(''));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain(`Keys stay files in ${one.dataDirectory}: every gateway needs them.`);
    expect(await one.run(['store', 'copy'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--to') as unknown,
    });
  }, 240_000);
});

function certificateOf(outcome: Awaited<ReturnType<Device['enroll']>>): string {
  return outcome.kind === 'issued' ? outcome.certificate.thumbprints.sha256 : '';
}
