import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { as, send } from '../http/client.js';
import { pkiMessage, testDevice, testRequest } from '../support/pki-message.js';
import { device, remove, start, startWith, temporaryFolder, type Running } from './running.js';

const shared = { challenge: 'shared secret of the test' };
/** What every gateway here has; the CA is made once. */
const profile = (rest: string) => `
profiles:
  default:
    paths: [/scep]
    challenges: { static: [{ name: test, secret: { file: secret.txt } }] }
    policy: { san: { required: false } }
${rest}`;

let folder: string;
let gateway: Running | undefined;
beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, 'secret.txt'), shared.challenge);
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});
afterAll(() => remove(folder));

const examples = readdirSync('examples/access')
  .filter((name) => name.endsWith('.cases.yaml'))
  .map((name) => name.replace('.cases.yaml', '.yaml'));

/** Variables an example needs, as its first lines say. */
const variables: NodeJS.ProcessEnv = { JAMF_PASSWORD: 'a password of jamf' };

test('eight deployments have cases', () => {
  expect(examples).toEqual([
    'aws-alb.yaml',
    'azure-front-door.yaml',
    'devices-anywhere-admin-restricted.yaml',
    'direct.yaml',
    'jamf-cloud-app-proxy.yaml',
    'jamf-webhook.yaml',
    'nginx-client-certificates.yaml',
    'nginx.yaml',
  ]);
});

test.each(examples)('%s starts, and answers whom it says', async (name) => {
  gateway = await startWith(folder, `examples/${name}`, {
    ...variables,
    SCEP_GATEWAY_LISTEN: '127.0.0.1:0',
  });
  expect((await send(gateway.port, '/healthz')).status).toBe(200);
  // 127.0.0.2 is nobody's proxy and on nobody's list.
  const stranger = { localAddress: '127.0.0.2' };
  expect((await send(gateway.port, '/certsrv/mscep_admin/', stranger)).status).toBe(403);
  expect(gateway.log()).toMatch(
    /access\.allow\.admin does not hold 127\.0\.0\.2|access\.certificates\.admin asks for/,
  );
});

describe('a flood from 127.0.0.2', () => {
  test('of nonsense, while a device at 127.0.0.1 keeps enrolling', async () => {
    gateway = await start(folder, profile('limits: { concurrentOperations: 8 }'));
    const { port } = gateway;
    const good = await device(port, '/scep', '127.0.0.1');
    let over = false;
    const flood = Array.from({ length: 40 }, async () => {
      const statuses = new Map<number, number>();
      while (!over) {
        const { status } = await send(port, '/scep?operation=PKIOperation', {
          body: Buffer.alloc(4000, 0x30),
          localAddress: '127.0.0.2',
        });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      return statuses;
    });
    try {
      for (let round = 0; round < 10; round++) {
        const outcome = await good.enroll(`flooded-${round}`, shared.challenge);
        expect(outcome.kind).toBe('issued');
      }
    } finally {
      over = true;
    }
    const statuses = (await Promise.all(flood)).flatMap((counted) => [...counted.keys()]);
    expect(statuses.length).toBeGreaterThanOrEqual(40);
  });

  test('of guesses makes it wait, and nobody else', async () => {
    gateway = await start(
      folder,
      profile('access: { rateLimits: { refusedChallenges: { count: 3, seconds: 600 } } }'),
    );
    const guesser = await device(gateway.port, '/scep', '127.0.0.2');
    for (let guess = 0; guess < 3; guess++) {
      expect(await guesser.enroll(`guess-${guess}`, `guess ${guess}`)).toMatchObject({
        kind: 'failed',
        failInfo: 'badRequest',
      });
    }
    await expect(guesser.enroll('guess-4', shared.challenge)).rejects.toMatchObject({
      message: expect.stringContaining('503'),
    });
    const good = await device(gateway.port, '/scep', '127.0.0.1');
    expect((await good.enroll('no-guess', shared.challenge)).kind).toBe('issued');
  });

  test('of forged and broken messages makes it wait, and nobody else', async () => {
    gateway = await start(
      folder,
      profile('access: { rateLimits: { brokenMessages: { count: 3, seconds: 600 } } }'),
    );
    const { port } = gateway;
    const post = async (body: Buffer, localAddress: string) =>
      (await send(port, '/scep?operation=PKIOperation', { body, localAddress })).status;
    const forged = await forgedMessage();
    const flood = [forged, Buffer.from('no message at all'), forged, forged];
    const statuses: number[] = [];
    for (const body of flood) statuses.push(await post(body, '127.0.0.2'));
    expect(statuses).toEqual([200, 400, 200, 503]);
    expect(gateway.log()).toMatch(/beyond a limit.*brokenMessages/);
    const flooder = await device(port, '/scep', '127.0.0.2');
    await expect(flooder.enroll('late', shared.challenge)).rejects.toMatchObject({
      message: expect.stringContaining('503'),
    });
    const good = await device(port, '/scep', '127.0.0.1');
    expect((await good.enroll('not-broken', shared.challenge)).kind).toBe('issued');
  });
});

test('a list is taken up while the gateway runs; a broken one is not', async () => {
  const list = join(folder, 'devices.txt');
  await writeFile(list, '# date: 2020-01-01\n127.0.0.1\n');
  gateway = await start(
    folder,
    profile('access: { lists: { devices: { file: devices.txt } }, allow: { admin: [devices] } }'),
  );
  const { port, log } = gateway;
  const status = async () => (await send(port, '/certsrv/mscep_admin/')).status;
  expect(await status()).toBe(401);
  expect(log()).toContain('an address list is old: get the current one');

  await writeFile(list, '127.0.0.3\n');
  await until(async () => (await status()) === 403);
  expect(log()).toMatch(
    /access\.allow\.admin does not hold 127\.0\.0\.1: list devices \(1 entry of /,
  );

  await writeFile(list, 'nonsense\n');
  await until(() => Promise.resolve(log().includes('the one before it stays in force')));
  expect(await status()).toBe(403);

  await writeFile(list, '127.0.0.0/8\n');
  await until(async () => (await status()) === 401);
});

test('guessing from outside the list locks nobody out', async () => {
  gateway = await start(
    folder,
    profile('access: { allow: { admin: [127.0.0.1] } }\nlockout: { failures: 2, minutes: 60 }'),
  );
  for (const path of ['/certsrv/mscep_admin/', '/api/v1/challenges']) {
    for (let guess = 0; guess < 4; guess++) {
      const headers = as('admin', `guess ${guess}`);
      const answer = await send(gateway.port, path, { headers, localAddress: '127.0.0.2' });
      expect(answer.status).toBe(403);
    }
  }
  const headers = as('admin', 'a password of admin');
  expect((await send(gateway.port, '/certsrv/mscep_admin/', { headers })).status).toBe(200);
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let wait = 0; wait < 200; wait++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new RangeError('it never came true');
}

/** Well-formed, and not what was signed. */
async function forgedMessage(): Promise<Buffer> {
  const signer = await testDevice();
  const message = await pkiMessage({
    signer,
    recipients: [signer.certificate],
    content: await testRequest(signer),
    transactionId: 'forged',
  });
  message.writeUInt8(message.readUInt8(message.length - 1) ^ 1, message.length - 1);
  return message;
}
