/** A gateway whose records are in PostgreSQL; the server goes away and comes back, for real. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { send } from '../http/client.js';
import { describeWithPostgres, startPostgres, type PostgresServer } from '../support/postgres.js';
import { device, remove, start, temporaryFolder, type Running } from './running.js';

const authorization = `Basic ${Buffer.from('admin:a password of admin').toString('base64')}`;

describeWithPostgres('a gateway on PostgreSQL', () => {
  let server: PostgresServer;
  let folder: string;
  let yaml: string;
  let running: Running;

  beforeAll(async () => {
    server = await startPostgres();
    folder = await temporaryFolder();
    const { host, user } = server.connection('');
    yaml = `data: { store: { kind: postgres, host: ${host}, user: ${user}, database: ${await server.createDatabase()}, connectSeconds: 2 } }`;
    running = await start(folder, yaml);
  });
  afterAll(async () => {
    await running.stop();
    await server.remove();
    await remove(folder);
  });

  function orderChallenge() {
    return send(running.port, '/api/v1/challenges', {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: '{}',
    });
  }

  async function newChallenge(): Promise<string> {
    const answer = await orderChallenge();
    expect(answer.status).toBe(201);
    const { challenge } = JSON.parse(answer.body.toString()) as { readonly challenge: string };
    return challenge;
  }

  const readiness = async () => (await send(running.port, '/readyz')).status;

  test('a device enrolls, and the challenge is spent', async () => {
    const someone = await device(running.port, '/scep', '127.0.0.1');
    const challenge = await newChallenge();
    expect(await someone.enroll('first', challenge)).toMatchObject({ kind: 'issued' });
    const other = await device(running.port, '/scep', '127.0.0.1');
    expect(await other.enroll('second', challenge)).toMatchObject({ kind: 'failed' });
    expect(await readiness()).toBe(200);
  });

  test('while the database is gone there is 503 with Retry-After, and afterwards all is as before', async () => {
    const challenge = await newChallenge();
    const someone = await device(running.port, '/scep', '127.0.0.1');
    await server.stop();

    const refused = await orderChallenge();
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('5');
    expect(JSON.parse(refused.body.toString())).toMatchObject({
      error: { code: 'store.unavailable', message: 'The database cannot be used now.' },
    });
    await expect(someone.enroll('third', challenge)).rejects.toMatchObject({
      code: 'scep.unreachable',
    });
    // What needs no record is there all the same.
    expect((await send(running.port, '/scep?operation=GetCACaps')).status).toBe(200);
    expect((await send(running.port, '/healthz')).status).toBe(200);

    await server.start();
    expect(await someone.enroll('third', challenge)).toMatchObject({ kind: 'issued' });
    expect((await orderChallenge()).status).toBe(201);
    expect(running.log()).not.toContain('a password of admin');
  });

  test('a second gateway with the same keys may join, one with others may not', async () => {
    const second = await start(folder, yaml);
    const someone = await device(second.port, '/scep', '127.0.0.1');
    expect(await someone.enroll('fourth', await newChallenge())).toMatchObject({ kind: 'issued' });
    await second.stop();

    const elsewhere = await temporaryFolder();
    await expect(start(elsewhere, yaml)).rejects.toMatchObject({
      code: 'store.schema',
      message: 'The database belongs to a gateway with other keys.',
    });
    await remove(elsewhere);
  });

  test('keys of a CA beside an empty database stop the start', async () => {
    const { database } = server.connection(await server.createDatabase());
    const other = yaml.replace(/database: \w+/, `database: ${database}`);
    await expect(start(folder, other)).rejects.toMatchObject({
      code: 'store.schema',
      message: 'The database is empty, but there are keys of a CA in the data directory.',
    });
  });

  test('no server stops the start, with the place it was looked for', async () => {
    const other = yaml.replace(/host: [^,]+/, `host: ${join(folder, 'nowhere')}`);
    await expect(start(folder, other)).rejects.toMatchObject({
      code: 'store.unavailable',
      message: expect.stringMatching(
        /^The PostgreSQL database gateway_1 on .*nowhere:5432 cannot be used: connect ENOENT/,
      ) as unknown,
    });
  });
});
