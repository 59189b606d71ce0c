/** Three built gateways on one PostgreSQL database, each with a directory and a port of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../interop/eventually.js';
import { freePort } from '../support/free-port.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import type { PostgresServer } from '../support/postgres.js';

/** Twice as long as a look at `/readyz` may take, on a machine that is busy with other things. */
const drainSeconds = 10;

export interface Node {
  readonly name: string;
  readonly port: number;
  readonly url: string;
}

export interface Cluster {
  readonly nodes: readonly Node[];
  readonly database: string;
  readonly administrator: string;
  process(node: Node): GatewayProcess;
  /** Again on the port and the directory it had. */
  restart(node: Node): Promise<void>;
  /** Ready as a load balancer sees it. */
  isReady(node: Node): Promise<boolean>;
  /** The node that leads, as the database has it. */
  leader(): Promise<Node>;
  /** Of the lease of the background work, milliseconds of the clock of the database. */
  lease(): Promise<Lease>;
  remove(): Promise<void>;
}

interface Lease {
  readonly holder: string;
  readonly term: number;
  readonly since: number;
  readonly now: number;
}

/** All three are started at once on a database without any table. */
export async function startCluster(server: PostgresServer): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'nodes-'));
  const { host, user, database } = server.connection(await server.createDatabase());
  const secret = join(folder, 'passphrase');
  writeFileSync(secret, 'a passphrase that three gateways share');
  const config = `
data:
  passphrase: { file: ${secret} }
  keys: { kind: database }
  store: { kind: postgres, host: ${host}, user: ${user}, database: ${database} }
shutdown: { drainSeconds: ${drainSeconds} }
access: { rateLimits: { operations: { count: 100000, seconds: 60 }, challenges: { count: 100000, seconds: 60 }, refusedChallenges: { count: 100000, seconds: 60 }, brokenMessages: { count: 100000, seconds: 60 } } }
issuers: { local: { kind: local, hierarchy: root, keyBits: 2048 } }
profiles:
  default: { issuer: local, paths: [/scep], challenges: { max: 100000 } }
  manual: { issuer: local, paths: [/scep/manual], approval: manual, challenges: { max: 100000 } }
`;
  const nodes: Node[] = [];
  for (const name of ['one', 'two', 'three']) {
    const port = await freePort();
    nodes.push({ name, port, url: `http://127.0.0.1:${port}` });
  }
  const processes = new Map<Node, GatewayProcess>();
  const start = async (node: Node) => {
    const directory = mkdtempSync(join(folder, `${node.name}-`));
    processes.set(node, await startGatewayProcess({ config, directory, port: node.port }));
  };
  const process = (node: Node): GatewayProcess => {
    const found = processes.get(node);
    if (!found) throw new Error(`${node.name} was never started`);
    return found;
  };
  await Promise.all(nodes.map(start));
  const first = [...processes.values()][0];

  async function lease(): Promise<Lease> {
    const [row] = await server.query(
      database,
      `SELECT holder, term::int, since::float8, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
       FROM leases WHERE name = 'background'`,
    );
    if (!row) throw new Error('nobody ever led');
    return row as unknown as Lease;
  }

  return {
    nodes,
    database,
    administrator: `Basic ${Buffer.from(`admin:${first?.administratorPassword ?? ''}`).toString('base64')}`,
    process,
    restart: start,
    isReady: (node) =>
      fetch(`${node.url}/readyz`, { signal: AbortSignal.timeout(5000) }).then(
        async (answer) => {
          await answer.arrayBuffer();
          return answer.status === 200;
        },
        () => false,
      ),
    lease,
    leader: () =>
      eventually('a leader that runs', async () => {
        const { holder } = await lease();
        return nodes.find((node) => holder.includes(`:${process(node).child.pid ?? 0}-`));
      }),
    async remove() {
      await Promise.all([...processes.values()].map((each) => each.stop('SIGKILL')));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
