/** The `SCEPChallenge` webhook of Jamf Pro, which Fleet and Smallstep speak, too. */
import express, { type Request, type Response, type Router } from 'express';
import type { ChallengeOrder } from '../challenge/index.js';
import { GatewayError } from '../errors/index.js';
import { quotaOf, quotaUsedUp, whyNoChallenge, type ChallengeDesk } from './challenge-desk.js';
import type { Exchanges } from './exchange.js';
import type { HttpProfile, JamfWebhook } from './http.types.js';
import { parseJamfEvent, type JamfEvent } from './jamf-event.js';
import { refuseMethod } from './other-methods.js';
import { sendReply } from './reply.js';
import { readBody } from './request-body.js';
import type { SignIn } from './sign-in.js';

const largestEvent = 64 * 1024;

export function jamfWebhooks(
  profiles: readonly HttpProfile[],
  exchanges: Exchanges,
  desk: ChallengeDesk,
  signIn: SignIn,
): Router {
  async function answer(
    request: Request,
    response: Response,
    profile: HttpProfile,
    webhook: JamfWebhook,
  ): Promise<void> {
    const exchange = exchanges.of(request);
    exchange.profile = profile.name;
    const customer = { principal: await signIn(request, response), exchange };
    const refusal = whyNoChallenge(customer.principal, profile);
    if (refusal !== undefined) {
      await desk.denied(customer, profile, refusal);
      throw new GatewayError('http.forbidden', refusal);
    }
    const event = parseJamfEvent(await readBody(request, largestEvent));
    const outcome = await desk.issue(customer, { profile, binding: bindingOf(event, webhook) });
    if (outcome.kind === 'full') throw quotaUsedUp(quotaOf(customer, profile));
    // The whole body is the challenge: Fleet trims nothing, so there is no line end.
    sendReply(response, {
      status: 200,
      contentType: 'text/plain',
      body: outcome.password,
    });
  }

  const router = express.Router();
  for (const profile of profiles) {
    const { jamfWebhook } = profile;
    if (!jamfWebhook) continue;
    router
      .route(jamfWebhook.path)
      .post((request, response) => answer(request, response, profile, jamfWebhook))
      .all(refuseMethod('POST'));
  }
  return router;
}

/** @throws GatewayError `http.message` when the profile asks for a device that the event does not name */
function bindingOf(
  event: JamfEvent,
  { device, subject }: JamfWebhook,
): Omit<ChallengeOrder['binding'], 'profile'> {
  const names = [event.serialNumber, event.udid].filter((name) => name !== undefined);
  if (device === 'require' && names.length === 0) throw unnamed('a serial number or UDID');
  return {
    ...(device !== 'ignore' && names.length > 0 && { device: names }),
    ...(subject !== undefined && { subject: filledIn(subject, event) }),
  };
}

function filledIn(template: string, event: JamfEvent): string {
  return template.replace(/\{(serialNumber|udid)\}/g, (_, name: keyof JamfEvent) => {
    const value = event[name];
    // Nothing that could end the attribute and begin another.
    if (value === undefined || !/^[A-Za-z0-9._-]+$/.test(value)) throw unnamed(`a usable ${name}`);
    return value;
  });
}

function unnamed(what: string): GatewayError {
  return new GatewayError('http.message', `The event names no device with ${what}.`);
}
