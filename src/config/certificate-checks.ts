import type { CheckedConfig } from './checked-config.js';
import { checkFileSet } from './file-set-check.js';
import { nearest } from './nearest.js';
import { problemAt, quoted, type ConfigPath, type ConfigProblem } from './problem.js';
import { mappingAt } from './raw-value.js';
import type { ParsedConfig } from './schema.js';

/** TLS, forwarded certificates, trust lists and what refers to them. */
export function checkCertificates({ config, raw, issuerNames }: CheckedConfig): ConfigProblem[] {
  const { access, profiles, listeners, accounts } = config;
  // As written: a list with a fault of its own is there all the same.
  const known = Object.keys(mappingAt(raw, ['access', 'trustLists']));
  const names = (path: ConfigPath, used: readonly string[] | undefined) =>
    (used ?? []).flatMap((name, index) => checkName([...path, index], name, known));
  return [
    ...known.flatMap(checkListName),
    ...Object.entries(access.trustLists).flatMap(([name, list]) =>
      checkTrustList(['access', 'trustLists', name], list, issuerNames),
    ),
    ...(['admin', 'api'] as const).flatMap((group) =>
      names(['access', 'certificates', group], access.certificates[group]),
    ),
    ...Object.entries(profiles).flatMap(([name, { certificates }]) =>
      names(['profiles', name, 'certificates'], certificates),
    ),
    ...listeners.flatMap((listener, index) => [
      ...names(['listeners', index, 'tls', 'trust'], listener.tls?.trust),
      ...checkListener(['listeners', index], listener),
    ]),
    ...accounts.flatMap(({ certificates }, account) =>
      certificates.flatMap((binding, index) =>
        checkBinding(
          ['accounts', account, 'certificates', index],
          binding,
          known,
          access.trustLists,
        ),
      ),
    ),
    ...checkSources(config),
  ];
}

function checkListName(name: string): ConfigProblem[] {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(name)) return [];
  return [
    problemAt(
      ['access', 'trustLists', name],
      'is not a usable name',
      'write up to 32 lower-case letters, digits and hyphens, a letter first',
    ),
  ];
}

function checkName(path: ConfigPath, name: string, known: readonly string[]): ConfigProblem[] {
  if (known.includes(name)) return [];
  const meant = nearest(name, known);
  return [
    problemAt(
      path,
      `is ${quoted(name)}, which is not under access.trustLists`,
      meant === undefined ? 'add the list' : `did you mean ${quoted(meant)}?`,
    ),
  ];
}

type TrustListConfig = ParsedConfig['access']['trustLists'][string];

function checkTrustList(
  path: ConfigPath,
  { pins, ca, issuers, crls, revocation }: TrustListConfig,
  issuerNames: readonly string[],
): ConfigProblem[] {
  const problems = issuers.flatMap((name, index) =>
    issuerNames.includes(name)
      ? []
      : [
          problemAt(
            [...path, 'issuers', index],
            `is ${quoted(name)}, which is not under issuers`,
            `write one of: ${issuerNames.map((other) => quoted(other)).join(', ')}`,
          ),
        ],
  );
  if (pins.length + ca.length + issuers.length === 0) {
    problems.push(
      problemAt(path, 'trusts nobody', 'write `pins`, `ca` files or `issuers` of this gateway'),
    );
  }
  if (ca.length > 0 && crls.length === 0 && revocation === 'required') {
    problems.push(
      problemAt(
        [...path, 'crls'],
        'is empty: without CRLs no certificate of these CAs would be accepted',
        'name the files of their CRLs, or write `revocation: off` and mean it',
      ),
    );
  }
  const byCa = ca.length + issuers.length > 0;
  if (crls.length > 0 && (!byCa || revocation === 'off')) {
    problems.push(
      problemAt(
        [...path, 'crls'],
        'is never looked at',
        byCa ? 'remove `revocation: off`' : 'name the `ca` they are of, or remove them',
      ),
    );
  }
  return problems;
}

type Listener = ParsedConfig['listeners'][number];

function checkListener(
  path: ConfigPath,
  { tls, forwardedCertificate, clientAddress, proxyProtocol }: Listener,
): ConfigProblem[] {
  return [
    ...(tls ? checkTls([...path, 'tls'], tls) : []),
    ...(forwardedCertificate
      ? checkForwarded([...path, 'forwardedCertificate'], forwardedCertificate, {
          asked: tls?.clientCertificates === 'request',
          proxied: proxyProtocol !== 'off',
          trusted: clientAddress.trustedProxies !== undefined,
        })
      : []),
  ];
}

