import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { send } from '../http/client.js';
import { startHttpsServer, type HttpsServer } from '../support/https-server.js';
import { device, remove, start, temporaryFolder, type Running } from './running.js';

let folder: string;
let gateway: Running;
let validator: HttpsServer;
let asked: unknown[];
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  asked = [];
  folder = await temporaryFolder();
  validator = await startHttpsServer(({ body }, response) => {
    asked.push(JSON.parse(body));
    answer(response);
  });
  await writeFile(join(folder, 'validator.pem'), validator.ca);
  await writeFile(join(folder, 'validator.secret'), 'the secret\n');
  gateway = await start(
    folder,
    `profiles:
  default:
    challenges:
      dynamic: false
      webhook:
        url: https://localhost:${validator.port}/scep
        secret: { file: validator.secret }
        ca: validator.pem
        pins: [${validator.pin}]
`,
  );
});
afterEach(async () => {
  await gateway.stop();
  await validator.close();
  await remove(folder);
});

test('a device gets its certificate when the validator says so, FAILURE when not, 503 when it is silent', async () => {
  const phone = await device(gateway.port, '/scep/default', '127.0.0.1');

  answer = (response) => void response.writeHead(500).end();
  await expect(phone.enroll('A', 'open sesame')).rejects.toMatchObject({
    code: 'scep.unreachable',
  });

  answer = (response) => void response.end('{"allow":false,"reason":"stolen: open barley"}');
  expect(await phone.enroll('B', 'open barley')).toMatchObject({
    kind: 'failed',
    failInfo: 'badRequest',
  });

  answer = (response) => void response.end('{"allow":true}');
  expect(await phone.enroll('A', 'open sesame')).toMatchObject({ kind: 'issued' });
  expect(await phone.enroll('A', 'open sesame')).toMatchObject({ kind: 'issued' });
  expect(asked).toHaveLength(3);
  expect(asked[2]).toMatchObject({
    profile: 'default',
    transactionId: 'A',
    subject: 'CN=device at 127.0.0.1',
    clientAddress: '127.0.0.1',
    challenge: 'open sesame',
  });

  expect(gateway.log()).toContain('"code":"challenge.refused"');
  expect(gateway.log()).not.toMatch(/open sesame|open barley|the secret/);
});

test('the admin page has no challenge for it', async () => {
  const headers = {
    authorization: `Basic ${Buffer.from('admin:a password of admin').toString('base64')}`,
  };
  const page = await send(gateway.port, '/certsrv/mscep_admin/', { headers });
  expect(page.body.toString('utf16le')).toContain('You do not have sufficient permission');
});
