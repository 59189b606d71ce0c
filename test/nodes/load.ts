/** Devices that enroll at whichever gateway they reach, ask again elsewhere, and remember what they got. */
import { setTimeout as pause } from 'node:timers/promises';
import { createFastCodec } from '../../src/pkcs7/index.js';
import type { ScepOutcome, ScepSigner } from '../../src/scep/index.js';
import { createScepClient, selfSignedSigner } from '../../src/scep/client/index.js';
import { buildCertificationRequest, parseDistinguishedName } from '../../src/x509/index.js';
import type { Random } from '../../fuzz/random.js';
import { testKey } from '../support/keys.js';
import type { Cluster, Node } from './cluster.js';

/** What became of one device. */
export interface Ending {
  readonly transactionId: string;
  readonly challenge: string;
  readonly profile: string;
  readonly outcome: ScepOutcome;
}

/** Which gateway a request goes to, and what happens when that does not answer. */
export type Way = 'fail-over' | 'balanced';

const patienceMillis = 120_000;

export class Load {
  readonly endings: Ending[] = [];
  /** Of devices behind a balancer, which send nothing twice. */
  readonly broken: string[] = [];
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #ready = new Set<Node>();
  #count = 0;

  constructor(cluster: Cluster, random: Random) {
    this.#cluster = cluster;
    this.#random = random;
  }

  /** `devices` enroll, `atOnce` at a time; `progress` is told after each. */
  async run(
    devices: number,
    way: Way,
    progress: (done: number) => void = () => undefined,
  ): Promise<void> {
    const names = Array.from({ length: devices }, () => `device-${this.#count++}`);
    let done = 0;
    const worker = async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) {
        try {
          await this.#device(name, way);
        } catch (error) {
          this.broken.push(`${name}: ${String(error)}`);
        }
        progress(++done);
      }
    };
    await Promise.all(Array.from({ length: 6 }, worker));
  }

  /** Until `over`: what is ready takes requests, as a load balancer would have it. */
  async balance(over: () => boolean): Promise<void> {
    // Each by itself: one that answers slowly shall not keep the others in.
    const watch = async (node: Node) => {
      while (!over()) {
        if (await this.#cluster.isReady(node)) this.#ready.add(node);
        else this.#ready.delete(node);
        await pause(100);
      }
    };
    await Promise.all(this.#cluster.nodes.map(watch));
  }

  /** An administrator who approves whatever waits, wherever he is let in. */
  async approve(over: () => boolean): Promise<void> {
    const headers = {
      authorization: this.#cluster.administrator,
      'content-type': 'application/json',
    };
    while (!over()) {
      const { requests } = (await this.#json('/api/v1/requests', { headers })) as {
        readonly requests: readonly { readonly id: string }[];
      };
      for (const { id } of requests) {
        const order = { method: 'POST', headers, body: '{}' };
        const { status } = await this.#failOver(`/api/v1/requests/${id}/approve`, order);
        // 404: the answer to the first attempt was lost.
        if (status !== 204 && status !== 404) this.broken.push(`approve: ${status}`);
      }
      await pause(300);
    }
  }

  /** One in four cheats: the challenge opens two transactions at once, at two gateways. */
  async #device(name: string, way: Way): Promise<void> {
    const profile = this.#random.below(4) === 0 ? 'manual' : 'default';
    const cheats = this.#random.below(4) === 0;
    const challenge = await this.#challenge(profile, way);
    const ids = cheats ? [name, `${name}-again`] : [name];
    await Promise.all(
      ids.map(async (transactionId) => {
        const outcome = await this.#enroll(transactionId, { challenge, profile, way });
        this.endings.push({ transactionId, challenge, profile, outcome });
      }),
    );
  }

  async #challenge(profile: string, way: Way): Promise<string> {
    const answer = (await this.#json(
      '/api/v1/challenges',
      {
        method: 'POST',
        headers: {
          authorization: this.#cluster.administrator,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ profile }),
      },
      way,
    )) as { readonly challenge: string };
    return answer.challenge;
  }

  async #enroll(
    transactionId: string,
    { challenge, profile, way }: { challenge: string; profile: string; way: Way },
  ): Promise<ScepOutcome> {
    const key = testKey('client');
    const subject = parseDistinguishedName(`CN=${transactionId}`);
    const signer: ScepSigner = await selfSignedSigner({ key, subject });
    const csr = await buildCertificationRequest({
      subject,
      key,
      digest: 'sha256',
      challengePassword: challenge,
    });
    const path = profile === 'manual' ? '/scep/manual' : '/scep';
    const client = createScepClient({
      url: `http://gateways.example${path}`,
      codec: createFastCodec(),
      fetch: (input, init) => {
        const { pathname, search } = new URL(input instanceof Request ? input.url : input);
        return this.#send(`${pathname}${search}`, { ...init, signal: null }, way);
      },
      timeoutMs: patienceMillis,
    });
    const session = await client.open();
    let outcome = await client.enroll(session, { signer, csr, transactionId });
    while (outcome.kind === 'pending') {
      await pause(200);
      outcome = await client.poll(session, { signer, csr, transactionId });
    }
    return outcome;
  }

  async #json(path: string, init: RequestInit, way: Way = 'fail-over'): Promise<unknown> {
    const answer = await this.#send(path, init, way);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  #send(path: string, init: RequestInit, way: Way): Promise<Response> {
    return way === 'balanced' ? this.#balanced(path, init) : this.#failOver(path, init);
  }

  async #balanced(path: string, init: RequestInit): Promise<Response> {
    const until = performance.now() + patienceMillis;
    while (this.#ready.size === 0 && performance.now() < until) await pause(50);
    const node = this.#random.pick([...this.#ready]);
    const answer = await fetch(`${node.url}${path}`, init).catch((error: unknown) => {
      const { cause } = error as Error;
      throw new Error(`${node.name} ${path.slice(0, 40)}: ${String(cause ?? error)}`);
    });
    if (answer.status === 503) throw new Error(`${node.name} ${path.slice(0, 40)}: 503`);
    return answer;
  }

  /** The same octets again, at any gateway, until one answers. */
  async #failOver(path: string, init: RequestInit): Promise<Response> {
    const until = performance.now() + patienceMillis;
    for (;;) {
      const node = this.#random.pick(this.#cluster.nodes);
      const answer = await fetch(`${node.url}${path}`, {
        ...init,
        signal: AbortSignal.timeout(20_000),
      })
        .then(async (head) => new Response(await head.arrayBuffer(), head))
        .catch(() => undefined);
      if (answer && answer.status !== 503) return answer;
      if (performance.now() > until) throw new Error(`nobody answers ${path.slice(0, 40)}`);
      await pause(50);
    }
  }
}
