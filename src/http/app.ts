/** The HTTP face: SCEP first, every other door of the gateway on one Express application. */
import type { RequestListener } from 'node:http';
import express, { type Express, type Response } from 'express';
import { GatewayError } from '../errors/index.js';
import { createAccessLog } from './access-log.js';
import { adminPagePaths, adminPageRoute } from './admin-page-route.js';
import { challengeApi } from './challenge-api.js';
import { createChallengeDesk } from './challenge-desk.js';
import { createErrorHandler, type ErrorHandler } from './error-handler.js';
import { createExchanges, type Exchange, type Exchanges } from './exchange.js';
import type { HttpDeps } from './http.types.js';
import { refuseMethod } from './other-methods.js';
import { overview } from './overview.js';
import { publicationRoutes } from './publication-routes.js';
import { sendReply } from './reply.js';
import { createScepDoor } from './scep-door.js';
import { createSignIn } from './sign-in.js';

export function createHttpApp(deps: HttpDeps): RequestListener {
  const exchanges = createExchanges();
  const begin = createAccessLog(deps);
  const fail = createErrorHandler(deps, exchanges);
  const scep = createScepDoor(deps);
  const app = expressApp(deps, exchanges, fail);

  return (request, response) => {
    const exchange = begin(request, response);
    exchanges.begin(request, exchange);
    deps.withCorrelation(exchange.correlationId, () => {
      const answered = scep(request, response, exchange);
      if (answered) {
        answered.catch((error: unknown) => fail(error, request, response));
        return;
      }
      request.url = normalUrl(exchange);
      app(request, response);
    });
  };
}

function expressApp(deps: HttpDeps, exchanges: Exchanges, fail: ErrorHandler): Express {
  const desk = createChallengeDesk(deps);
  const pageSignIn = createSignIn(deps, exchanges, deps.authenticators.page);
  const apiSignIn = createSignIn(deps, exchanges, deps.authenticators.api);
  const adminPage = adminPageRoute(deps, exchanges, desk, pageSignIn);

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', false);
  app.set('query parser', false);
  app.route(adminPagePaths).get(adminPage).post(adminPage).all(refuseMethod('GET, HEAD, POST'));
  app.use(challengeApi(deps, exchanges, desk, apiSignIn));
  app.use(publicationRoutes(deps.publications));
  app.get('/healthz', (_request, response) => sendText(response, 'ok\n'));
  app.get('/', (_request, response) => sendText(response, overview(deps)));
  app.use(() => {
    throw new GatewayError('http.not-found', 'There is nothing at this address.');
  });
  // Express knows an error handler by its four parameters.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  app.use((error: unknown, request: express.Request, response: Response, _next: unknown) =>
    fail(error, request, response),
  );
  return app;
}

/** Express routes by what `requestTarget` makes of the path, so that all doors are equally lenient. */
function normalUrl({ target: { path, query } }: Exchange): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return query === '' ? encoded : `${encoded}?${query}`;
}

function sendText(response: Response, text: string): void {
  sendReply(response, { status: 200, contentType: 'text/plain', body: Buffer.from(text) });
}
