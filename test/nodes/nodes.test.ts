/**
 * Several gateways on one PostgreSQL under load, while they are killed, put to sleep and restarted.
 * NODES_SEED repeats a run as far as chance goes; NODES_DEVICES sets the load of each step.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SharedStores } from '../../src/store/index.js';
import { openPostgresStores } from '../../src/store/postgres/index.js';
import { verifyPostgres } from '../../src/store/upkeep/index.js';
import { parseCrl } from '../../src/x509/index.js';
import { Random } from '../../fuzz/random.js';
import { send } from '../http/client.js';
import { eventually } from '../interop/eventually.js';
import { describeWithPostgres, startPostgres, type PostgresServer } from '../support/postgres.js';
import { startCluster, type Cluster, type Node } from './cluster.js';
import { countFaults, noFaults } from './counted.js';
import { Load } from './load.js';

const seed = Number(
  process.env['NODES_SEED'] ?? (process.env['CI'] === 'true' ? 20_261_121 : Date.now() % 1_000_000),
);
const devices = Number(process.env['NODES_DEVICES'] ?? 60);
/** In which a leader that is gone must be succeeded. */
const takeoverMillis = 15_000;

describeWithPostgres(`three gateways on one database (NODES_SEED=${seed})`, () => {
  const random = new Random(seed);
  let server: PostgresServer;
  let cluster: Cluster;
  let stores: SharedStores;
  let load: Load;
  let isOver = false;
  const beside: Promise<unknown>[] = [];

  beforeAll(async () => {
    process.stderr.write(`NODES_SEED=${seed} NODES_DEVICES=${devices}\n`);
    server = await startPostgres();
    cluster = await startCluster(server);
    stores = await openPostgresStores(server.connection(cluster.database));
    load = new Load(cluster, random);
    const told = (error: unknown) => void load.broken.push(String(error));
    beside.push(load.approve(() => isOver).catch(told), load.balance(() => isOver).catch(told));
  }, 300_000);
  afterAll(async () => {
    isOver = true;
    await Promise.all(beside);
    await stores.close();
    await cluster.remove();
    await server.remove();
  }, 120_000);

  const everyoneReady = async () => {
    for (const node of cluster.nodes)
      await eventually(`${node.name} to be ready`, async () =>
        (await cluster.isReady(node)) ? true : undefined,
      );
  };

  const leaders = async () => {
    const all = await Promise.all(
      cluster.nodes.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
    );
    return all.filter((text) => /^scep_gateway_background_leader 1$/m.test(text)).length;
  };

  test('founded one CA between them', async () => {
    const thumbprints = await Promise.all(
      cluster.nodes.map(async ({ url }) => (await fetch(`${url}/ca/local.cer`)).arrayBuffer()),
    );
    expect(new Set(thumbprints.map((der) => Buffer.from(der).toString('hex'))).size).toBe(1);
    const own = await server.query(
      cluster.database,
      "SELECT subject FROM certificates WHERE profile = ''",
    );
    expect(own).toHaveLength(3);
    expect(await leaders()).toBe(1);
  }, 60_000);

  test('one is killed under load and comes back: nobody notices for good', async () => {
    const victim = random.pick(cluster.nodes);
    const killAt = 1 + random.below(Math.ceil(devices / 3));
    const restartAt = killAt + Math.floor(devices / 3);
    let killed: Promise<unknown> | undefined;
    await load.run(devices, 'fail-over', (done) => {
      if (done === killAt) killed = cluster.process(victim).stop('SIGKILL');
      if (done === restartAt) killed = killed?.then(() => cluster.restart(victim));
    });
    await killed;
    await everyoneReady();
    expect(load.broken).toEqual([]);
  }, 600_000);

  test('revocations at any of them: CRL numbers only grow', async () => {
    const issued = load.endings.flatMap(({ outcome }) =>
      outcome.kind === 'issued' ? [outcome.certificate.thumbprints.sha256] : [],
    );
    const numbers: number[] = [];
    for (const thumbprint of issued.slice(0, 6)) {
      const order = {
        method: 'POST',
        headers: { authorization: cluster.administrator, 'content-type': 'application/json' },
        body: '{}',
      };
      const { url } = random.pick(cluster.nodes);
      const path = `/api/v1/certificates/${thumbprint}/revoke`;
      expect((await fetch(`${url}${path}`, order)).status).toBe(204);
      // All of them at once make the next one.
      const crls = await Promise.all(
        cluster.nodes.map(async (node) => {
          const der = await (await fetch(`${node.url}/crl/local.crl`)).arrayBuffer();
          return parseCrl(Buffer.from(der));
        }),
      );
      expect(new Set(crls.map(({ number }) => number)).size).toBe(1);
      for (const { revoked } of crls) expect(revoked).toHaveLength(numbers.length + 1);
      numbers.push(crls[0]?.number ?? 0);
    }
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  }, 120_000);

  test('a rolling restart behind a balancer fails no enrollment', async () => {
    const node = random.pick(cluster.nodes);
    const restarting = { isDone: false };
    const restart = async () => {
      expect(await cluster.process(node).stop('SIGTERM')).toBe(0);
      await cluster.restart(node);
      await eventually(`${node.name} to be ready`, async () =>
        (await cluster.isReady(node)) ? true : undefined,
      );
      restarting.isDone = true;
    };
    const restarted = restart();
    while (!restarting.isDone) await load.run(Math.ceil(devices / 6), 'balanced');
    await restarted;
    expect(load.broken).toEqual([]);
  }, 600_000);

  test('an address that guesses passwords at one is stopped at all', async () => {
    const authorization = `Basic ${Buffer.from('admin:a guess').toString('base64')}`;
    // Not the address of the administrator, who works meanwhile.
    const guess = async ({ port }: Node) =>
      (
        await send(port, '/api/v1/requests', {
          headers: { authorization },
          localAddress: '127.0.0.9',
        })
      ).status;
    const [first, ...others] = cluster.nodes;
    if (!first) throw new Error('there are no nodes');
    await eventually('the first to stop it', async () =>
      (await guess(first)) === 429 ? true : undefined,
    );
    for (const node of others)
      await eventually(`${node.name} to stop it`, async () =>
        (await guess(node)) === 429 ? true : undefined,
      );
    const [row] = await server.query(
      cluster.database,
      "SELECT used::int FROM tallies WHERE key = 'failed-sign-ins/127.0.0.9'",
    );
    expect(row?.['used']).toBeGreaterThanOrEqual(5);
  }, 120_000);

  async function takeover(end: (leader: Node) => Promise<unknown>) {
    const leader = await cluster.leader();
    const before = await cluster.lease();
    await end(leader);
    const after = await eventually('another leader', async () => {
      const lease = await cluster.lease();
      return lease.term > before.term ? lease : undefined;
    });
    expect(after.holder).not.toBe(before.holder);
    expect(after.since - before.now).toBeLessThanOrEqual(takeoverMillis);
    return leader;
  }

  test('a leader that is killed is succeeded within 15 seconds', async () => {
    const leader = await takeover((node) => cluster.process(node).stop('SIGKILL'));
    await cluster.restart(leader);
    await everyoneReady();
    await eventually('one leader', async () => ((await leaders()) === 1 ? true : undefined));
  }, 120_000);

  test('a leader that sleeps is succeeded, too, and does nothing more when it wakes', async () => {
    const leader = await takeover((node) =>
      Promise.resolve(cluster.process(node).child.kill('SIGSTOP')),
    );
    cluster.process(leader).child.kill('SIGCONT');
    await eventually('the sleeper to know', () =>
      cluster.process(leader).output().stdout.includes('no longer does the background work')
        ? true
        : undefined,
    );
    await everyoneReady();
    await eventually('one leader', async () => ((await leaders()) === 1 ? true : undefined));
  }, 120_000);

  test('the database is gone and comes back: one line for each, and all goes on', async () => {
    await server.stop('immediate');
    await eventually('nobody to be ready', async () => {
      const ready = await Promise.all(cluster.nodes.map((node) => cluster.isReady(node)));
      return ready.includes(true) ? undefined : true;
    });
    await server.start();
    await everyoneReady();
    await eventually('one leader', async () => ((await leaders()) === 1 ? true : undefined));
    await load.run(Math.ceil(devices / 6), 'fail-over');
    expect(load.broken).toEqual([]);
    for (const node of cluster.nodes) {
      const lines = cluster.process(node).output().stdout.split('\n');
      expect(lines.filter((line) => line.includes('upkeep failed')).length).toBeLessThan(6);
    }
  }, 120_000);

  test('nothing is lost, nothing double: the database and the devices agree', async () => {
    isOver = true;
    await Promise.all(beside);
    const { endings } = load;
    expect(endings.length).toBeGreaterThan(devices);
    expect(await countFaults(server, cluster.database, endings)).toEqual(noFaults);
    // Who cheats gets one certificate, and a refusal.
    const refused = endings.filter(({ outcome }) => outcome.kind !== 'issued');
    const cheats = endings.filter(({ transactionId }) => transactionId.endsWith('-again'));
    expect(refused).toHaveLength(cheats.length);
    expect(cheats.length).toBeGreaterThan(0);
    const { checks } = await verifyPostgres(server.connection(cluster.database));
    expect(checks.filter(({ fault }) => fault !== undefined)).toEqual([]);
    await pause(0);
    process.stderr.write(
      `${endings.length} transactions, ${endings.length - refused.length} certificates, ${refused.length} second uses refused\n`,
    );
  }, 120_000);
});
