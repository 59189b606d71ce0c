/** What every measurement has: keys, raw cost, warm-up, rows in slices. */
import { generateKeyPairSync } from 'node:crypto';
import { SoftwareKey } from '../src/keys/index.js';
import { createFastCodec } from '../src/pkcs7/index.js';
import { createScepClient } from '../src/scep/client/index.js';
import { load, together, type LoadResult, type Pace, type PreparedRequest } from './load.js';
import { benchClient, prepareEnrollment, type BenchClient } from './prepared-request.js';
import { RawOperations } from './raw-operations.js';
import type { ServerUnderTest } from './servers.js';

export interface Measured extends LoadResult {
  /** CPU milliseconds of the RSA operations of an enrollment while this was measured. */
  readonly raw: number;
}

/** The machine changes its speed within a minute, so a row is measured in slices, and the raw cost between. */
const slices = 5;

export class Bench {
  readonly #raw: RawOperations;
  readonly #clients: readonly BenchClient[];
  #labels = 0;

  private constructor(raw: RawOperations, clients: readonly BenchClient[]) {
    this.#raw = raw;
    this.#clients = clients;
  }

  static async create(keyBits: number): Promise<Bench> {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: keyBits });
    const clients = Array.from({ length: 4 }, () =>
      benchClient(new SoftwareKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)),
    );
    return new Bench(new RawOperations(privateKey), await Promise.all(clients));
  }

  /** Of each server `count` enrollments, slice by slice in turns: what the machine does to one, it does to all. */
  async enrollments(
    servers: readonly ServerUnderTest[],
    count: number,
    paceOf: Pace | ((server: ServerUnderTest) => Pace),
  ): Promise<readonly Measured[]> {
    return this.#inTurns(servers, async (server) => {
      const requests = await this.prepare(server, Math.ceil(count / slices));
      const pace = typeof paceOf === 'function' ? paceOf(server) : paceOf;
      return () => load(server.port, requests, pace, server.cpu);
    });
  }

  /** `count` times the same request. */
  async repeated(
    server: ServerUnderTest,
    request: PreparedRequest,
    count: number,
    pace: Pace,
  ): Promise<Measured> {
    const requests = Array.from({ length: Math.ceil(count / slices) }, () => request);
    const slice = () => load(server.port, requests, pace, server.cpu);
    const [measured] = await this.#inTurns([server], () => Promise.resolve(slice));
    return measured!;
  }

  async prepare(server: ServerUnderTest, count: number) {
    const { authority } = await createScepClient({
      url: server.url,
      codec: createFastCodec(),
    }).open();
    const challenges = await server.challenges(count);
    const label = this.#labels++;
    return Promise.all(
      challenges.map((challenge, index) =>
        prepareEnrollment({
          client: this.#clients[index % this.#clients.length]!,
          recipient: authority.recipient,
          trusted: authority.certificates,
          challenge,
          commonName: `device-${label}-${index}`,
          digest: 'sha256',
          cipher: 'aes-128-cbc',
        }),
      ),
    );
  }

  async #inTurns(
    servers: readonly ServerUnderTest[],
    prepareSlice: (server: ServerUnderTest) => Promise<() => Promise<LoadResult>>,
  ): Promise<readonly Measured[]> {
    const taken = servers.map((): { result: LoadResult; raw: number }[] => []);
    for (let turn = 0; turn < slices; turn++) {
      for (const [index, server] of servers.entries()) {
        const slice = await prepareSlice(server);
        const before = await this.#raw.millis();
        const result = await slice();
        taken[index]!.push({ result, raw: (before + (await this.#raw.millis())) / 2 });
      }
    }
    return taken.map((turns) => ({
      ...together(turns.map(({ result }) => result)),
      raw: turns.reduce((sum, { raw }) => sum + raw, 0) / turns.length,
    }));
  }
}
