import { GatewayError, isGatewayError, messageOf } from '../../errors/index.js';

/**
 * A fault of the server as the house sees it. Its replies begin with a word that says what is wrong, others
 * come from Node or from the client. Everything that may pass is 503, never FAILURE; a script that fails is
 * our own mistake.
 */
export function redisError(cause: unknown): GatewayError {
  if (isGatewayError(cause)) return cause;
  const detail = detailOf(cause);
  const word = wordOf(detail);
  if (word === 'ERR' && /script|Lua|number of args/i.test(detail))
    return new GatewayError('internal', 'The challenge server did not take a script.', {
      cause,
      detail,
    });
  if (word === 'WRONGTYPE')
    return new GatewayError('store.damaged', 'Keys of the challenge store hold something else.', {
      cause,
      detail,
      mend: 'Give the gateway a prefix or a database of its own: data.redis.prefix, data.redis.database.',
    });
  return new GatewayError('store.unavailable', 'The challenge server cannot be used now.', {
    cause,
    detail,
    mend: mends.get(word) ?? mendOfText(detail),
  });
}

/** The server was restarted since the script was given to it: nothing has happened. */
export function isUnknownScript(error: unknown): boolean {
  return messageOf(error).startsWith('NOSCRIPT');
}

/** Several addresses of one name fail together, with a reason each and an empty message. */
function detailOf(cause: unknown): string {
  return cause instanceof AggregateError
    ? cause.errors.map((each) => messageOf(each)).join('; ')
    : messageOf(cause);
}

/** Out of a script, older servers wrap the reply (`ERR Error running script …: -OOM …`), and ACLs have no word. */
function wordOf(detail: string): string {
  if (/ACL failure|can't (?:run|access)/.test(detail)) return 'NOPERM';
  return (/: -([A-Z]{2,}) /.exec(detail) ?? /^([A-Z]{2,})\b/.exec(detail))?.[1] ?? '';
}

function mendOfText(detail: string): string {
  if (/certificate|SSL|TLS|self.signed/i.test(detail))
    return 'Look at data.redis.tls: `ca` must hold the CA of the server certificate, and `host` or `serverName` a name in it; a server without TLS needs `mode: off`.';
  if (/DB index/i.test(detail))
    return 'Look at data.redis.database: the server has fewer databases.';
  if (/AUTH/.test(detail)) return signInMend;
  if (/queue is full/i.test(detail)) return 'Look at the load of the Redis server.';
  return 'Look whether the Redis server runs, and whether data.redis.host and data.redis.port lead to it.';
}

const signInMend = 'Look at data.redis.user and data.redis.password, and at the ACL of the server.';
const clusterMend =
  'Point data.redis.host at the one server that holds the keys: a cluster of several shards cannot be used.';
const diskMend = 'The server cannot write to its disk: look at its log.';

const mends: ReadonlyMap<string, string> = new Map([
  ['NOAUTH', signInMend],
  ['WRONGPASS', signInMend],
  ['NOPERM', `${signInMend} docs/several-gateways.md lists the commands and keys it needs.`],
  ['OOM', 'The server has no memory left: raise maxmemory, or give challenges one of their own.'],
  ['READONLY', 'The server is a replica: point data.redis.host at the primary.'],
  ['LOADING', 'The server reads its data: wait.'],
  ['BUSY', 'A script of another program holds the server up: look at its log.'],
  [
    'MASTERDOWN',
    'The server is a replica without its primary: point data.redis.host at the primary.',
  ],
  ['MISCONF', diskMend],
  ['NOREPLICAS', 'The server wants more replicas than it has (min-replicas-to-write).'],
  ['MOVED', clusterMend],
  ['CROSSSLOT', clusterMend],
  ['CLUSTERDOWN', clusterMend],
]);
