/** A gateway process as users start it, and what a test wants to know of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { freePort } from '../support/free-port.js';
import { startGatewayProcess, type CommandRun } from '../support/gateway-process.js';
import { eventually } from './eventually.js';

/** What the gateway logs about one PKIOperation: what the client really sent, and what became of it. */
const operationLine = z.object({
  message: z.literal('pki operation'),
  profile: z.string(),
  transactionId: z.string(),
  digest: z.string().optional(),
  cipher: z.string().optional(),
  messageType: z.string().optional(),
  signer: z.string().optional(),
  outcome: z.string(),
  failInfo: z.string().optional(),
  code: z.string().optional(),
  reason: z.string().optional(),
});
type LoggedOperation = z.infer<typeof operationLine>;

const pendingList = z.array(z.object({ id: z.string(), subject: z.string() }));

export interface Gateway {
  /** `http://127.0.0.1:<port>`, without a final slash. */
  readonly url: string;
  readonly port: number;
  /** Removed at the end; the data directory is in it, tests put their own files beside. */
  readonly directory: string;
  /** `user:password` of the built-in administrator. */
  readonly administrator: string;
  /** A new one-time challenge from the API; the default profile's unless another is named. */
  readonly challenge: (profile?: string) => Promise<string>;
  /** Runs `scep-gateway …` on the same data directory. */
  readonly cli: (...args: readonly string[]) => Promise<CommandRun>;
  /** Waits until a request for this subject waits for a decision: its id. */
  readonly pending: (subject: string) => Promise<string>;
  /** PKIOperations that were answered while `work` ran. */
  readonly operationsDuring: (work: () => Promise<unknown>) => Promise<LoggedOperation[]>;
  readonly stop: () => Promise<void>;
}

export interface GatewayOptions {
  /** A file of examples/. */
  readonly example?: string;
  /** Or the text of a gateway.yaml; `$URL` in it becomes the gateway's address. */
  readonly config?: string;
}

export async function startGateway({ example, config = '{}' }: GatewayOptions): Promise<Gateway> {
  const port = await freePort();
  const text = example === undefined ? config : readFileSync(join('examples', example), 'utf8');
  const process = await startGatewayProcess({
    port,
    config: text.replaceAll('$URL', `http://127.0.0.1:${port}`),
  });
  const { url, directory } = process;
  const administrator = `admin:${process.administratorPassword}`;
  const operations = (): LoggedOperation[] =>
    logLines(process.output().stdout).flatMap((line) => operationLine.safeParse(line).data ?? []);
  let marks = 0;

  return {
    url,
    port,
    directory,
    administrator,
    challenge: (profile) => process.challenge(profile === undefined ? {} : { profile }),
    cli: (...args) => process.run(args),
    pending: async (subject) => {
      const { id } = await eventually(`${subject} to wait for a decision`, async () => {
        const { stdout } = await process.run(['pending', 'list', '--json']);
        return pendingList.parse(JSON.parse(stdout)).find((one) => one.subject === subject);
      });
      return id;
    },
    operationsDuring: async (work) => {
      const before = operations().length;
      await work();
      // Lines come in order: when that of a last request is here, all before it are.
      const agent = `"agent":"mark-${marks++}"`;
      await (await fetch(url, { headers: { 'user-agent': agent.slice(9, -1) } })).arrayBuffer();
      await eventually('the log', () => process.output().stdout.includes(agent) || undefined);
      return operations().slice(before);
    },
    stop: () => process.dispose(),
  };
}

function logLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line): unknown => JSON.parse(line));
}