function checkTls(path: ConfigPath, tls: NonNullable<Listener['tls']>): ConfigProblem[] {
  const { clientCertificates, trust } = tls;
  const problems = checkFileSet(path, tls);
  if (clientCertificates === 'require' && trust === undefined) {
    problems.push(
      problemAt(
        [...path, 'trust'],
        'is missing: any certificate would do, also one that the caller made for itself',
        'name the trust lists that accept it, or write `clientCertificates: request`',
      ),
    );
  }
  if (clientCertificates !== 'require' && trust !== undefined) {
    problems.push(
      problemAt(
        [...path, 'trust'],
        `is never looked at with clientCertificates: ${clientCertificates}`,
        'write `clientCertificates: require`, or remove it',
      ),
    );
  }
  return problems;
}

function checkForwarded(
  path: ConfigPath,
  { form, header }: NonNullable<Listener['forwardedCertificate']>,
  {
    asked,
    proxied,
    trusted,
  }: { readonly asked: boolean; readonly proxied: boolean; readonly trusted: boolean },
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (!trusted) {
    problems.push(
      problemAt(
        path,
        'is believed of nobody',
        'name the proxies under clientAddress.trustedProxies',
      ),
    );
  }
  if (asked) {
    problems.push(
      problemAt(
        path,
        'is a second source of the certificate beside clientCertificates: request',
        'write `require` with `trust` for the certificate of the proxy, or `none`',
      ),
    );
  }
  if (proxied) {
    problems.push(
      problemAt(
        path,
        'cannot be believed behind proxyProtocol: a TCP load balancer forwards the headers that clients write',
        'end TLS here with `tls`, or let the proxy name the client in a header',
      ),
    );
  }
  if (header !== undefined && form !== 'base64-der' && form !== 'escaped-pem') {
    problems.push(problemAt([...path, 'header'], `is fixed for the form ${form}`, 'remove it'));
  }
  return problems;
}

type Binding = ParsedConfig['accounts'][number]['certificates'][number];

function checkBinding(
  path: ConfigPath,
  { pin, trust, name }: Binding,
  known: readonly string[],
  lists: ParsedConfig['access']['trustLists'],
): ConfigProblem[] {
  if (pin !== undefined) {
    if (trust === undefined && name === undefined) return [];
    return [problemAt(path, 'has a pin and more', 'write the pin alone, or `trust` and `name`')];
  }
  if (trust === undefined) {
    return [problemAt(path, 'names no certificate', 'write `pin`, or `trust` and `name`')];
  }
  const problems = checkName([...path, 'trust'], trust, known);
  const list = Object.hasOwn(lists, trust) ? lists[trust] : undefined;
  if (problems.length > 0 || !list || name !== undefined) return problems;
  if (list.pins.length + list.names.length > 0) return [];
  return [
    problemAt(
      path,
      `lets everybody sign in whom a CA of ${quoted(trust)} gave a certificate`,
      'add `name`, such as `upn:anna@example.org`',
    ),
  ];
}

/** A rule that no listener can fulfil shuts its route. */
function checkSources({ listeners, access, profiles, accounts }: ParsedConfig): ConfigProblem[] {
  const told = listeners.some(
    ({ tls, forwardedCertificate }) =>
      forwardedCertificate !== undefined || (tls && tls.clientCertificates !== 'none'),
  );
  if (told) return [];
  const users: ConfigPath[] = [
    ...(['admin', 'api'] as const)
      .filter((group) => access.certificates[group])
      .map((group) => ['access', 'certificates', group]),
    ...Object.keys(profiles)
      .filter((name) => profiles[name]?.certificates)
      .map((name) => ['profiles', name, 'certificates']),
    ...accounts.flatMap(({ certificates }, index) =>
      certificates.length > 0 ? [['accounts', index, 'certificates']] : [],
    ),
  ];
  return users.map((path) =>
    problemAt(
      path,
      'asks for certificates, but no listener takes one',
      'write `tls.clientCertificates` or `forwardedCertificate` at a listener',
    ),
  );
}
