/** The HTTP face: every door of the gateway on one Express application, SCEP first. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type RequestHandler, type Response } from 'express';
import {
  directListener,
  noCertificates,
  signInChannel,
  type ClientAddressResolver,
  type ListenerCertificates,
  type ListenerChannel,
} from '../access/index.js';
import { GatewayError } from '../errors/index.js';
import { accessGuard } from './access-guard.js';
import { createAccessLog } from './access-log.js';
import { adminPagePaths, adminPageRoute } from './admin-page-route.js';
import { createArrival } from './arrival.js';
import { challengeApi } from './challenge-api.js';
import { createChallengeDesk } from './challenge-desk.js';
import { decisionApi } from './decision-api.js';
import { createErrorHandler } from './error-handler.js';
import { createExchanges, type Exchanges } from './exchange.js';
import type { HttpDeps } from './http.types.js';
import { jamfWebhooks } from './jamf-webhook.js';
import { bornForExpress, type MessageClasses } from './message-classes.js';
import { monitoringRoutes } from './monitoring-routes.js';
import { refuseMethod } from './other-methods.js';
import { overview } from './overview.js';
import { publicationRoutes } from './publication-routes.js';
import { sendReply } from './reply.js';
import { scepDoor } from './scep-door.js';
import { createSignIn } from './sign-in.js';
import { createTurnstile } from './turnstile.js';

/** How the listener a request came by finds out who calls. */
export interface CallerReading {
  /** Default: that of `HttpDeps`. */
  readonly clientAddress?: ClientAddressResolver | undefined;
  /** Default: none are asked for. */
  readonly certificates?: ListenerCertificates | undefined;
  /** Default: clients reach it without a proxy. */
  readonly channel?: ListenerChannel | undefined;
}

/** What a listener serves. */
export interface HttpApp {
  readonly handle: (
    request: IncomingMessage,
    response: ServerResponse,
    callers?: CallerReading,
  ) => void;
  readonly messageClasses: MessageClasses;
}

export function createHttpApp(deps: HttpDeps): HttpApp {
  const exchanges = createExchanges();
  const desk = createChallengeDesk(deps);
  const callers = new WeakMap<IncomingMessage, CallerReading>();
  const certificates = (request: IncomingMessage) =>
    callers.get(request)?.certificates ?? noCertificates;
  const channel = (request: IncomingMessage) =>
    signInChannel(request, callers.get(request)?.channel ?? directListener);

  const pageSignIn = createSignIn({ ...deps, channel }, exchanges, deps.authenticators.page);
  const apiSignIn = createSignIn({ ...deps, channel }, exchanges, deps.authenticators.api);
  const adminPage = adminPageRoute(deps, exchanges, desk, pageSignIn);

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', false);
  app.set('query parser', false);

  app.use(accessGuard({ ...deps, certificates }, exchanges));
  app.use(scepDoor(deps, exchanges));
  app.use(normalizeUrl(exchanges));
  app.route(adminPagePaths).get(adminPage).post(adminPage).all(refuseMethod('GET, HEAD, POST'));
  app.use(challengeApi(deps, exchanges, desk, apiSignIn));
  app.use(decisionApi(deps, exchanges, apiSignIn));
  app.use(jamfWebhooks(deps.profiles, exchanges, desk, apiSignIn));
  app.use(publicationRoutes(deps.publications));
  app.use(monitoringRoutes(deps));
  app.get('/healthz', (_request, response) => sendText(response, 'ok\n'));
  app.get('/', (_request, response) => sendText(response, overview(deps)));
  app.use(() => {
    throw new GatewayError('http.not-found', 'There is nothing at this address.');
  });
  app.use(createErrorHandler(deps, exchanges));
  const arrive = createArrival({
    ...deps,
    accessLog: createAccessLog(deps),
    turnstile: createTurnstile(deps.operations),
    exchanges,
  });
  const messageClasses = bornForExpress(app);
  return {
    messageClasses,
    handle(request, response, reading = {}) {
      const { clientAddress = deps.clientAddress, certificates: shown = noCertificates } = reading;
      if (!arrive(request, response, { clientAddress, certificates: shown })) return;
      callers.set(request, reading);
      app(request, response);
    },
  };
}

/** Express routes by what `requestTarget` makes of the path, so that all doors are equally lenient. */
function normalizeUrl(exchanges: Exchanges): RequestHandler {
  return (request, _response, next) => {
    const { path, query } = exchanges.of(request).target;
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    request.url = query === '' ? encoded : `${encoded}?${query}`;
    next();
  };
}

function sendText(response: Response, text: string): void {
  sendReply(response, { status: 200, contentType: 'text/plain', body: text });
}
