import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { SoftwareKey } from '../src/keys/index.js';
import { createFastCodec } from '../src/pkcs7/index.js';
import { createScepClient, type ScepSession } from '../src/scep/index.js';
import type { Reply } from './load.js';
import { benchClient, prepareRequest, type BenchClient } from './prepared-request.js';
import type { ServerUnderTest } from './servers.js';

export interface Device {
  readonly body: Buffer;
  /** Throws unless the answer holds the certificate that was asked for. */
  verify(answer: Reply): Promise<void>;
}

/** Devices without end: each has a name, a challenge and a request of its own, and one of four keys. */
export class Devices {
  readonly #server: ServerUnderTest;
  readonly #session: ScepSession;
  readonly #clients: readonly BenchClient[];
  #made = 0;

  private constructor(
    server: ServerUnderTest,
    session: ScepSession,
    clients: readonly BenchClient[],
  ) {
    this.#server = server;
    this.#session = session;
    this.#clients = clients;
  }

  static async of(server: ServerUnderTest): Promise<Devices> {
    const codec = createFastCodec();
    const session = await createScepClient({ url: server.url, codec }).open();
    const newKey = promisify(generateKeyPair);
    const clients = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const { privateKey } = await newKey('rsa', { modulusLength: 2048 });
        return benchClient(new SoftwareKey(privateKey));
      }),
    );
    return new Devices(server, session, clients);
  }

  /** @param challenged whether their challenges are good */
  async prepare(count: number, challenged: 'well' | 'wrong' = 'well'): Promise<Device[]> {
    const challenges =
      challenged === 'well'
        ? await this.#server.challenges(count)
        : Array.from({ length: count }, () => 'wrong');
    return Promise.all(challenges.map((challenge) => this.#device(challenge)));
  }

  async #device(challenge: string | undefined): Promise<Device> {
    const number = this.#made++;
    const client = this.#clients[number % this.#clients.length];
    if (!client) throw new Error('no key');
    const { recipient, certificates } = this.#session.authority;
    const { body = Buffer.alloc(0), verify } = await prepareRequest({
      client,
      recipient,
      trusted: certificates,
      challenge,
      commonName: `device-${number}`,
      digest: 'sha256',
      cipher: 'aes-128-cbc',
    });
    return {
      body,
      async verify(answer) {
        if ((await verify(answer)) !== 'served') throw new Error('the device was refused');
      },
    };
  }
}
