/** All that a built gateway says at its most talkative about its three ways to AD CS: no secret is in it. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  password as cesPassword,
  rawFault,
  startCes,
  type CesService,
} from '../adcs/ces/service.js';
import { FakeCa } from '../adcs/certsrv/fake-ca.js';
import { startCertsrv, type CertsrvServer } from '../adcs/certsrv/server.js';
import { startCaServer, type CaServer } from '../adcs/rpc/ca-server.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { testKeyObject } from '../support/keys.js';
import { device } from './running.js';

const challenge = 'shared secret of the test';
const webPassword = 'right';
const rpcPassword = 'Scep-Passw0rd!';
const wrong = 'Wr0ng & <of them all>';

let directory: string;
let ca: FakeCa;
let ces: CesService;
let certsrv: CertsrvServer;
let rpc: CaServer;
const gateways: GatewayProcess[] = [];
const said: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'adcs-secrets-'));
  ca = await FakeCa.create();
  [ces, certsrv, rpc] = await Promise.all([
    startCes(ca, 'userNameToken'),
    startCertsrv(ca, 'ntlm'),
    startCaServer(ca),
  ]);
  file('ces.txt', cesPassword);
  file('web.txt', webPassword);
  file('rpc.txt', rpcPassword);
  file('wrong.txt', wrong);
  file('challenge.txt', challenge);
  file('corp-ca.pem', ca.certificate.toPem());
  file('agent.pem', (await ca.agent('ra-old')).toPem());
  file('agent.key', testKeyObject('ra-old').export({ format: 'pem', type: 'pkcs8' }));
}, 60_000);

afterAll(async () => {
  for (const gateway of gateways) await gateway.dispose();
  await Promise.all([ces.close(), certsrv.close(), rpc.close()]);
});

function file(name: string, text: string | Buffer): void {
  writeFileSync(join(directory, name), text);
}

/** @param isRight passwords; @param pin of the servers, their own by default */
function configuration(isRight: boolean, pin?: string): string {
  const secret = (name: string) => `{ file: ${isRight ? name : 'wrong'}.txt }`;
  const common = 'caCertificates: corp-ca.pem, template: Phones';
  const coSign = 'coSign: { agent: { certificate: agent.pem, key: agent.key } }';
  const statics = 'challenges: { static: [{ name: test, secret: { file: challenge.txt } }] }';
  return `
log: { level: debug, format: json }
issuers:
  ces: { kind: adcs-ces, url: '${ces.url}', tls: { pins: ['${pin ?? ces.pin}'] }, authentication: { userNameToken: { user: 'LAB\\svc', password: ${secret('ces')} } }, ${common}, ${coSign} }
  web: { kind: adcs-webenroll, url: '${certsrv.origin}/certsrv/', tls: { pins: ['${pin ?? certsrv.pin}'] }, authentication: { ntlm: { user: svc, domain: LAB, password: ${secret('web')} } }, ${common} }
  rpc: { kind: adcs-rpc, host: 127.0.0.1, port: ${rpc.port}, caName: LAB-CA1-CA, authentication: { ntlm: { user: svc-scep, domain: LAB, password: ${secret('rpc')} } }, ${common} }
profiles:
  ces: { paths: [/ces], issuer: ces, ${statics} }
  web: { paths: [/web], issuer: web, ${statics} }
  rpc: { paths: [/rpc], issuer: rpc, ${statics} }
`;
}

async function listen(name: string, config: string): Promise<string[]> {
  const gateway = await startGatewayProcess({ directory, config });
  gateways.push(gateway);
  const kinds: string[] = [];
  for (const way of ['ces', 'web', 'rpc']) {
    const client = await device(gateway.port, `/${way}`, '127.0.0.1');
    const outcome = await client.enroll(`${name}-${way}`, challenge);
    kinds.push(outcome.kind);
    if (outcome.kind === 'failed') said.push(JSON.stringify(outcome));
  }
  for (const args of [
    ['doctor', '--json'],
    ['doctor'],
    ['pending', 'list'],
    ['config', 'check'],
    ['certificate', 'show', 'device at 127.0.0.1'],
  ]) {
    const { stdout, stderr } = await gateway.run(args);
    said.push(stdout, stderr);
  }
  for (const path of ['/readyz', '/healthz', '/metrics']) {
    said.push(await (await fetch(`${gateway.url}${path}`)).text());
  }
  await gateway.stop();
  const { stdout, stderr } = gateway.output();
  said.push(stdout, stderr);
  return kinds;
}

test('success, wrong passwords, another server, a fault that quotes: nothing is told', async () => {
  expect(await listen('right', configuration(true))).toEqual(['issued', 'issued', 'issued']);
  expect(await listen('wrong', configuration(false))).toEqual(['pending', 'pending', 'pending']);
  const pinned = await listen('pinned', configuration(true, '00'.repeat(32)));
  expect(pinned.slice(0, 2)).toEqual(['pending', 'pending']);
  ces.answer = (question) =>
    rawFault(question, {
      code: 's:Receiver',
      reason: question.text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`),
    });
  expect((await listen('quoted', configuration(true)))[0]).toBe('pending');

  const text = said.join('\n');
  // What is looked for would be found: all of them spoke.
  for (const word of ['enrollment.issued', 'CES refused the login', 'not the pinned one']) {
    expect(text).toContain(word);
  }
  const secrets = [challenge, cesPassword, rpcPassword, wrong, 'a-password-for-tests'];
  const escaped = (secret: string) =>
    secret.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  for (const secret of secrets) {
    for (const form of [secret, escaped(secret), JSON.stringify(secret).slice(1, -1)]) {
      expect(text).not.toContain(form);
    }
    expect(text).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
    expect(text).not.toContain(Buffer.from(secret, 'utf16le').toString('hex'));
  }
  // Tokens of NTLM and SPNEGO, keys.
  const tokens =
    /TlRMTVNTUA|NTLMSSP|4e544c4d535350|(?:Negotiate|NTLM|Basic) [A-Za-z0-9+/=]{24}|BEGIN [A-Z ]*PRIVATE/;
  expect(tokens.exec(text)?.[0]).toBeUndefined();
}, 300_000);
