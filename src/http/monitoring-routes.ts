/** `/metrics` for Prometheus and `/readyz` for load balancers, behind the allow list `metrics`. */
import express, { type Response, type Router } from 'express';
import type { HttpDeps } from './http.types.js';
import { refuseMethod } from './other-methods.js';
import { sendReply } from './reply.js';

export function monitoringRoutes({
  metrics,
  readiness,
}: Pick<HttpDeps, 'metrics' | 'readiness'>): Router {
  async function expose(response: Response): Promise<void> {
    const { contentType, text } = await metrics.expose();
    sendReply(response, { status: 200, contentType, body: text });
  }

  /** One line a check. 503 takes a node out of service, and that is meant. */
  async function tell(response: Response): Promise<void> {
    const checks = await readiness();
    const ready = checks.every(({ fault }) => fault === undefined);
    const lines = checks.map(({ name, fault }) =>
      fault === undefined ? `ok: ${name}` : `not ready: ${name}: ${fault}`,
    );
    sendReply(response, {
      status: ready ? 200 : 503,
      contentType: 'text/plain',
      ...(!ready && { headers: { 'Retry-After': '30' } }),
      body: `${lines.join('\n')}\n`,
    });
  }

  const router = express.Router();
  router
    .route('/metrics')
    .get((_request, response) => expose(response))
    .all(refuseMethod('GET, HEAD'));
  router
    .route('/readyz')
    .get((_request, response) => tell(response))
    .all(refuseMethod('GET, HEAD'));
  return router;
}
