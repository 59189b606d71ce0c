import type { WebOutcome } from '../../web-client/index.js';
import type { Unavailable } from '../unavailable.js';
import { statusOutage } from '../web-outage.js';

/** An answer that is no page of certsrv, which has status 200 whatever it says. */
export function notAPage(
  answered: Extract<WebOutcome, { readonly kind: 'answered' }>,
): Unavailable | undefined {
  return answered.status === 200 ? undefined : statusOutage(answered, mends);
}

const mends = {
  404: 'Check `url`: Web Enrollment answers under /certsrv/, and its role must be installed on that server.',
};
