import type { Notice } from '../issuer/index.js';
import type { UpstreamServer } from '../upstream/index.js';

/** What will go wrong soon at an upstream server, as far as its certificates tell. */
export function upstreamWarnings({ known }: UpstreamServer): Notice[] {
  return (known?.warnings ?? []).map((text) => ({
    severity: 'warning',
    code: 'upstream.expiring',
    text,
  }));
}
