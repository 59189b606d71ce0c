/** The gateway that bad messages are sent to. */
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { staticSecret } from './maker.js';

/** Profiles: `default` (dynamic challenges), `other` likewise, `static` for messages made beforehand. */
export function startTarget(
  clock?: () => Date,
  codec: 'fast' | 'pkijs' = 'fast',
): Promise<TestGateway> {
  return startTestGateway({
    config: {
      codec,
      profiles: {
        default: { paths: ['/scep'] },
        other: {},
        static: { challenges: { static: [{ name: 'fixed', secret: { env: 'STATIC_SECRET' } }] } },
      },
    },
    environment: { STATIC_SECRET: staticSecret },
    ...(clock && { clock }),
  });
}
