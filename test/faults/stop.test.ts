/** A clean end under load: whoever was let in is answered, nobody is cut off, the exit code is 0. */
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { Fleet, type Enrollment } from './fleet.js';
import { expectOneEach } from './records.js';

let gateway: GatewayProcess;

beforeEach(async () => {
  gateway = await startGatewayProcess();
}, 60_000);
afterEach(() => gateway.dispose());

describe('SIGTERM', () => {
  test('during load answers whoever was let in, and ends with 0', async () => {
    const fleet = await Fleet.of(gateway);
    const enrollments = await fleet.prepare(8, 'load');
    const ends: string[] = [];
    const lane = async (device: Enrollment) => {
      // The same again and again is served from the record.
      while (ends.at(-1) !== 'ECONNREFUSED')
        ends.push(await fleet.enroll(device).catch((error: unknown) => reasonOf(error)));
    };
    const load = Promise.all(enrollments.map(lane));
    while (ends.length < 30) await new Promise((resolve) => setTimeout(resolve, 5));
    const exitCode = await gateway.stop('SIGTERM');
    await load;
    expect(exitCode).toBe(0);
    const counts = (end: string) => ends.filter((each) => each === end).length;
    expect(counts('issued') + counts('ECONNREFUSED') + counts('ECONNRESET')).toBe(ends.length);
    const { stdout } = gateway.output();
    // None was worked on and cut off: only who was not accepted yet when the socket closed is reset.
    expect(stdout.match(/"message":"pki operation"/g)).toHaveLength(counts('issued'));
    expect(stdout).not.toContain('"aborted":true');
    const served = enrollments.filter(({ certificate }) => certificate !== undefined);
    await expectOneEach(gateway, served);
  }, 60_000);

  test('answers what came over connections that are kept alive', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const ends = new Map<string, number>();
    const lane = async () => {
      for (let end = ''; end === '' || end === '200';) {
        end = await getCaCaps(gateway.url, agent);
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
    };
    const load = Promise.all(Array.from({ length: 8 }, lane));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await gateway.stop('SIGTERM')).toBe(0);
    await load;
    agent.destroy();
    // A connection that nobody had accepted yet is all that a closing socket resets.
    ends.delete('ECONNRESET before it was accepted');
    expect([...ends.keys()].sort()).toEqual(['200', 'ECONNREFUSED']);
    expect(gateway.output().stdout).not.toContain('"aborted":true');
  }, 60_000);

  test('a second signal ends it at once', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      'POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n1',
    );
    // It says "continue": so it has the request.
    await once(socket, 'data');
    gateway.child.kill('SIGTERM');
    while (!(await refuses(gateway.port))) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(gateway.child.exitCode).toBeNull();
    await gateway.stop('SIGTERM');
    // As by SIGKILL: no thread is waited for.
    expect([gateway.child.exitCode, gateway.child.signalCode]).toEqual([null, 'SIGKILL']);
    socket.destroy();
  }, 60_000);
});

async function refuses(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const refused = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
  });
  socket.destroy();
  return refused;
}

/** Node's own errors are of another realm than jest's. */
function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code);
  return String(error);
}

async function getCaCaps(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = get(`${url}/scep?operation=GetCACaps`, { agent }, (incoming) => {
      incoming.resume();
      incoming.on('close', () => resolve(incoming.complete ? String(incoming.statusCode) : 'cut'));
    });
    outgoing.on('error', (error) => {
      const reason = reasonOf(error);
      const isNew = reason === 'ECONNRESET' && !outgoing.reusedSocket;
      resolve(isNew ? `${reason} before it was accepted` : reason);
    });
  });
}
