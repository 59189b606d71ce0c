/** The HTTP face: every door of the gateway on one Express application. */
import express, { type Express, type RequestHandler, type Response } from 'express';
import { GatewayError } from '../errors/index.js';
import { accessLog } from './access-log.js';
import { adminPagePaths, adminPageRoute } from './admin-page-route.js';
import { challengeApi } from './challenge-api.js';
import { createChallengeDesk } from './challenge-desk.js';
import { errorHandler } from './error-handler.js';
import { createExchanges } from './exchange.js';
import type { HttpDeps } from './http.types.js';
import { overview } from './overview.js';
import { refuseMethod } from './other-methods.js';
import { publicationRoutes } from './publication-routes.js';
import { sendReply } from './reply.js';
import { requestTarget } from './request-target.js';
import { scepRoutes } from './scep-routes.js';
import { createSignIn } from './sign-in.js';

export function createHttpApp(deps: HttpDeps): Express {
  const exchanges = createExchanges();
  const desk = createChallengeDesk(deps);
  const pageSignIn = createSignIn(deps, exchanges, deps.authenticators.page);
  const apiSignIn = createSignIn(deps, exchanges, deps.authenticators.api);

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', false);
  app.set('query parser', false);

  app.use(accessLog(deps, exchanges));
  app.use(scepRoutes(deps, exchanges));
  app.use(normalizePath);
  const adminPage = adminPageRoute(deps, exchanges, desk, pageSignIn);
  app.route(adminPagePaths).get(adminPage).post(adminPage).all(refuseMethod('GET, HEAD, POST'));
  app.use(challengeApi(deps, exchanges, desk, apiSignIn));
  app.use(publicationRoutes(deps.publications));
  app.get('/healthz', (_request, response) => sendText(response, 'ok\n'));
  app.get('/', (_request, response) => sendText(response, overview(deps)));
  app.use(() => {
    throw new GatewayError('http.not-found', 'There is nothing at this address.');
  });
  app.use(errorHandler(deps, exchanges));
  return app;
}

/** Express routes by what `requestTarget` makes of the path, so that all doors are equally lenient. */
const normalizePath: RequestHandler = (request, _response, next) => {
  const { path, query } = requestTarget(request.url);
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  request.url = query === '' ? encoded : `${encoded}?${query}`;
  next();
};

function sendText(response: Response, text: string): void {
  sendReply(response, { status: 200, contentType: 'text/plain', body: Buffer.from(text) });
}
