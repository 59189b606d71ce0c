import { lookup } from 'node:dns/promises';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps, type RequestOptions } from 'node:https';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { certPassage } from '../adcs/index.js';
import { endpointMapperPort, tcpPort } from '../dcerpc/index.js';
import { isGatewayError } from '../errors/index.js';
import { networkFault, type WebTls } from '../web-client/index.js';
import { handshake } from './handshake.js';
import type { Outcome, World } from './world.js';

/** The network as it is, each step limited in time and octets. @param mapperPort that of Windows is 135 */
export function systemWorld(
  options: { readonly mapperPort?: number; readonly clock?: () => Date } = {},
): World {
  return {
    clock: options.clock ?? (() => new Date()),
    async lookUp(host) {
      if (isIP(host) !== 0) return { kind: 'done', addresses: [host] };
      try {
        const found = await inTime(lookup(host, { all: true }), limits.stepMillis);
        return { kind: 'done', addresses: found.map(({ address }) => address) };
      } catch (error) {
        return failure(error);
      }
    },
    async connect(host, port) {
      const socket = connectTcp({ host, port });
      try {
        await opened(socket);
        return { kind: 'done' };
      } catch (error) {
        return failure(error);
      } finally {
        socket.destroy();
      }
    },
    shakeHands: (host, port, tls) => handshake(host, port, tls, limits.stepMillis),
    async ask(url, tls) {
      const answer = await get(url, { ...clientIdentity(tls), rejectUnauthorized: false }, 0);
      if (answer.kind === 'failed') return answer;
      const { status, rawHeaders } = answer;
      return { kind: 'done', status, rawHeaders };
    },
    download: (url) => download(url, mostRedirects),
    async mappedPort(host) {
      try {
        const port = await tcpPort(certPassage, {
          host,
          port: options.mapperPort ?? endpointMapperPort,
          limits: { connectMillis: limits.stepMillis, answerMillis: limits.stepMillis },
          signal: AbortSignal.timeout(2 * limits.stepMillis),
        });
        return { kind: 'done', port };
      } catch (error) {
        if (!isGatewayError(error)) throw error;
        return { kind: 'failed', reason: error.detail ?? error.message };
      }
    },
  };
}

const limits = { stepMillis: 10_000, answerMillis: 20_000, octets: 32 * 1024 * 1024 } as const;
const mostRedirects = 3;

class Late extends Error {}

function failure(error: unknown): { readonly kind: 'failed'; readonly reason: string } {
  const reason = error instanceof Late ? error.message : networkFault(error);
  return { kind: 'failed', reason };
}

async function inTime<T>(work: Promise<T>, millis: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late(`no answer within ${millis / 1000} s`)), millis);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

function opened(socket: Socket): Promise<void> {
  const ready = new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.on('error', reject);
  });
  return inTime(ready, limits.stepMillis);
}

function clientIdentity({ clientCertificate, maximum }: WebTls): RequestOptions {
  return {
    minVersion: 'TLSv1.2',
    ...(maximum && { maxVersion: maximum }),
    ...(clientCertificate &&
      'key' in clientCertificate && {
        cert: clientCertificate.certificate,
        key: clientCertificate.key,
      }),
  };
}

type Got = Outcome<{
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly location: string | undefined;
  readonly body: Buffer;
}>;

/** @param octets most of the body to read; 0: the head is enough */
function get(url: URL, options: RequestOptions, octets: number): Promise<Got> {
  return new Promise((resolve) => {
    const headers = { 'User-Agent': 'Mozilla/5.0 (compatible; scep-gateway)', Accept: '*/*' };
    const receive = (incoming: IncomingMessage) => {
      const { statusCode: status = 0, rawHeaders } = incoming;
      const chunks: Buffer[] = [];
      let length = 0;
      const done = () => {
        const { location } = incoming.headers;
        resolve({ kind: 'done', status, rawHeaders, location, body: Buffer.concat(chunks) });
      };
      if (octets === 0) {
        done();
        outgoing.destroy();
        return;
      }
      incoming.on('data', (chunk: Buffer) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length > octets) outgoing.destroy(new Late(`more than ${octets} octets came`));
      });
      incoming.once('end', done);
      incoming.once('error', (error) => resolve(failure(error)));
    };
    const request = { ...options, agent: false as const, headers };
    const outgoing =
      url.protocol === 'https:' ? getHttps(url, request, receive) : getHttp(url, request, receive);
    const timer = setTimeout(
      () => outgoing.destroy(new Late(`no answer within ${limits.answerMillis / 1000} s`)),
      limits.answerMillis,
    );
    outgoing.once('close', () => clearTimeout(timer));
    outgoing.on('error', (error) => resolve(failure(error)));
  });
}

async function download(
  url: URL,
  redirects: number,
): Promise<Outcome<{ readonly status: number; readonly body: Buffer }>> {
  const answer = await get(url, {}, limits.octets);
  if (answer.kind === 'failed') return answer;
  const { status, location, body } = answer;
  const isMoved = status >= 300 && status < 400 && location !== undefined;
  if (!isMoved || !URL.canParse(location, url.href)) return { kind: 'done', status, body };
  const target = new URL(location, url);
  if (redirects === 0 || !/^https?:$/.test(target.protocol)) return { kind: 'done', status, body };
  return download(target, redirects - 1);
}
