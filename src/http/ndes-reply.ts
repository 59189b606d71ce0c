import { encodePage } from '../ndes/index.js';
import type { Reply } from './reply.js';

/** NDES pages carry no charset; scripts, frames and forms have no place on them. */
export function pageReply(html: string): Reply {
  return {
    status: 200,
    contentType: 'text/html',
    headers: { Pragma: 'no-cache' },
    body: encodePage(html),
  };
}
