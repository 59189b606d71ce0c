/**
 * kill -9 of the built gateway around the moment when a co-signed request is with AD CS: before anything was
 * sent, when the CA has it, when the answer is on its way, and when it has come. Then another start.
 */
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { password, startCes, type CesService } from '../adcs/ces/service.js';
import { FakeCa } from '../adcs/certsrv/fake-ca.js';
import { device } from '../gateway/running.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { testKeyObject } from '../support/keys.js';

/** When the process dies. */
type Moment = 'sending' | 'asked' | 'answered' | 'told';

const challenge = 'shared secret of the test';

let ca: FakeCa;
let service: CesService;
let way: Server;
let gateway: GatewayProcess;
let moment: Moment | undefined;
/** The CA has been asked for a certificate, and its answer has not passed yet. */
let isAsked = false;

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'adcs-kill-'));
  ca = await FakeCa.create();
  ca.templates.set('Phones', { does: 'issue', agents: 1 });
  service = await startCes(ca, 'userNameToken');
  service.answer = ({ type }) => {
    isAsked = type === 'Issue';
    if (isAsked) dieIf('asked');
    return undefined;
  };
  way = await startWay();
  const file = (name: string, text: string | Buffer) => writeFileSync(join(directory, name), text);
  file('password.txt', password);
  file('challenge.txt', challenge);
  file('corp-ca.pem', ca.certificate.toPem());
  file('agent.pem', (await ca.agent('ra-old')).toPem());
  file('agent.key', testKeyObject('ra-old').export({ format: 'pem', type: 'pkcs8' }));
  const { port } = way.address() as AddressInfo;
  gateway = await startGatewayProcess({
    directory,
    config: `
issuers:
  corp:
    kind: adcs-ces
    url: https://127.0.0.1:${port}${new URL(service.url).pathname}
    authentication: { userNameToken: { user: 'LAB\\svc', password: { file: password.txt } } }
    tls: { pins: ['${service.pin}'] }
    caCertificates: corp-ca.pem
    template: Phones
    coSign: { agent: { certificate: agent.pem, key: agent.key } }
profiles:
  default:
    paths: [/scep]
    issuer: corp
    challenges: { static: [{ name: test, secret: { file: challenge.txt } }] }
`,
  });
}, 120_000);

afterAll(async () => {
  await gateway.dispose();
  way.close();
  await service.close();
});

/** Between gateway and CES: sees when octets pass, and can be quicker than they are. */
async function startWay(): Promise<Server> {
  const server = createServer((socket) => {
    const onward = connect(Number(new URL(service.url).port), '127.0.0.1');
    onward.on('data', (octets: Buffer) => {
      if (isAsked) dieIf('answered');
      socket.write(octets);
      if (isAsked) dieIf('told');
    });
    socket.on('data', (octets: Buffer) => {
      if (moment === 'sending') dieIf('sending');
      else onward.write(octets);
    });
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] satisfies [Socket, Socket][]) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function dieIf(now: Moment): void {
  if (moment !== now) return;
  moment = undefined;
  gateway.child.kill('SIGKILL');
}

async function enroll(transactionId: string) {
  const client = await device(gateway.port, '/scep', '127.0.0.1');
  return client.enroll(transactionId, challenge);
}

test.each<Moment>(['sending', 'asked', 'answered', 'told'])(
  'killed while %s: never two certificates for one transaction, and none that is lost',
  async (when) => {
    ca.requests.length = 0;
    isAsked = false;
    moment = when;
    const ended = once(gateway.child, 'exit');
    await enroll(`kill-${when}`).catch(() => undefined);
    expect(await ended).toEqual([null, 'SIGKILL']);
    // What was asked may still reach the CA after its asker has died.
    const asked = when === 'sending' ? 0 : 1;
    gateway = await startGatewayProcess({ directory: gateway.directory });
    const first = await enroll(`kill-${when}`);
    expect(ca.requests).toHaveLength(asked);
    const second = await enroll(`kill-${when}`);
    expect(second.kind).toBe(first.kind);
    expect(ca.requests).toHaveLength(asked);
    expect(ca.requests.map(({ format }) => format)).toEqual(Array(asked).fill('cms'));

    if (first.kind === 'issued') return;
    expect(first.kind).toBe('pending');
    const { stdout } = await gateway.run(['pending', 'list']);
    expect(stdout).toMatch(/in doubt|being sent/);
  },
  120_000,
);
