/** The client: connections that are kept a short while, limits, and a sign-in on each. */
import { randomBytes } from 'node:crypto';
import { GatewayError } from '../errors/index.js';
import { certificateRefused, type Errand } from './attempt.js';
import { Limit, openConnection, type Connection } from './connection.js';
import { createConnectionPool } from './connection-pool.js';
import { createSignIn } from './sign-in.js';
import type {
  WebClient,
  WebClientOptions,
  WebLimits,
  WebOutcome,
  WebRequest,
} from './web-client.types.js';

const usualLimits: WebLimits = {
  connectMillis: 10_000,
  answerMillis: 60_000,
  totalMillis: 90_000,
  answerBytes: 1024 * 1024,
  idleMillis: 4000,
};

/** @throws GatewayError `config.invalid` for an origin with a path, or Basic over plain http unasked */
export function createWebClient(options: WebClientOptions): WebClient {
  const { credentials, tls = {}, userAgent = 'Mozilla/5.0 (compatible; scep-gateway)' } = options;
  const origin = parseOrigin(options);
  const limits = { ...usualLimits, ...options.limits };
  const pool = createConnectionPool({ connections: options.connections ?? 4, ...limits });
  const signIn = createSignIn({
    credentials,
    host: origin.hostname,
    hasClientCertificate: tls.clientCertificate !== undefined,
    clock: options.clock ?? (() => new Date()),
    random: options.random ?? randomBytes,
  });

  async function send(request: WebRequest): Promise<WebOutcome> {
    const total = timedSignal(
      limits.totalMillis,
      'no answer in the time for everything',
      request.signal,
    );
    try {
      const place = await pool.take(total.signal);
      if (place === undefined) return waitedInVain(total.signal);
      const connected = await connect(place.idle, total.signal);
      if (!('connection' in connected)) {
        pool.give(undefined, 'no-more');
        return connected.outcome;
      }
      const { connection } = connected;
      // What ended in the middle of a sign-in is not begun anew on the same connection.
      let use: 'again' | 'no-more' = 'no-more';
      try {
        const outcome = await signIn(errand(request, connection, total.signal));
        if (outcome.kind === 'answered') use = 'again';
        return outcome;
      } finally {
        pool.give(connection, use);
      }
    } finally {
      total.clear();
    }
  }

  async function connect(
    idle: Connection | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly connection: Connection } | { readonly outcome: WebOutcome }> {
    if (idle) return { connection: idle };
    const timed = timedSignal(
      limits.connectMillis,
      `no connection within ${limits.connectMillis} ms`,
      signal,
    );
    const outcome = await openConnection(origin, tls, timed.signal);
    timed.clear();
    if (outcome.kind === 'connected') {
      pool.opened(outcome.connection);
      return outcome;
    }
    if (outcome.certificateRefused) return { outcome: certificateRefused() };
    const reason = `${origin.host}: ${outcome.reason}`;
    return { outcome: { kind: 'unreachable', phase: 'connect', reason } };
  }

  function errand(request: WebRequest, connection: Connection, signal: AbortSignal): Errand {
    return {
      request,
      connection,
      leg: (authorization, content) =>
        connection.exchange({
          method: request.method,
          path: request.path,
          headers: {
            'User-Agent': userAgent,
            Accept: '*/*',
            ...request.headers,
            ...(authorization !== undefined && { Authorization: authorization }),
          },
          body: content === 'whole' ? request.body : undefined,
          answerMillis: limits.answerMillis,
          answerBytes: limits.answerBytes,
          signal,
        }),
    };
  }

  return { send, close: () => pool.close() };
}

function parseOrigin({ origin, credentials }: WebClientOptions): URL {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    `${url.pathname}${url.search}${url.hash}` !== '/'
  ) {
    throw new GatewayError('config.invalid', `${origin} is no origin of a web server.`, {
      mend: 'Write scheme, host and, where needed, port: `https://ca1.corp.example`.',
    });
  }
  if (url.username + url.password !== '') {
    throw new GatewayError('config.invalid', 'An origin holds a user name.', {
      mend: 'Write the account under its own keys.',
    });
  }
  const open = credentials.some((one) => one.kind === 'basic' && one.withoutTls !== true);
  if (url.protocol === 'http:' && open) {
    throw new GatewayError(
      'config.invalid',
      `Basic would send the password to ${origin} in the clear.`,
      {
        mend: 'Use https.',
      },
    );
  }
  return url;
}

function waitedInVain(signal: AbortSignal): WebOutcome {
  const late = signal.reason instanceof Limit;
  return {
    kind: 'unreachable',
    phase: 'waiting',
    reason: late ? 'no connection came free in time' : 'it was called off',
  };
}

/** A signal that fires when time is up, or with `outer`. */
function timedSignal(millis: number, message: string, outer: AbortSignal | undefined) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Limit(message)), millis);
  const onOuter = () => controller.abort(outer?.reason);
  if (outer?.aborted) onOuter();
  outer?.addEventListener('abort', onOuter, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onOuter);
    },
  };
}
