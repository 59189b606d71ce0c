/** What stands in CDP and AIA of our certificates, over plain HTTP. */
import express, { type Response, type Router } from 'express';
import { GatewayError } from '../errors/index.js';
import type { Publications } from './http.types.js';
import { sendReply } from './reply.js';

export function publicationRoutes(publications: Publications): Router {
  const router = express.Router();
  router.get('/crl/:issuer.crl', async (request, response) => {
    publish(response, 'application/pkix-crl', await publications.crl(request.params.issuer));
  });
  router.get('/ca/:issuer.cer', async (request, response) => {
    publish(
      response,
      'application/pkix-cert',
      await publications.certificate(request.params.issuer),
    );
  });
  return router;
}

/** A revocation makes a new CRL at once: it may be kept, but must be asked after each time. */
function publish(response: Response, contentType: string, body: Buffer | undefined): void {
  if (!body) throw new GatewayError('http.not-found', 'There is no such issuer.');
  sendReply(response, {
    status: 200,
    contentType,
    headers: { 'Cache-Control': 'no-cache' },
    body,
  });
}
