import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

const apply = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  xFrameOptions: { action: 'deny' },
  // TLS ends before this listener, if at all: whether a host is https-only is not ours to say.
  strictTransportSecurity: false,
});

/** Headers for pages that a browser shows: no scripts, no frames, no forms, no referrer. */
export function protectPage(request: IncomingMessage, response: ServerResponse): void {
  apply(request, response, () => undefined);
}
