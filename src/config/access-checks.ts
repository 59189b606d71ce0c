import { parseNetwork } from '../address/index.js';
import type { CheckedConfig } from './checked-config.js';
import { nearest } from './nearest.js';
import { problemAt, quoted, type ConfigPath, type ConfigProblem } from './problem.js';
import { mappingAt } from './raw-value.js';
import type { ParsedConfig } from './schema.js';

export function checkAccess({ config, raw }: CheckedConfig): ConfigProblem[] {
  const { access, profiles, listeners } = config;
  // As written: a list with a fault of its own is there all the same.
  const lists = Object.keys(mappingAt(raw, ['access', 'lists']));
  const rules = (path: ConfigPath, entries: readonly string[] | undefined) =>
    (entries ?? []).flatMap((entry, index) => checkRule([...path, index], entry, lists));
  return [
    ...lists.flatMap(checkListName),
    ...(['admin', 'api', 'publications', 'metrics'] as const).flatMap((group) =>
      rules(['access', 'allow', group], access.allow[group]),
    ),
    ...Object.entries(profiles).flatMap(([name, { allow }]) =>
      rules(['profiles', name, 'allow'], allow),
    ),
    ...listeners.flatMap((listener, index) => {
      const path = ['listeners', index];
      const trusted = [...path, 'clientAddress', 'trustedProxies'];
      return [
        ...rules(trusted, listener.clientAddress.trustedProxies),
        ...checkTrust(trusted, listener.clientAddress.trustedProxies ?? []),
        ...checkSource(path, listener),
      ];
    }),
  ];
}

function checkListName(name: string): ConfigProblem[] {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(name)) return [];
  return [
    problemAt(
      ['access', 'lists', name],
      'is not a usable name',
      'write up to 32 lower-case letters, digits and hyphens, a letter first',
    ),
  ];
}

function checkRule(path: ConfigPath, entry: string, lists: readonly string[]): ConfigProblem[] {
  if (lists.includes(entry)) return [];
  const outcome = parseNetwork(entry);
  if (outcome.kind === 'network') return [];
  if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(entry)) {
    return [problemAt(path, `is ${quoted(entry)}, which ${outcome.reason}`, outcome.mend)];
  }
  const meant = nearest(entry, lists);
  return [
    problemAt(
      path,
      `is ${quoted(entry)}, which is no address and not under access.lists`,
      meant === undefined
        ? 'write an address, a network such as `192.0.2.0/24`, or add the list'
        : `did you mean ${quoted(meant)}?`,
    ),
  ];
}

/** Then any client could name any address. */
function checkTrust(path: ConfigPath, entries: readonly string[]): ConfigProblem[] {
  return entries.flatMap((entry, index) => {
    const outcome = parseNetwork(entry);
    if (outcome.kind !== 'network' || outcome.network.prefix > 0) return [];
    return [
      problemAt(
        [...path, index],
        'trusts every address to say who a client is',
        'name the proxies alone',
      ),
    ];
  });
}

type Listener = ParsedConfig['listeners'][number];

function checkSource(
  path: ConfigPath,
  { clientAddress, proxyProtocol, forwardedCertificate }: Listener,
) {
  const { trustedProxies, requiredHeaders } = clientAddress;
  const source = clientAddress.source.toLowerCase();
  const at = (key: string) => [...path, 'clientAddress', key];
  const names = Object.keys(requiredHeaders).map((name) => name.toLowerCase());
  const problems: ConfigProblem[] = [];
  if (source !== 'none' && proxyProtocol !== 'off') {
    problems.push(
      problemAt(
        at('source'),
        'is a second source of the address beside proxyProtocol',
        'write one of them: a listener believes one thing',
      ),
    );
  } else if (
    source === 'none' &&
    proxyProtocol === 'off' &&
    trustedProxies !== undefined &&
    forwardedCertificate === undefined
  ) {
    problems.push(
      problemAt(
        at('source'),
        'is none: nothing is read of the trusted proxies',
        'write one, such as `source: x-forwarded-for`, or a `proxyProtocol`',
      ),
    );
  } else if ((source !== 'none' || proxyProtocol !== 'off') && trustedProxies === undefined) {
    problems.push(
      problemAt(
        source === 'none' ? [...path, 'proxyProtocol'] : at('source'),
        'is believed of nobody',
        'name the proxies under `trustedProxies`',
      ),
    );
  }
  const unread = source === 'none' && forwardedCertificate === undefined;
  if (unread && names.length > 0 && problems.length === 0) {
    problems.push(
      problemAt(
        at('source'),
        'is none: requiredHeaders are never looked at',
        'write one, such as `source: x-forwarded-for`, or remove requiredHeaders',
      ),
    );
  }
  if (source === 'header:x-azure-clientip' && !names.includes('x-azure-fdid')) {
    problems.push(
      problemAt(
        at('requiredHeaders'),
        'does not hold X-Azure-FDID: every Front Door of the world comes from the same addresses',
        'add `X-Azure-FDID: <the ID of your Front Door>`',
      ),
    );
  }
  return problems;
}
